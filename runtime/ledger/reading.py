"""What pages read of the books: stock, one component, documents, the options of forms.

Plain reads for queries, which ask access.py first. Not here: wages, appraisals and
bonuses, which only their cases show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from runtime import i18n
from runtime.ledger import (
    analyses,
    anomalies,
    appraisals,
    bonuses,
    budgets,
    catalogue,
    contacts,
    counting,
    demand,
    employed,
    escalations,
    feedback,
    goals,
    leavings,
    masters,
    order_changes,
    orders,
    plans,
    products,
    receipts,
    remedies,
    sales,
    settlements,
    shipments,
    stock,
    stocktakes,
)
from runtime.ledger.positions import positions
from runtime.ledger.safety import NEXT as ALERT_NEXT
from runtime.ledger.safety import OPEN, stock_alerts, stock_parameters, stock_reviews
from runtime.store import accounts
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared, listed, numbered, size

# Documents with a lifecycle, and those that go with one: (table, whose state counts, how to it).
_LIFECYCLES: list[tuple[sa.Table, sa.Table, Any, Mapping[str, set[str]]]] = [
    *(
        (table, table, None, lifecycle)
        for table, lifecycle in (
            (plans.plans, plans.NEXT),
            (orders.orders, orders.NEXT),
            (sales.sales_orders, sales.NEXT),
            (remedies.sales_issues, remedies.NEXT),
            (feedback.entries, feedback.NEXT),
            (products.product_changes, products.NEXT),
            (masters.master_changes, masters.NEXT),
            (escalations.escalations, escalations.NEXT),
            (stock_alerts, ALERT_NEXT),
            (appraisals.appraisals, appraisals.NEXT),
            (appraisals.appraisal_cycles, appraisals.CYCLE_NEXT),
            (bonuses.bonuses, bonuses.NEXT),
            (analyses.analyses, analyses.NEXT),
            (goals.goal_plans, goals.NEXT),
            (anomalies.stock_anomalies, anomalies.NEXT),
            (budgets.budgets, budgets.NEXT),
            (counting.stocktakes, stocktakes.NEXT),
            (counting.stocktake_sheets, stocktakes.SHEET_NEXT),
        )
    ),
    (
        appraisals.grade_calibrations,
        appraisals.appraisal_cycles,
        appraisals.appraisal_cycles.c.id == appraisals.grade_calibrations.c.cycle_id,
        appraisals.CYCLE_NEXT,
    ),
    (orders.contracts, orders.orders, orders.orders.c.contract_id == orders.contracts.c.id, orders.NEXT),
    (
        contacts.contacts,
        contacts.contact_promises,
        contacts.contact_promises.c.contact_id == contacts.contacts.c.id,
        contacts.PROMISE_NEXT,
    ),
    (receipts.receipts, orders.orders, orders.orders.c.id == receipts.receipts.c.order_id, orders.NEXT),
    (shipments.shipments, sales.sales_orders, sales.sales_orders.c.id == shipments.shipments.c.order_id, sales.NEXT),
]
# Where documents name files.
_ATTACHED = (
    orders.contracts.c.attachment,
    receipts.receipts.c.photos,
    anomalies.stock_anomalies.c.evidence,
    remedies.sales_issues.c.evidence,
    feedback.entries.c.files,
    escalations.escalations.c.files,
    products.product_changes.c.files,
    remedies.sales_returns.c.photos,
    appraisals.appraisals.c.evidence,
)


def unsettled(tx: Transaction, cases: Collection[str]) -> set[str]:
    """Of these cases (public ids) those of which a document may still change its state."""
    found: set[str] = set()
    for table, decides, way, lifecycle in _LIFECYCLES:
        still = [state for state, following in lifecycle.items() if following - {state}]
        query = sa.select(table.c["case"]).where(table.c["case"].in_(cases), decides.c.state.in_(still))
        query = query if way is None else query.join(decides, way)
        found.update(tx.connection.execute(query.distinct()).scalars())
    return found


def names_file(tx: Transaction, sha256: str) -> bool:
    """Whether any document names the file of this content."""
    return any(
        tx.scalar(sa.select(1).where(sa.type_coerce(column, sa.Text).contains(sha256)).limit(1)) is not None
        for column in _ATTACHED
    )


@dataclass(frozen=True)
class StockLine:
    """One component's pieces against what should be there; None: never reviewed.

    alert: public id of the open one; alert_case: the case that deals with it. on_hand is None for
    whoever is counting the component (queries/stock.py)."""

    sku: str
    names: Mapping[str, str]
    on_hand: int | None
    on_order: int
    quarantine: int
    committed: int
    safety_stock: int | None
    reorder_point: int | None
    alert: str | None
    alert_case: str | None

    @property
    def below(self) -> bool:
        return None not in (self.safety_stock, self.on_hand) and self.on_hand < self.safety_stock  # type: ignore[operator]


@dataclass(frozen=True)
class Movement:
    """`balance`: pieces in all warehouses after it."""

    id: int
    at: dt.datetime
    business_date: dt.date
    kind: str
    warehouse: str
    quantity: int
    balance: int
    reason: str | None
    document: str | None
    case: str
    actor: str | None


@dataclass(frozen=True)
class Review:
    """Why a review of a component's stock fired or did not."""

    at: dt.datetime
    case: str
    on_hand: int
    safety_stock: int | None
    reorder_point: int | None
    fired: bool
    reason: str
    inputs: Mapping[str, Any] | None


@dataclass(frozen=True)
class Document:
    """A document of the books by its public id. `number` is for people, "" where there is none."""

    kind: str
    public_id: str
    number: str
    state: str
    case: str
    at: dt.datetime


_DOCUMENTS = {
    table.name: table
    for table in (
        plans.plans,
        orders.contracts,
        orders.orders,
        receipts.receipts,
        sales.sales_orders,
        shipments.shipments,
        remedies.sales_issues,
        contacts.contacts,
        escalations.escalations,
        feedback.entries,
        products.product_changes,
        masters.master_changes,
        remedies.sales_returns,
        remedies.sales_credits,
        remedies.sales_replacements,
        settlements.settlements,
        settlements.sales_payments,
        order_changes.sales_order_changes,
        stock_alerts,
        appraisals.appraisals,
        appraisals.appraisal_cycles,
        bonuses.bonuses,
        analyses.analyses,
        goals.goal_plans,
        anomalies.stock_anomalies,
        budgets.budgets,
        counting.stocktakes,
        counting.stocktake_sheets,
    )
}


# Those that a case's page lists.
NUMBERED = frozenset(name for name, table in _DOCUMENTS.items() if "number" in table.c)


def overview(tx: Transaction) -> list[StockLine]:
    """Every listed component, by SKU."""
    rows = tx.all(
        sa.select(
            catalogue.components.c.id,
            catalogue.components.c.sku,
            catalogue.components.c.names,
            stock_parameters.c.safety_stock,
            stock_parameters.c.reorder_point,
            stock_alerts.c.public_id.label("alert"),
            stock_alerts.c.case.label("alert_case"),
        )
        .outerjoin(stock_parameters, stock_parameters.c.component_id == catalogue.components.c.id)
        .outerjoin(stock_alerts, sa.and_(stock_alerts.c.component_id == catalogue.components.c.id, OPEN))
        .where(catalogue.LISTED)
        .order_by(catalogue.components.c.sku)
    )
    where = positions(tx, [row.id for row in rows])
    return [
        StockLine(
            row.sku,
            row.names,
            where[row.id].on_hand,
            where[row.id].on_order,
            where[row.id].quarantine,
            where[row.id].committed,
            row.safety_stock,
            row.reorder_point,
            row.alert,
            row.alert_case,
        )
        for row in rows
    ]


def component(tx: Transaction, sku: str) -> Mapping[str, Any]:
    """The component's catalogue data by column name, its supplier's names as `usual_supplier`.

    Raises UnknownComponent."""
    row = catalogue.component(tx, sku)
    supplier = tx.scalar(
        sa.select(catalogue.suppliers.c.names).where(catalogue.suppliers.c.id == row.usual_supplier_id)
    )
    hidden = ("id", "usual_supplier_id")
    data = {name: value for name, value in vars(row).items() if name not in hidden}
    return data | {"usual_supplier": supplier}


def by_warehouse(tx: Transaction, sku: str) -> list[tuple[str, Mapping[str, str], int, int]]:
    """(code, names, on hand, reserved) of each warehouse that holds the component."""
    balance = stock.stock_balances.c
    rows = tx.all(
        sa.select(
            catalogue.warehouses.c.code, catalogue.warehouses.c.names, balance.on_hand, balance.reserved
        )
        .join(stock.stock_balances, balance.warehouse_id == catalogue.warehouses.c.id)
        .join(catalogue.components, balance.component_id == catalogue.components.c.id)
        .where(catalogue.components.c.sku == sku)
        .order_by(catalogue.warehouses.c.code)
    )
    return [(row.code, row.names, row.on_hand, row.reserved) for row in rows]


def movements(tx: Transaction, sku: str, before: int | None = None, limit: int = 100) -> list[Movement]:
    """A component's movements, newest first; `before`: the last id of the page before."""
    moved = stock.stock_movements.c
    running = sa.func.sum(moved.quantity).over(order_by=moved.id).label("balance")
    history = (
        sa.select(stock.stock_movements, running)
        .join(catalogue.components, catalogue.components.c.id == moved.component_id)
        .where(catalogue.components.c.sku == sku)
        .subquery()
    )
    query = sa.select(history, catalogue.warehouses.c.code).join(
        catalogue.warehouses, catalogue.warehouses.c.id == history.c.warehouse_id
    )
    if before is not None:
        query = query.where(history.c.id < before)
    return [
        Movement(
            row.id,
            row.at,
            row.business_date,
            row.kind,
            row.code,
            row.quantity,
            int(row.balance),
            row.reason,
            row.document,
            row.case,
            row.actor,
        )
        for row in tx.all(query.order_by(history.c.id.desc()).limit(limit))
    ]


def reviews(tx: Transaction, sku: str, limit: int = 30) -> list[Review]:
    """A component's latest reviews, newest first."""
    rows = tx.all(
        sa.select(stock_reviews)
        .join(catalogue.components)
        .where(catalogue.components.c.sku == sku)
        .order_by(stock_reviews.c.id.desc())
        .limit(limit)
    )
    return [
        Review(
            row.at,
            row.case,
            row.on_hand,
            row.safety_stock,
            row.reorder_point,
            row.fired,
            row.reason,
            row.inputs,
        )
        for row in rows
    ]


def demand_by_month(tx: Transaction, sku: str) -> list[tuple[str, int]]:
    """(2026-03, pieces) of each month of a component's demand history; months without demand are 0."""
    row = catalogue.component(tx, sku)
    series = tx.first(sa.select(demand.demand_series).where(demand.demand_series.c.component_id == row.id))
    if series is None:
        return []
    months: dict[str, int] = {}
    day = series.first_day.replace(day=1)
    while day <= series.last_day:
        months[f"{day:%Y-%m}"] = 0
        day = (day + dt.timedelta(days=31)).replace(day=1)
    for one in tx.all(sa.select(demand.demand).where(demand.demand.c.component_id == row.id)):
        months[f"{one.day:%Y-%m}"] += one.pieces
    return sorted(months.items())


# Where a source's choices are, the code of each, its names, and which of them are on offer.
_Source = tuple[sa.FromClause, sa.Column[Any], sa.Column[Any], sa.ColumnElement[bool]]


def _kept(table: sa.Table, code: str, offered: sa.ColumnElement[bool] | None = None) -> _Source:
    return table, table.c[code], table.c.names, sa.true() if offered is None else offered


_SOURCES: dict[str, _Source] = {
    "components": _kept(catalogue.components, "sku", catalogue.LISTED),
    "suppliers": _kept(catalogue.suppliers, "code", catalogue.suppliers.c.active),
    "customers": _kept(catalogue.customers, "code", catalogue.customers.c.active),
    "warehouses": _kept(catalogue.warehouses, "code", catalogue.warehouses.c.active),
    "every_supplier": _kept(catalogue.suppliers, "code"),
    "every_customer": _kept(catalogue.customers, "code"),
    "every_warehouse": _kept(catalogue.warehouses, "code"),
    "people": _kept(accounts.people, "public_id", accounts.people.c.active),
    "other_people": _kept(accounts.people, "public_id", accounts.people.c.active),  # library.py leaves out the reader
    "staying_people": _kept(accounts.people, "public_id", sa.and_(accounts.people.c.active, leavings.STAYS)),
    # library.py leaves out who reports to whoever leaves.
    "new_superiors": _kept(accounts.people, "public_id", sa.and_(accounts.people.c.active, leavings.STAYS)),
    "every_person": _kept(
        accounts.people, "public_id", accounts.people.c.username.not_like(f"{employed.FORMER}%")
    ),
    "open_orders": (
        sales.sales_orders.join(catalogue.customers),
        sales.sales_orders.c.number,
        catalogue.customers.c.names,
        sales.sales_orders.c.state == "confirmed",
    ),
}
# Two of them may have the same name: the code tells them apart.
_NUMBERED = ("components", "open_orders")


def options(
    tx: Transaction,
    sources: Collection[str],
    language: str = i18n.DEFAULT,
    held: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> dict[str, list[dict[str, str]]]:
    """What a form offers from the books: source → [{value, label}], in one statement.

    All that is on offer of `sources`, and what is `held` already (source → codes) whether it is on offer or
    not. An unknown source has no options."""
    found: dict[str, list[dict[str, str]]] = {source: [] for source in {*sources, *held}}
    asked: list[tuple[str, bool, int]] = []
    given: dict[str, Any] = {}
    for source in _SOURCES:
        if source in found:
            codes = sorted(held.get(source, ()))
            asked.append((source, source in sources, size(codes) if codes else 0))
            given |= numbered(f"b_{source}_", codes) if codes else {}
    for row in _offered(tuple(asked)).rows(tx, **given) if asked else ():
        label = i18n.label(language, dict(row.names), row.value)
        label = f"{label} · {row.value}" if row.source in _NUMBERED else label
        found[row.source].append({"value": row.value, "label": label})
    return found


@lru_cache(maxsize=500)
def _offered(asked: tuple[tuple[str, bool, int], ...]) -> Prepared:
    """Of each source: whether all that is on offer is asked for, and in a list of which size what is held is
    (`b_SOURCE_`; 0: none is)."""
    queries = []
    for source, all_of_it, held in asked:
        table, key, names, offered = _SOURCES[source]
        of_it = [offered] if all_of_it else []
        of_it += [key.in_(listed(f"b_{source}_", held))] if held else []
        shown = (sa.literal(source).label("source"), key.label("value"), names.label("names"))
        queries.append(sa.select(*shown).select_from(table).where(sa.or_(sa.false(), *of_it)))
    return Prepared(sa.union_all(*queries).order_by("source", "value"))


def document(tx: Transaction, public_id: str) -> Document | None:
    """The document with this public id, whichever book holds it."""
    found = tx.first(sa.union_all(*(_document(table, public_id) for table in _DOCUMENTS.values())))
    return Document(**found._mapping) if found is not None else None


def documents_of(tx: Transaction, case: str) -> list[Document]:
    """The numbered documents that a case made, in the order of their making."""
    numbered = [_DOCUMENTS[name] for name in sorted(NUMBERED)]
    query = sa.union_all(*(_columns(table).where(table.c.case == case) for table in numbered))
    return sorted(
        (Document(**row._mapping) for row in tx.all(query)), key=lambda each: (each.at, each.number)
    )


def _document(table: sa.Table, public_id: str) -> Any:
    return _columns(table).where(table.c.public_id == public_id)


def _columns(table: sa.Table) -> Any:
    number = table.c.number if "number" in table.c else sa.literal("")
    state = table.c.state if "state" in table.c else sa.literal("")
    return sa.select(
        sa.literal(table.name).label("kind"),
        table.c.public_id,
        number.label("number"),
        state.label("state"),
        table.c.case,
        table.c.at,
    )


def amount_of(tx: Transaction, public_id: str) -> Decimal | None:
    """What a plan, order, sales order or settlement comes to, in CNY."""
    for table in (plans.plans, orders.orders, sales.sales_orders, settlements.settlements):
        amount: Decimal | None = tx.scalar(sa.select(table.c.amount).where(table.c.public_id == public_id))
        if amount is not None:
            return amount
    return None


def imbalances(tx: Transaction) -> list[tuple[str, str, int, int]]:
    """(sku, warehouse, balance, sum of movements) wherever the two differ: nothing, in sound books."""
    moved, balance = stock.stock_movements.c, stock.stock_balances.c
    sums = {
        (row.component_id, row.warehouse_id): int(row.pieces)
        for row in tx.all(
            sa.select(
                moved.component_id, moved.warehouse_id, sa.func.sum(moved.quantity).label("pieces")
            ).group_by(moved.component_id, moved.warehouse_id)
        )
    }
    held = {
        (row.component_id, row.warehouse_id): row.on_hand
        for row in tx.all(sa.select(balance.component_id, balance.warehouse_id, balance.on_hand))
    }
    wrong = sorted(key for key in sums.keys() | held.keys() if sums.get(key, 0) != held.get(key, 0))
    if not wrong:
        return []
    skus = catalogue.skus(tx, {component_id for component_id, _ in wrong})
    codes = {row.id: row.code for row in tx.all(sa.select(catalogue.warehouses))}
    return [(skus[key[0]], codes[key[1]], held.get(key, 0), sums.get(key, 0)) for key in wrong]
