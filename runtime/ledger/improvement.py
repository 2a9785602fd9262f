"""Improvement plans after an unsatisfactory appraisal: facts, statement, plan, review. No sanction follows by itself.

What is said stays here, for whoever looks later: a bottom rank alone proves nothing. Not here: what human
resources decides with the person afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Instant, metadata

improvement_plans = sa.Table(
    "improvement_plans",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("employee", sa.String(32), nullable=False, index=True),
    sa.Column("superior", sa.String(32), nullable=False),
    sa.Column("appraisal", sa.String(32)),  # public id of the appraisal behind it
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("statement", sa.Text),
    sa.Column("goals", sa.Text),
    sa.Column("support", sa.Text),
    sa.Column("review_on", sa.Date),
    sa.Column("extended", sa.Integer, nullable=False, server_default="0"),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("closed_at", Instant),
)

NEXT = {
    "opened": {"planned", "dropped"},
    "planned": {"planned", "improved", "with_hr"},
    "with_hr": {"closed"},
}


class NoSuperiorToPlan(Conflict):
    """There is no superior who could draw up the plan."""

    code = "improvement.no_superior"


class ReviewInThePast(Invalid):
    """The review must lie in the future."""

    code = "improvement.review_past"


class OwnPlan(Conflict):
    """Nobody judges their own improvement."""

    code = "improvement.own"


class Assigned(TypedDict):
    plan_superior: str


class Opened(TypedDict):
    improvement: str
    improvement_number: str


@operation("improvement.superior", errors=("no_superior",))
def superior(call: Call, employee: Person) -> Assigned:
    """Who draws up the plan. BPMN error: no_superior."""
    found = next(accounts.organisation(call.tx).line(employee), None)
    if found is None:
        raise refuse("no_superior", NoSuperiorToPlan())
    return {"plan_superior": found}


@operation("improvement.open")
def open_plan(
    call: Call,
    employee: Person,
    superior: Person,
    facts: str,
    statement: str | None = None,
    appraisal: str | None = None,
) -> Opened:
    """Keep the facts and what the employee says to them."""
    plan, number = public_id(), documents.next_number(call.tx, "IP", call.today.year)
    documents.add(
        call.tx,
        improvement_plans,
        public_id=plan,
        case=call.case,
        at=call.now,
        number=number,
        employee=employee,
        superior=superior,
        appraisal=appraisal,
        facts=facts,
        statement=statement,
        state="opened",
    )
    return {"improvement": plan, "improvement_number": number}


@operation("improvement.plan", errors=("bad_review",))
def plan(call: Call, improvement: str, goals: str, support: str, review_on: dt.date) -> None:
    """Agree (or extend) goals, support and the day of review. BPMN error: bad_review, if that has passed."""
    row = documents.get(call.tx, improvement_plans, improvement)
    if review_on <= call.today:
        raise refuse("bad_review", ReviewInThePast())
    again = row.state == "planned"
    documents.change(
        call.tx,
        improvement_plans,
        row,
        "planned",
        NEXT,
        goals=goals,
        support=support,
        review_on=review_on,
        extended=row.extended + again,
    )


@operation("improvement.close", errors=("same_person",))
def close(
    call: Call,
    improvement: str,
    outcome: Literal["dropped", "improved", "with_hr", "closed"],
    by: Person,
    note: str | None = None,
) -> None:
    """dropped: the facts did not hold · improved · with_hr: handed over · closed: settled with the person.

    BPMN error: same_person, if it is one's own."""
    row = documents.get(call.tx, improvement_plans, improvement)
    if by == row.employee:
        raise refuse("same_person", OwnPlan())
    said: dict[str, Any] = {"outcome": note} if note else {}
    if outcome != "with_hr":
        said["closed_at"] = call.now
    documents.change(call.tx, improvement_plans, row, outcome, NEXT, **said)
