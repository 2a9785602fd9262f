"""Boundary events: timers and messages that wait beside an activity, errors that it raises.

An interrupting one ends the activity; another starts a path beside it, and one that can
happen again is armed anew, as an instance of its own. BPMN 2.0.2 §13.5.3."""

from __future__ import annotations

from typing import Any

from runtime.bpmn.model import Node, Trigger
from runtime.engine import timers
from runtime.engine.elements.base import Element
from runtime.engine.elements.waits import Wait, as_due, as_wait
from runtime.engine.ports import BpmnError
from runtime.engine.tree import ScopeSpec, Token


class BoundaryEvent(Element):
    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.trigger = node.trigger or Trigger()
        self.waits = self.trigger.kind in ("timer", "message")
        self.wait = Wait(self.trigger) if self.waits else None

    def awaited(self, activity: Token) -> dict[str, Any]:
        assert self.wait is not None
        return self.wait.awaited(activity)

    def arm(self, activity: Token, wait: dict[str, Any]) -> None:
        token = activity.case.spawn(activity.workflow, self, activity.scope, parent=activity)
        activity.case.wait(token, wait)

    def happened(self, token: Token, results: dict[str, Any]) -> None:
        case, activity, wait = token.case, token.parent, token.wait
        case.wait_over(token)
        token.move_to_root()
        if self.node.interrupting:
            case.withdraw(activity)
        else:
            again = self.again(token, wait)
            if again is not None:
                self.arm(activity, again)
        case.reached(token)
        super().happened(token, results)

    def again(self, token: Token, wait: dict[str, Any]) -> dict[str, Any] | None:
        if wait["kind"] == "message":
            return wait
        due = timers.following(as_due(wait), token.case.now, token.case.zone)
        return as_wait(due) if due else None

    def told(self, error: BpmnError) -> dict[str, Any]:
        """The variables that tell of an error that was caught here, as plain JSON."""
        named = {self.trigger.code_variable: error.code, self.trigger.message_variable: error.message}
        return {name: text for name, text in named.items() if name}
