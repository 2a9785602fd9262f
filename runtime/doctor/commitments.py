"""What the budget has for documents: for an award, an expense, a training or a remedy what the books of it say, for an
order that ended nothing.

Not here: periods (periods.py). Of what was approved before awards and trainings
committed budget it says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.awards import awards
from runtime.ledger.budgets import budget_entries
from runtime.ledger.expenses import expense_claims
from runtime.ledger.orders import orders
from runtime.ledger.remedies import sales_credits, sales_issues, sales_remedies
from runtime.ledger.training import trainings
from runtime.store.db import Transaction


@invariant("books")
def awards_expenses_and_trainings_in_budget(tx: Transaction) -> Iterator[Problem]:
    """The budget has for an award, an expense or a training what it costs, and nothing once it is off."""
    entry = budget_entries.c
    signed = sa.case((entry.kind == "release", -_raw(entry.amount)), else_=_raw(entry.amount))
    taken = (
        sa.select(entry.document, sa.func.sum(signed).label("taken"))
        .where(entry.kind.in_(("commit", "release", "actual")))
        .group_by(entry.document)
        .subquery()
    )
    off = ("nominated", "claimed", "rejected", "withdrawn", "cancelled")
    costs = {awards: awards.c.amount, trainings: trainings.c.cost, expense_claims: expense_claims.c.amount}
    for table, cost in costs.items():
        wanted = sa.case((table.c.state.in_(off), 0), else_=_raw(cost))
        wrong = (
            sa.select(table.c.number, wanted.label("wanted"), taken.c.taken)
            .join(taken, taken.c.document == table.c.public_id)
            .where(wanted != taken.c.taken)
        )
        for row in tx.execute(wrong.execution_options(yield_per=500)):
            yield Problem(
                "budget_differs", "It comes to {wanted} ten-thousandths of CNY, the budget has {taken} for it",
                f"{table.name}/{row.number}", {"wanted": int(row.wanted), "taken": int(row.taken)},
            )  # fmt: skip


@invariant("books")
def remedies_in_budget(tx: Transaction) -> Iterator[Problem]:
    """What the budget has for a customer's remedy is what it was approved with, and once it is credited the credit."""
    remedy, entry = sales_remedies.c, budget_entries.c
    signed = sa.case((entry.kind == "release", -_raw(entry.amount)), else_=_raw(entry.amount))
    taken = (
        sa.select(entry.document, sa.func.sum(signed).label("taken"))
        .where(entry.kind.in_(("commit", "release", "actual")), entry.line == "compensation")
        .group_by(entry.document)
        .subquery()
    )
    wanted = sa.case(
        (remedy.state != "approved", 0),
        (sales_credits.c.id.is_not(None), _raw(sales_credits.c.amount)),
        else_=_raw(remedy.amount),
    )
    wrong = (
        sa.select(sales_issues.c.number, remedy.round, wanted.label("wanted"), taken.c.taken)
        .join(sales_remedies, remedy.issue_id == sales_issues.c.id)
        .join(taken, taken.c.document == remedy.public_id)
        .outerjoin(sales_credits, sales_credits.c.remedy_id == remedy.id)
        .where(wanted != taken.c.taken)
    )
    for row in tx.execute(wrong.execution_options(yield_per=500)):
        yield Problem(
            "budget_differs", "It comes to {wanted} ten-thousandths of CNY, the budget has {taken} for it",
            f"sales_issues/{row.number}/{row.round}", {"wanted": int(row.wanted), "taken": int(row.taken)},
        )  # fmt: skip


@invariant("books")
def ended_orders_hold_no_budget(tx: Transaction) -> Iterator[Problem]:
    """Nothing is committed any more for a purchase order that is closed or cancelled."""
    entry = budget_entries.c
    amount = _raw(entry.amount)
    held = sa.func.sum(sa.case((entry.kind == "commit", amount), (entry.kind == "release", -amount), else_=0))
    wrong = (
        sa.select(orders.c.number, orders.c.state, held.label("held"))
        .join(budget_entries, entry.document == orders.c.public_id)
        .where(orders.c.state != "open")
        .group_by(orders.c.id, orders.c.number, orders.c.state)
        .having(held != 0)
    )
    for row in tx.execute(wrong.execution_options(yield_per=500)):
        yield Problem(
            "budget_held", "The order is {state} and {held} is still committed for it",
            f"purchase_orders/{row.number}", {"state": row.state, "held": f"{int(row.held) / 10_000:.2f}"},
        )  # fmt: skip


def _raw(column: sa.ColumnElement[object]) -> sa.ColumnElement[int]:
    """An amount in ten-thousandths, as it is stored."""
    return sa.type_coerce(column, sa.BigInteger)
