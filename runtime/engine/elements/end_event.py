"""End events: none, terminate, error; a message end event is a throw (throw_event.py). BPMN 2.0.2 §13.5.6.

Terminate ends its own level: the process, the called process or the subprocess, and
nothing around it. An error that nothing catches is an incident here and not an end."""

from __future__ import annotations

from runtime.bpmn.model import Node, Trigger
from runtime.engine.elements.base import Element
from runtime.engine.ports import BpmnError
from runtime.engine.texts import template
from runtime.engine.tree import Level, ScopeSpec, Token


class EndEvent(Element):
    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.trigger = node.trigger or Trigger()
        self.code = template(self.trigger.code)

    def begin(self, token: Token) -> bool:
        if self.trigger.kind == "error":
            raise BpmnError(str(self.code.fill(token.case.evaluator(token))), self.trigger.name)
        return True

    def _on_complete(self, my_task: Token) -> None:
        if self.trigger.kind == "terminate":
            level: Level = my_task.workflow
            for other in [token for token in my_task.workflow.task_tree.children if token is not my_task]:
                my_task.case.withdraw(other)
            level.outcome = "terminated"
        super()._on_complete(my_task)
