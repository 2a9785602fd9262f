"""Small processes drawn in text, and a world that does what a test tells it.

    draw("p", user("approve"), flows='''
        start -> approve -> sure
        sure -[${ok}]-> done
        sure => approve
    ''')

`->` a flow, `-[condition]->` a conditional one, `=>` a default one. Nodes that are not
given are guessed by name: start…, done…/end…, …? no; all else must be given."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from runtime import scripts
from runtime.bpmn.model import DataMapping, Flow, Lane, Loop, Node, Parameter, Process, Scope, Trigger
from runtime.engine import ports
from runtime.engine.execution import Definition, Execution, compile

START = dt.datetime(2026, 1, 5, 1, 0, tzinfo=dt.UTC)  # Monday, nine in Shanghai
_ARROW = re.compile(r"\s*(?:(=>)|-\[(.*?)\]->|->)\s*")


def node(kind: str, id: str, **about: Any) -> Node:
    attributes = {
        key: value
        for key, value in about.items()
        if key not in Node.__dataclass_fields__ and key not in SHORT
    }
    fields = {key: value for key, value in about.items() if key in Node.__dataclass_fields__}
    for key, make in SHORT.items():
        if key in about:
            fields |= make(about[key])
    return Node(id, kind, attributes=attributes, **fields)


def _parameters(given: Mapping[str, Any]) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, value) for name, value in given.items())


SHORT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "takes": lambda given: {"inputs": _parameters(given)},
    "gives": lambda given: {"outputs": _parameters(given)},
    "into": lambda given: {"mappings_in": tuple(DataMapping(**item) for item in given)},
    "out": lambda given: {"mappings_out": tuple(DataMapping(**item) for item in given)},
    "message": lambda name: {"trigger": Trigger("message", name=name)},
    "keyed": lambda given: {"trigger": Trigger("message", name=given[0], correlation_key=given[1])},
    "after": lambda text: {"trigger": Trigger("timer", duration=text)},
    "at": lambda text: {"trigger": Trigger("timer", date=text)},
    "every": lambda text: {"trigger": Trigger("timer", cycle=text)},
    "error": lambda code: {"trigger": Trigger("error", name=code, code=code)},
    "signal": lambda name: {"trigger": Trigger("signal", name=name)},
    "escalation": lambda code: {"trigger": Trigger("escalation", name=code, code=code)},
    "when": lambda condition: {"trigger": Trigger("conditional", condition=condition)},
    "link": lambda name: {"trigger": Trigger("link", name=name)},
    "undo": lambda only: {"trigger": Trigger("compensate", activity_ref=only)},
    "trigger_": lambda kind: {"trigger": Trigger(kind)},
}


def user(id: str, **about: Any) -> Node:
    about.setdefault("candidateGroups", "staff")
    return node("userTask", id, **about)


def service(id: str, topic: str, **about: Any) -> Node:
    return node("serviceTask", id, topic=topic, type="external", **about)


def decide(id: str, rule: str, **about: Any) -> Node:
    return node("businessRuleTask", id, decisionRef=rule, **about)


def on(host: str, id: str, **about: Any) -> Node:
    """A boundary event."""
    return node("boundaryEvent", id, attached_to=host, **about)


def throw(id: str, **about: Any) -> Node:
    return node("intermediateThrowEvent", id, **about)


def catch(id: str, **about: Any) -> Node:
    return node("intermediateCatchEvent", id, **about)


def end(id: str, **about: Any) -> Node:
    return node("endEvent", id, **about)


def inside(id: str, *nodes: Node, flows: str, kind: str = "subProcess", **about: Any) -> Node:
    """A subprocess."""
    return node(kind, id, scope=scope(*nodes, flows=flows), **about)


def when(id: str, start: Node, *nodes: Node, flows: str) -> Node:
    """An event subprocess; its start event is `start`."""
    return node("subProcess", id, by_event=True, scope=scope(start, *nodes, flows=flows))


def undoes(id: str, host: str, **about: Any) -> tuple[Node, Node]:
    """A user task that undoes `host`, and the boundary event that says so."""
    boundary = node("boundaryEvent", f"undo_{host}", attached_to=host, handler=id, trigger=Trigger("compensate"))
    return boundary, user(id, for_compensation=True, **about)


def any_of(id: str) -> Node:
    return node("inclusiveGateway", id)


def xor(id: str) -> Node:
    return node("exclusiveGateway", id)


def both(id: str) -> Node:
    return node("parallelGateway", id)


def each(collection: str, variable: str = "item", **about: Any) -> Loop:
    return Loop(about.pop("sequential", False), collection, element_variable=variable, **about)


def scope(*nodes: Node, flows: str) -> Scope:
    known = {given.id: given for given in nodes}
    drawn: dict[str, Flow] = {}
    defaults: dict[str, str] = {}

    def seen(name: str) -> None:
        if name in known:
            return
        if name.startswith("start"):
            known[name] = node("startEvent", name)
        elif name.startswith(("done", "end")):
            known[name] = node("endEvent", name)
        else:
            raise AssertionError(f"what is {name}?")

    for line in flows.split("\n"):
        parts = _ARROW.split(line.strip())
        seen(parts[0]) if parts[0] else None
        for source, default, condition, target in zip(
            parts[0::3], parts[1::3], parts[2::3], parts[3::3], strict=False
        ):
            seen(target)
            flow = f"{source}_{target}"
            while flow in drawn:
                flow += "_"
            drawn[flow] = Flow(flow, source, target, condition=condition)
            if default:
                defaults[source] = flow
    return Scope(
        {
            name: replace(
                given,
                incoming=tuple(flow.id for flow in drawn.values() if flow.target == name),
                outgoing=tuple(flow.id for flow in drawn.values() if flow.source == name),
                default=defaults.get(name, ""),
            )
            for name, given in known.items()
        },
        drawn,
    )


def draw(id: str, *nodes: Node, flows: str, lanes: Mapping[str, str] | None = None) -> Process:
    """`lanes`: lane id → group."""
    made = {lane: Lane(lane, {}, group, ()) for lane, group in (lanes or {}).items()}
    return Process(id, {"zh_Hans": id}, "", scope(*nodes, flows=flows), made, {}, {})


@dataclass
class Town:
    """A World: operations and rules by name, every call noted. `tick` moves its clock."""

    now: dt.datetime = START
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    operations: dict[str, Callable[..., Any]] = field(default_factory=dict)
    rules: dict[str, Callable[..., Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any], ports.Step]] = field(default_factory=list)
    tasks: dict[str, ports.Task] = field(default_factory=dict)  # by activity, as `Run.again` leaves them
    outside: frozenset[str] = frozenset()  # topics of external workers

    def is_external(self, topic: str, step: ports.Step) -> bool:
        return topic in self.outside

    def operate(self, topic: str, inputs: Mapping[str, Any], step: ports.Step) -> Mapping[str, Any]:
        self.calls.append((topic, dict(inputs), step))
        return self.operations.get(topic, lambda **inputs: {})(**inputs) or {}

    def decide(self, rule: str, inputs: Mapping[str, Any], step: ports.Step) -> Mapping[str, Any]:
        self.calls.append((rule, dict(inputs), step))
        return self.rules[rule](**inputs)

    def run_script(self, source: str, names: Mapping[str, Any], step: ports.Step) -> scripts.Scripted:
        try:
            seen = {name: value for name, value in names.items() if name != "execution"}
            return scripts.run(source, seen, names["execution"])
        except scripts.Thrown as thrown:
            raise ports.BpmnError(thrown.code, thrown.message) from None

    def task(self, activity: str) -> ports.Task:
        return self.tasks[activity]

    def whose(self, opened: ports.TaskOpened, variables: Mapping[str, Any]) -> str | None:
        return opened.assignee

    def functions(self, step: ports.Step | None) -> Mapping[str, Callable[..., Any]]:
        return {"superior_of": lambda person: f"boss of {person}", "nobody": lambda: None}

    def note(self, happening: ports.Happening) -> None:
        """Keep the row of a user task as the house would."""
        if isinstance(happening, ports.TaskOpened):
            name = happening.names.get("zh_Hans", happening.element)
            self.tasks[happening.activity] = ports.Task(
                happening.task, name, happening.assignee, happening.priority, happening.due, happening.follow_up
            )
        elif isinstance(happening, ports.TaskAltered):
            changes = {n: v for n, v in happening.changes.items() if n not in ("candidates", "groups")}
            self.tasks[happening.activity] = replace(self.tasks[happening.activity], **changes)

    def tick(self, by: dt.timedelta) -> None:
        self.now += by


class Run:
    """One case under test. Every step is followed by saving and restoring it (see `again`)."""

    def __init__(
        self,
        process: Process,
        variables: Mapping[str, Any] | None = None,
        *,
        world: Town | None = None,
        called: tuple[Process, ...] = (),
        key: str = "",
        start: str | None = None,
    ) -> None:
        self.world = world or Town()
        by_name = {other.id: other for other in (*called, process)}
        self.definition: Definition = compile(process, by_name.__getitem__)
        self.told: list[ports.Happening] = []
        self.execution = Execution.start(
            self.definition,
            case="case",
            business_key=key,
            start_event=start,
            variables=variables or {},
            world=self.world,
        )
        self.again()

    def again(self) -> Run:
        """Through storage and back; nothing may change."""
        fresh = self.execution.take()
        self.told += fresh
        for happening in fresh:
            self.world.note(happening)
        state = json.loads(json.dumps(self.execution.state()))
        self.execution = Execution.restore(self.definition, state, self.world)
        assert self.execution.state() == state
        assert all(token.data == {} for token in self.execution._case.index.values())
        return self

    def activity(self, element: str, which: int = 0) -> str:
        return self.activities(element)[which]

    def activities(self, element: str) -> list[str]:
        return [
            found.activity
            for found in self.execution.open_activities()
            if found.element == element and found.kind not in ("multiInstance", "standardLoop")
        ]

    def do(self, element: str, which: int = 0, **values: Any) -> Run:
        self.execution.complete(self.activity(element, which), values)
        return self.again()

    def fire(self, element: str, which: int = 0) -> Run:
        """Go to when it is due, and wake it."""
        found = next(
            a for a in self.execution.open_activities() if a.activity == self.activity(element, which)
        )
        assert found.due is not None
        self.world.now = max(self.world.now, found.due)
        self.execution.fire(found.activity)
        return self.again()

    def receive(self, element: str, which: int = 0, **payload: Any) -> Run:
        self.execution.receive(self.activity(element, which), payload)
        return self.again()

    def deliver(self, element: str, which: int = 0, *, local: Any = None, **values: Any) -> Run:
        """An external worker has done it."""
        self.execution.deliver(self.activity(element, which), values, local or {})
        return self.again()

    def signal(self, element: str, which: int = 0, **payload: Any) -> Run:
        self.execution.signal([self.activity(element, which)], payload)
        return self.again()

    def retry(self, element: str, which: int = 0) -> Run:
        parked = [
            found.activity
            for found in self.execution.open_activities()
            if found.element == element and found.parked
        ]
        self.execution.retry(parked[which])
        return self.again()

    @property
    def open(self) -> list[str]:
        """Elements with a token, in order of age."""
        return [found.element for found in self.execution.open_activities()]

    @property
    def variables(self) -> dict[str, Any]:
        found = self.execution.variables()
        return {name: value for name, value in found.items() if name != "business_key"}

    @property
    def ended(self) -> str | None:
        """The end event, if it is over."""
        ends = self.all(ports.Ended)
        assert bool(ends) is self.execution.ended and len(ends) < 2
        return ends[0].element if ends else None

    def all(self, kind: type[Any], element: str | None = None) -> list[Any]:
        return [h for h in self.told if isinstance(h, kind) and element in (None, h.element)]

    @property
    def path(self) -> list[str]:
        return [happening.element for happening in self.all(ports.Left)]

    @property
    def parked(self) -> list[str]:
        return [found.element for found in self.execution.open_activities() if found.parked]
