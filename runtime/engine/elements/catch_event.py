"""Intermediate catching events: timer, message, signal, condition; alone or behind an event-based gateway.

BPMN 2.0.2 §10.5.4, §13.5.2."""

from __future__ import annotations

from typing import Any

from runtime.bpmn.model import Node
from runtime.engine.elements.base import Element
from runtime.engine.elements.waits import Condition, Wait
from runtime.engine.tree import ROOT_TASK, ScopeSpec, Token


class Awaiting(Condition, Element):
    """Waits for one thing; an event-based gateway before it decides by what comes first."""

    def __init__(self, level: ScopeSpec, node: Node, **about: Any) -> None:
        super().__init__(level, node, **about)
        self.wait: Wait = Wait(self.trigger, self.job_priority)

    def awaited(self, token: Token) -> dict[str, Any]:
        return self.wait.awaited(token)

    def begin(self, token: Token) -> bool:
        token.case.wait(token, self.awaited(token))
        return False

    def happened(self, token: Token, results: dict[str, Any], *, later: bool = False) -> None:
        gateway = token.parent
        if not token.entered and gateway.id != ROOT_TASK:
            gateway.task_spec.decided(gateway, token)
            token.memory["chosen"] = True
            later = self.async_before
        super().happened(token, results, later=later)


class CatchEvent(Awaiting):
    urgent = True
