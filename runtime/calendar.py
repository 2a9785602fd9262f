"""The business calendar: which days are worked, and counting in workdays. No IO.

Monday to Friday are worked unless a day says otherwise: `holiday` or (shifted) `workday`.
Not here: where the days are kept (store/calendar.py)."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

HOLIDAY = "holiday"
WORKDAY = "workday"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Calendar:
    """`days`: the days that differ from Monday to Friday; `years`: those whose days are known.

    Years that are not known are counted as plain Monday to Friday."""

    days: Mapping[dt.date, str] = field(default_factory=dict)
    years: frozenset[int] | None = None  # None: the years that have days

    @cached_property
    def _years(self) -> frozenset[int]:
        return frozenset(day.year for day in self.days) if self.years is None else self.years

    def covered(self, year: int) -> bool:
        """Whether the year's holidays are known."""
        return year in self._years

    def missing(self, today: dt.date) -> list[int]:
        """Of this year and the next, those whose holidays are not known yet."""
        return [year for year in (today.year, today.year + 1) if not self.covered(year)]

    def is_workday(self, day: dt.date) -> bool:
        kind = self.days.get(day)
        return day.weekday() < 5 if kind is None else kind == WORKDAY

    def workday_after(self, day: dt.date, count: int) -> dt.date:
        """The `count`-th workday after a day; 0: the day itself, or the next workday if it is none.

        Negative counts go back."""
        step = dt.timedelta(days=-1 if count < 0 else 1)
        if count == 0:
            while not self.is_workday(day):
                day += step
            return day
        for _ in range(abs(count)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def workdays_between(self, first: dt.date, last: dt.date) -> int:
        """Workdays after `first`, up to and including `last`; 0 if it is not later."""
        return sum(
            self.is_workday(first + dt.timedelta(days=number)) for number in range(1, (last - first).days + 1)
        )

    def last_workday_of_month(self, year: int, month: int) -> dt.date:
        day = dt.date(year, month, calendar.monthrange(year, month)[1])
        return day if self.is_workday(day) else self.workday_after(day, -1)

    def next_last_workday(self, after: dt.datetime, at: dt.time, zone: ZoneInfo = SHANGHAI) -> dt.datetime:
        """The next month's-last-workday at a time of day (business zone), later than `after`; in UTC."""
        local = after.astimezone(zone)
        year, month = local.year, local.month
        while True:
            due = self.moment(self.last_workday_of_month(year, month), at, zone)
            if due > after:
                return due
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def next_of(
        self, every: str, number: int, hour: int, after: dt.datetime, zone: ZoneInfo = SHANGHAI
    ) -> dt.datetime:
        """The next `number`-th day of each week, month, quarter or year at an hour, later than `after`; in UTC.

        A day that is none of work is moved to the next workday; one that the period lacks, to its last."""
        first = _begin(every, after.astimezone(zone).date())
        while True:
            following = _begin(
                every, first + dt.timedelta(days={"week": 7, "month": 31, "quarter": 92}.get(every, 366))
            )
            day = min(first + dt.timedelta(days=number - 1), following - dt.timedelta(days=1))
            due = self.moment(self.workday_after(day, 0), dt.time(hour), zone)
            if due > after:
                return due
            first = following

    @staticmethod
    def moment(day: dt.date, at: dt.time, zone: ZoneInfo = SHANGHAI) -> dt.datetime:
        """A time of day at the business place, in UTC."""
        return dt.datetime.combine(day, at, zone).astimezone(dt.UTC)


def _begin(every: str, day: dt.date) -> dt.date:
    """The first day of the week, month, quarter or year that a day lies in."""
    if every == "week":
        return day - dt.timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1}.get(every, 1)
    return dt.date(day.year, month, 1)
