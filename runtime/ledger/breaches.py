"""Breaches of confidentiality: reported by anybody, assessed by somebody else, contained, closed with what was learnt.

Not here: what follows for whoever caused it – nobody is sanctioned by a table (rules/legality.yaml)."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Instant, metadata

confidentiality_breaches = sa.Table(
    "confidentiality_breaches",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),  # reported | assessed | unfounded | closed
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("happened_on", sa.Date, nullable=False),
    sa.Column("reported_by", sa.String(32), nullable=False),
    sa.Column("severity", sa.String(16)),  # minor | severe
    sa.Column("containment", sa.Text),
    sa.Column("assessed_by", sa.String(32)),
    sa.Column("measures", sa.Text),
    sa.Column("closed_by", sa.String(32)),
    sa.Column("closed_at", Instant),
)

NEXT = {"reported": {"assessed", "unfounded"}, "assessed": {"closed"}}


class BreachAhead(Invalid):
    """What is reported has happened already: the day lies in the future."""

    code = "breach.ahead"


class OwnBreach(Conflict):
    """Nobody assesses or closes what they reported themselves."""

    code = "breach.own"


class Reported(TypedDict):
    breach: str
    breach_number: str


@operation("breaches.report", errors=("bad_breach",))
def report(call: Call, what: str, happened_on: dt.date, by: Person) -> Reported:
    """Enter a breach of confidentiality. BPMN error: bad_breach, when its day lies in the future."""
    if happened_on > call.today:
        raise refuse("bad_breach", BreachAhead())
    breach, number = public_id(), documents.next_number(call.tx, "CB", call.today.year)
    documents.add(
        call.tx,
        confidentiality_breaches,
        public_id=breach,
        case=call.case,
        at=call.now,
        number=number,
        state="reported",
        what=what,
        happened_on=happened_on,
        reported_by=by,
    )
    return {"breach": breach, "breach_number": number}


@operation("breaches.assess", errors=("same_person",))
def assess(
    call: Call,
    breach: str,
    by: Person,
    severity: Literal["unfounded", "minor", "severe"],
    containment: str | None = None,
) -> None:
    """How severe it is and what was done at once; `unfounded` ends it. BPMN error: same_person, if one assesses
    what one reported."""
    row = documents.get(call.tx, confidentiality_breaches, breach)
    if by == row.reported_by:
        raise refuse("same_person", OwnBreach())
    state = "unfounded" if severity == "unfounded" else "assessed"
    told = None if severity == "unfounded" else severity
    documents.change(
        call.tx,
        confidentiality_breaches,
        row,
        state,
        NEXT,
        severity=told,
        containment=containment,
        assessed_by=by,
    )


@operation("breaches.close", errors=("same_person",))
def close(call: Call, breach: str, by: Person, measures: str) -> None:
    """What was done about it, and by whom it was closed. BPMN error: same_person, if one closes what one reported."""
    row = documents.get(call.tx, confidentiality_breaches, breach)
    if by == row.reported_by:
        raise refuse("same_person", OwnBreach())
    documents.change(
        call.tx,
        confidentiality_breaches,
        row,
        "closed",
        NEXT,
        measures=measures,
        closed_by=by,
        closed_at=call.now,
    )
