"""A BPMN file as nets of nodes and flows, read with the standard library alone.

Only what the generator writes is understood. Not here: the game (game.py); anything of
the product, which has a reader of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
TASKS = ("userTask", "serviceTask", "receiveTask", "task", "manualTask", "sendTask")
SUBS = ("subProcess", "transaction")
ACTIVITIES = (*TASKS, *SUBS, "callActivity")
NODES = frozenset(
    [
        *ACTIVITIES,
        "startEvent",
        "endEvent",
        "intermediateThrowEvent",
        "intermediateCatchEvent",
        "boundaryEvent",
    ]
    + [f"{kind}Gateway" for kind in ("exclusive", "parallel", "inclusive", "complex", "eventBased")]
)


class Fixed:
    """Never changes, so a copy of a game shares it."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Fixed:
        return self


@dataclass(eq=False)
class Flow(Fixed):
    id: str
    source: Node
    target: Node
    condition: str


@dataclass(frozen=True)
class Trigger:
    """`name`: of message, signal or link; the code of an error or escalation."""

    kind: str = "none"
    name: str = ""
    text: str = ""  # a timer's
    condition: str = ""
    activity: str = ""  # that is compensated

    @property
    def again(self) -> bool:
        """Whether it can happen again without being armed by hand."""
        return self.kind in ("message", "signal", "conditional") or self.text.startswith("R")

    @property
    def rounds(self) -> int | None:
        """How often a timer comes. None: for ever."""
        count = self.text.partition("/")[0].removeprefix("R") if self.text.startswith("R") else "1"
        return int(count) if count else None


@dataclass(frozen=True)
class Loop:
    """Multi-instance (`standard` False) or standard loop characteristics."""

    standard: bool = False
    sequential: bool = False
    cardinality: str = ""
    collection: str = ""
    element: str = ""
    completion: str = ""
    before: bool = False
    condition: str = ""
    maximum: int = 0


@dataclass(eq=False)
class Node(Fixed):
    id: str
    tag: str
    net: Net
    trigger: Trigger
    default: str = ""
    host: str = ""
    interrupting: bool = True
    inner: Net | None = None
    by_event: bool = False
    for_compensation: bool = False
    called: str = ""
    topic: str = ""
    loop: Loop | None = None
    activation: str = ""
    inputs: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    into: list[tuple[str, str]] = field(default_factory=list)
    out: list[tuple[str, str]] = field(default_factory=list)
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    boundaries: list[Node] = field(default_factory=list)
    handler: Node | None = None

    @property
    def is_activity(self) -> bool:
        return self.tag in ACTIVITIES

    @property
    def throws(self) -> str:
        """The kind of what it throws, "" if it throws nothing."""
        return self.trigger.kind if self.tag in ("intermediateThrowEvent", "endEvent") else ""


@dataclass(eq=False)
class Net(Fixed):
    """One level: a process or the inside of a subprocess."""

    id: str
    process: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)

    @property
    def start(self) -> Node:
        return next(node for node in self.nodes.values() if node.tag == "startEvent")

    @property
    def event_subs(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.by_event]


class Diagram(Fixed):
    """All processes of a file; `main` is the case's."""

    def __init__(self, text: str, main: str) -> None:
        root = ElementTree.fromstring(text)
        self.named = {tag.get("id", ""): tag for tag in root}
        self.nets = {
            tag.get("id", ""): self.net(tag, tag.get("id", "")) for tag in root.iter(f"{BPMN}process")
        }
        self.main = self.nets[main]

    def walk(self) -> Iterator[Node]:
        """Every node of the file."""
        pending = list(self.nets.values())
        while pending:
            for node in pending.pop().nodes.values():
                yield node
                pending += [node.inner] if node.inner is not None else []

    def net(self, holder: ElementTree.Element, process: str) -> Net:
        net = Net(holder.get("id", ""), process)
        for tag in holder:
            if tag.tag.removeprefix(BPMN) in NODES:
                node = self.node(tag, net)
                net.nodes[node.id] = node
        for tag in holder.findall(f"{BPMN}sequenceFlow"):
            source, target = net.nodes[tag.get("sourceRef", "")], net.nodes[tag.get("targetRef", "")]
            flow = Flow(tag.get("id", ""), source, target, _text(tag, "conditionExpression"))
            net.flows[flow.id] = flow
            source.outgoing.append(flow)
            target.incoming.append(flow)
        for node in net.nodes.values():
            if node.host:
                net.nodes[node.host].boundaries.append(node)
        for tag in holder.findall(f"{BPMN}association"):
            net.nodes[tag.get("sourceRef", "")].handler = net.nodes[tag.get("targetRef", "")]
        return net

    def node(self, tag: ElementTree.Element, net: Net) -> Node:
        kind = tag.tag.removeprefix(BPMN)
        interrupting = tag.get("cancelActivity") or tag.get("isInterrupting") or "true"
        extension = f"{BPMN}extensionElements/{CAMUNDA}"
        return Node(
            id=tag.get("id", ""),
            tag=kind,
            net=net,
            trigger=self.trigger(tag),
            default=tag.get("default", ""),
            host=tag.get("attachedToRef", ""),
            interrupting=interrupting == "true",
            inner=self.net(tag, net.process) if kind in SUBS else None,
            by_event=tag.get("triggeredByEvent") == "true",
            for_compensation=tag.get("isForCompensation") == "true",
            called=tag.get("calledElement", ""),
            topic=tag.get(f"{CAMUNDA}topic", ""),
            loop=_loop(tag),
            activation=_text(tag, "activationCondition"),
            inputs=_parameters(tag, f"{extension}inputOutput/{CAMUNDA}inputParameter"),
            outputs=_parameters(tag, f"{extension}inputOutput/{CAMUNDA}outputParameter"),
            into=[(part.get("source", ""), part.get("target", "")) for part in tag.findall(f"{extension}in")],
            out=[(part.get("source", ""), part.get("target", "")) for part in tag.findall(f"{extension}out")],
        )

    def trigger(self, tag: ElementTree.Element) -> Trigger:
        if tag.get("messageRef"):
            return Trigger("message", self.named[tag.get("messageRef", "")].get("name", ""))
        for part in tag:
            kind = part.tag.removeprefix(BPMN).removesuffix("EventDefinition")
            if not part.tag.endswith("EventDefinition"):
                continue
            ref = self.named.get(part.get(f"{kind}Ref", ""))
            name = part.get("name", "")
            if ref is not None:
                name = ref.get(f"{kind}Code") or ref.get("name", "")
            timer = "".join(_text(part, name) for name in ("timeDuration", "timeCycle"))
            return Trigger(kind, name, timer, _text(part, "condition"), part.get("activityRef", ""))
        return Trigger()


def _text(tag: ElementTree.Element, name: str) -> str:
    return (tag.findtext(f"{BPMN}{name}") or "").strip()


def _parameters(tag: ElementTree.Element, path: str) -> list[tuple[str, str]]:
    return [(part.get("name", ""), (part.text or "").strip()) for part in tag.findall(path)]


def _loop(tag: ElementTree.Element) -> Loop | None:
    many = tag.find(f"{BPMN}multiInstanceLoopCharacteristics")
    if many is not None:
        return Loop(
            sequential=many.get("isSequential") == "true",
            cardinality=_text(many, "loopCardinality"),
            collection=many.get(f"{CAMUNDA}collection", ""),
            element=many.get(f"{CAMUNDA}elementVariable", ""),
            completion=_text(many, "completionCondition"),
        )
    again = tag.find(f"{BPMN}standardLoopCharacteristics")
    if again is None:
        return None
    return Loop(
        standard=True,
        before=again.get("testBefore") == "true",
        condition=_text(again, "loopCondition"),
        maximum=int(again.get("loopMaximum") or 0),
    )
