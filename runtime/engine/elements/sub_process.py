"""Embedded subprocess: a level of its own inside, the same variables. BPMN 2.0.2 §13.3.4."""

from __future__ import annotations

from runtime.engine.elements.activity import Activity
from runtime.engine.tree import Token


class SubProcess(Activity):
    def begin(self, token: Token) -> bool:
        case = token.case
        inside = token.workflow.spec.inner[self.node.id]
        level = case.open_level(token, inside, token.local, token.workflow.key)
        case.enter(case.spawn(level, inside.starts[""], level.scope))
        return False
