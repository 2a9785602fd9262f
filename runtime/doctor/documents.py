"""Plans, orders, receipts and settlements: their lines, amounts, states and numbers fit one another.

Not here: what they moved in stock (books.py), sales orders on their way and what is paid of them (selling.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from runtime.commands.exports import REPORT
from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.breaches import confidentiality_breaches
from runtime.ledger.catalogue import components
from runtime.ledger.contacts import contacts
from runtime.ledger.documents import document_numbers
from runtime.ledger.escalations import escalations
from runtime.ledger.expenses import expense_claims
from runtime.ledger.exports import data_exports
from runtime.ledger.feedback import entries
from runtime.ledger.masters import master_changes
from runtime.ledger.order_changes import sales_order_changes
from runtime.ledger.orders import contracts, order_lines, orders
from runtime.ledger.periods import period_closings
from runtime.ledger.plans import plans, purchase_plan_lines
from runtime.ledger.products import product_changes
from runtime.ledger.receipts import receipt_lines, receipts
from runtime.ledger.remedies import (
    sales_credit_lines,
    sales_credits,
    sales_issues,
    sales_remedies,
    sales_replacements,
    sales_returns,
)
from runtime.ledger.retention import retention_runs
from runtime.ledger.sales import sales_order_lines, sales_orders
from runtime.ledger.settlements import sales_facts, sales_payments, settlements
from runtime.ledger.shipments import shipments
from runtime.store import accounts
from runtime.store.cases import cases
from runtime.store.db import Transaction, metadata

SOME = 500  # rows that are read at a time
FEN = 100  # ten-thousandths: what amounts are kept in (db.Exact)
NUMBERED = {
    "PP": plans,
    "PO": orders,
    "GR": receipts,
    "SO": sales_orders,
    "ST": settlements,
    "CI": sales_issues,
    "RT": sales_returns,
    "CN": sales_credits,
    "SH": shipments,
    "PM": sales_payments,
    "OC": sales_order_changes,
    "RP": sales_replacements,
    "IE": escalations,
    "CO": contacts,
    "FB": entries,
    "PC": product_changes,
    "MD": master_changes,
    "EX": data_exports,
    "CB": confidentiality_breaches,
    "MC": period_closings,
    "EC": expense_claims,
    "DR": retention_runs,
}


def _raw(column: Any) -> sa.ColumnElement[int]:
    """An amount in ten-thousandths, as it is stored."""
    return sa.type_coerce(column, sa.BigInteger)


def _value(pieces: Any, price: Any) -> sa.ColumnElement[int]:
    """A line's value, rounded to the fen as documents.amount_of does, in ten-thousandths."""
    return (pieces * _raw(price) + FEN // 2) // FEN * FEN


def _yuan(raw: Any) -> str:
    return f"{int(raw) / 10_000:.2f}"


# Table, what its lines name it by, what a line comes to.
AMOUNTS: list[tuple[sa.Table, Any, Any]] = [
    (plans, purchase_plan_lines.c.plan_id,
     _value(purchase_plan_lines.c.quantity, purchase_plan_lines.c.est_price)),
    (orders, order_lines.c.order_id, _value(order_lines.c.quantity, order_lines.c.price)),
    (sales_orders, sales_order_lines.c.order_id,
     _value(sales_order_lines.c.quantity, sales_order_lines.c.price)),
    (settlements, sales_facts.c.settlement_id,
     sa.case((sales_facts.c.credit_id.is_(None), _raw(sales_facts.c.amount)), else_=0)),
    (sales_credits, sales_credit_lines.c.credit_id, _raw(sales_credit_lines.c.amount)),
]  # fmt: skip


@invariant("books")
def amounts_are_their_lines(tx: Transaction) -> Iterator[Problem]:
    """The amount of each plan, order, settlement and credit is the sum of its lines."""
    for table, parent, value in AMOUNTS:
        sums = (
            sa.select(parent.label("parent"), sa.func.sum(value).label("total")).group_by(parent).subquery()
        )
        total = sa.func.coalesce(sums.c.total, 0)
        query = (
            sa.select(table.c.number, _raw(table.c.amount).label("kept"), total.label("total"))
            .outerjoin(sums, sums.c.parent == table.c.id)
            .where(_raw(table.c.amount) != total)
        )
        for row in tx.execute(query.execution_options(yield_per=SOME)):
            yield Problem(
                "amount_differs", "The amount is {kept}, the lines come to {total}", f"{table.name}/{row.number}",
                {"kept": _yuan(row.kept), "total": _yuan(row.total)},
            )  # fmt: skip


@invariant("books")
def order_lines_are_their_receipts(tx: Transaction) -> Iterator[Problem]:
    """What each purchase order line has accepted, rejected and stored is the sum of its receipts."""
    line = receipt_lines.c
    undecided = sa.case((receipts.c.disposition.is_(None), line.rejected), else_=0)
    given_back = sa.case((receipts.c.disposition == "return", line.rejected), else_=0)
    sums = (
        sa.select(
            line.order_line_id,
            sa.func.sum(line.received - line.rejected + line.conceded).label("accepted"),
            sa.func.sum(undecided).label("rejected"),
            sa.func.sum(line.stored).label("stored"),
            sa.func.sum(given_back).label("returned"),
        )
        .join(receipts, receipts.c.id == line.receipt_id)
        .group_by(line.order_line_id)
        .subquery()
    )
    found = {
        name: sa.func.coalesce(sums.c[name], 0) for name in ("accepted", "rejected", "stored", "returned")
    }
    kept = order_lines.c
    # Pieces that were sent back shrink the order; ending it gives up all that is outstanding.
    given_up = sa.case((orders.c.state == "open", found["returned"]), else_=kept.quantity - kept.accepted)
    query = (
        sa.select(
            orders.c.number, kept.id,
            *(kept[name].label(f"kept_{name}") for name in ("accepted", "rejected", "stored", "cancelled")),
            *(found[name].label(f"sum_{name}") for name in ("accepted", "rejected", "stored")),
            given_up.label("sum_cancelled"),
        )
        .select_from(order_lines)
        .join(orders, orders.c.id == kept.order_id)
        .outerjoin(sums, sums.c.order_line_id == kept.id)
        .where(
            sa.or_(
                *(kept[name] != found[name] for name in ("accepted", "rejected", "stored")),
                kept.cancelled != given_up,
            )
        )
    )  # fmt: skip
    for row in tx.execute(query.execution_options(yield_per=SOME)):
        told = row._mapping
        for name in ("accepted", "rejected", "stored", "cancelled"):
            if told[f"kept_{name}"] != told[f"sum_{name}"]:
                yield Problem(
                    "order_line_differs", "{kept} pieces are {what}, the receipts come to {total}",
                    f"purchase_orders/{row.number}/{row.id}",
                    {"kept": int(told[f"kept_{name}"]), "what": name, "total": int(told[f"sum_{name}"])},
                )  # fmt: skip


@invariant("books")
def orders_within_plans(tx: Transaction) -> Iterator[Problem]:
    """The orders of a plan have no more pieces of a component, and come to no more, than was approved, unless the
    rule of contracts tolerated what goes beyond it or somebody approved that."""
    line = order_lines.c
    allowed_more = sa.select(contracts.c.plan_id).where(contracts.c.beyond.is_not(None))
    ordered = (
        sa.select(
            orders.c.plan_id, line.component_id, sa.func.sum(line.quantity - line.cancelled).label("pieces")
        )
        .join(orders, orders.c.id == line.order_id)
        .group_by(orders.c.plan_id, line.component_id)
        .subquery()
    )
    allowed = purchase_plan_lines
    pieces = (
        sa.select(plans.c.number, ordered.c.pieces, sa.func.coalesce(allowed.c.quantity, 0).label("approved"))
        .join(plans, plans.c.id == ordered.c.plan_id)
        .outerjoin(
            allowed,
            sa.and_(allowed.c.plan_id == ordered.c.plan_id, allowed.c.component_id == ordered.c.component_id),
        )
        .where(ordered.c.pieces > sa.func.coalesce(allowed.c.quantity, 0))
        .where(ordered.c.plan_id.not_in(allowed_more))
    )
    for row in tx.execute(pieces.execution_options(yield_per=SOME)):
        yield Problem(
            "beyond_plan", "{pieces} pieces are ordered, {approved} were approved", f"purchase_plans/{row.number}",
            {"pieces": int(row.pieces), "approved": int(row.approved)},
        )  # fmt: skip
    spent = sa.func.sum(_raw(orders.c.amount))
    money = (
        sa.select(plans.c.number, spent.label("spent"), _raw(plans.c.amount).label("approved"))
        .join(orders, sa.and_(orders.c.plan_id == plans.c.id, orders.c.state != "cancelled"))
        .where(plans.c.id.not_in(allowed_more))
        .group_by(plans.c.id, plans.c.number, plans.c.amount)
        .having(spent > _raw(plans.c.amount))
    )
    for row in tx.execute(money.execution_options(yield_per=SOME)):
        yield Problem(
            "beyond_plan_amount", "Orders come to {spent}, {approved} was approved", f"purchase_plans/{row.number}",
            {"spent": _yuan(row.spent), "approved": _yuan(row.approved)},
        )  # fmt: skip


# Table, the states in which the other document is there, the other document.
FOLLOWED: list[tuple[sa.Table, tuple[str, ...], sa.Table, Any]] = [
    (plans, ("ordered",), contracts, contracts.c.plan_id),
    (sales_orders, ("settled",), settlements, settlements.c.order_id),
]


@invariant("books")
def states_have_documents(tx: Transaction) -> Iterator[Problem]:
    """A plan is ordered when it has a contract, a sales order settled when it has a settlement."""
    for table, states, other, reference in FOLLOWED:
        there = sa.exists().where(reference == table.c.id)
        wrong = sa.select(table.c.number, table.c.state).where(table.c.state.in_(states) != there)
        for row in tx.execute(wrong.execution_options(yield_per=SOME)):
            yield Problem(
                "state_without_document", "The state is {state}, which does not fit whether there is one of {other}",
                f"{table.name}/{row.number}", {"state": row.state, "other": other.name},
            )  # fmt: skip


@invariant("books")
def credits_correct_the_facts(tx: Transaction) -> Iterator[Problem]:
    """A credit of a settled order stands in the sales facts with what its lines come to, any other one not at all."""
    line, fact = sales_credit_lines.c, sales_facts.c
    settled = sa.exists().where(settlements.c.order_id == sales_credits.c.order_id)
    wanted = (
        sa.select(line.credit_id, sa.func.sum(_raw(line.amount)).label("total"))
        .group_by(line.credit_id)
        .subquery()
    )
    posted = (
        sa.select(fact.credit_id, fact.settlement_id, sa.func.sum(-_raw(fact.amount)).label("total"))
        .where(fact.credit_id.is_not(None))
        .group_by(fact.credit_id, fact.settlement_id)
        .subquery()
    )
    due = sa.case((settled, sa.func.coalesce(wanted.c.total, 0)), else_=0)
    found = sa.func.coalesce(posted.c.total, 0)
    here = sa.and_(
        posted.c.credit_id == sales_credits.c.id, posted.c.settlement_id == sales_credits.c.settlement_id
    )
    query = (
        sa.select(sales_credits.c.number, due.label("due"), found.label("found"))
        .outerjoin(wanted, wanted.c.credit_id == sales_credits.c.id)
        .outerjoin(posted, here)
        .where(due != found)
    )
    for row in tx.execute(query.execution_options(yield_per=SOME)):
        yield Problem(
            "credit_not_in_facts", "The sales facts are corrected by {found}, the credit comes to {due}",
            f"sales_credits/{row.number}", {"found": _yuan(row.found), "due": _yuan(row.due)},
        )  # fmt: skip


@invariant("books")
def remedies_are_approved(tx: Transaction) -> Iterator[Problem]:
    """Goods come back, are replaced and are credited only by a remedy that somebody else approved."""
    for table in (sales_returns, sales_credits, sales_replacements):
        wrong = (
            sa.select(table.c.number, sales_remedies.c.state)
            .join(sales_remedies, sales_remedies.c.id == table.c.remedy_id)
            .where(
                sa.or_(
                    sales_remedies.c.state != "approved",
                    sales_remedies.c.decided_by == sales_remedies.c.proposed_by,
                )
            )
        )
        for row in tx.execute(wrong.execution_options(yield_per=SOME)):
            yield Problem(
                "remedy_not_approved", "The remedy behind it is {state}, or was approved by who proposed it",
                f"{table.name}/{row.number}", {"state": row.state},
            )  # fmt: skip


@invariant("books")
def issues_are_answered_by_others(tx: Transaction) -> Iterator[Problem]:
    """An issue that staff raised and that is answered or settled has an answer, of somebody else."""
    row = escalations.c
    wrong = sa.select(row.number, row.state).where(
        row.state != "open", sa.or_(row.answered_by.is_(None), row.answered_by == row.raised_by)
    )
    for found in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "issue_not_answered", "The issue is {state} without an answer of somebody else",
            f"escalations/{found.number}", {"state": found.state},
        )  # fmt: skip


@invariant("books")
def only_listed_components_are_ordered(tx: Transaction) -> Iterator[Problem]:
    """What is not listed stands in no open purchase plan, purchase order or sales order."""
    for table, lines, states in (
        (plans, purchase_plan_lines, ("proposed", "approved")),
        (orders, order_lines, ("open",)),
        (sales_orders, sales_order_lines, ("recorded", "confirmed", "shipped")),
    ):
        wrong = (
            sa.select(table.c.number, components.c.sku, components.c.state)
            .join(lines, lines.c[{plans: "plan_id"}.get(table, "order_id")] == table.c.id)
            .join(components, components.c.id == lines.c.component_id)
            .where(table.c.state.in_(states), components.c.state != "listed")
        )
        for row in tx.execute(wrong.execution_options(yield_per=SOME)):
            yield Problem(
                "unlisted_ordered", "The component {component} is {state}",
                f"{table.name}/{row.number}", {"component": row.sku, "state": row.state},
            )  # fmt: skip


@invariant("books")
def exports_approved_apart(tx: Transaction) -> Iterator[Problem]:
    """Every export that was made was approved by somebody who did not ask for it."""
    row = data_exports.c
    wrong = sa.select(row.number).where(
        row.state.in_(("made", "closed")),
        sa.or_(
            row.approved_by.is_(None),
            row.approved_by == row.requested_by,
            row.cleared_by == row.requested_by,
            row.cleared_by == row.approved_by,
        ),
    )
    for found in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "export_not_approved", "The export was made without the approval of somebody else",
            f"data_exports/{found.number}",
        )  # fmt: skip


@invariant("books")
def reports_taken_as_approved(tx: Transaction) -> Iterator[Problem]:
    """Every report that was taken away and is not open was so by an approval of whoever took it, for that report and
    those days, before it ended."""
    row, entry = data_exports.c, accounts.admin_log.c
    approved = {found.number: found for found in tx.all(sa.select(data_exports).where(row.scope == "report"))}
    taken = (
        sa.select(entry.id, entry.at, entry.subject, entry.detail, accounts.people.c.public_id)
        .outerjoin(accounts.people, accounts.people.c.id == entry.actor_id)
        .where(entry.action == REPORT)
    )
    for each in tx.execute(taken.execution_options(yield_per=SOME)):
        told = each.detail
        # What was taken before reports were classed says no level.
        if told.get("level") in (None, "open"):
            continue
        by = approved.get(told["approval"])
        if (
            by is None
            or (by.report, by.requested_by) != (each.subject, each.public_id)
            or (by.first_day, by.last_day) != (told["since"], told["until"])
            or by.made_at is None
            or each.at < by.made_at
            or (by.closed_at is not None and each.at > by.closed_at)
        ):
            yield Problem(
                "report_taken_unapproved", "The report {report} was taken away without an approval that covers it",
                f"admin_log/{each.id}", {"report": each.subject},
            )  # fmt: skip


@invariant("books")
def approvals_of_reports_end(tx: Transaction) -> Iterator[Problem]:
    """Every approval to take a report away names the report and the last day on which it holds."""
    row = data_exports.c
    wrong = sa.select(row.number).where(
        row.scope == "report",
        sa.or_(row.report.is_(None), sa.and_(row.state.in_(("made", "closed")), row.valid_until.is_(None))),
    )
    for found in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "approval_endless", "The approval of a report names no report or no last day",
            f"data_exports/{found.number}",
        )  # fmt: skip


@invariant("books")
def numbers_have_no_gaps(tx: Transaction) -> Iterator[Problem]:
    """The numbers of each series of documents run from 1 to the last without a gap."""
    for row in tx.all(sa.select(document_numbers)):
        table = NUMBERED.get(row.prefix)
        if table is None:
            continue
        of_year = table.c.number.like(f"{row.prefix}-{row.year}-%")
        count = tx.scalar(sa.select(sa.func.count()).select_from(table).where(of_year))
        wanted = f"{row.prefix}-{row.year}-{row.last:04d}"
        there = tx.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.number == wanted))
        if count != row.last or not there:
            yield Problem(
                "numbers_with_gaps", "{count} documents are there, the last number given is {last}",
                f"{table.name}/{row.prefix}-{row.year}", {"count": count, "last": row.last},
            )  # fmt: skip


@invariant("books")
def entries_have_cases(tx: Transaction) -> Iterator[Problem]:
    """Every entry of the books names the case that made it."""
    for table in metadata.sorted_tables:
        if "case" not in table.c:
            continue
        key = table.c["number"] if "number" in table.c else next(iter(table.primary_key))
        there = sa.exists().where(cases.c.public_id == table.c["case"])
        for row in tx.execute(
            sa.select(key.label("key"), table.c["case"].label("made_by"))
            .where(sa.not_(there))
            .execution_options(yield_per=SOME)
        ):
            yield Problem(
                "entry_without_case", "The entry names the case {case}, which does not exist",
                f"{table.name}/{row.key}", {"case": row.made_by},
            )  # fmt: skip
