"""When a timer is due: ISO dates, durations and repetitions, Quartz cron. Time is an argument.

A duration of days is exact hours; one of months or years moves the calendar of the
business zone. A date without a time is midnight there. What was missed while nobody
looked is not made up for: the next time is the first that lies ahead.
Not here: evaluating the text (texts.py), waking anybody (the worker)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import isodate

from runtime.engine import cron
from runtime.engine.errors import BadCycle, BadDuration, BadTimer, TooFar
from runtime.values import Value

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
_REPEATS = re.compile(r"^R(-?\d*)/(.+)$", re.IGNORECASE)
_MAX_STEPS = 100_000
Duration = Any  # timedelta, or isodate.Duration (months and years), which has no types


@dataclass(frozen=True)
class Due:
    """`at` in UTC; `cycle` the text that says when again ("" never), `left` how often (None: for ever)."""

    at: dt.datetime
    cycle: str = ""
    left: int | None = 0


def first(kind: str, value: Value, now: dt.datetime, zone: ZoneInfo) -> Due | None:
    """When a timer that starts to run `now` is due; None: never. `kind`: date, duration or cycle.

    A moment that has passed is due at once, except in a cycle. Raises BadTimer."""
    if isinstance(value, str) and kind == "cycle":
        return _cycle(value.strip(), now, zone)
    if isinstance(value, str):
        value = _read(value.strip(), kind)
    if isinstance(value, dt.date):
        return Due(moment(value, zone))
    if isinstance(value, (dt.timedelta, isodate.Duration)):
        if kind == "cycle":
            raise BadCycle(text=str(value))
        return Due(_add(now, value, zone))
    raise BadTimer(text=str(value))


def following(due: Due, now: dt.datetime, zone: ZoneInfo) -> Due | None:
    """When a timer that was `due` is due again, later than `now`; None: never."""
    if not due.cycle or due.left == 0:
        return None
    if _REPEATS.match(due.cycle) is None:
        at = cron.read(due.cycle).after(max(now, due.at), zone)
        return Due(at, due.cycle, due.left) if at else None
    at, rounds = _ahead(due.at, _period(due.cycle), now, zone)
    if due.left is None:
        return Due(at, due.cycle, None)
    # A round that was missed is over too.
    return Due(at, due.cycle, due.left - rounds) if rounds <= due.left else None


def check(kind: str, text: str) -> None:
    """Raises BadTimer if a text without expressions can never be a time."""
    first(kind, text, dt.datetime(2000, 1, 1, tzinfo=dt.UTC), BUSINESS_ZONE)


def moment(value: dt.date, zone: ZoneInfo, at: dt.time = dt.time.min) -> dt.datetime:
    """A date or date-time in UTC; without a zone it is meant in `zone`, a bare date at `at`."""
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, at)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(dt.UTC)


def read_moment(text: str) -> Any:
    """An ISO date, date-time or duration. Raises BadTimer."""
    return _read(text.strip(), "date" if text.strip()[:1].upper() != "P" else "duration")


def later(now: dt.datetime, by: Duration, zone: ZoneInfo) -> dt.datetime:
    """`now` plus a duration, in UTC."""
    return _add(now, by, zone)


def _read(text: str, kind: str) -> Any:
    try:
        if text[:1].upper() == "P":
            duration: Duration = isodate.parse_duration(text.upper())
            return duration
        if kind == "duration":
            raise BadDuration(text=text)
        if len(text) <= 10 and "T" not in text.upper():
            return dt.date.fromisoformat(text)
        return dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError, isodate.ISO8601Error):
        raise BadTimer(text=text) from None


def _cycle(text: str, now: dt.datetime, zone: ZoneInfo) -> Due | None:
    repeats = _REPEATS.match(text)
    if repeats is None:
        if text[:1].isdigit() and "-" in text[:5]:
            return Due(moment(_read(text, "date"), zone))
        at = cron.read(text).after(now, zone)
        return Due(at, text, None) if at else None
    left = None if repeats[1] in ("", "-1") else int(repeats[1]) - 1
    if left is not None and left < 0:
        raise BadCycle(text=text)
    period = _period(text)
    parts = repeats[2].split("/")
    if len(parts) == 1:
        return Due(_add(now, period, zone), text, left)
    if parts[0][:1].upper() == "P" or parts[1][:1].upper() != "P":
        raise BadCycle(text=text)
    start = moment(_read(parts[0], "date"), zone)
    at, skipped = (start, 0) if start >= now else _ahead(start, period, now, zone)
    if left is not None and skipped > left:
        return None
    return Due(at, text, None if left is None else left - skipped)


def _period(text: str) -> Duration:
    found = _REPEATS.match(text)
    parts = found[2].split("/") if found else []
    if not 1 <= len(parts) <= 2:
        raise BadCycle(text=text)
    period = _read(parts[-1], "duration")
    origin = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    if origin + period < origin + dt.timedelta(seconds=1):
        raise BadCycle(text=text)
    return period


def _ahead(start: dt.datetime, period: Duration, now: dt.datetime, zone: ZoneInfo) -> tuple[dt.datetime, int]:
    """The first of start + n·period (n ≥ 1) later than `now`, and n."""
    if isinstance(period, dt.timedelta):
        count = max(1, (now - start) // period + 1)
        return start + count * period, count
    count = 1
    # From the start each time: 31 January plus twice a month is 31 March.
    while (at := _add(start, period * count, zone)) <= now and count < _MAX_STEPS:
        count += 1
    return at, count


def _add(start: dt.datetime, by: Duration, zone: ZoneInfo) -> dt.datetime:
    try:
        if isinstance(by, dt.timedelta):
            exact: dt.datetime = start + by
            return exact.astimezone(dt.UTC)
        moved: dt.datetime = start.astimezone(zone).replace(tzinfo=None) + by
        return moved.replace(tzinfo=zone).astimezone(dt.UTC)
    except (OverflowError, ValueError):
        raise TooFar(text=str(by)) from None
