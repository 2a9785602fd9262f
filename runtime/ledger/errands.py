"""Errands: a task outside of any process, with who gave it, who does it, a day and a result. Action items are errands.

Not here: reminding and accepting (processes/errand)."""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Instant, metadata

errands = sa.Table(
    "errands",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("giver", sa.String(32), nullable=False),
    sa.Column("doer", sa.String(32), nullable=False, index=True),
    sa.Column("assignment", sa.Text, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("origin", sa.String(16)),  # number of the meeting behind it
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("result", sa.Text),
    sa.Column("done_at", Instant),
    sa.Column("accepted_by", sa.String(32)),
)

NEXT = {"given": {"done"}, "done": {"given", "accepted"}}


class OwnResult(Conflict):
    """Nobody accepts what they did themselves."""

    code = "errand.own_result"


class Given(TypedDict):
    errand: str
    errand_number: str


@operation("errands.give")
def give(
    call: Call, giver: Person, doer: Person, assignment: str, due_on: dt.date, origin: str | None = None
) -> Given:
    """Enter a task with its day. `origin`: the number of the meeting that decided it."""
    errand, number = public_id(), documents.next_number(call.tx, "ET", call.today.year)
    documents.add(
        call.tx,
        errands,
        public_id=errand,
        case=call.case,
        at=call.now,
        number=number,
        giver=giver,
        doer=doer,
        assignment=assignment,
        due_on=due_on,
        origin=origin,
        state="given",
    )
    return {"errand": errand, "errand_number": number}


@operation("errands.report")
def report(call: Call, errand: str, result: str, by: Person | None = None) -> None:
    """It is done, with this result. `by`: who did it, where it was given to somebody else meanwhile."""
    row = documents.get(call.tx, errands, errand)
    doer = by or row.doer
    documents.change(call.tx, errands, row, "done", NEXT, doer=doer, result=result, done_at=call.now)


@operation("errands.accept", errors=("same_person",))
def accept(call: Call, errand: str, accepted: bool, by: Person) -> None:
    """The result is accepted, or the task is to be done again. BPMN error: same_person."""
    row = documents.get(call.tx, errands, errand)
    if by == row.doer:
        raise refuse("same_person", OwnResult())
    documents.change(call.tx, errands, row, "accepted" if accepted else "given", NEXT, accepted_by=by)
