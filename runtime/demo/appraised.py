"""Which months the demo appraises, and the one at which it leaves everything waiting that may become of it.

Not here: what people answer (staff), what is left waiting (exceptions/months)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from runtime.demo.department import Department

LONGEST = 13  # workdays after which an appeal against a grade is overdue


def month_ends(house: Department, begin: dt.date, end: dt.date) -> list[dt.date]:
    """The last workdays of months between the two: when appraisals begin."""
    days = [begin + dt.timedelta(days=number) for number in range((end - begin).days)]
    months = sorted({(day.year, day.month) for day in days})
    found = [house.calendar.last_workday_of_month(*month) for month in months]
    return [day for day in found if begin <= day < end]


@dataclass(frozen=True)
class Appraisal:
    """`day`: on which the last appraisal with time enough for all that may become of it is opened; `before`: that of
    an earlier one; `by_hand`: its month, 2026-11, if it does not open by itself."""

    day: dt.date
    before: dt.date | None = None
    by_hand: str | None = None


def last_appraisal(house: Department, begin: dt.date, end: dt.date) -> Appraisal | None:
    """None if the demo is too short for any."""
    after = house.calendar.workday_after
    second, latest = after(after(begin, 0), 1), after(end, -LONGEST)
    found = [day for day in month_ends(house, begin, end) if second <= day <= latest]
    if found:
        return Appraisal(found[-1], found[-2] if len(found) > 1 else None)
    if second > latest:
        return None
    return Appraisal(second, by_hand=f"{begin.replace(day=1) - dt.timedelta(days=1):%Y-%m}")
