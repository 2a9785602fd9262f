"""What events wait for: timers, messages and signals, evaluated once on entry, and conditions.

BPMN 2.0.2 §10.5.5 (event definitions)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from runtime import formulas
from runtime.bpmn.model import Trigger
from runtime.engine import timers
from runtime.engine.elements.base import shown
from runtime.engine.errors import KeyTooLong, NeverDue, NotText, NotTrueOrFalse
from runtime.engine.priorities import rank
from runtime.engine.texts import Evaluate, Template, formula, template
from runtime.engine.tree import Token
from runtime.expressions import PURE
from runtime.values import Value

MAX_KEY = 255  # characters; what is longer names nothing that people know
AWAITED = ("timer", "message", "signal", "conditional")


class Condition:
    """Of an event that may wait for a condition: asked again whenever a variable that it sees is written."""

    wait: Any  # a Wait, or None where the trigger is never waited for

    def condition_holds(self, token: Token) -> bool:
        assert self.wait is not None and self.wait.condition is not None
        condition = self.wait.condition
        value = token.case.evaluator(token, self.standpoint(token))(condition)
        if formulas.is_open(condition, value):
            return False
        if value is not True and value is not False:
            raise NotTrueOrFalse(expression=condition.text, element=token.element, value=shown(value))
        return value

    def standpoint(self, token: Token) -> str:
        """The scope whose variables the condition sees."""
        return token.local

    def concerned(self, names: Iterable[tuple[str, str]]) -> bool:
        """Whether one of the changes (name, kind) is of those that the event asks about."""
        assert self.wait is not None
        only, kinds = self.wait.trigger.variable_name, self.wait.trigger.variable_events
        return any((not only or name == only) and (not kinds or kind in kinds) for name, kind in names)

    def may_mend(self, names: Iterable[tuple[str, str]]) -> bool:
        """Whether the condition, which has failed, names one of what changed; else it would only fail again."""
        assert self.wait is not None and self.wait.condition is not None
        return any(name in self.wait.condition.text for name, _ in names)


class Wait:
    """A trigger, ready to be awaited. `priority`: of the job that wakes it."""

    def __init__(self, trigger: Trigger, priority: Template | None = None) -> None:
        self.trigger, self.priority = trigger, priority
        self.kind = trigger.kind
        self.condition = formula(trigger.condition) if trigger.kind == "conditional" else None
        self.text = trigger.date or trigger.duration or trigger.cycle
        self.timer = "date" if trigger.date else "duration" if trigger.duration else "cycle"
        self.when = template(self.text) if trigger.kind == "timer" else None
        self.name = template(trigger.name)
        self.correlation = formula(trigger.correlation_key) if trigger.correlation_key else None
        if trigger.kind == "timer" and not formulas.computes(self.text):
            timers.check(self.timer, self.text)

    def awaited(self, token: Token) -> dict[str, Any]:
        """What the token will wait for, as plain JSON. Raises if it cannot be said."""
        if self.kind == "conditional":
            return {"kind": "condition"}
        evaluate = token.case.evaluator(token)
        if self.kind == "signal":
            return {"kind": "signal", "name": self.message(token, evaluate)}
        if self.when is None:
            name, key = self.message(token, evaluate), self.key(token, evaluate)
            return {"kind": "message", "name": name, "key": key}
        due = timers.first(self.timer, self.when.fill(evaluate), token.case.now, token.case.zone)
        if due is None:
            raise NeverDue(text=self.text, element=token.element)
        return as_wait(due, rank(self.priority, evaluate, "jobPriority", token.element))

    def message(self, token: Token, evaluate: Evaluate) -> str:
        name = self.name.fill(evaluate)
        if not isinstance(name, str) or not name:
            raise NotText(field=f"{self.kind} name", element=token.element, value=shown(name))
        return name

    def key(self, token: Token, evaluate: Evaluate) -> str | None:
        """The correlation key; by default the business key. None: this case only."""
        if self.correlation is None:
            return token.workflow.key or None
        value: Value = evaluate(self.correlation)
        if value is None or isinstance(value, (list, dict)) or value == "":
            raise NotText(field="correlation key", element=token.element, value=shown(value))
        key: str = PURE["text"](value)
        if len(key) > MAX_KEY:
            raise KeyTooLong(element=token.element, length=len(key), limit=MAX_KEY)
        return key


def as_wait(due: timers.Due, priority: int) -> dict[str, Any]:
    about = {"priority": priority} if priority else {}  # most have none
    return {"kind": "timer", "due": due.at.isoformat(), "cycle": due.cycle, "left": due.left, **about}


def as_due(wait: dict[str, Any]) -> timers.Due:
    return timers.Due(dt.datetime.fromisoformat(wait["due"]), wait["cycle"], wait["left"])
