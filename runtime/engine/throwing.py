"""What is thrown inside a case finds what catches it: errors, escalations, cancelling, signals.

Looked for from the inside outwards: at the activity itself, among the event subprocesses of
its level, at what holds the level, and so on, across called processes too. BPMN 2.0.2 §10.5.1,
§13.5.5. Not here: when something is thrown (elements/), other cases (commands/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.engine import ports
from runtime.engine.elements.activity import matching
from runtime.engine.elements.call_activity import CallActivity
from runtime.engine.elements.event_sub_process import EventSubProcess
from runtime.engine.tree import InnerLevel, Level, Token

if TYPE_CHECKING:
    from runtime.engine.elements.base import Element
    from runtime.engine.moves import Case


@dataclass
class Caught:
    """`event` catches: a boundary event of `host`, or an event subprocess of `level`.

    `crossed`: the calls whose processes are left on the way."""

    event: Element
    level: Level
    host: Token | None = None
    crossed: list[Token] = field(default_factory=list)

    @property
    def interrupts(self) -> bool:
        return self.event.interrupts

    def tell_callers(self, case: Case) -> None:
        """What a called process has found out is told even when it is ended from outside."""
        for call in self.crossed:
            case.writes_as(call)
            call.task_spec.map_out(call)

    def told(self, code: str, message: str = "") -> dict[str, Any]:
        """The variables that tell of what was caught here, as plain JSON."""
        trigger = self.event.trigger
        named = {trigger.code_variable: code, trigger.message_variable: message}
        return {name: text for name, text in named.items() if name}

    def take(self, case: Case, results: dict[str, Any]) -> None:
        """What catches begins; if it interrupts, what it is attached to ends."""
        if isinstance(self.event, EventSubProcess):
            if self.interrupts:
                case.interrupt(self.level)
            self.event.trigger_on(self.level, results)
            return
        assert self.host is not None
        token = case.spawn(self.level, self.event, self.host.scope)
        if self.interrupts:
            case.withdraw(self.host)
        token.memory["results"] = results
        case.reached(token)
        case.go_on(token, later=self.event.async_before)


def catcher(thrower: Token, kind: str, code: str) -> Caught | None:
    """Who catches what `thrower` throws; None: nobody."""
    current = thrower
    crossed: list[Token] = []
    while True:
        body = current.parent if current.task_spec.is_item else current
        boundary = body.task_spec.catcher(kind, code)
        if boundary is not None:
            return Caught(boundary, body.workflow, body, crossed)
        level: Level = current.workflow
        # Whoever has taken over a level answers for it alone.
        event = None if level.interrupted else matching(level.spec.by_event, kind, code)
        if event is not None:
            return Caught(event, level, None, crossed)
        if not isinstance(level, InnerLevel):
            return None
        current = level.owner
        if isinstance(current.task_spec, CallActivity):
            crossed.append(current)


def tell(thrower: Token, code: str, caught: Caught | None) -> None:
    """The house hears of an escalation, and of who takes it."""
    event = caught.event.node.id if caught is not None else ""
    thrower.case.report(ports.Escalated(thrower.element, thrower.id, code=code, caught=event))


def escalate(thrower: Token, code: str) -> None:
    """Hand an escalation to whoever catches it; if nobody does, it is over."""
    caught = catcher(thrower, "escalation", code)
    if caught is not None:
        caught.take(thrower.case, caught.told(code))


def signal(case: Case, name: str, payload: Mapping[str, Any]) -> None:
    """Give a signal to everything in the case that waits for it now; `payload` in plain JSON."""
    for token in sorted(case.hearing.get(name, {}).values(), key=lambda token: token.number):
        # One that was reached before may have interrupted it.
        if token.id in case.index and token.wait.get("kind") == "signal":
            token.task_spec.happened(token, dict(payload))
