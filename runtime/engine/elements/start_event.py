"""Start event of a process: none, message, timer, signal, condition; only the one that started the case runs.

What a message or signal brought is there as variables already (Execution.start). The start of
an event subprocess passes on what it was triggered with. BPMN 2.0.2 §10.5.2, §13.2, §13.5.1."""

from __future__ import annotations

from runtime.bpmn.model import Node
from runtime.engine.elements.base import Element
from runtime.engine.elements.waits import AWAITED, Wait
from runtime.engine.tree import ScopeSpec


class StartEvent(Element):
    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.wait = Wait(self.trigger) if self.trigger.kind in AWAITED else None
