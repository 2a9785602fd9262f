"""Issues that staff raise: with a superior or another department, until whoever raised it is content.

Not here: when it goes to the next superior (processes/issue_escalation), issues of customers (issues.py)."""

from __future__ import annotations

from itertools import chain
from typing import Literal, TypedDict

import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.errors import Conflict
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.approvers import NobodyAbove, approver
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Instant, Tagged, metadata
from runtime.values import File

escalations = sa.Table(
    "escalations",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("issue", sa.Text, nullable=False),
    sa.Column("impact", sa.Text, nullable=False),
    sa.Column("wanted", sa.Text, nullable=False),
    sa.Column("wanted_from", sa.String(16), nullable=False),  # superior | department
    sa.Column("department", sa.String(32)),  # the group that was asked
    sa.Column("files", Tagged),  # list of files
    sa.Column("raised_by", sa.String(32), nullable=False, index=True),
    sa.Column("origin", sa.String(20)),  # number of the document behind it
    sa.Column("answers", sa.Integer, nullable=False, server_default="0"),
    sa.Column("answer", sa.Text),
    sa.Column("answered_by", sa.String(32)),
    sa.Column("answered_at", Instant),
    sa.Column("closed_at", Instant),
)

# An answer that does not help opens it again.
NEXT = {"open": {"answered"}, "answered": {"open", "settled"}}


class OwnIssue(Conflict):
    """Nobody answers the issue that they raised themselves."""

    code = "escalation.own_issue"


class OwnAnswer(Conflict):
    """Nobody says of their own answer whether it helps."""

    code = "escalation.own_answer"


class Raised(TypedDict):
    escalation: str
    number: str


class Superior(TypedDict):
    answerer: str
    superior: str


@operation("escalations.raise")
def raise_issue(
    call: Call,
    issue: str,
    impact: str,
    wanted: str,
    wanted_from: Literal["superior", "department"],
    raised_by: Person,
    department: str | None = None,
    files: list[File] | None = None,
    origin: str | None = None,
) -> Raised:
    """Enter an issue with what it affects and what is wanted. `origin`: number of the document behind it."""
    escalation, number = public_id(), documents.next_number(call.tx, "IE", call.today.year)
    documents.add(
        call.tx,
        escalations,
        public_id=escalation,
        number=number,
        case=call.case,
        at=call.now,
        state="open",
        issue=issue,
        impact=impact,
        wanted=wanted,
        wanted_from=wanted_from,
        department=department if wanted_from == "department" else None,
        files=files,
        raised_by=raised_by,
        origin=origin,
    )
    return {"escalation": escalation, "number": number}


@operation("escalations.find_superior")
def find_superior(call: Call, escalation: str, beyond: Person | None = None) -> Superior:
    """Who answers next: the raiser's superior, above `beyond` if given; the topmost is asked again.

    answerer: the superior, or the deputy of one on leave. Whoever has nobody above asks the manager,
    where there is none the division lead, then human resources. Raises NobodyAbove."""
    row = documents.get(call.tx, escalations, escalation)
    try:
        found = approver(call, row.raised_by, None, beyond)
    except BpmnError:
        return _at_the_top(call, row.raised_by, beyond)
    return {"answerer": found["approver"], "superior": found["instead_of"] or found["approver"]}


@operation("escalations.answer", errors=("same_person",))
def answer(call: Call, escalation: str, answer: str, by: Person) -> None:
    """Keep what was answered. BPMN error: same_person, if the raiser did."""
    row = documents.get(call.tx, escalations, escalation)
    if by == row.raised_by:
        raise refuse("same_person", OwnIssue())
    documents.change(
        call.tx,
        escalations,
        row,
        "answered",
        NEXT,
        answer=answer,
        answered_by=by,
        answered_at=call.now,
        answers=row.answers + 1,
    )


@operation("escalations.confirm")
def confirm(call: Call, escalation: str, settled: bool, by: Person) -> None:
    """The raiser, or whoever has taken over their work, is content, or the next superior is asked.

    Raises OwnAnswer."""
    row = documents.get(call.tx, escalations, escalation)
    if by == row.answered_by:
        raise OwnAnswer()
    documents.change(
        call.tx,
        escalations,
        row,
        "settled" if settled else "open",
        NEXT,
        closed_at=call.now if settled else None,
    )


def _at_the_top(call: Call, raised_by: str, beyond: str | None) -> Superior:
    organisation = accounts.organisation(call.tx)
    groups = [organisation.members(group) for group in ("manager", "division_lead", "hr")]
    for person in (beyond, *chain(*groups)):
        if person and person != raised_by and organisation.by_public_id[person].active:
            return {"answerer": person, "superior": person}
    raise NobodyAbove()
