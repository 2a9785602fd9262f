"""Throwing events: none (a milestone), message, signal, escalation; in the middle or at an end.

What is thrown acts before anything that comes after the event: it may end the thrower's own
level, and then nothing does. BPMN 2.0.2 §10.5.4, §13.5.2, §13.5.6."""

from __future__ import annotations

from runtime.bpmn.model import Node
from runtime.engine import throwing
from runtime.engine.elements.base import Element
from runtime.engine.elements.mappings import carried
from runtime.engine.elements.send_task import SendTask
from runtime.engine.elements.service_task import ServiceTask
from runtime.engine.elements.waits import Wait
from runtime.engine.ports import SignalThrown
from runtime.engine.priorities import rank
from runtime.engine.texts import mappings
from runtime.engine.tree import ScopeSpec, Token


class Milestone(Element):
    """A throwing event without a trigger, and both ends of a link: the token passes. BPMN 2.0.2 §10.5.4."""

    urgent = True


class MessageThrow(SendTask):
    urgent = True


class OperationThrow(ServiceTask):
    """A message that an operation or an external worker sends: camunda:topic of its event definition."""

    urgent = True


class SignalThrow(Element):
    """A signal: heard at once by all that wait for it in the case, then by other cases."""

    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.wait = Wait(self.trigger)
        self.payload = mappings(self.trigger.mappings_in)

    def begin(self, token: Token) -> bool:
        case = token.case
        evaluate = case.evaluator(token)
        name = self.wait.message(token, evaluate)
        payload = dict(carried(self.payload, token, token.local, inwards=True))
        token.memory["thrown"] = [name, case.read_values(payload)]
        priority = rank(self.job_priority, evaluate, "jobPriority", self.node.id)
        case.report(SignalThrown(self.node.id, token.id, name=name, payload=payload, priority=priority))
        return True

    def _on_complete(self, my_task: Token) -> None:
        name, payload = my_task.memory["thrown"]
        my_task.case.leave(my_task, lambda: throwing.signal(my_task.case, name, payload))


class EscalationThrow(Element):
    """An escalation: something that those outside should know of. Nobody has to catch it."""

    urgent = True

    def begin(self, token: Token) -> bool:
        caught = throwing.catcher(token, "escalation", self.trigger.code)
        if caught is not None and caught.interrupts:
            caught.tell_callers(token.case)
        throwing.tell(token, self.trigger.code, caught)
        return True

    def _on_complete(self, my_task: Token) -> None:
        my_task.case.leave(my_task, lambda: throwing.escalate(my_task, self.trigger.code))
