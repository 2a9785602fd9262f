"""Script task: a script in JavaScript, or an expression in JUEL or FEEL, computes something.

BPMN 2.0.2 §10.3.3, §13.3.3. Its value goes to camunda:resultVariable; what it writes by
`execution` is applied when it has ended well (scripted.py)."""

from __future__ import annotations

from runtime.bpmn.model import Node, Script
from runtime.engine.elements.activity import Activity
from runtime.engine.texts import script
from runtime.engine.tree import ScopeSpec, Token


class ScriptTask(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        given = node.script or Script("javascript", "")
        self.script, self.variable = script(given), given.result_variable

    def begin(self, token: Token) -> bool:
        value = token.case.evaluator(token)(self.script)
        if self.variable:
            token.memory["results"] = token.case.read_values({self.variable: value})
        return True
