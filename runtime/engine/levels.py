"""One level of a diagram as specs: which element gets which, what belongs together, what cannot run.

What core elements can say is said with them: a link is a flow (desugared). The rest is a
spec an element, in elements/. What is not in the tables below is refused here too, though lint has
said so before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runtime.bpmn.model import Flow, Node, Process, Scope, Trigger
from runtime.engine.elements.activity import Activity, Bounded
from runtime.engine.elements.ad_hoc_sub_process import AdHocSubProcess, is_offered
from runtime.engine.elements.base import Element
from runtime.engine.elements.boundary_event import BoundaryEvent
from runtime.engine.elements.business_rule_task import MAPPINGS, BusinessRuleTask
from runtime.engine.elements.call_activity import CallActivity
from runtime.engine.elements.catch_event import Awaiting, CatchEvent
from runtime.engine.elements.compensate_event import CompensateEvent, Undoing
from runtime.engine.elements.complex_gateway import ComplexGateway
from runtime.engine.elements.end_event import CancelEnd, EndEvent, ErrorEnd, TerminateEnd
from runtime.engine.elements.event_based_gateway import EventBasedGateway
from runtime.engine.elements.event_sub_process import EventSubProcess, Listener
from runtime.engine.elements.exclusive_gateway import ExclusiveGateway
from runtime.engine.elements.inclusive_gateway import InclusiveGateway
from runtime.engine.elements.multi_instance import MultiInstance
from runtime.engine.elements.parallel_gateway import ParallelGateway
from runtime.engine.elements.plain_task import PlainTask
from runtime.engine.elements.receive_task import ReceiveTask
from runtime.engine.elements.script_task import ScriptTask
from runtime.engine.elements.send_task import SendTask
from runtime.engine.elements.service_task import ServiceTask
from runtime.engine.elements.standard_loop import StandardLoop
from runtime.engine.elements.start_event import StartEvent
from runtime.engine.elements.sub_process import SubProcess
from runtime.engine.elements.throw_event import (
    EscalationThrow,
    MessageThrow,
    Milestone,
    OperationThrow,
    SignalThrow,
)
from runtime.engine.elements.user_task import UserTask
from runtime.engine.elements.waits import AWAITED
from runtime.engine.texts import formula
from runtime.engine.tree import ScopeSpec
from runtime.errors import GuichengError, Problem

ACTIVITIES: Mapping[str, type[Activity]] = {
    "task": PlainTask,
    "manualTask": PlainTask,
    "userTask": UserTask,
    "serviceTask": ServiceTask,
    "scriptTask": ScriptTask,
    "sendTask": SendTask,
    "receiveTask": ReceiveTask,
    "businessRuleTask": BusinessRuleTask,
    "subProcess": SubProcess,
    "transaction": SubProcess,
    "adHocSubProcess": AdHocSubProcess,
    "callActivity": CallActivity,
}
GATEWAYS: Mapping[str, type[Element]] = {
    "exclusiveGateway": ExclusiveGateway,
    "parallelGateway": ParallelGateway,
    "inclusiveGateway": InclusiveGateway,
    "complexGateway": ComplexGateway,
    "eventBasedGateway": EventBasedGateway,
}
EVENTS: Mapping[str, Mapping[str, type[Element]]] = {
    "startEvent": dict.fromkeys(("none", *AWAITED, "error", "escalation", "compensate"), StartEvent),
    "endEvent": {
        "none": EndEvent,
        "terminate": TerminateEnd,
        "error": ErrorEnd,
        "cancel": CancelEnd,
        "message": MessageThrow,
        "signal": SignalThrow,
        "escalation": EscalationThrow,
        "compensate": CompensateEvent,
    },
    "intermediateThrowEvent": {
        "none": Milestone,
        "link": Milestone,
        "message": MessageThrow,
        "signal": SignalThrow,
        "escalation": EscalationThrow,
        "compensate": CompensateEvent,
    },
    "intermediateCatchEvent": {**dict.fromkeys(AWAITED, CatchEvent), "link": Milestone},
    "boundaryEvent": dict.fromkeys((*AWAITED, "error", "escalation", "cancel"), BoundaryEvent),
}
# What may have conditions on the flows that leave it (BPMN 2.0.2 §8.3.13).
CONDITIONS = frozenset(ACTIVITIES) | {"exclusiveGateway", "inclusiveGateway", "complexGateway"}
# Only in an event subprocess: something else has to be there for them to happen to.
BY_EVENT = ("error", "escalation", "compensate")
REFUSED_ATTRIBUTES = ("class", "delegateExpression", "expression", "caseRef")
THROWS_COMPENSATION = (
    ("endEvent", "cancel"),
    ("endEvent", "compensate"),
    ("intermediateThrowEvent", "compensate"),
)


def compensates(process: Process) -> bool:
    """Whether anything in the process throws compensation; if not, nothing is remembered for it."""
    return any(
        node.trigger and (node.kind, node.trigger.kind) in THROWS_COMPENSATION for node in process.walk()
    )


def desugared(scope: Scope) -> Scope:
    """The same level with each link drawn as a flow, whose id no file can have. BPMN 2.0.2 §10.5.4."""
    links = [node for node in scope.nodes.values() if node.trigger and node.trigger.kind == "link"]
    nodes, flows = dict(scope.nodes), dict(scope.flows)
    for throw in [node for node in links if node.kind == "intermediateThrowEvent"]:
        for catch in [node for node in links if node.kind == "intermediateCatchEvent"]:
            if throw.trigger and catch.trigger and throw.trigger.name == catch.trigger.name:
                flow = Flow(f"{throw.id}#{catch.id}", throw.id, catch.id, line=throw.line)
                flows[flow.id] = flow
                nodes[throw.id] = replace(nodes[throw.id], outgoing=(*nodes[throw.id].outgoing, flow.id))
                nodes[catch.id] = replace(nodes[catch.id], incoming=(*nodes[catch.id].incoming, flow.id))
    return Scope(nodes, flows)


SENTENCES = {
    "not_allowed": "{kind} is not run here.",
    "too_deep": "Subprocesses are nested more than {limit} levels deep.",
    "no_topic": "A service task names its operation by camunda:topic, type external.",
    "refused": "camunda:{attribute} is not accepted; name an operation by camunda:topic.",
    "no_decision": "A business rule task names its rule by camunda:decisionRef.",
    "no_inputs": "A business rule task says by input parameters what the rule is to know.",
    "bad_mapping": "mapDecisionResult is singleEntry, singleResult or resultList, not {mapping}.",
    "no_called": "The called process {called} is not there.",
    "called_expression": "A call activity names its process plainly, not by an expression.",
    "called_start": "A called process or subprocess begins at exactly one start event without trigger.",
    "no_message": "The message has no name.",
    "no_timer": "A timer has exactly one of date, duration and cycle.",
    "no_code": "An error end event names an error with a code.",
    "no_condition": "A conditional event has a condition.",
    "no_activation": "A complex gateway that joins flows has an activation condition.",
    "event_start": "An event subprocess begins at exactly one start event, which has a trigger.",
    "no_link": "A link leads to exactly one catching link event of its name on the same level.",
    "no_handler": "A compensation boundary event has an association to an activity that is for compensation.",
    "handler_bounded": "No event can be attached to an activity that is for compensation.",
    "no_cancel": "A cancel end event stands in a transaction that is not repeated and has a cancel boundary event.",
    "no_completion": "An ad-hoc subprocess has a completion condition.",
    "offer": "{name} in an ad-hoc subprocess is a user task, or a flow leads to it.",
    "no_wait": "Compensation is always waited for.",
    "condition_place": "The flow {flow} cannot have a condition here.",
    "bad_behavior": "Multi-instance behavior is All, or One or None with a signal or an escalation.",
    "no_host": "The boundary event is attached to no activity.",
    "error_interrupts": "A boundary event that catches an error always interrupts.",
    "no_exit": "The flow {flow} needs a condition, or be the default flow.",
    "no_event": "Behind an event-based gateway, {target} must be an event that waits or a receive task.",
    "bad_flow": "The flow {flow} leads to {target}, which is not on its level.",
    "bad_language": "A condition in the language {language} is not accepted.",
    "bad_loop": "A multi-instance activity has exactly one of collection and cardinality.",
    "no_start": "The process has no start event.",
}


def problem(node: Node, rule: str, **params: object) -> Problem:
    return Problem(rule, SENTENCES[rule], node.id, dict(params), line=node.line, column=node.column)


def failure(node: Node, error: GuichengError) -> Problem:
    return Problem(error.code, error.message, node.id, error.params, line=node.line, column=node.column)


class LevelBuilder:
    """Builds the specs of one level, noting every problem."""

    def __init__(
        self,
        spec: ScopeSpec,
        scope: Scope,
        problems: list[Problem],
        owner: Node | None = None,
        attached: Sequence[Node] = (),
    ) -> None:
        """`owner`: the subprocess that this is the inside of; `attached`: the events on it."""
        self.spec, self.scope, self.problems, self.owner = spec, scope, problems, owner
        self.attached = attached

    def build(self) -> None:
        for node in self.scope.nodes.values():
            try:
                self.add(node)
            except GuichengError as error:
                self.problems.append(failure(node, error))
        elements = self.spec.task_specs
        for flow in self.scope.flows.values():
            self.connect(flow)
        for node in self.scope.nodes.values():
            if node.id in elements:
                self.check(node, elements[node.id])
        self.pair_compensation()
        if self.owner is None and not self.spec.starts and self.scope.nodes:
            self.problems.append(problem(next(iter(self.scope.nodes.values())), "no_start"))

    def refuse(self, node: Node, rule: str, **params: object) -> None:
        self.problems.append(problem(node, rule, **params))

    def add(self, node: Node) -> None:
        trigger = node.trigger or Trigger()
        if node.kind in ACTIVITIES:
            self.check_activity(node)
            self.add_activity(node)
            return
        if node.kind == "boundaryEvent" and trigger.kind == "compensate":
            return  # no token is ever there; pair_compensation makes what it means
        kind = GATEWAYS.get(node.kind) or EVENTS.get(node.kind, {}).get(trigger.kind)
        if kind is None or (node.kind == "startEvent" and trigger.kind in BY_EVENT and not self.by_event):
            what = node.kind if trigger.kind == "none" else f"{node.kind} ({trigger.kind})"
            self.refuse(node, "not_allowed", kind=what)
            return
        self.check_trigger(node, trigger)
        if kind is MessageThrow and trigger.topic:
            kind = OperationThrow
        element = kind(self.spec, node)
        if isinstance(element, StartEvent):
            self.spec.starts[node.id] = element
            if trigger.kind == "none":
                if "" in self.spec.starts:
                    self.refuse(node, "called_start")
                self.spec.starts[""] = element

    @property
    def by_event(self) -> bool:
        """Whether this is the inside of an event subprocess."""
        return self.owner is not None and self.owner.by_event

    def add_activity(self, node: Node) -> None:
        kind = ACTIVITIES[node.kind]
        if kind in (SendTask, BusinessRuleTask) and node.attributes.get("topic"):
            kind = ServiceTask
        if node.by_event:
            subprocess = EventSubProcess(self.spec, node)
            self.spec.by_event.append(subprocess)
            if subprocess.trigger.kind in AWAITED:
                self.spec.listeners.append(Listener(self.spec, subprocess))
        elif node.repeat is not None:
            StandardLoop(self.spec, node, node.repeat, kind(self.spec, node, item=True))
        elif node.loop is None:
            kind(self.spec, node)
        elif bool(node.loop.collection) == bool(node.loop.cardinality):
            self.refuse(node, "bad_loop")
        else:
            event = node.loop.event
            if node.loop.behavior != "All" and (event is None or event.kind not in ("signal", "escalation")):
                self.refuse(node, "bad_behavior")
            MultiInstance(self.spec, node, node.loop, kind(self.spec, node, item=True))
        if self.spec.compensates and issubclass(kind, SubProcess):
            Undoing(self.spec, node)

    def pair_compensation(self) -> None:
        """Each compensation boundary event names what undoes its activity."""
        for node in self.scope.nodes.values():
            if node.kind != "boundaryEvent" or node.trigger is None or node.trigger.kind != "compensate":
                continue
            handler = self.scope.nodes.get(node.handler)
            if (
                handler is None
                or not handler.for_compensation
                or node.attached_to not in self.spec.task_specs
            ):
                self.refuse(node, "no_handler")
            elif handler.id in self.spec.task_specs:
                self.spec.undone[node.attached_to] = self.spec.element(handler.id)

    def check_activity(self, node: Node) -> None:
        for attribute in REFUSED_ATTRIBUTES:
            if attribute in node.attributes:
                self.refuse(node, "refused", attribute=attribute)
        external = node.attributes.get("topic") and node.attributes.get("type", "external") == "external"
        if node.kind == "serviceTask" and not external:
            self.refuse(node, "no_topic")
        if node.kind == "receiveTask" or (node.kind == "sendTask" and not external):
            self.check_trigger(node, node.trigger or Trigger("message"))
        if node.ad_hoc is not None:
            if not node.ad_hoc.completion_condition:
                self.refuse(node, "no_completion")
            for inner in node.scope.nodes.values() if node.scope else ():
                if is_offered(inner) and inner.kind != "userTask":
                    self.refuse(inner, "offer", name=inner.id)
        if node.kind == "businessRuleTask" and not external:
            if not node.attributes.get("decisionRef"):
                self.refuse(node, "no_decision")
            if not node.inputs:
                self.refuse(node, "no_inputs")
            mapping = node.attributes.get("mapDecisionResult", MAPPINGS[0])
            if mapping not in MAPPINGS:
                self.refuse(node, "bad_mapping", mapping=mapping)
        if node.kind == "callActivity" and not node.called:
            self.refuse(node, "no_called", called="")

    def check_trigger(self, node: Node, trigger: Trigger) -> None:
        if trigger.kind in ("message", "signal") and not trigger.name and not trigger.topic:
            self.refuse(node, "no_message")
        if trigger.kind == "conditional" and not trigger.condition:
            self.refuse(node, "no_condition")
        if trigger.kind == "compensate" and not trigger.waits_for_completion:
            self.refuse(node, "no_wait")
        if trigger.kind == "timer" and sum(map(bool, (trigger.date, trigger.duration, trigger.cycle))) != 1:
            self.refuse(node, "no_timer")
        throws = node.kind in ("endEvent", "intermediateThrowEvent")
        if throws and trigger.kind in ("error", "escalation") and not trigger.code:
            self.refuse(node, "no_code")
        if (
            trigger.kind == "link"
            and len([flow for flow in (*node.incoming, *node.outgoing) if "#" in flow]) < 1
        ):
            self.refuse(node, "no_link")
        if node.kind == "endEvent" and trigger.kind == "cancel" and not self.is_transaction():
            self.refuse(node, "no_cancel")

    def is_transaction(self) -> bool:
        """Whether this is the inside of a transaction that can be cancelled."""
        owner = self.owner
        if owner is None or owner.kind != "transaction" or owner.loop is not None or owner.repeat is not None:
            return False
        return any(event.trigger and event.trigger.kind == "cancel" for event in self.attached)

    def connect(self, flow: Flow) -> None:
        source, target = self.scope.nodes.get(flow.source), self.scope.nodes.get(flow.target)
        if source is None or target is None:
            near = source or target
            if near is not None:
                self.refuse(near, "bad_flow", flow=flow.id, target=flow.target)
            return
        self.spec.targets[flow.id], self.spec.sources[flow.id] = target.id, source.id
        if not flow.condition or source.id not in self.spec.task_specs:
            return
        if flow.language.lower() not in ("", "juel"):
            self.refuse(source, "bad_language", language=flow.language)
            return
        if source.kind not in CONDITIONS:
            self.refuse(source, "condition_place", flow=flow.id)
            return
        try:
            self.spec.element(source.id).conditions[flow.id] = formula(flow.condition)
        except GuichengError as error:
            self.problems.append(failure(source, error))

    def check(self, node: Node, element: Element) -> None:
        if isinstance(element, BoundaryEvent):
            host = self.spec.task_specs.get(node.attached_to)
            if not isinstance(host, Bounded) or host.node.kind not in ACTIVITIES:
                self.refuse(node, "no_host")
                return
            if host.node.for_compensation:
                self.refuse(node, "handler_bounded")
            if element.trigger.kind == "error" and not node.interrupting:
                self.refuse(node, "error_interrupts")
            host.boundaries.append(element)
            self.spec.hosts[node.id] = node.attached_to
        if isinstance(element, ComplexGateway) and len(node.incoming) > 1 and not node.activation:
            self.refuse(node, "no_activation")
        if isinstance(element, ExclusiveGateway) and len(node.outgoing) > 1:
            for flow in node.outgoing:
                if flow != node.default and not self.scope.flows[flow].condition:
                    self.refuse(node, "no_exit", flow=flow)
        if isinstance(element, EventBasedGateway):
            for flow in node.outgoing:
                target = self.spec.targets.get(flow, "")
                if target and not isinstance(self.spec.task_specs.get(target), Awaiting):
                    self.refuse(node, "no_event", target=target)
