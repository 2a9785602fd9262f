"""Leaving: somebody's last day, who takes over from them, and what was handed over.

One open leaving a person. Not here: ending the account and passing tasks and people on, which are identity data
(commands/leaving.py), references and pay."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.inputs import Person
from runtime.ledger.leave import COUNTS, leaves
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Instant, Transaction, metadata
from runtime.store.user_tasks import OPEN, user_tasks

leavings = sa.Table(
    "leavings",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("person", sa.String(32), nullable=False, index=True),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("entered_by", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("receiver", sa.String(32)),  # who takes over their work
    sa.Column("new_superior", sa.String(32)),  # of their people
    sa.Column("handover", sa.Text),  # in the leaver's own words
    sa.Column("note", sa.Text),  # of human resources, at the end
    sa.Column("ended_at", Instant),
)

NEXT = {
    "announced": {"announced", "planned"},
    "planned": {"planned", "ended", "stayed"},
    "ended": {"closed"},
}
UNDER_WAY = ("announced", "planned")
# Of a row of people: no leaving of theirs is under way. Literals, as in every condition of what a form offers.
STAYS = sa.not_(
    sa.select(1)
    .where(
        leavings.c.person == accounts.people.c.public_id,
        sa.or_(*(leavings.c.state == sa.literal_column(f"'{state}'") for state in UNDER_WAY)),
    )
    .correlate(accounts.people)
    .exists()
)


class OwnLeaving(Conflict):
    """Nobody enters their own leaving: another colleague or the superior does."""

    code = "leaving.own"


class NotHere(Invalid):
    """{person} is not here (any more)."""

    code = "leaving.not_here"


class LastDayPast(Invalid):
    """The last day must not lie in the past."""

    code = "leaving.last_day_past"


class LeavingAlready(Conflict):
    """The leaving of this person is under way already: {number}"""

    code = "leaving.already"


class BadReceiver(Invalid):
    """Who takes over must be somebody else who is here and stays."""

    code = "leaving.bad_receiver"


class NeedsSuperior(Invalid):
    """{count} people report to them: name who they report to from then on, somebody else who is here, stays, and
    does not report to them."""

    code = "leaving.needs_superior"


class Entered(TypedDict):
    leaving: str
    leaving_number: str
    superior: str | None
    open_tasks: int
    people_below: int


@operation("leavings.enter", errors=("bad_leaving",))
def enter(call: Call, person: Person, last_day: dt.date, entered_by: Person) -> Entered:
    """Somebody leaves after this day. BPMN error: bad_leaving, with the reason."""
    org = accounts.organisation(call.tx)
    row = org.by_public_id.get(person)
    if person == entered_by:
        raise refuse("bad_leaving", OwnLeaving())
    if row is None or not row.active:
        raise refuse("bad_leaving", NotHere(person=row.username if row else person))
    if last_day < call.today:
        raise refuse("bad_leaving", LastDayPast())
    under_way = _under_way(call.tx, person)
    if under_way is not None:
        raise refuse("bad_leaving", LeavingAlready(number=under_way))
    leaving, number = public_id(), documents.next_number(call.tx, "LV", call.today.year)
    documents.add(
        call.tx,
        leavings,
        public_id=leaving,
        case=call.case,
        at=call.now,
        number=number,
        person=person,
        last_day=last_day,
        entered_by=entered_by,
        state="announced",
    )
    mine = sa.select(sa.func.count()).where(user_tasks.c.assignee_id == row.id, user_tasks.c.state.in_(OPEN))
    superior = org.superior(person)
    here = superior is not None and org.by_public_id[superior].active
    return {
        "leaving": leaving,
        "leaving_number": number,
        "superior": superior if here else None,
        "open_tasks": int(call.tx.scalar(mine) or 0),
        "people_below": len(_reports(org, row.id)),
    }


class Planned(TypedDict):
    receiver: str | None
    new_superior: str | None


@operation("leavings.plan", errors=("bad_plan",))
def plan(
    call: Call, leaving: str, receiver: Person | None = None, new_superior: Person | None = None
) -> Planned:
    """Who takes over their work and their people; whoever is not named: their superior.

    BPMN error: bad_plan, with the reason."""
    row = documents.get(call.tx, leavings, leaving)
    org = accounts.organisation(call.tx)
    above = org.superior(row.person)
    receiver = receiver or above
    if receiver is not None and not _stays(call.tx, org, receiver, row.person):
        raise refuse("bad_plan", BadReceiver())
    leaver = org.by_public_id[row.person]
    below = _reports(org, leaver.id)
    if below:
        new_superior = new_superior or above
        if (
            new_superior is None
            or not _stays(call.tx, org, new_superior, row.person)
            or new_superior in below_them(org, row.person)
        ):
            raise refuse("bad_plan", NeedsSuperior(count=len(below)))
    else:
        new_superior = None
    documents.change(call.tx, leavings, row, "planned", NEXT, receiver=receiver, new_superior=new_superior)
    return {"receiver": receiver, "new_superior": new_superior}


@operation("leavings.note_handover")
def note_handover(call: Call, leaving: str, handover: str) -> None:
    """What the leaver hands over, in their own words."""
    row = documents.get(call.tx, leavings, leaving)
    documents.change(call.tx, leavings, row, "planned", NEXT, handover=handover)


@operation("leavings.change_day", errors=("bad_day",))
def change_day(call: Call, leaving: str, last_day: dt.date) -> None:
    """The last day is another one. BPMN error: bad_day, with the reason."""
    row = documents.get(call.tx, leavings, leaving)
    if last_day < call.today:
        raise refuse("bad_day", LastDayPast())
    documents.change(call.tx, leavings, row, "planned", NEXT, last_day=last_day)


@operation("leavings.stay")
def stay(call: Call, leaving: str) -> None:
    """They stay after all; nothing was changed."""
    documents.change(call.tx, leavings, documents.get(call.tx, leavings, leaving), "stayed", NEXT)


class Ended(TypedDict):
    deputies: int


@operation("leavings.end")
def end(call: Call, leaving: str) -> Ended:
    """They are gone: whose leave they were to stand in for has whoever took over instead, else nobody."""
    row = documents.get(call.tx, leavings, leaving)
    leave = leaves.c
    replaced = call.tx.execute(
        sa.update(leaves)
        .where(leave.deputy == row.person, leave.last_day >= call.today, leave.state.in_(COUNTS))
        .values(deputy=sa.case((leave.person == row.receiver, None), else_=row.receiver))
    )
    documents.change(call.tx, leavings, row, "ended", NEXT, ended_at=call.now)
    return {"deputies": replaced.rowcount}


@operation("leavings.close")
def close(call: Call, leaving: str, note: str | None = None) -> None:
    """Papers, things and pay are settled."""
    documents.change(call.tx, leavings, documents.get(call.tx, leavings, leaving), "closed", NEXT, note=note)


def _under_way(tx: Transaction, person: str) -> str | None:
    """The number of a leaving of theirs that has not come to its end."""
    found: str | None = tx.scalar(
        sa.select(leavings.c.number).where(leavings.c.person == person, leavings.c.state.in_(UNDER_WAY))
    )
    return found


def _stays(tx: Transaction, org: accounts.Organisation, person: str, leaver: str) -> bool:
    row = org.by_public_id.get(person)
    return row is not None and row.active and person != leaver and _under_way(tx, person) is None


def _reports(org: accounts.Organisation, leaver: int) -> list[Any]:
    return [row for row in org.by_id.values() if row.superior_id == leaver and row.active]


def below_them(org: accounts.Organisation, leaver: str) -> set[str]:
    """Everybody who reports to them, directly or through others; if one of them became the superior of the
    leaver's people, these would report to themselves in the end."""
    under: dict[int, list[Any]] = {}
    for row in org.by_id.values():
        under.setdefault(row.superior_id, []).append(row)
    found: set[str] = set()
    ahead = [leaver]
    while ahead:
        new = {row.public_id for row in under.get(org.by_public_id[ahead.pop()].id, ())} - found
        found |= new
        ahead += new
    return found
