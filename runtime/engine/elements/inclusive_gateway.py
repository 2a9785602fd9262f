"""Inclusive gateway: by each flow whose condition holds; joins what has come when nothing else can.

None of several conditions and no default is an incident. BPMN 2.0.2 §10.6.3, §13.4.3."""

from __future__ import annotations

from runtime.engine.joins import Join
from runtime.engine.tree import Level, Token


class InclusiveGateway(Join):
    def _update_hook(self, my_task: Token) -> bool:
        if len(self.node.incoming) > 1:
            self.hold(my_task)
            return False
        return True

    def settle(self, level: Level) -> bool:
        first = self.first_by_flow(self.here(level))
        empty = set(self.node.incoming) - first.keys()
        if not first or self.expects(level, empty, first):
            return False
        lead, *others = sorted(first.values(), key=lambda token: token.number)
        for token in others:
            lead.case.passed(token)
        lead.case.joining.discard(lead.id)
        lead.case.go_on(lead)
        return True
