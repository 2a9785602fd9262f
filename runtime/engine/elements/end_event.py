"""End events: none, terminate, error, cancel; those that throw something else are in throw_event.py.

Terminate ends its own level: the process, the called process or the subprocess, and
nothing around it. An error that nothing catches is an incident here and not an end. Cancel
ends a transaction: what runs in it stops, what it has done is undone, then the token leaves
by the boundary event. BPMN 2.0.2 §10.5.3, §10.7.1, §13.5.6."""

from __future__ import annotations

from runtime.bpmn.model import Node
from runtime.engine import compensation, throwing
from runtime.engine.elements.base import Element
from runtime.engine.ports import BpmnError
from runtime.engine.texts import template
from runtime.engine.tree import Level, ScopeSpec, Token


class EndEvent(Element):
    urgent = True


class TerminateEnd(EndEvent):
    def _on_complete(self, my_task: Token) -> None:
        level: Level = my_task.workflow
        my_task.case.interrupt(level, but=my_task)
        level.outcome = "terminated"
        super()._on_complete(my_task)


class ErrorEnd(EndEvent):
    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.code = template(self.trigger.code)

    def begin(self, token: Token) -> bool:
        raise BpmnError(str(self.code.fill(token.case.evaluator(token))), self.trigger.name)


class CancelEnd(EndEvent):
    def begin(self, token: Token) -> bool:
        case = token.case
        case.interrupt(token.workflow, but=token)
        token.memory["plan"] = compensation.plan(token, "")
        if not compensation.undo_next(case, token):
            # A step of its own: should it fail, what has been ended here stays ended.
            case.go_on(token)
        return False

    def _on_complete(self, my_task: Token) -> None:
        caught = throwing.catcher(my_task.workflow.owner, "cancel", "")
        assert caught is not None  # lint and definition.py ask for the boundary event
        my_task.case.leave(my_task, lambda: caught.take(my_task.case, {}))
