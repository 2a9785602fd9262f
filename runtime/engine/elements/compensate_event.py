"""Throwing compensation, in the middle or at an end: waits until what was done is undone.

BPMN 2.0.2 §10.5.5 (CompensateEventDefinition), §10.7, §13.5.6. How it is undone: compensation.py."""

from __future__ import annotations

from runtime.bpmn.model import Node
from runtime.engine import compensation
from runtime.engine.elements.base import Element
from runtime.engine.tree import ScopeSpec, Token


class CompensateEvent(Element):
    urgent = True

    def begin(self, token: Token) -> bool:
        token.memory["plan"] = compensation.plan(token, self.trigger.activity_ref)
        return not compensation.undo_next(token.case, token)


class Undoing(Element):
    """A completed subprocess whose inside is there again, so that it can be undone."""

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node, f"{node.id}#compensation")
        self.kind = "compensation"
        self.outputs_ = ()
        self.conditions = {}

    def exits(self, token: Token) -> tuple[str, ...]:
        return ()
