"""Quartz cron: second minute hour day-of-month month day-of-week [year].

`* ? , - /`, names (JAN, MON), `L`, `L-3`, `LW`, `15W` for days, `6L` and `6#3` for
weekdays (1 or SUN is Sunday). The time of day is the wall clock's of a zone.
Not here: ISO timers (timers.py)."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from runtime.engine.errors import BadCron

MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
MONTHS = {name.upper(): number for name, number in MONTHS.items()}
WEEKDAYS = {name: number for number, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}
YEARS = range(1970, 2200)
_SPECIAL_DAY = re.compile(r"^(?:L(?:-(\d{1,2}))?|(LW)|(\d{1,2})W)$")
_SPECIAL_WEEKDAY = re.compile(r"^(?:([A-Z0-9]+)L|([A-Z0-9]+)#([1-5])|L)$")


class _Misfit(ValueError):
    """The part of a cron that does not fit."""


@dataclass(frozen=True)
class Cron:
    """A schedule that has been read; empty day sets and no specials stand for "any day" (`?`)."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    special_days: tuple[str, ...]
    months: frozenset[int]
    weekdays: frozenset[int]
    special_weekdays: tuple[str, ...]
    years: frozenset[int]

    def after(self, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
        """The first time strictly after `moment` (aware), in UTC; None if there is none until 2200.

        An hour that the clocks skip is skipped; one that they repeat counts once."""
        day = moment.astimezone(zone).date()
        while day.year <= max(self.years):
            if day.year not in self.years:
                day = dt.date(day.year + 1, 1, 1)
                continue
            if day.month not in self.months:
                day = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
                continue
            if self._fits(day):
                due = self._first(day, moment, zone)
                if due is not None:
                    return due
            day += dt.timedelta(days=1)
        return None

    def _first(self, day: dt.date, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
        for hour in self.hours:
            last = dt.datetime.combine(day, dt.time(hour, 59, 59), zone).astimezone(dt.UTC)
            if last <= moment:
                continue
            for minute in self.minutes:
                for second in self.seconds:
                    local = dt.datetime.combine(day, dt.time(hour, minute, second), zone)
                    due = local.astimezone(dt.UTC)
                    if due > moment and due.astimezone(zone).replace(fold=0) == local:
                        return due
        return None

    def _fits(self, day: dt.date) -> bool:
        any_day = not self.days and not self.special_days
        any_weekday = not self.weekdays and not self.special_weekdays
        on_day = day.day in self.days or any(day == _day(word, day) for word in self.special_days)
        weekday = day.isoweekday() % 7 + 1
        on_weekday = weekday in self.weekdays or any(_on(word, day) for word in self.special_weekdays)
        if any_day:
            return any_weekday or on_weekday
        return on_day if any_weekday else on_day or on_weekday


def _day(word: str, day: dt.date) -> dt.date | None:
    """The day of `day`'s month that `L`, `L-n`, `LW` or `nW` means."""
    last = calendar.monthrange(day.year, day.month)[1]
    before, last_weekday, near = _SPECIAL_DAY.match(word).groups()  # type: ignore[union-attr]
    if near or last_weekday:
        number = last if last_weekday else int(near)
        if number > last:
            return None
        target = day.replace(day=number)
        if target.isoweekday() == 6:
            return target - dt.timedelta(days=1) if number > 1 else target + dt.timedelta(days=2)
        if target.isoweekday() == 7:
            return target + dt.timedelta(days=1) if number < last else target - dt.timedelta(days=2)
        return target
    number = last - int(before or 0)
    return day.replace(day=number) if number >= 1 else None


def _on(word: str, day: dt.date) -> bool:
    """Whether `day` is the weekday that `6L` or `6#3` means."""
    last, nth, which = _SPECIAL_WEEKDAY.match(word).groups()  # type: ignore[union-attr]
    if _number(last or nth, WEEKDAYS) != day.isoweekday() % 7 + 1:
        return False
    if last:
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return (day.day - 1) // 7 + 1 == int(which)


@lru_cache(maxsize=256)
def read(text: str) -> Cron:
    """Raises BadCron with the part that does not fit."""
    try:
        return _read(text)
    except _Misfit as misfit:
        raise BadCron(text=text, part=str(misfit)) from None


def _read(text: str) -> Cron:
    words = text.upper().split()
    if len(words) not in (6, 7):
        raise _Misfit(text)
    days, weekdays = words[3], words[5]
    if days == "?" and weekdays == "?":
        raise _Misfit("? ?")
    special_days = tuple(word for word in days.split(",") if _SPECIAL_DAY.match(word))
    special_weekdays = tuple(
        "7L" if word == "L" else word for word in weekdays.split(",") if _SPECIAL_WEEKDAY.match(word)
    )
    # A lone L among weekdays means Saturday, as in Quartz, not the last one of a month.
    saturdays = frozenset({7}) if weekdays == "L" else frozenset()
    if saturdays:
        special_weekdays = ()
    for word in special_weekdays:
        _bounded(_SPECIAL_WEEKDAY.match(word), 1, 7)
    for word in special_days:
        _near(word)
    plain_days = ",".join(word for word in days.split(",") if word not in special_days)
    plain_weekdays = ",".join(word for word in weekdays.split(",") if not _SPECIAL_WEEKDAY.match(word))
    return Cron(
        seconds=tuple(sorted(_field(words[0], 0, 59))),
        minutes=tuple(sorted(_field(words[1], 0, 59))),
        hours=tuple(sorted(_field(words[2], 0, 23))),
        days=_days(plain_days, 1, 31),
        special_days=special_days,
        months=_field(words[4], 1, 12, MONTHS),
        weekdays=_days(plain_weekdays, 1, 7, WEEKDAYS) | saturdays,
        special_weekdays=special_weekdays,
        years=_field(words[6], YEARS.start, YEARS.stop - 1) if len(words) == 7 else frozenset(YEARS),
    )


def _bounded(found: re.Match[str] | None, low: int, high: int) -> None:
    for part in found.groups()[:2] if found else ():
        if part is not None and not low <= _number(part, WEEKDAYS) <= high:
            raise _Misfit(part)


def _near(word: str) -> None:
    before, _, near = _SPECIAL_DAY.match(word).groups()  # type: ignore[union-attr]
    if (near and not 1 <= int(near) <= 31) or (before and int(before) > 30):
        raise _Misfit(word)


def _days(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """Empty for "any": `?` and `*`."""
    return frozenset() if text in ("", "?", "*") else _field(text, low, high, names)


def _field(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step_text = part.partition("/")
        step = _number(step_text) if step_text else 1
        if "/" in part and step < 1:
            raise _Misfit(part)
        if span in ("*", ""):
            first, last = low, high
        else:
            start, dash, stop = span.partition("-")
            first = _number(start, names)
            last = _number(stop, names) if dash else high if step_text else first
        if not (low <= first <= high and low <= last <= high):
            raise _Misfit(part)
        # FRI-MON goes over the end of the week, NOV-FEB over that of the year.
        over = first > last
        whole = [*range(first, high + 1), *range(low, last + 1)] if over else [*range(first, last + 1)]
        found.update(whole[::step])
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None = None) -> int:
    if names and text in names:
        return names[text]
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise _Misfit(text or "–")
    return int(text)
