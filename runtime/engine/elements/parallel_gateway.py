"""Parallel gateway: waits for one token on each incoming flow, sends one out by each outgoing flow.

Excess tokens stay for the next round, so it is right in loops; nothing is merged,
since there are no copies of data. BPMN 2.0.2 §13.4.1."""

from __future__ import annotations

from runtime.engine.elements.base import Element
from runtime.engine.tree import WAITING, Token


class ParallelGateway(Element):
    def _update_hook(self, my_task: Token) -> bool:
        case = my_task.case
        first: dict[str, Token] = {}
        for token in my_task.workflow.tokens():
            if token.task_spec is self and token is not my_task and token.has_state(WAITING):
                first.setdefault(token.flow, token)
        first.setdefault(my_task.flow, my_task)
        if any(flow not in first for flow in self.node.incoming):
            my_task._set_state(WAITING)
            return False
        for token in first.values():
            if token is not my_task:
                case.passed(token)
        return True
