"""Intermediate catching events: timer and message, alone or behind an event-based gateway.

BPMN 2.0.2 §13.5.2."""

from __future__ import annotations

from typing import Any

from runtime.bpmn.model import Node, Trigger
from runtime.engine.elements.base import Element
from runtime.engine.elements.waits import Wait
from runtime.engine.tree import ROOT_TASK, ScopeSpec, Token


class CatchEvent(Element):
    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.wait = Wait(node.trigger or Trigger())

    def awaited(self, token: Token) -> dict[str, Any]:
        return self.wait.awaited(token)

    def begin(self, token: Token) -> bool:
        token.case.wait(token, self.awaited(token))
        return False

    def happened(self, token: Token, results: dict[str, Any]) -> None:
        gateway = token.parent
        if gateway.id != ROOT_TASK:
            gateway.task_spec.decided(gateway, token)
        super().happened(token, results)
