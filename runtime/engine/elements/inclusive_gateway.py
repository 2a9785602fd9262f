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
        filled = level.filled(self.name)
        if not filled or self.expects(level, filled):
            return False
        lead = self.gather(level, self.first_by_flow(level))
        lead.case.go_on(lead)
        return True
