"""Awards beside the bonus: nominated, gated by the budget, approved by who neither nominated nor gains, handed over.

Not here: how much needs whose approval (rules/award_limits.yaml), what is left to spend (budget_gate.py)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import budget_gate, budgets, documents
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Exact, Instant, Transaction, metadata

awards = sa.Table(
    "awards",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("person", sa.String(32), nullable=False, index=True),
    sa.Column("nominated_by", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # money | certificate | both
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("fact", sa.Text, nullable=False),
    sa.Column("amount", Exact, nullable=False),  # CNY
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("approved_at", Instant),
    sa.Column("paid_by", sa.String(32)),
)

# What has a certificate to be printed.
CERTIFIED = sa.and_(awards.c.state.in_(("approved", "paid")), awards.c.kind != "money")

NEXT = {
    "nominated": {"nominated", "approved", "rejected"},
    "approved": {"paid"},
}


class OwnAward(Conflict):
    """Nobody nominates themselves, and neither who nominates nor who gains approves or pays."""

    code = "award.own"


class AmountMissing(Invalid):
    """An award in money needs an amount; a certificate alone has none."""

    code = "award.amount_missing"


class Nominated(TypedDict):
    award: str
    award_number: str
    award_amount: Decimal
    budget_left: Decimal | None


class Proposal(TypedDict):
    proposer: str


@operation("awards.nominate", errors=("bad_award",))
def nominate(
    call: Call,
    person: Person,
    by: Person,
    kind: Literal["money", "certificate", "both"],
    title: str,
    fact: str,
    amount: Money | None = None,
    award: str | None = None,
) -> Nominated:
    """Enter a nomination (again, if `award` is given). `budget_left`: CNY; None while no budget is entered.

    BPMN error: bad_award, if one nominates oneself, or amount and kind do not fit."""
    tx = call.tx
    if person == by:
        raise refuse("bad_award", OwnAward())
    if (kind == "certificate") != (not amount):
        raise refuse("bad_award", AmountMissing())
    entered = {
        "person": person,
        "nominated_by": by,
        "kind": kind,
        "title": title[:200],
        "fact": fact,
        "amount": amount or Decimal(0),
    }
    if award is None:
        award, number = public_id(), documents.next_number(tx, "AW", call.today.year)
        documents.add(
            tx,
            awards,
            public_id=award,
            case=call.case,
            at=call.now,
            number=number,
            state="nominated",
            **entered,
        )
    else:
        row = documents.get(tx, awards, award)
        number = row.number
        documents.change(tx, awards, row, "nominated", NEXT, **entered)
    return {
        "award": award,
        "award_number": number,
        "award_amount": amount or Decimal(0),
        "budget_left": budget_gate.left(tx, "award", call.today),
    }


@operation("awards.approve", errors=("same_person", "over_budget", "rule_refused"))
def approve(call: Call, award: str, by: Person) -> None:
    """Approve it, and commit its money in the budget.

    BPMN errors: same_person, if the approver nominated or gains; over_budget, unless it fits or was allowed."""
    row = documents.get(call.tx, awards, award)
    _apart(row, by)
    if row.amount:
        budgets.commit_approved(call, "award", row.amount, award, by)
    documents.change(call.tx, awards, row, "approved", NEXT, approved_by=by, approved_at=call.now)


@operation("awards.reject")
def reject(call: Call, award: str | None = None) -> None:
    """The nomination comes to nothing; None: nothing of it was ever recorded, since it did not fit."""
    if award is None:
        return
    row = documents.get(call.tx, awards, award)
    documents.change(call.tx, awards, row, "rejected", NEXT)


@operation("awards.pay", errors=("same_person",))
def pay(call: Call, award: str, by: Person) -> None:
    """Handed to payroll, once, and spent. BPMN error: same_person, if whoever pays nominated or gains."""
    row = documents.get(call.tx, awards, award)
    _apart(row, by)
    if row.amount:
        budgets.actual(call, "award", row.amount, award)
    documents.change(call.tx, awards, row, "paid", NEXT, paid_by=by)


@operation("awards.proposer", errors=("nobody_proposes",))
def proposer(call: Call, employee: Person) -> Proposal:
    """Who considers a reward for an excellent result: the manager, for the manager's own their superior.

    BPMN error: nobody_proposes."""
    organisation = accounts.organisation(call.tx)
    managers = [each for each in organisation.members("manager") if each != employee]
    found = managers[0] if managers else next(organisation.line(employee), None)
    if found is None:
        raise refuse("nobody_proposes", NobodyProposes())
    return {"proposer": found}


class NobodyProposes(Conflict):
    """There is nobody who could propose a reward."""

    code = "award.nobody_proposes"


def granted(tx: Transaction, award: str) -> Any:
    """The row of an award that was approved, or None."""
    return tx.first(
        sa.select(awards).where(awards.c.public_id == award, awards.c.state.in_(("approved", "paid")))
    )


def _apart(row: Any, by: str) -> None:
    if by in (row.person, row.nominated_by):
        raise refuse("same_person", OwnAward())
