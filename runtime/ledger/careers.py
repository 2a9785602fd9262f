"""Careers: interviews with their development plans, vacancies, promotions and rotations, and their history.

A move is asked for by the person or somebody above, approved by neither, and takes effect on a day; who
belongs to which group is then changed by an administrator. Not here: who is eligible
(rules/promotion_eligibility.yaml)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime import i18n
from runtime.errors import Conflict, Invalid
from runtime.identity import GROUPS
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.appraisals import appraisals
from runtime.ledger.inputs import Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Instant, Tagged, metadata

RECENT = 6  # appraisals that eligibility looks at

development_plans = sa.Table(
    "development_plans",
    metadata,
    *documents.columns(),
    sa.Column("employee", sa.String(32), nullable=False, index=True),
    sa.Column("interviewer", sa.String(32), nullable=False),
    sa.Column("goals", sa.Text, nullable=False),
    sa.Column("actions", Tagged, nullable=False),  # list of {action, by_when}
    sa.Column("agreed", sa.Boolean, nullable=False),
)

vacancies = sa.Table(
    "vacancies",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("group", sa.String(32), nullable=False),
    sa.Column("places", sa.Integer, nullable=False),
    sa.Column("open_until", sa.Date, nullable=False),
    sa.Column("posted_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32), nullable=False),
)

career_moves = sa.Table(
    "career_moves",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("person", sa.String(32), nullable=False, index=True),
    sa.Column("asked_by", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # promotion | rotation
    sa.Column("from_groups", sa.String(256), nullable=False),
    sa.Column("to_group", sa.String(32), nullable=False),
    sa.Column("vacancy_id", sa.ForeignKey("vacancies.id")),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("effective_on", sa.Date),
    sa.Column("decided_at", Instant),
)

NEXT = {
    "asked": {"asked", "approved", "closed"},
    "approved": {"effected", "closed"},
}


class NoSuchGroup(Invalid):
    """There is no group {group}."""

    code = "career.no_such_group"


class AlreadyThere(Invalid):
    """The person is in this group already."""

    code = "career.already_there"


class VacancyPast(Invalid):
    """A vacancy must be open until a day in the future and have a place."""

    code = "career.vacancy_past"


class OwnMove(Conflict):
    """Neither who asks for a move nor who moves approves it."""

    code = "career.own"


class ActionRow(TypedDict):
    action: str
    by_when: dt.date


class Posted(TypedDict):
    vacancy_number: str
    vacancy_title: str
    vacancy_terms: str


class Asked(TypedDict):
    move: str
    move_number: str
    good_results: int
    bad_results: int
    service_months: int
    places_left: int


@operation("careers.record_development")
def record_development(
    call: Call, employee: Person, interviewer: Person, goals: str, actions: list[ActionRow], agreed: bool
) -> None:
    """Keep what an interview came to, and whether the employee agreed."""
    kept: list[Any] = [dict(row) for row in actions]
    documents.add(
        call.tx,
        development_plans,
        public_id=public_id(),
        case=call.case,
        at=call.now,
        employee=employee,
        interviewer=interviewer,
        goals=goals,
        actions=kept,
        agreed=agreed,
    )


@operation("careers.post_vacancy", errors=("bad_vacancy", "same_person"))
def post_vacancy(
    call: Call, group: str, places: Pieces, open_until: dt.date, posted_by: Person, approved_by: Person
) -> Posted:
    """Enter an open position. `vacancy_title`, `vacancy_terms`: what a notice says of it.

    BPMN errors: bad_vacancy, if it is over already or has no place; same_person."""
    if group not in GROUPS:
        raise NoSuchGroup(group=group)
    if places < 1 or open_until < call.today:
        raise refuse("bad_vacancy", VacancyPast())
    if posted_by == approved_by:
        raise refuse("same_person", OwnMove())
    number = documents.next_number(call.tx, "VC", call.today.year)
    documents.add(
        call.tx,
        vacancies,
        public_id=public_id(),
        case=call.case,
        at=call.now,
        number=number,
        group=group,
        places=places,
        open_until=open_until,
        posted_by=posted_by,
        approved_by=approved_by,
    )
    named = i18n.label(i18n.DEFAULT, dict(GROUPS[group]))
    return {
        "vacancy_number": number,
        "vacancy_title": i18n.say(i18n.DEFAULT, "Vacancy {number}: {group}", number=number, group=named),
        "vacancy_terms": i18n.say(
            i18n.DEFAULT, "Places: {places}. Apply until {day}.", places=places, day=open_until
        ),
    }


@operation("careers.ask", errors=("bad_move",))
def ask(
    call: Call,
    person: Person,
    by: Person,
    kind: Literal["promotion", "rotation"],
    to_group: str,
    move: str | None = None,
) -> Asked:
    """Enter who wants to go where, with what eligibility is judged by.

    `good_results`, `bad_results`: excellent or good, and unsatisfactory, among the last six settled
    appraisals; `places_left`: of vacancies of the group that are open today. BPMN error: bad_move."""
    tx = call.tx
    organisation = accounts.organisation(tx)
    if to_group not in GROUPS:
        raise NoSuchGroup(group=to_group)
    if person in organisation.members(to_group):
        raise refuse("bad_move", AlreadyThere())
    row = organisation.by_public_id[person]
    groups = sorted(name for name, members in organisation.groups.items() if row.id in members)
    vacancy, places = _open_vacancy(call, to_group)
    entered = {
        "person": person,
        "asked_by": by,
        "kind": kind,
        "from_groups": ",".join(groups)[:256],
        "to_group": to_group,
        "vacancy_id": vacancy,
    }
    if move is None:
        move, number = public_id(), documents.next_number(tx, "CM", call.today.year)
        documents.add(
            tx,
            career_moves,
            public_id=move,
            case=call.case,
            at=call.now,
            number=number,
            state="asked",
            **entered,
        )
    else:
        known = documents.get(tx, career_moves, move)
        number = known.number
        documents.change(tx, career_moves, known, "asked", NEXT, **entered)
    grades = [
        each.grade
        for each in tx.all(
            sa.select(appraisals.c.grade)
            .where(appraisals.c.employee == person, appraisals.c.state == "settled")
            .order_by(appraisals.c.id.desc())
            .limit(RECENT)
        )
    ]
    began = tx.scalar(sa.select(accounts.people.c.created_at).where(accounts.people.c.public_id == person))
    return {
        "move": move,
        "move_number": number,
        "good_results": sum(grade in ("excellent", "good") for grade in grades),
        "bad_results": grades.count("unsatisfactory"),
        "service_months": max(0, (call.now - began).days // 30),
        "places_left": places,
    }


@operation("careers.approve", errors=("same_person",))
def approve(call: Call, move: str, by: Person) -> None:
    """BPMN error: same_person, if whoever approves asked for it or moves."""
    row = documents.get(call.tx, career_moves, move)
    if by in (row.person, row.asked_by):
        raise refuse("same_person", OwnMove())
    documents.change(call.tx, career_moves, row, "approved", NEXT, approved_by=by, decided_at=call.now)


@operation("careers.close")
def close(call: Call, move: str) -> None:
    """The move comes to nothing, also one that was approved: its vacancy has the place again."""
    row = documents.get(call.tx, career_moves, move)
    documents.change(call.tx, career_moves, row, "closed", NEXT, decided_at=call.now)


@operation("careers.effect")
def effect(call: Call, move: str, effective_on: dt.date) -> None:
    """The move stands in the person's history from this day; the vacancy has one place less."""
    row = documents.get(call.tx, career_moves, move)
    documents.change(call.tx, career_moves, row, "effected", NEXT, effective_on=effective_on)


def _open_vacancy(call: Call, group: str) -> tuple[int | None, int]:
    """The oldest vacancy of a group with a place left today, and how many places there are in all."""
    tx, first, left = call.tx, None, 0
    wanted = sa.select(vacancies).where(vacancies.c.group == group, vacancies.c.open_until >= call.today)
    for row in tx.all(wanted.order_by(vacancies.c.id)):
        taken = tx.scalar(
            sa.select(sa.func.count())
            .select_from(career_moves)
            .where(career_moves.c.vacancy_id == row.id, career_moves.c.state.in_(("approved", "effected")))
        )
        free = row.places - (taken or 0)
        if free > 0:
            left += free
            first = first or row.id
    return first, left
