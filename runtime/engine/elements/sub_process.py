"""Embedded subprocess and transaction: a level of its own inside, the same variables.

BPMN 2.0.2 §10.3.5, §13.3.4; a transaction differs in what cancels it (end_event.py)."""

from __future__ import annotations

from runtime.engine.elements.activity import Activity
from runtime.engine.tree import Token


class SubProcess(Activity):
    def begin(self, token: Token) -> bool:
        case = token.case
        level = case.open_inside(token, token.local, token.workflow.key)
        case.enter(case.spawn(level, level.spec.starts[""], level.scope))
        return False
