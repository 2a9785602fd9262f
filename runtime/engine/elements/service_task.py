"""Service task: an operation of the runtime, named by its topic. BPMN 2.0.2 §13.3.3.

Also what sends or decides with a topic instead of a message or rule. Its
camunda:errorEventDefinitions are asked after the operation, whether it failed or not: the first
whose expression holds is thrown, as in Camunda's external tasks."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.bpmn.model import Node
from runtime.engine.elements.activity import Activity
from runtime.engine.ports import BpmnError
from runtime.engine.texts import formula
from runtime.engine.tree import ScopeSpec, Token
from runtime.expressions import CannotEvaluate
from runtime.values import Value


class ServiceTask(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.topic = node.attributes.get("topic", "") or self.trigger.topic
        self.errors = [(formula(error.condition), error.code) for error in node.errors]

    def begin(self, token: Token) -> bool:
        case = token.case
        try:
            results = case.world.operate(self.topic, self.inputs_of(token), case.step_of(token)) or {}
        except BpmnError:
            raise
        except Exception as failure:
            self.throw(token, {}, str(failure), type(failure).__name__)
            raise
        token.memory["results"] = case.read_values(results)
        self.throw(token, results, None, None)
        return True

    def throw(
        self, token: Token, results: Mapping[str, Value], message: str | None, details: str | None
    ) -> None:
        """Raises BpmnError for the first error definition that holds over what came of the operation."""
        if not self.errors:
            return
        told = {"errorMessage": message, "errorDetails": details, "topicName": self.topic}
        evaluate = token.case.evaluator(token, beside={**results, "externalTask": told})
        for condition, code in self.errors:
            try:
                holds = self.holds(condition, evaluate)
            except CannotEvaluate:
                if message is None:
                    raise
                holds = False  # it reads results, and there are none: the failure itself speaks
            if holds:
                token.memory.pop("results", None)
                raise BpmnError(code, message or "")
