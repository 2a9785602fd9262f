"""Business rule task: a decision by a rule file; the house keeps why. BPMN 2.0.2 §10.3.3, §13.3.3.

camunda:mapDecisionResult says what becomes of the outputs; without a result variable
each output is a result by its own name."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.bpmn.model import Node
from runtime.engine.elements.activity import Activity
from runtime.engine.errors import NotASingleEntry
from runtime.engine.texts import template
from runtime.engine.tree import ScopeSpec, Token
from runtime.values import Value

MAPPINGS = ("singleEntry", "singleResult", "resultList")


class BusinessRuleTask(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.rule = template(node.attributes.get("decisionRef", ""))
        self.variable = node.attributes.get("resultVariable", "")
        self.mapping = node.attributes.get("mapDecisionResult", "singleResult")

    def begin(self, token: Token) -> bool:
        case = token.case
        rule = str(self.rule.fill(case.evaluator(token)))
        outputs = case.world.decide(rule, self.inputs_of(token), case.step_of(token))
        token.memory["results"] = case.read_values(
            {self.variable: self.mapped(rule, outputs)} if self.variable else outputs
        )
        return True

    def mapped(self, rule: str, outputs: Mapping[str, Value]) -> Value:
        if self.mapping == "resultList":
            return [dict(outputs)]
        if self.mapping == "singleResult":
            return dict(outputs)
        if len(outputs) != 1:
            raise NotASingleEntry(rule=rule, count=len(outputs), element=self.node.id)
        return next(iter(outputs.values()))
