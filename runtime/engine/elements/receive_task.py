"""Receive task: waits for a message, whose payload becomes variables. BPMN 2.0.2 §13.3.3."""

from __future__ import annotations

from runtime.bpmn.model import Node, Trigger
from runtime.engine.elements.activity import Activity
from runtime.engine.elements.waits import Wait
from runtime.engine.tree import ScopeSpec, Token


class ReceiveTask(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.message = Wait(node.trigger or Trigger("message"))

    def begin(self, token: Token) -> bool:
        token.case.wait(token, self.message.awaited(token))
        return False
