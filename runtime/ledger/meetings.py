"""The weekly meeting: what each reports beforehand, and the minutes with their decisions.

Action items become errands (errands.py). Not here: when it takes place (rules/cadence.yaml)."""

from __future__ import annotations

from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.appraisals import DEPARTMENT
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation
from runtime.store import accounts
from runtime.store.db import Id, Instant, metadata

meetings = sa.Table(
    "meetings",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("minutes", sa.Text),
    sa.Column("written_by", sa.String(32)),
    sa.Column("closed_at", Instant),
)

meeting_updates = sa.Table(
    "meeting_updates",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("meeting_id", sa.ForeignKey("meetings.id"), nullable=False),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("done", sa.Text, nullable=False),
    sa.Column("planned", sa.Text, nullable=False),
    sa.Column("blocks", sa.Text),
    sa.UniqueConstraint("meeting_id", "person"),
)

NEXT = {"called": {"held", "skipped"}}


class Called(TypedDict):
    meeting: str
    meeting_number: str
    staff: list[str]


class Updates(TypedDict):
    updates: list[dict[str, Any]]


@operation("meetings.call")
def call_meeting(call: Call) -> Called:
    """Enter this week's meeting; `staff`: everybody in the department, to report beforehand."""
    organisation = accounts.organisation(call.tx)
    people = dict.fromkeys(person for group in DEPARTMENT for person in organisation.members(group))
    meeting, number = public_id(), documents.next_number(call.tx, "MT", call.today.year)
    documents.add(
        call.tx, meetings, public_id=meeting, case=call.case, at=call.now, number=number, state="called"
    )
    return {"meeting": meeting, "meeting_number": number, "staff": list(people)}


@operation("meetings.report")
def report(
    call: Call, meeting: str, person: Person, done: str, planned: str, blocks: str | None = None
) -> None:
    """What somebody did last week, plans for this one, and what is in the way."""
    row = documents.get(call.tx, meetings, meeting)
    documents.require_state(row, "called")
    values = {"person": person, "done": done, "planned": planned, "blocks": blocks}
    call.tx.insert(meeting_updates, [{"meeting_id": row.id, **values}])


@operation("meetings.updates")
def updates(call: Call, meeting: str) -> Updates:
    """What was reported: person, done, planned, blocks of each."""
    row = documents.get(call.tx, meetings, meeting)
    rows = call.tx.all(
        sa.select(meeting_updates)
        .where(meeting_updates.c.meeting_id == row.id)
        .order_by(meeting_updates.c.id)
    )
    return {
        "updates": [
            {"person": r.person, "done": r.done, "planned": r.planned, "blocks": r.blocks} for r in rows
        ]
    }


@operation("meetings.close")
def close(call: Call, meeting: str, held: bool, by: Person, minutes: str | None = None) -> None:
    """Keep the minutes, or that the meeting was not held."""
    row = documents.get(call.tx, meetings, meeting)
    state = "held" if held else "skipped"
    documents.change(call.tx, meetings, row, state, NEXT, minutes=minutes, written_by=by, closed_at=call.now)
