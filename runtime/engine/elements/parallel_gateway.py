"""Parallel gateway: waits for one token on each incoming flow, sends one out by each outgoing flow.

Excess tokens stay for the next round, so it is right in loops; nothing is merged,
since there are no copies of data. BPMN 2.0.2 §13.4.1."""

from __future__ import annotations

from runtime.engine.elements.base import Element
from runtime.engine.tree import WAITING, Level, Token


class ParallelGateway(Element):
    gathers = True

    def _update_hook(self, my_task: Token) -> bool:
        level: Level = my_task.workflow
        level.hold(my_task)
        filled = level.filled(self.name)
        if len(filled) < len(self.node.incoming):
            my_task._set_state(WAITING)
            return False
        for token in [next(iter(tokens.values())) for tokens in filled.values()]:
            if token is not my_task:
                my_task.case.passed(token)
        level.release(my_task)
        return True
