"""Send task: a message leaves the case, its input parameters are the payload. BPMN 2.0.2 §13.3.3."""

from __future__ import annotations

from runtime.bpmn.model import Node
from runtime.engine.elements.activity import Activity
from runtime.engine.elements.waits import Wait
from runtime.engine.ports import MessageThrown
from runtime.engine.priorities import rank
from runtime.engine.tree import ScopeSpec, Token


class SendTask(Activity):
    """Also a throwing message event and a message end event."""

    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.message = Wait(self.trigger)

    def begin(self, token: Token) -> bool:
        evaluate = token.case.evaluator(token)
        token.case.report(
            MessageThrown(
                self.node.id,
                token.id,
                name=self.message.message(token, evaluate),
                key=self.message.key(token, evaluate),
                payload=self.inputs_of(token),
                priority=rank(self.job_priority, evaluate, "jobPriority", self.node.id),
            )
        )
        return True
