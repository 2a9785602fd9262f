"""A timer has one time: a date, a duration or a cycle, in ISO 8601 or as Quartz cron."""

import datetime as dt
import re

import isodate

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, level, rule
from runtime.bpmn.model import Node

NONE = "The timer “{name}” has no time: give a date, a duration or a cycle."
TWO = "The timer “{name}” has {count} times; one is accepted."
BAD = (
    "The timer “{name}” cannot be read: {text}. Write a date as 2026-01-31T09:00:00+08:00, a duration as "
    "P3D, a cycle as R3/PT1H or as cron with seconds (0 0 9 ? * MON)."
)
WORDS = re.compile(r"[A-Z0-9*?,/#-]{1,60}")
_LONGEST = {"2": 29, "FEB": 29} | dict.fromkeys(("4", "6", "9", "11", "APR", "JUN", "SEP", "NOV"), 30)
SPANS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))


@rule("timer", sentences=[NONE, TWO, BAD])
def timer(source: Source) -> Findings:
    """The timer “{name}” comes again and again, which only the start of a process and an event that does not
    interrupt can: give it a duration."""
    inner = {
        node.id
        for owner, scope in source.scopes
        if level(owner) != "process"
        for node in scope.nodes.values()
    }
    for node in source.nodes:
        trigger = node.trigger
        if trigger is None or trigger.kind != "timer":
            continue
        times = [("date", trigger.date), ("duration", trigger.duration), ("cycle", trigger.cycle)]
        given = [(kind, text) for kind, text in times if text]
        if not given:
            yield found(node, NONE, line=trigger.line)
        elif len(given) > 1:
            yield found(node, TWO, line=trigger.line, count=len(given))
        for kind, text in given:
            # What an expression gives is seen only in the case; texts.py has it read.
            if not formulas.computes(text) and not readable(kind, text):
                yield found(node, BAD, line=trigger.line, text=text)
        if trigger.cycle and not _repeatable(node, node.id in inner):
            yield found(node, line=trigger.line)


def _repeatable(node: Node, inner: bool) -> bool:
    if node.kind == "startEvent":
        return not inner or not node.interrupting
    return node.kind == "boundaryEvent" and not node.interrupting


def readable(kind: str, text: str) -> bool:
    """Whether a text without expressions can be a time of this kind."""
    try:
        if kind == "date":
            if "T" in text.upper():
                dt.datetime.fromisoformat(text)
            else:
                dt.date.fromisoformat(text)
            return True
        if kind == "duration":
            return _lasts(text) is not None
    except (ValueError, OverflowError):
        return False
    repeats = re.fullmatch(r"R(-1|\d{0,6})/(?:([^/]+)/)?(P[^/]+)", text, re.IGNORECASE)
    if repeats is None:
        return _cron(text.upper())
    count, start, period = repeats.groups()
    lasts = _lasts(period)
    return count != "0" and (not start or readable("date", start)) and lasts is not None and lasts >= 1


def _lasts(text: str) -> float | None:
    """Seconds of an ISO duration, a month taken as 30 days; None if it is none or negative."""
    if text[:1].upper() != "P":
        return None
    try:
        duration = isodate.parse_duration(text.upper())
        if isinstance(duration, isodate.Duration):
            days = int(duration.years) * 365 + int(duration.months) * 30
            duration = duration.tdelta + dt.timedelta(days=days)
        seconds: float = duration.total_seconds()
    except (ValueError, OverflowError, isodate.ISO8601Error):
        return None
    return seconds if seconds >= 0 else None


def _cron(text: str) -> bool:
    """Six or seven fields, each of plausible signs and numbers; the engine reads it in full."""
    fields = text.split()
    if len(fields) not in (6, 7) or (fields[3] == "?" and fields[5] == "?"):
        return False
    for field, (low, high) in zip(fields, SPANS, strict=False):
        if not WORDS.fullmatch(field):
            return False
        plain = re.sub(r"/\d+|#\d|L-\d+", "", field)
        if any(not low <= int(number) <= high for number in re.findall(r"\d+", plain)):
            return False
    return _comes(fields[3], fields[4]) and not any(re.search(r"[A-Z?#]", field) for field in fields[:3])


def _comes(days: str, months: str) -> bool:
    """Whether one of the listed days is in one of the listed months: the thirtieth of February never comes."""
    if not re.fullmatch(r"[\d,]+", days) or not re.fullmatch(r"(\d|[A-Z]{3}|,)+", months):
        return True
    first = min(int(day) for day in days.split(",") if day)
    return any(first <= _LONGEST.get(month.removeprefix("0"), 31) for month in months.split(","))
