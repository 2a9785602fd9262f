"""A diagram as data: what the checks, the engine and the pages read.

Not here: reading XML (read.py), judging it (lint/), running it (engine/)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# What BPMN calls an activity: 10.3
ACTIVITIES = frozenset(
    "task userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask callActivity "
    "subProcess adHocSubProcess transaction".split()
)
SENDING = frozenset({"sendTask", "intermediateThrowEvent", "endEvent"})  # of a message; all others wait for it


@dataclass(frozen=True)
class Flow:
    """A sequence flow. `condition` is its text as written (`${…}` or `=…`), else None."""

    id: str
    source: str
    target: str
    names: Mapping[str, str] = field(default_factory=dict)
    condition: str | None = None
    language: str = ""  # the condition's language attribute, "" when absent
    line: int = 0


@dataclass(frozen=True)
class Parameter:
    """camunda:inputParameter / outputParameter.

    `value` is text, or a Script, or a list of `value`s, or a map of name to `value`."""

    name: str
    value: str | Script | list[Any] | dict[str, Any]
    line: int = 0


@dataclass(frozen=True)
class DataMapping:
    """camunda:in / camunda:out of a call activity (and of signals and messages)."""

    source: str = ""
    source_expression: str = ""
    target: str = ""
    all: bool = False
    business_key: str = ""
    local: bool = False
    line: int = 0


@dataclass(frozen=True)
class Loop:
    """Multi-instance characteristics; one of `collection` and `cardinality` is set.

    `behavior`: when instances throw an event that boundary events of the activity may catch:
    All (never), One (the first), None (each); `event` is that event."""

    sequential: bool
    collection: str = ""  # expression or variable name
    cardinality: str = ""
    element_variable: str = ""
    completion_condition: str = ""
    output_collection: str = ""  # loopDataOutputRef
    output_item: str = ""
    behavior: str = "All"
    event: Trigger | None = None
    async_before: bool = False  # of each instance; the activity's own are Node's
    async_after: bool = False
    line: int = 0


@dataclass(frozen=True)
class Repeat:
    """Standard loop characteristics: while `condition` holds (always if ""), `maximum` rounds at most."""

    test_before: bool = False
    condition: str = ""
    maximum: str = ""
    line: int = 0


@dataclass(frozen=True)
class Script:
    """A script task's, a listener's or a parameter's script. `format` as written: javascript, juel, feel …"""

    format: str
    text: str
    result_variable: str = ""
    line: int = 0


@dataclass(frozen=True)
class FormField:
    """A camunda:formField, as written. `values`: what an enum offers, id and label;
    `constraints`: name and config; `properties` hold the label's other languages."""

    id: str
    type: str
    label: str = ""
    default: str = ""
    date_pattern: str = ""
    values: tuple[tuple[str, str], ...] = ()
    constraints: tuple[tuple[str, str], ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True)
class Listener:
    """camunda:executionListener, or (`of_task`) taskListener. `script` None: it is something else."""

    event: str
    script: Script | None = None
    of_task: bool = False
    line: int = 0


@dataclass(frozen=True)
class AdHoc:
    """An ad-hoc subprocess: in which order people do its activities, and when it is complete."""

    completion_condition: str = ""
    sequential: bool = False
    cancel_remaining: bool = True
    line: int = 0


@dataclass(frozen=True)
class Trigger:
    """An event definition.

    kind: none | timer | message | signal | error | escalation | conditional | compensate |
    cancel | terminate | link, or "multiple" for several, which are refused. `name` is that of
    the message, signal, error, escalation or link, an expression where allowed; `code` an
    error's or escalation's ("" catches all); timers have one of `date`, `duration`, `cycle`."""

    kind: str = "none"
    ref: str = ""
    name: str = ""
    code: str = ""
    date: str = ""
    duration: str = ""
    cycle: str = ""
    condition: str = ""
    language: str = ""  # the condition's language attribute, "" when absent
    variable_name: str = ""  # conditional: only changes of this variable count
    variable_events: tuple[str, ...] = ()  # and only these kinds: create, update, delete
    activity_ref: str = ""  # compensate: the one activity that is undone
    waits_for_completion: bool = True  # compensate
    correlation_key: str = ""  # camunda:property correlation_key of the event
    code_variable: str = ""
    message_variable: str = ""
    topic: str = ""  # a message that an operation or external worker sends: camunda:topic of its definition
    task_priority: str = ""  # and its camunda:taskPriority
    mappings_in: tuple[DataMapping, ...] = ()  # camunda:in of a signal that is thrown
    line: int = 0


class Explained:
    """What carries documentation: Simplified Chinese in the element, the others as properties beside the names."""

    documentation: str
    properties: Mapping[str, str]

    @property
    def guidance(self) -> dict[str, str]:
        """The documentation by language."""
        beside = {"en": "documentation_en", "zh_Hant": "documentation_zh_hant"}
        return {"zh_Hans": self.documentation} | {
            language: self.properties[name] for language, name in beside.items() if name in self.properties
        }


@dataclass(frozen=True)
class Node(Explained):
    """A flow node. `kind` is its BPMN tag: userTask, exclusiveGateway, startEvent …

    `attributes`: camunda/operaton attributes by local name (assignee, formRef, topic …);
    `properties`: camunda:properties (name_en, name_zh_hant, clause, …)."""

    id: str
    kind: str
    names: Mapping[str, str] = field(default_factory=dict)  # zh_Hans, en, zh_Hant
    documentation: str = ""
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    default: str = ""
    lane: str = ""  # id of the innermost lane
    attributes: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()
    mappings_in: tuple[DataMapping, ...] = ()
    mappings_out: tuple[DataMapping, ...] = ()
    loop: Loop | None = None
    repeat: Repeat | None = None
    script: Script | None = None
    listeners: tuple[Listener, ...] = ()
    ad_hoc: AdHoc | None = None
    errors: tuple[
        Trigger, ...
    ] = ()  # camunda:errorEventDefinition of an operation: thrown if `condition` holds
    fields: tuple[FormField, ...] = ()  # camunda:formData: a form inside the diagram
    retry_cycle: str = ""  # camunda:failedJobRetryTimeCycle, its own or its instances'
    key_field: str = ""  # the field of a start form that becomes the business key
    trigger: Trigger | None = None
    attached_to: str = ""
    interrupting: bool = True  # cancelActivity / isInterrupting
    called: str = ""  # calledElement
    by_event: bool = False  # an event subprocess: triggeredByEvent
    for_compensation: bool = False
    handler: str = ""  # of a compensation boundary event: the activity that its association leads to
    activation: str = ""  # of a complex gateway: its activationCondition
    scope: Scope | None = None  # an embedded subprocess's inside
    line: int = 0
    column: int = 0

    @property
    def topic(self) -> str:
        """The operation, or the external workers, that do a task or send the message of an event; "" if none."""
        if self.kind in ("serviceTask", "sendTask", "businessRuleTask"):
            return self.attributes.get("topic", "")
        return self.trigger.topic if self.trigger else ""

    @property
    def task_priority(self) -> str:
        """camunda:taskPriority as written: of what an external worker does."""
        return self.attributes.get("taskPriority", "") or (self.trigger.task_priority if self.trigger else "")

    @property
    def async_before(self) -> bool:
        """A savepoint before it: what was done is committed, a job of its own goes on."""
        return "true" in (self.attributes.get("asyncBefore"), self.attributes.get("async"))

    @property
    def async_after(self) -> bool:
        """A savepoint behind it, on each flow that leaves it."""
        return self.attributes.get("asyncAfter") == "true"


@dataclass(frozen=True)
class Lane:
    """`group` is its camunda:property `group`, else its name: the candidate group of what it holds."""

    id: str
    names: Mapping[str, str]
    group: str
    nodes: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True)
class Scope:
    """Nodes and flows on one level: a process, or the inside of a subprocess. In document order."""

    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]

    def boundaries(self, node_id: str) -> list[Node]:
        return [n for n in self.nodes.values() if n.attached_to == node_id]


@dataclass(frozen=True)
class Process(Explained):
    """An executable process of a file."""

    id: str
    names: Mapping[str, str]
    documentation: str
    scope: Scope
    lanes: Mapping[str, Lane]
    attributes: Mapping[str, str]
    properties: Mapping[str, str]
    line: int = 0

    def node(self, id: str) -> Node:
        """The node of this id; StopIteration if there is none."""
        return next(node for node in self.walk() if node.id == id)

    def catches(self, id: str, code: str) -> bool:
        """Whether a boundary event of a node, or of a subprocess around it, catches this error."""

        def inside(scope: Scope) -> bool | None:
            """None: the node is not there."""
            for host in scope.nodes.values():
                found = False if host.id == id else inside(host.scope) if host.scope is not None else None
                if found is not None:
                    edges = (edge.trigger for edge in scope.boundaries(host.id))
                    return found or any(
                        each is not None and each.kind == "error" and each.code in ("", code) for each in edges
                    )
            return None

        return bool(inside(self.scope))

    @cached_property
    def heard(self) -> frozenset[str]:
        """The user tasks with a listener that hears of another assignee."""
        events = ("update", "assignment")
        return frozenset(
            node.id
            for node in self.walk()
            if any(listener.of_task and listener.event in events for listener in node.listeners)
        )

    def walk(self) -> Iterator[Node]:
        """Every node, those inside subprocesses too."""
        pending = [self.scope]
        while pending:
            scope = pending.pop()
            for node in scope.nodes.values():
                yield node
                if node.scope:
                    pending.append(node.scope)


@dataclass(frozen=True)
class Diagram:
    """A BPMN file: its executable processes, and the sha256 of its bytes."""

    file: str
    sha256: str
    processes: Mapping[str, Process]
