"""Start event: none, message or timer; only the one that started the case runs. BPMN 2.0.2 §13.2, §13.5.1.

What a message brought is there as variables already (Execution.start)."""

from __future__ import annotations

from runtime.bpmn.model import Node, Trigger
from runtime.engine.elements.base import Element
from runtime.engine.elements.waits import Wait
from runtime.engine.tree import ScopeSpec


class StartEvent(Element):
    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.trigger = node.trigger or Trigger()
        self.wait = Wait(self.trigger) if self.trigger.kind in ("timer", "message") else None
