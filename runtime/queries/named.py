"""Search by number, code and name: documents of the books, components, suppliers and customers.

A document is found by how its number begins: numbers are a range of their index, looked at from the newest. So are
the numbers that others gave: of contracts, invoices, parcels and orders. Components and partners are few enough to be
looked through by what their names contain. Not here: cases and tasks (search.py), who sees what (access.py)."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from runtime import access
from runtime.identity import Actor
from runtime.ledger import (
    analyses,
    anomalies,
    awards,
    breaches,
    budgets,
    careers,
    catalogue,
    closing,
    contacts,
    counting,
    errands,
    escalations,
    expenses,
    exports,
    feedback,
    goals,
    imports,
    improvement,
    leave,
    leavings,
    masters,
    meetings,
    notices,
    order_changes,
    orders,
    plans,
    products,
    receipts,
    remedies,
    retention,
    sales,
    settlements,
    shipments,
    training,
)
from runtime.queries.cases import SENTENCES as LISTED
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.search import plain

MOST = 5  # of each group
LOOKED_AT = 500  # numbers that begin so, the newest
LONGEST = 64

# How the numbers of each book begin.
NUMBERED: Mapping[str, tuple[sa.Table, ...]] = {
    "AW": (awards.awards,),
    "BG": (budgets.budgets,),
    "CB": (breaches.confidentiality_breaches,),
    "CI": (remedies.sales_issues,),
    "CM": (careers.career_moves,),
    "CN": (remedies.sales_credits,),
    "CO": (contacts.contacts,),
    "CT": (counting.stocktakes, counting.stocktake_sheets),
    "DA": (analyses.analyses,),
    "DR": (retention.retention_runs,),
    "EC": (expenses.expense_claims,),
    "ET": (errands.errands,),
    "EX": (exports.data_exports,),
    "FB": (feedback.entries,),
    "GP": (goals.goal_plans,),
    "GR": (receipts.receipts,),
    "IE": (escalations.escalations,),
    "IM": (imports.imports,),
    "IP": (improvement.improvement_plans,),
    "LV": (leave.leaves, leavings.leavings),
    "MC": (closing.period_closings,),
    "MD": (masters.master_changes,),
    "MT": (meetings.meetings,),
    "NT": (notices.notices,),
    "OC": (order_changes.sales_order_changes,),
    "PC": (products.product_changes,),
    "PM": (settlements.sales_payments,),
    "PO": (orders.orders,),
    "PP": (plans.plans,),
    "RP": (remedies.sales_replacements,),
    "RT": (remedies.sales_returns,),
    "SA": (anomalies.stock_anomalies,),
    "SH": (shipments.shipments,),
    "SO": (sales.sales_orders,),
    "ST": (settlements.settlements,),
    "TP": (training.training_plans,),
    "TR": (training.trainings,),
    "VC": (careers.vacancies,),
}
# What they are called beside those that a case's page lists.
SENTENCES = LISTED | {
    "awards": "Award",
    "career_moves": "Career move",
    "confidentiality_breaches": "Breach of confidentiality",
    "data_exports": "Data export",
    "errands": "Errand",
    "expense_claims": "Expense claim",
    "improvement_plans": "Improvement plan",
    "imports": "Import",
    "invoices": "Invoice",
    "leaves": "Leave",
    "leavings": "Leaving",
    "meetings": "Weekly meeting",
    "notices": "Notice",
    "period_closings": "Period close",
    "purchase_contracts": "Purchase contract",
    "retention_runs": "Retention of employee data",
    "training_plans": "Training plan",
    "trainings": "Training",
    "vacancies": "Vacancy",
}
# The numbers that others gave, and what each is one of.
THEIRS: tuple[tuple[sa.Column[Any], str], ...] = (
    (orders.contracts.c.contract_no, "purchase_contracts"),
    (settlements.settlements.c.invoice, "invoices"),
    (shipments.shipments.c.tracking, "shipments"),
    (sales.sales_orders.c.reference, "sales_orders"),
)
SHORTEST_OF_THEIRS = 3
# Behind every digit and dash, in whatever order a database keeps letters.
_LAST = "ZZZZ"
_OURS = re.compile(r"([A-Z]{2})[- ]?(?:(\d{1,4})(?:[- ]?(\d[\d-]*?))?)?[- ]?")
_KEYS = ("zh_Hans", "zh_Hant", "en")  # of names, as they are kept
_PARTNERS = {"supplier": catalogue.suppliers, "customer": catalogue.customers}


@dataclass(frozen=True)
class DocumentHit:
    """`kind`: of SENTENCES. `title`: of the case that made it, to which it leads. Of a contact whose case is not the
    reader's to see, `case` is "" and `party` the kind and code of whom it was with; `topic`: what it was about."""

    kind: str
    number: str
    title: Mapping[str, str]
    case: str
    at: dt.datetime
    party: tuple[str, str] | None = None
    topic: str = ""


@dataclass(frozen=True)
class ComponentHit:
    """`state`: draft | listed | delisted."""

    sku: str
    names: Mapping[str, str]
    state: str


@dataclass(frozen=True)
class PartnerHit:
    """`kind`: supplier | customer."""

    kind: str
    code: str
    names: Mapping[str, str]
    active: bool


@dataclass(frozen=True)
class Named:
    """The best MOST of each group; `more` names the groups that have others. `partly`: so many numbers begin so that
    not all of them were looked at."""

    documents: list[DocumentHit] = field(default_factory=list)
    components: list[ComponentHit] = field(default_factory=list)
    partners: list[PartnerHit] = field(default_factory=list)
    more: frozenset[str] = frozenset()
    partly: bool = False

    def __bool__(self) -> bool:
        return bool(self.documents or self.components or self.partners or self.partly)


def find(tx: Transaction, actor: Actor, text: str) -> Named:
    """What the person may see of what is called so."""
    typed = "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter.isprintable()).strip()
    typed = typed[:LONGEST]
    documents, partly = _documents(tx, actor, typed)
    parts = [part for part in typed.split() if len(part) > 1 or not part.isascii()]
    components = _components(tx, actor, parts) if parts else []
    partners = _partners(tx, actor, parts) if parts else []
    groups: dict[str, list[Any]] = {"documents": documents, "components": components, "partners": partners}
    more = frozenset(name for name, hits in groups.items() if len(hits) > MOST)
    return Named(documents[:MOST], components[:MOST], partners[:MOST], more, partly)


def _documents(tx: Transaction, actor: Actor, typed: str) -> tuple[list[DocumentHit], bool]:
    """Up to MOST + 1, what is called exactly so first; and whether others were not looked at."""
    wanted = _looked_for(tx, typed)
    if not wanted:
        return [], False
    begin = sa.union_all(*(branch for each in wanted for branch in each.branches())).subquery()
    query = _of_contacts(actor, begin) if any(each.kind == "contacts" for each in wanted) else _of_cases(actor, begin)
    newest = begin.c.exactly.desc(), begin.c.at.desc(), begin.c.number.desc()
    found: dict[tuple[str, str, str], DocumentHit] = {}
    # Each of them twice at most: by its whole number, and by how it begins.
    for row in tx.all(query.order_by(*newest).limit(2 * (MOST + 1))):
        party = next(
            ((kind, code) for kind, code in (("supplier", row.supplier), ("customer", row.customer)) if code), None
        )
        hit = DocumentHit(row.kind, row.number, row.title if row.case else {}, row.case, row.at, party, row.topic)
        found.setdefault((hit.kind, hit.number, hit.case), hit)
    partly = len(found) <= MOST and any(each.too_many(tx) for each in wanted)
    return list(found.values())[: MOST + 1], partly


def _of_cases(actor: Actor, begin: sa.Subquery) -> sa.Select[Any]:
    """Of the numbers, those of cases that the person sees whole."""
    nobody = (sa.literal("").label(name) for name in ("supplier", "customer", "topic"))
    return (
        sa.select(begin, cases.c.title, cases.c.public_id.label("case"), *nobody)
        .join(cases, cases.c.public_id == begin.c.made_in)
        .where(access.case_visible(actor, fully=True))
    )


def _of_contacts(actor: Actor, begin: sa.Subquery) -> sa.Select[Any]:
    """And contacts with whom the person may read: they read on that page what was spoken of."""
    spoken, supplier, customer = contacts.contacts, catalogue.suppliers, catalogue.customers
    seen = access.case_visible(actor, fully=True)
    readable = [spoken.c[f"{kind}_id"].is_not(None) for kind in _PARTNERS if actor.may("read", kind)]
    return (
        sa.select(
            begin, cases.c.title, sa.case((seen, cases.c.public_id), else_="").label("case"),
            supplier.c.code.label("supplier"), customer.c.code.label("customer"),
            sa.func.coalesce(spoken.c.topic, "").label("topic"),
        )
        .join(cases, cases.c.public_id == begin.c.made_in)
        .outerjoin(spoken, sa.and_(spoken.c.number == begin.c.number, begin.c.kind == "contacts"))
        .outerjoin(supplier, supplier.c.id == spoken.c.supplier_id)
        .outerjoin(customer, customer.c.id == spoken.c.customer_id)
        .where(sa.or_(seen, *readable))
    )  # fmt: skip


def _looked_for(tx: Transaction, typed: str) -> list[_Numbers]:
    dialect, found = tx.connection.dialect.name, []
    ours = _OURS.fullmatch(typed.upper())
    if ours:
        number = "-".join(filter(None, ours.groups()))  # however it was written: po20260012, PO 2026 0012
        found += [_Numbers(dialect, table.c.number, table.name, number) for table in NUMBERED.get(ours[1], ())]
    if len(typed) >= SHORTEST_OF_THEIRS:
        spelled = dict.fromkeys((typed, typed.upper()))
        found += [_Numbers(dialect, column, kind, each, ours=False) for column, kind in THEIRS for each in spelled]
    return found


@dataclass(frozen=True)
class _Numbers:
    """Of a column with an index, those that begin with a text."""

    dialect: str
    column: sa.Column[Any]
    kind: str
    beginning: str
    ours: bool = True

    def branches(self) -> list[sa.Select[Any]]:
        """What is called exactly so, and the newest of what begins so."""
        newest = self._named(False).where(self.fits()).order_by(self.column.desc()).limit(LOOKED_AT).subquery()
        return [self._named(True).where(self.column == self.beginning), sa.select(newest)]

    def _named(self, exactly: bool) -> sa.Select[Any]:
        table = self.column.table
        return sa.select(
            sa.literal(self.kind).label("kind"), self.column.label("number"), table.c["case"].label("made_in"),
            table.c.at, sa.literal(int(exactly)).label("exactly"),
        )  # fmt: skip

    def fits(self) -> sa.ColumnElement[bool]:
        column, begins = self.column, self.beginning
        if self.ours:
            in_range = sa.and_(column >= begins, column <= begins + _LAST)
        elif self.dialect == "postgresql":
            # By bytes, as its index for this keeps them; what the database's language puts where is no matter.
            in_range = sa.and_(column.op("~>=~")(begins), column.op("~<~")(_following(begins)))
        else:
            in_range = sa.and_(column >= begins, column < _following(begins))
        return sa.and_(in_range, sa.func.substr(column, 1, len(begins)) == begins)

    def too_many(self, tx: Transaction) -> bool:
        newest = sa.select(self.column).where(self.fits()).order_by(self.column.desc())
        return tx.first(newest.offset(LOOKED_AT).limit(1)) is not None


def _following(text: str) -> str:
    """The text that comes next after all that begin with this one, by code points."""
    return text[:-1] + chr(ord(text[-1]) + 1)


def _components(tx: Transaction, actor: Actor, parts: list[str]) -> list[ComponentHit]:
    if not actor.may("read", "stock"):
        return []
    table = catalogue.components
    columns = (table.c.sku, table.c.brand, table.c.model)
    rows = _called(tx, table, table.c.sku, columns, parts)
    return [ComponentHit(row.sku, row.names, row.state) for row in rows]


def _partners(tx: Transaction, actor: Actor, parts: list[str]) -> list[PartnerHit]:
    found: list[tuple[bool, PartnerHit]] = []
    for kind, table in _PARTNERS.items():
        if actor.may("read", kind):
            rows = _called(tx, table, table.c.code, (table.c.code, table.c.contact), parts)
            found += [(_begins(row.code, parts), PartnerHit(kind, row.code, row.names, row.active)) for row in rows]
    return [hit for _, hit in sorted(found, key=lambda each: not each[0])]


def _begins(code: str, parts: list[str]) -> bool:
    return plain(code).startswith(plain(parts[0]))


def _may_be_of_keys(part: str) -> bool:
    """Letters and digits that stand in no key are not beside one either: what is between has quotes."""
    return not part.isalnum() or any(part.lower() in key.lower() for key in _KEYS)


def _called(
    tx: Transaction, table: sa.Table, code: sa.Column[Any], columns: tuple[sa.Column[Any], ...], parts: list[str]
) -> list[Any]:
    """Up to MOST + 1 rows of which every part stands in a name or one of the columns, the code that begins so first."""
    told: Any = sa.type_coerce(table.c.names, sa.Text)
    for column in columns:
        told = told + " " + sa.func.coalesce(column, "")
    names = told
    for key in _KEYS:
        names = sa.func.replace(names, f'"{key}":', "")
    wanted = [told.icontains(part, autoescape=True) for part in parts[:8]]
    # Looked at again without the keys, which takes as long again, is only what may stand in them.
    wanted += [names.icontains(part, autoescape=True) for part in parts[:8] if _may_be_of_keys(part)]
    begins = code.istartswith(parts[0], autoescape=True)
    return list(tx.all(sa.select(table).where(*wanted).order_by(begins.desc(), code).limit(MOST + 1)))
