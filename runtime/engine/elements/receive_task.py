"""Receive task: waits for a message, whose payload becomes variables. BPMN 2.0.2 §10.3.3, §13.3.3."""

from __future__ import annotations

from runtime.engine.elements.activity import Activity
from runtime.engine.elements.catch_event import Awaiting
from runtime.engine.tree import Token


class ReceiveTask(Awaiting, Activity):
    """Behind an event-based gateway it has no events attached, so that nothing waits before it is reached."""

    def finish(self, token: Token) -> None:
        if token.memory.pop("chosen", False):
            # By an event-based gateway: it is entered and left in one.
            self.prepare(token)
            self.tell(token, "start")
        super().finish(token)
