"""When a process begins by itself: its timer and conditional start events, asked without a case.

Not here: starting one (execution.py), the jobs that do (commands/triggers.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from runtime.engine import timers
from runtime.engine.definition import Definition
from runtime.engine.elements.start_event import StartEvent
from runtime.engine.priorities import rank
from runtime.engine.timers import BUSINESS_ZONE
from runtime.errors import GuichengError
from runtime.expressions import PURE, Expression
from runtime.expressions.errors import UnknownName
from runtime.formulas import is_open
from runtime.values import Value


def _evaluate(calls: Mapping[str, Callable[..., Any]], expression: Expression) -> Value:
    return expression.evaluate({}, calls)


def next_due(
    definition: Definition,
    now: dt.datetime,
    *,
    since: dt.datetime | None = None,
    zone: ZoneInfo = BUSINESS_ZONE,
    functions: Mapping[str, Callable[..., Any]] = PURE,
) -> dict[str, dt.datetime]:
    """When each timer start event is due next, later than `now`; those that never are, are left out.

    Durations and repetitions without a date count from `since` (when the process was
    deployed; by default `now`). Raises BadTimer, CannotEvaluate."""
    found: dict[str, dt.datetime] = {}
    for name, start in definition.spec.starts.items():
        wait = start.wait if name and isinstance(start, StartEvent) else None
        if wait is None or wait.when is None:
            continue
        calls = {**PURE, **functions, "now": lambda: now, "dateTime": lambda: now}
        value = wait.when.fill(partial(_evaluate, calls))
        due = timers.first(wait.timer, value, since or now, zone)
        if due is not None and due.at <= now:
            due = timers.following(due, now, zone)
        if due is not None and due.at > now:
            found[name] = due.at
    return found


def start_priority(
    definition: Definition,
    start_event: str,
    *,
    now: dt.datetime,
    functions: Mapping[str, Callable[..., Any]] = PURE,
) -> int:
    """Of the job that starts a case at this event. There are no variables yet: what reads one is 0."""
    start = definition.spec.starts[start_event]
    calls = {**PURE, **functions, "now": lambda: now, "dateTime": lambda: now}
    try:
        return rank(start.job_priority, partial(_evaluate, calls), "jobPriority", start_event)
    except GuichengError:
        return 0


def starts_where(
    definition: Definition,
    variables: Mapping[str, Value],
    *,
    now: dt.datetime,
    functions: Mapping[str, Callable[..., Any]] = PURE,
) -> list[str]:
    """The conditional start events whose condition holds with these variables; one that names a
    variable that is not among them does not. Raises CannotEvaluate, NotTrueOrFalse."""
    calls = {**PURE, **functions, "now": lambda: now, "dateTime": lambda: now}
    found = []

    def judged(condition: Expression) -> Value:
        return condition.evaluate(variables, calls)

    for name, start in definition.spec.starts.items():
        condition = start.wait.condition if name and isinstance(start, StartEvent) and start.wait else None
        if condition is None:
            continue
        try:
            if not is_open(condition, judged(condition)) and start.holds(condition, judged):
                found.append(name)
        except UnknownName:
            continue
    return found
