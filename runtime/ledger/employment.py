"""From which day until which somebody is employed, as one entered it and another confirmed it.

The newest row of a person holds; of whom there is none it is taken that they were here all along. Not here:
accounts and who may sign in (store/accounts.py), what a part of a month means for an appraisal or a bonus."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ledger.appraisals import appraisal_cycles, appraisals, month_of
from runtime.ledger.bonuses import bonuses
from runtime.ledger.employed import days_employed, employments, known
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse


class SameEmploymentHands(Conflict):
    """Whoever enters days of employment does not confirm them, and nobody has a hand in their own."""

    code = "employment.same_hands"


class LeftBeforeEntered(Invalid):
    """The last day lies before the first."""

    code = "employment.backwards"


class EmploymentCounted(Conflict):
    """The bonus for {period} was computed from other days of employment."""

    code = "employment.counted"


@operation("employment.record", errors=("same_person", "bad_employment"))
def record(
    call: Call,
    person: Person,
    entered_on: dt.date,
    entered_by: Person,
    confirmed_by: Person,
    left_on: dt.date | None = None,
) -> None:
    """Enter the first day of employment, and the last one once it is known; what was entered before stays.

    BPMN errors: same_person, if the two are one or it is either's own; bad_employment, if they are the wrong
    way round, or a bonus was computed from other days."""
    if len({person, entered_by, confirmed_by}) < 3:
        raise refuse("same_person", SameEmploymentHands())
    if left_on is not None and left_on < entered_on:
        raise refuse("bad_employment", LeftBeforeEntered())
    before = known(call.tx, person)
    for period in _counted(call, person):
        first, last = month_of(period)
        if days_employed((entered_on, left_on), first, last) != days_employed(before, first, last):
            raise refuse("bad_employment", EmploymentCounted(period=period))
    row: dict[str, Any] = {"person": person, "entered_on": entered_on, "left_on": left_on}
    row |= {"entered_by": entered_by, "confirmed_by": confirmed_by, "case": call.case, "at": call.now}
    call.tx.insert(employments, [row])


def _counted(call: Call, person: str) -> list[str]:
    """Months for which a bonus of the person was computed."""
    query = (
        sa.select(appraisal_cycles.c.period)
        .join(appraisals, appraisals.c.cycle_id == appraisal_cycles.c.id)
        .join(bonuses, bonuses.c.appraisal_id == appraisals.c.id)
        .where(bonuses.c.employee == person, bonuses.c.state != "prepared")
    )
    return [str(row.period) for row in call.tx.all(query)]
