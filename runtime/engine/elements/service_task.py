"""Service task: an operation of the runtime, named by its topic. BPMN 2.0.2 §13.3.3.

Also what sends or decides with a topic instead of a message or rule."""

from __future__ import annotations

from runtime.bpmn.model import Node
from runtime.engine.elements.activity import Activity
from runtime.engine.tree import ScopeSpec, Token


class ServiceTask(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.topic = node.attributes.get("topic", "") or self.trigger.topic

    def begin(self, token: Token) -> bool:
        case = token.case
        results = case.world.operate(self.topic, self.inputs_of(token), case.step_of(token))
        token.memory["results"] = case.read_values(results or {})
        return True
