"""Expenses that somebody had for the department: claimed with receipts, approved by a superior, paid back by finance.

Not here: whether the budget carries one (budgets.py, processes/budget_check)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import budgets, documents
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import files
from runtime.store.cases import cases
from runtime.store.db import Exact, Instant, Tagged, metadata
from runtime.values import File

expense_claims = sa.Table(
    "expense_claims",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("person", sa.String(32), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("amount", Exact, nullable=False),  # CNY
    sa.Column("spent_on", sa.Date, nullable=False),
    sa.Column("receipts", Tagged),  # list of files
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("approved_at", Instant),
    sa.Column("paid_by", sa.String(32)),
    sa.CheckConstraint("amount > 0", name="amount"),
)

NEXT = {"claimed": {"claimed", "approved", "rejected", "withdrawn"}, "approved": {"paid"}}


class NothingSpent(Invalid):
    """A claim needs an amount that was spent, on a day that is not to come."""

    code = "expense.nothing_spent"


class OwnExpense(Conflict):
    """Nobody approves or pays out their own expenses."""

    code = "expense.own"


class Claimed(TypedDict):
    claim: str
    claim_number: str
    claimed_before: str | None


@operation("expenses.claim", errors=("bad_claim",))
def claim_expense(
    call: Call,
    person: Person,
    purpose: str,
    amount: Money,
    spent_on: dt.date,
    receipts: list[File] | None = None,
    claim: str | None = None,
) -> Claimed:
    """Enter a claim (again, if `claim` is given). BPMN error: bad_claim, if nothing was spent yet.

    `claimed_before`: the numbers of other claims, with commas, that hold one of these receipts or are of the same
    person, day and amount; None: there are none. Whoever decides judges what that means."""
    tx = call.tx
    if not amount or spent_on > call.today:
        raise refuse("bad_claim", NothingSpent())
    kept: list[Any] = list(receipts or [])
    entered = {"purpose": purpose, "amount": amount, "spent_on": spent_on, "receipts": kept}
    if claim is None:
        claim, number = public_id(), documents.next_number(tx, "EC", call.today.year)
        documents.add(
            tx,
            expense_claims,
            public_id=claim,
            case=call.case,
            at=call.now,
            number=number,
            person=person,
            state="claimed",
            **entered,
        )
    else:
        row = documents.get(tx, expense_claims, claim)
        number = row.number
        documents.change(tx, expense_claims, row, "claimed", NEXT, **entered)
    return {"claim": claim, "claim_number": number, "claimed_before": _before(call, claim) or None}


def _before(call: Call, claim: str) -> str:
    """Numbers of the claims, those that came to nothing left out, that this one may say again."""
    row = documents.get(call.tx, expense_claims, claim)
    other = expense_claims.c
    hashes = [each.sha256 for each in row.receipts or []]
    holds = sa.select(cases.c.public_id).join(files.file_uses, files.file_uses.c.case_id == cases.c.id)
    alike = sa.and_(other.person == row.person, other.spent_on == row.spent_on, other.amount == row.amount)
    if hashes:
        alike = sa.or_(alike, other.case.in_(holds.where(files.file_uses.c.sha256.in_(hashes))))
    counts = (other.public_id != claim, other.state.in_(("claimed", "approved", "paid")))
    found = call.tx.all(sa.select(other.number).where(alike, *counts).order_by(other.id))
    return ", ".join(each.number for each in found)


@operation("expenses.approve", errors=("same_person", "over_budget", "rule_refused"))
def approve(call: Call, claim: str, by: Person) -> None:
    """Approve a claim, and commit its amount in the budget.

    BPMN errors: same_person; over_budget, unless it fits or was allowed."""
    row = _of(call, claim, by)
    budgets.commit(call, "expenses", row.amount, claim)
    documents.change(call.tx, expense_claims, row, "approved", NEXT, approved_by=by, approved_at=call.now)


@operation("expenses.drop")
def drop(call: Call, outcome: Literal["rejected", "withdrawn"], claim: str | None = None) -> None:
    """The claim comes to nothing; None: nothing of it was ever recorded, since it did not fit."""
    if claim is None:
        return
    documents.change(call.tx, expense_claims, documents.get(call.tx, expense_claims, claim), outcome, NEXT)


@operation("expenses.pay", errors=("same_person",))
def pay(call: Call, claim: str, by: Person) -> None:
    """Paid back, once: it is spent, as of the day on which it was. BPMN error: same_person."""
    row = _of(call, claim, by)
    documents.change(call.tx, expense_claims, row, "paid", NEXT, paid_by=by)
    budgets.actual(call, "expenses", row.amount, claim, spent_on=row.spent_on)


def _of(call: Call, claim: str, by: str) -> Any:
    row = documents.get(call.tx, expense_claims, claim)
    if by == row.person:
        raise refuse("same_person", OwnExpense())
    return row
