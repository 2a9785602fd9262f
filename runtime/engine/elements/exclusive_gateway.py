"""Exclusive gateway: the first flow whose condition holds, in the diagram's order, else the default.

None is an incident, never a silent end. It does not join: each token passes. BPMN 2.0.2 §13.4.2."""

from __future__ import annotations

from runtime.engine.elements.base import Element
from runtime.engine.errors import NoWayOut
from runtime.engine.tree import Token


class ExclusiveGateway(Element):
    def exits(self, token: Token) -> tuple[str, ...]:
        evaluate = token.case.evaluator(token)
        for flow in self.node.outgoing:
            if flow == self.node.default:
                continue
            condition = self.conditions.get(flow)
            if condition is None or self.holds(condition, evaluate):
                return (flow,)
        if self.node.default:
            return (self.node.default,)
        raise NoWayOut(element=self.node.id)
