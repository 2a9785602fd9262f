"""A diagram's process made ready to run: one spec an element, by original ids, expressions read.

Specs are built from our own model (docs/decisions/0003), so SpiffWorkflow's parser reads
nothing. A definition never changes; cases and threads share it. What is not on the list
below is refused here too, though lint has said so before.
Not here: judging a diagram for people (bpmn/lint), running (execution.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runtime import expressions
from runtime.bpmn.model import Flow, Node, Process, Scope, Trigger
from runtime.engine.elements.activity import Activity, Bounded
from runtime.engine.elements.base import Element
from runtime.engine.elements.boundary_event import BoundaryEvent
from runtime.engine.elements.business_rule_task import MAPPINGS, BusinessRuleTask
from runtime.engine.elements.call_activity import CallActivity
from runtime.engine.elements.catch_event import CatchEvent
from runtime.engine.elements.end_event import EndEvent
from runtime.engine.elements.event_based_gateway import EventBasedGateway
from runtime.engine.elements.exclusive_gateway import ExclusiveGateway
from runtime.engine.elements.multi_instance import MultiInstance
from runtime.engine.elements.parallel_gateway import ParallelGateway
from runtime.engine.elements.receive_task import ReceiveTask
from runtime.engine.elements.send_task import SendTask
from runtime.engine.elements.service_task import ServiceTask
from runtime.engine.elements.start_event import StartEvent
from runtime.engine.elements.sub_process import SubProcess
from runtime.engine.elements.throw_event import MessageThrow, Milestone
from runtime.engine.elements.user_task import UserTask
from runtime.engine.errors import CannotRun
from runtime.engine.texts import formula
from runtime.engine.tree import ScopeSpec
from runtime.errors import GuichengError, Problem

ACTIVITIES: Mapping[str, type[Activity]] = {
    "userTask": UserTask,
    "serviceTask": ServiceTask,
    "sendTask": SendTask,
    "receiveTask": ReceiveTask,
    "businessRuleTask": BusinessRuleTask,
    "subProcess": SubProcess,
    "callActivity": CallActivity,
}
REPEATABLE = frozenset(ACTIVITIES) - {"businessRuleTask"}
GATEWAYS: Mapping[str, type[Element]] = {
    "exclusiveGateway": ExclusiveGateway,
    "parallelGateway": ParallelGateway,
    "eventBasedGateway": EventBasedGateway,
}
EVENTS: Mapping[tuple[str, str], type[Element]] = {
    ("startEvent", "none"): StartEvent,
    ("startEvent", "message"): StartEvent,
    ("startEvent", "timer"): StartEvent,
    ("endEvent", "none"): EndEvent,
    ("endEvent", "terminate"): EndEvent,
    ("endEvent", "error"): EndEvent,
    ("endEvent", "message"): MessageThrow,
    ("intermediateThrowEvent", "none"): Milestone,
    ("intermediateThrowEvent", "message"): MessageThrow,
    ("intermediateCatchEvent", "timer"): CatchEvent,
    ("intermediateCatchEvent", "message"): CatchEvent,
    ("boundaryEvent", "timer"): BoundaryEvent,
    ("boundaryEvent", "message"): BoundaryEvent,
    ("boundaryEvent", "error"): BoundaryEvent,
}
REFUSED_ATTRIBUTES = ("class", "delegateExpression", "expression", "caseRef")
MAX_LEVELS = 50  # of subprocesses inside one another


@dataclass(frozen=True)
class Definition:
    """A process ready to run, the processes that it calls included."""

    process: Process
    spec: ScopeSpec


def compile(process: Process, called: Callable[[str], Process]) -> Definition:
    """The definition of `process`; `called` gives the process for a calledElement.

    Raises CannotRun with a Problem for each thing that does not run here."""
    problems: list[Problem] = []
    known: dict[str, ScopeSpec] = {}
    spec = ScopeSpec(process.id, process)
    known[process.id] = spec
    pending: list[tuple[ScopeSpec, Scope, int]] = [(spec, process.scope, 0)]
    while pending:
        level, scope, depth = pending.pop()
        _Level(level, scope, problems, top=depth == 0).build()
        for node in scope.nodes.values():
            if node.kind == "subProcess" and node.scope is not None:
                if depth == MAX_LEVELS:
                    problems.append(_problem(node, "too_deep", limit=MAX_LEVELS))
                    continue
                level.inner[node.id] = ScopeSpec(f"{level.name}/{node.id}", level.process)
                pending.append((level.inner[node.id], node.scope, depth + 1))
            elif node.kind == "callActivity" and node.called:
                callee = _called(node, called, problems)
                if callee is None:
                    continue
                if callee.id not in known:
                    known[callee.id] = ScopeSpec(callee.id, callee)
                    pending.append((known[callee.id], callee.scope, 0))
                level.inner[node.id] = known[callee.id]
    for level in known.values():
        _check_calls(level, problems)
    if problems:
        raise CannotRun(problems, process=process.id, count=len(problems))
    return Definition(process, spec)


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
    "no_host": "The boundary event is attached to no activity.",
    "error_interrupts": "A boundary event that catches an error always interrupts.",
    "no_exit": "The flow {flow} needs a condition, or be the default flow.",
    "no_event": "Behind an event-based gateway, {target} must wait for a timer or a message.",
    "bad_flow": "The flow {flow} leads to {target}, which is not on its level.",
    "bad_language": "A condition in the language {language} is not accepted.",
    "no_loop": "A {kind} is not repeated here.",
    "bad_loop": "A multi-instance activity has exactly one of collection and cardinality.",
    "no_start": "The process has no start event.",
}

def _problem(node: Node, rule: str, **params: object) -> Problem:
    return Problem(rule, SENTENCES[rule], node.id, dict(params), line=node.line, column=node.column)


def _failure(node: Node, error: GuichengError) -> Problem:
    return Problem(error.code, error.message, node.id, error.params, line=node.line, column=node.column)


def _called(node: Node, called: Callable[[str], Process], problems: list[Problem]) -> Process | None:
    if expressions.has_braces(node.called):
        problems.append(_problem(node, "called_expression"))
        return None
    try:
        return called(node.called)
    except (GuichengError, LookupError):
        problems.append(_problem(node, "no_called", called=node.called))
        return None


def _check_calls(level: ScopeSpec, problems: list[Problem]) -> None:
    for name, inner in level.inner.items():
        if "" not in inner.starts:
            problems.append(_problem(level.element(name).node, "called_start"))


class _Level:
    """Builds the specs of one level, noting every problem."""

    def __init__(self, spec: ScopeSpec, scope: Scope, problems: list[Problem], top: bool) -> None:
        self.spec, self.scope, self.problems, self.top = spec, scope, problems, top

    def build(self) -> None:
        for node in self.scope.nodes.values():
            try:
                self.add(node)
            except GuichengError as error:
                self.problems.append(_failure(node, error))
        elements = self.spec.task_specs
        for flow in self.scope.flows.values():
            self.connect(flow)
        for node in self.scope.nodes.values():
            if node.id in elements:
                self.check(node, elements[node.id])
        if self.top and not self.spec.starts and self.scope.nodes:
            self.problems.append(
                _problem(next(iter(self.scope.nodes.values())), "no_start")
            )

    def refuse(self, node: Node, rule: str, **params: object) -> None:
        self.problems.append(_problem(node, rule, **params))

    def add(self, node: Node) -> None:
        trigger = node.trigger or Trigger()
        if node.kind in ACTIVITIES:
            self.check_activity(node)
            self.add_activity(node)
            return
        kind = GATEWAYS.get(node.kind) or EVENTS.get((node.kind, trigger.kind))
        if kind is None:
            what = node.kind if trigger.kind == "none" else f"{node.kind} ({trigger.kind})"
            self.refuse(node, "not_allowed", kind=what)
            return
        self.check_trigger(node, trigger)
        element = kind(self.spec, node)
        if isinstance(element, StartEvent):
            self.spec.starts[node.id] = element
            if trigger.kind == "none":
                if "" in self.spec.starts:
                    self.refuse(node, "called_start")
                self.spec.starts[""] = element

    def add_activity(self, node: Node) -> None:
        kind = ACTIVITIES[node.kind]
        if kind is SendTask and node.attributes.get("topic"):
            kind = ServiceTask
        if node.loop is None:
            kind(self.spec, node)
        elif node.kind not in REPEATABLE:
            self.refuse(node, "no_loop", kind=node.kind)
        elif bool(node.loop.collection) == bool(node.loop.cardinality):
            self.refuse(node, "bad_loop")
        else:
            MultiInstance(self.spec, node, node.loop, kind(self.spec, node, item=True))

    def check_activity(self, node: Node) -> None:
        for attribute in REFUSED_ATTRIBUTES:
            if attribute in node.attributes:
                self.refuse(node, "refused", attribute=attribute)
        external = node.attributes.get("topic") and node.attributes.get("type", "external") == "external"
        if node.kind == "serviceTask" and not external:
            self.refuse(node, "no_topic")
        if node.kind == "receiveTask" or (node.kind == "sendTask" and not external):
            self.check_trigger(node, node.trigger or Trigger("message"))
        if node.kind == "businessRuleTask":
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
        if trigger.kind == "message" and not trigger.name:
            self.refuse(node, "no_message")
        if trigger.kind == "timer" and sum(map(bool, (trigger.date, trigger.duration, trigger.cycle))) != 1:
            self.refuse(node, "no_timer")
        if node.kind == "endEvent" and trigger.kind == "error" and not trigger.code:
            self.refuse(node, "no_code")

    def connect(self, flow: Flow) -> None:
        source, target = self.scope.nodes.get(flow.source), self.scope.nodes.get(flow.target)
        if source is None or target is None:
            near = source or target
            if near is not None:
                self.refuse(near, "bad_flow", flow=flow.id, target=flow.target)
            return
        self.spec.targets[flow.id] = target.id
        if not flow.condition or source.id not in self.spec.task_specs:
            return
        if flow.language.lower() not in ("", "juel"):
            self.refuse(source, "bad_language", language=flow.language)
            return
        try:
            self.spec.element(source.id).conditions[flow.id] = formula(flow.condition)
        except GuichengError as error:
            self.problems.append(_failure(source, error))

    def check(self, node: Node, element: Element) -> None:
        if isinstance(element, BoundaryEvent):
            host = self.spec.task_specs.get(node.attached_to)
            if not isinstance(host, Bounded) or isinstance(host, MessageThrow):
                self.refuse(node, "no_host")
                return
            if element.trigger.kind == "error" and not node.interrupting:
                self.refuse(node, "error_interrupts")
            host.boundaries.append(element)
        if isinstance(element, ExclusiveGateway) and len(node.outgoing) > 1:
            for flow in node.outgoing:
                if flow != node.default and not self.scope.flows[flow].condition:
                    self.refuse(node, "no_exit", flow=flow)
        if isinstance(element, EventBasedGateway):
            for flow in node.outgoing:
                target = self.spec.targets.get(flow, "")
                if target and not isinstance(self.spec.task_specs.get(target), CatchEvent):
                    self.refuse(node, "no_event", target=target)
