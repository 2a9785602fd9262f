"""Event-based gateway: the first of the events behind it decides. BPMN 2.0.2 §13.4.4."""

from __future__ import annotations

from runtime.engine.elements.base import Element
from runtime.engine.tree import Token


class EventBasedGateway(Element):
    """The events are its tokens' children until one of them happens."""

    def begin(self, token: Token) -> bool:
        case, level = token.case, token.workflow
        waits = []
        for flow in self.node.outgoing:
            event = level.spec.element(level.spec.targets[flow])
            waits.append((flow, event, event.awaited(token)))
        for flow, event, wait in waits:
            case.wait(case.spawn(level, event, token.scope, parent=token, flow=flow), wait)
        return False

    def decided(self, token: Token, winner: Token) -> None:
        """`winner`, one of the events, has happened: the others no longer can."""
        case = token.case
        case.wait_over(winner)
        winner.move_to_root()
        token.flows = (winner.flow,)
        for other in token.children:
            case.withdraw(other)
        case.passed(token)
        case.reached(winner)
