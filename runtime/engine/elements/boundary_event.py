"""Boundary events: what waits beside an activity, and what is thrown inside it and caught there.

An interrupting one ends the activity; another starts a path beside it, and one that can
happen again is armed anew, as an instance of its own. BPMN 2.0.2 §10.5.4, §13.5.3."""

from __future__ import annotations

from typing import Any

from runtime.bpmn.model import Node
from runtime.engine import timers
from runtime.engine.elements.base import Element
from runtime.engine.elements.waits import AWAITED, Condition, Wait, as_due, as_wait
from runtime.engine.tree import ScopeSpec, Token


class BoundaryEvent(Condition, Element):
    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.waits = self.trigger.kind in AWAITED
        self.wait = Wait(self.trigger, self.job_priority) if self.waits else None

    def awaited(self, activity: Token) -> dict[str, Any]:
        assert self.wait is not None
        return self.wait.awaited(activity)

    def standpoint(self, token: Token) -> str:
        # While it is armed: what its activity sees, as its timers and messages do.
        return token.parent.local

    def arm(self, activity: Token, wait: dict[str, Any], *, anew: bool = False) -> None:
        token = activity.case.spawn(activity.workflow, self, activity.scope, parent=activity)
        activity.case.wait(token, wait, check=not anew)

    def happened(self, token: Token, results: dict[str, Any], *, later: bool = False) -> None:
        case, activity, wait = token.case, token.parent, token.wait
        case.wait_over(token)
        token.move_to_root()
        if self.node.interrupting:
            case.withdraw(activity)
        else:
            again = self.again(token, wait)
            if again is not None:
                self.arm(activity, again, anew=True)
        case.reached(token)
        # It was armed with its activity, so a savepoint before it stands between what happened and what follows.
        super().happened(token, results, later=self.async_before)

    def again(self, token: Token, wait: dict[str, Any]) -> dict[str, Any] | None:
        if wait["kind"] != "timer":
            return wait
        due = timers.following(as_due(wait), token.case.now, token.case.zone)
        return as_wait(due, wait.get("priority", 0)) if due else None
