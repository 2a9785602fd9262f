"""Random processes: blocks that nest well and graphs that do not, written as BPMN files.

FEATURES is what is drawn; it grows with the engine. Everything ends: what goes back counts
its rounds in a variable. Not here: writing XML (sheet.py), choosing stimuli (play.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar
from xml.etree.ElementTree import Element, SubElement

from hypothesis import strategies as st

from tests.token_game.diagram import ACTIVITIES, BPMN, CAMUNDA
from tests.token_game.sheet import Sheet

T = TypeVar("T")

FEATURES = (
    *("userTask", "echo", "fail", "receiveTask", "catch", "milestone", "subProcess", "callActivity"),
    *("exclusive", "parallel", "eventBased", "loop"),
    *("multiInstance", "collection", "completion", "outputs", "conditionalFlows"),
    *("boundary_timer", "boundary_message", "boundary_error", "non_interrupting", "cycle"),
    *("end_terminate", "end_error"),
    *("complex", "beside_default", "inclusive", "link", "signal", "escalation", "conditional", "standardLoop"),
    *("boundary_signal", "boundary_escalation", "boundary_conditional", "end_signal", "end_escalation"),
    *("start_timer", "start_message", "start_signal", "start_conditional", "start_error", "start_escalation"),
    *("compensate", "compensation", "end_compensate", "start_compensate", "transaction"),
)
# What does not depend on which of two ready steps comes first; no token comes twice.
CALM = (
    *("userTask", "receiveTask", "catch", "milestone", "subProcess"),
    *("exclusive", "parallel", "inclusive", "eventBased", "multiInstance", "structured"),
    *("boundary_timer", "boundary_message"),
)
# What has to be undone, and little besides, so that it often is.
UNDOING = (
    *("userTask", "echo", "subProcess", "transaction", "exclusive", "parallel", "structured"),
    *("multiInstance", "standardLoop", "boundary_message", "boundary_error", "end_error"),
    *("compensate", "compensation", "end_compensate", "start_compensate"),
)
# Subprocesses that say themselves how they are undone.
UNDOING_INSIDE = ("echo", "userTask", "subProcess", "compensate", "end_compensate", "start_compensate", "structured")
# What is thrown, comes or becomes true, and little besides that it could be caught by.
CATCHING = (
    *("userTask", "echo", "fail", "subProcess", "escalation", "structured"),
    *("end_error", "end_escalation", "boundary_error", "boundary_escalation"),
    *("boundary_timer", "boundary_conditional", "non_interrupting", "cycle", "callActivity"),
    *("start_timer", "start_message", "start_conditional", "start_error", "start_escalation"),
)
DATA = ("v0", "v1", "v2")
COUNTERS = ("c0", "c1", "c2")
PHASES = ("${waitingForStart}", "${!waitingForStart}")
CODES = ("E1", "E2")
THROWN = ("error", "escalation")
SIGNALS = ("s0", "s1")
CYCLES = ("R/PT1H", "R2/PT1H", "R3/PT1H")
MOST_NODES = 16
DEEPEST = 2


@dataclass
class Part:
    """Something with one way in and one or more ways out."""

    first: Element
    lasts: list[Element]


class Writer:
    """Draws one file."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], features: Collection[str]) -> None:
        self.draw, self.features = draw, features
        self.sheet = Sheet()
        self.left = MOST_NODES
        self.calls = 2
        self.counters = 0
        self.undoable: dict[str, list[str]] = {}  # level → activities with a handler

    def one(self, choices: Sequence[T]) -> T:
        found: T = choices[self.number(0, len(choices) - 1)]
        return found

    def number(self, low: int, high: int) -> int:
        found: int = self.draw(st.integers(low, high))
        return found

    def chance(self, one_in: int) -> bool:
        return self.number(0, one_in - 1) == one_in - 1

    def has(self, *features: str) -> bool:
        return all(feature in self.features for feature in features)

    def of(self, *features: str) -> list[str]:
        return [feature for feature in features if feature in self.features]

    def condition(self) -> str:
        text = f"{self.one(DATA)} {self.one(('>', '==', '<', '!='))} {self.number(0, 2)}"
        if self.chance(4):
            text += f" {self.one(('&&', '||'))} {self.one(DATA)} {self.one(('>', '<='))} {self.one(DATA)}"
        return f"${{{text}}}"

    # Levels.

    def process(self) -> Element:
        process = self.sheet.process()
        self.fill(process, 0)
        return process

    def fill(self, level: Element, depth: int) -> None:
        start = self.sheet.node(level, "startEvent")
        graph = self.has("unstructured") or ("structured" not in self.features and self.chance(2))
        part = self.graph(level, depth) if graph else self.sequence(level, depth)
        self.sheet.flow(level, start, part.first)
        starts = [feature.removeprefix("start_") for feature in self.features if feature.startswith("start_")]
        if _tag(level) == "process" and "compensate" in starts:
            starts.remove("compensate")
        subs: list[tuple[str, str]] = []
        if starts and (depth or self.left > 0) and self.chance(2):
            # What is thrown on a level should often be caught there, and thrown again by who caught it.
            thrown = [kind for kind in ("error", "escalation") if kind in starts]
            kinds = [self.one(thrown if thrown and self.chance(2) else starts)]
            if self.chance(3):
                kinds.append(self.one(starts))
            subs = [(kind, self.one(CODES)) for kind in dict.fromkeys(kinds)]
        for last in part.lasts:
            self.close(level, last, depth, subs)
        for kind, code in subs:
            self.event_sub(level, depth, kind, code)

    def event_sub(self, level: Element, depth: int, kind: str, code: str) -> None:
        sub = self.sheet.node(level, "subProcess", "eventSub", triggeredByEvent="true")
        stays = kind not in ("error", "compensate") and self.chance(2)
        start = self.sheet.node(sub, "startEvent", isInterrupting=str(not stays).lower())
        if kind in ("error", "escalation"):
            self.sheet.trigger(start, kind, code if self.chance(2) else "")
        else:
            self.await_(start, kind, again=stays)
        part = self.block(sub, depth + 1)
        self.sheet.flow(sub, start, part.first)
        for last in part.lasts:
            # One that goes on beside its level would start itself for ever.
            self.close(sub, last, depth + 1, [] if stays else [(kind, code)])

    def close(
        self, level: Element, last: Element, depth: int, caught: Sequence[tuple[str, str]] = ()
    ) -> None:
        """An end behind `last`, unless its token may simply end there. `caught`: kinds and codes nearby."""
        caught = [(kind, code) for kind, code in caught if self.has(f"end_{kind}") and kind in THROWN]
        if caught and self.chance(2):
            end = self.sheet.node(level, "endEvent")
            self.sheet.trigger(end, *self.one(caught))
            self.lead(level, last, [end])
            return
        kinds = ["none"] * 3
        kinds += [
            kind for kind in ("terminate", "signal", "escalation", "compensate") if self.has(f"end_{kind}")
        ]
        if _tag(level) == "transaction":
            kinds += ["cancel"] * 3
        if self.has("end_error") and (depth or self.chance(6)):
            kinds.append("error")
        kind = self.one(kinds)
        if kind == "none" and self.chance(4) and _tag(last) in ACTIVITIES:
            return
        end = self.sheet.node(level, "endEvent")
        names = {"signal": SIGNALS, "error": CODES, "escalation": CODES}
        self.sheet.trigger(end, kind, self.one(names[kind]) if kind in names else "")
        self.lead(level, last, [end])

    # Blocks.

    def sequence(self, level: Element, depth: int) -> Part:
        parts = [self.block(level, depth) for _ in range(self.number(1, 3))]
        for part, after in pairwise(parts):
            for last in part.lasts:
                self.lead(level, last, [after.first])
        return Part(parts[0].first, parts[-1].lasts)

    def block(self, level: Element, depth: int) -> Part:
        kinds = ["node"] * 4
        if self.left > 3:
            kinds += self.of("exclusive", "parallel", "inclusive", "complex", "loop")
        kind = self.one(kinds)
        if kind == "node":
            return self.unit(level, depth)
        if kind == "loop":
            part = self.sequence(level, depth)
            merge = self.gateway(level, "exclusive")
            for last in part.lasts:
                self.lead(level, last, [merge])
            return Part(part.first, [self.back(level, merge, part.first)])
        split = self.gateway(level, "parallel" if kind == "complex" else kind)
        merge = self.gateway(level, kind)
        branches = [self.sequence(level, depth) for _ in range(self.number(2, 3))]
        self.lead(level, split, [branch.first for branch in branches])
        for branch in branches:
            for last in branch.lasts:
                self.lead(level, last, [merge])
        lasts = [merge]
        if kind == "complex" and self.chance(2):
            side = self.unit(level, depth)
            self.sheet.flow(level, merge, side.first, self.one(PHASES))
            lasts += side.lasts
        return Part(split, lasts)

    def gateway(self, level: Element, kind: str) -> Element:
        self.left -= 1
        return self.sheet.node(level, f"{kind}Gateway")

    def back(self, level: Element, source: Element, target: Element) -> Element:
        """A way back from `source` that is gone at most twice; gives where it goes on."""
        counter = COUNTERS[self.counters % len(COUNTERS)]
        self.counters += 1
        count = self.sheet.node(level, "serviceTask", "count")
        _external(count, "echo")
        self.sheet.parameters(count, "input", {counter: f"${{{counter} + 1}}"})
        again = self.sheet.node(level, "exclusiveGateway", "again")
        self.lead(level, source, [count])
        self.sheet.flow(level, count, again)
        self.sheet.flow(level, again, target, f"${{{counter} < {self.number(2, 3)}}}")
        after = self.sheet.node(level, "intermediateThrowEvent")
        again.set("default", self.sheet.flow(level, again, after).get("id", ""))
        return after

    def graph(self, level: Element, depth: int) -> Part:
        """Nodes in a row, each reached from an earlier one; some are left by several flows."""
        parts: list[Part] = []
        gates = self.of("exclusive", "parallel", "inclusive", "complex")
        for _ in range(self.number(2, 6)):
            if gates and self.chance(2):
                gate = self.gateway(level, self.one(gates))
                parts.append(Part(gate, [gate]))
            else:
                parts.append(self.unit(level, depth))
        targets: dict[Element, list[Element]] = {}
        edges = [(self.number(max(0, at - 2), at - 1), at) for at in range(1, len(parts))]
        for _ in range(self.number(0, 4)):
            source = self.number(0, len(parts) - 1)
            edges.append((source, self.number(min(source + 1, len(parts) - 1), len(parts) - 1)))
        for a, b in edges:
            if a < b:
                targets.setdefault(self.one(parts[a].lasts), []).append(parts[b].first)
        if self.has("loop") and self.chance(3):
            a = self.number(0, len(parts) - 1)
            merge = self.gateway(level, "exclusive")
            b = self.number(0, a)
            targets.setdefault(self.one(parts[a].lasts), []).append(merge)
            parts.append(Part(merge, [self.back(level, merge, parts[b].first)]))
        open_ends = []
        for part in parts:
            for last in part.lasts:
                if targets.get(last):
                    self.lead(level, last, targets[last])
                else:
                    open_ends.append(last)
        return Part(parts[0].first, open_ends)

    def lead(self, level: Element, source: Element, targets: list[Element]) -> None:
        """Flows from `source`, with the conditions that its kind may have."""
        kind = _tag(source)
        flows: list[Element] = []
        conditional = kind in ("exclusiveGateway", "inclusiveGateway", "complexGateway")
        may = conditional or (kind in ACTIVITIES and self.has("conditionalFlows"))
        # A join that parks with some of its tokens used up is not told apart from one that does not.
        safe = kind in ("inclusiveGateway", "complexGateway") or not self.chance(6)
        default = may and len(targets) > 1 and (safe or self.chance(2))
        conditions = 0
        for number, target in enumerate(targets):
            last = number == len(targets) - 1
            condition = ""
            if (
                may
                and not (default and last)
                and (len(targets) > 1 if conditional else default or self.chance(3))
            ):
                # A default with no condition beside it would have no meaning.
                before_default = default and number == len(targets) - 2 and not conditions
                always = kind == "exclusiveGateway" or (
                    default and (before_default or not self.has("beside_default"))
                )
                if always or not self.chance(4):
                    phase = kind == "complexGateway" and self.chance(2)
                    condition = self.one(PHASES) if phase else self.condition()
                    conditions += 1
            flows.append(self.sheet.flow(level, source, target, condition))
        if default and flows[-1].find(f"{BPMN}conditionExpression") is None:
            source.set("default", flows[-1].get("id", ""))

    def activate(self) -> None:
        """Complex gateways say when they start, now that it is known how many flows lead to them."""
        targets = Counter(flow.get("targetRef") for flow in self.sheet.root.iter(f"{BPMN}sequenceFlow"))
        for node in self.sheet.root.iter(f"{BPMN}complexGateway"):
            if (count := targets[node.get("id")]) > 1:
                text = f"${{activationCount >= {self.number(1, count)}}}"
                SubElement(node, f"{BPMN}activationCondition").text = text

    # Nodes.

    def unit(self, level: Element, depth: int) -> Part:
        self.left -= 1
        kinds = self.of("userTask", "echo", "userTask", "fail", "receiveTask", "catch", "milestone")
        kinds += self.of("link", "signal", "escalation", "compensate", "compensate")
        if self.left > 0:
            kinds += self.of("eventBased")
            if depth < DEEPEST:
                kinds += self.of("subProcess", "subProcess", "transaction")
            if self.calls:
                kinds += self.of("callActivity")
        kind = self.one(kinds)
        part = getattr(self, f"_{kind}", self._plain)(level, depth, kind)
        if _tag(part.first) in ACTIVITIES:
            self.repeat(part.first)
            self.guard(level, part)
        return part

    def _plain(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, kind)
        if kind == "userTask":
            node.set(f"{CAMUNDA}candidateGroups", "staff")
            if self.has("outputs") and self.chance(4):
                self.sheet.parameters(node, "input", {"before": f"${{{self.one(DATA)}}}"})
                self.sheet.parameters(node, "output", {self.one(DATA): f"${{before + {self.number(0, 2)}}}"})
        elif kind == "receiveTask":
            node.set("messageRef", self.sheet.refer("message", self.one(("m0", "m1"))))
        return Part(node, [node])

    def _echo(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "serviceTask", "set")
        _external(node, "echo")
        value = self.one((str, lambda n: f"{self.one(DATA)} - {n}"))(self.number(0, 2))
        self.sheet.parameters(node, "input", {self.one(DATA): f"${{{value}}}"})
        return Part(node, [node])

    def _fail(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "serviceTask", "fail")
        _external(node, "fail")
        self.sheet.parameters(node, "input", {"code": self.one(CODES), "when": self.condition()})
        return Part(node, [node])

    def _milestone(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "intermediateThrowEvent")
        return Part(node, [node])

    def _signal(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "intermediateThrowEvent", kind)
        self.sheet.trigger(node, kind, self.one(SIGNALS if kind == "signal" else CODES))
        return Part(node, [node])

    _escalation = _signal

    def _compensate(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "intermediateThrowEvent", kind)
        known = self.undoable.get(level.get("id", ""), [])
        self.sheet.trigger(node, kind, self.one(known) if known and self.chance(3) else "")
        return Part(node, [node])

    def undo(self, level: Element, host: Element) -> None:
        """A compensation boundary event and what it leads to."""
        event = self.sheet.node(level, "boundaryEvent", "undo", attachedToRef=host.get("id", ""))
        self.sheet.trigger(event, "compensate")
        handler = self.unit_of(level, self.one(("echo", "echo", "userTask")))
        handler.set("isForCompensation", "true")
        about = {"sourceRef": event.get("id", ""), "targetRef": handler.get("id", "")}
        SubElement(level, f"{BPMN}association", {"id": self.sheet.id("association"), **about})
        self.undoable.setdefault(level.get("id", ""), []).append(host.get("id", ""))

    def unit_of(self, level: Element, kind: str) -> Element:
        part: Part = getattr(self, f"_{kind}", self._plain)(level, 0, kind)
        return part.first

    def _link(self, level: Element, depth: int, kind: str) -> Part:
        throw = self.sheet.node(level, "intermediateThrowEvent", "link")
        catch = self.sheet.node(level, "intermediateCatchEvent", "link")
        for node in (throw, catch):
            self.sheet.trigger(node, "link", throw.get("id", ""))
        return Part(throw, [catch])

    def _catch(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "intermediateCatchEvent")
        self.await_(node, self.one(["timer", "message", *self.of("signal", "conditional")]))
        return Part(node, [node])

    def await_(self, node: Element, kind: str, again: bool = False) -> None:
        text = {
            "timer": lambda: self.one((*CYCLES, "PT1H")) if again and self.has("cycle") else "PT1H",
            "message": lambda: self.one(("m0", "m1")),
            "signal": lambda: self.one(SIGNALS),
            "conditional": self.condition,
            "compensate": str,
            "error": lambda: self.one((*CODES, "")),
            "escalation": lambda: self.one((*CODES, "")),
        }
        self.sheet.trigger(node, kind, text[kind]())

    def _eventBased(self, level: Element, depth: int, kind: str) -> Part:
        gate = self.sheet.node(level, "eventBasedGateway")
        lasts = []
        received = self.has("receiveTask") and self.chance(3)
        for number in range(2):
            if received and number == 0:
                event = self.unit_of(level, "receiveTask")
            else:
                event = self.sheet.node(level, "intermediateCatchEvent")
                # Not both ways of waiting for a message.
                kinds = ["timer", *([] if received else ["message"]), *self.of("signal", "conditional")]
                self.await_(event, self.one(kinds))
            self.sheet.flow(level, gate, event)
            lasts.append(event)
        return Part(gate, lasts)

    def _subProcess(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "subProcess")
        if self.has("outputs") and self.chance(4):
            self.sheet.parameters(node, "input", {"v2": f"${{{self.one(DATA)} + 1}}"})
        self.fill(node, depth + 1)
        return Part(node, [node])

    def _transaction(self, level: Element, depth: int, kind: str) -> Part:
        node = self.sheet.node(level, "transaction")
        self.fill(node, depth + 1)
        event = self.sheet.node(level, "boundaryEvent", "on_cancel", attachedToRef=node.get("id", ""))
        self.sheet.trigger(event, "cancel")
        return Part(node, [node, event])

    def _callActivity(self, level: Element, depth: int, kind: str) -> Part:
        self.calls -= 1
        node = self.sheet.node(level, "callActivity", "call")
        for name in (*DATA, *COUNTERS, "items"):
            self.sheet.mapping(node, "in", name, name)
        if self.chance(2):
            self.sheet.mapping(node, "out", self.one(DATA), self.one(DATA))
        process = self.sheet.process()
        self.fill(process, depth + 1)
        node.set("calledElement", process.get("id", ""))
        return Part(node, [node])

    def repeat(self, node: Element) -> None:
        kinds = self.of("multiInstance", "standardLoop")
        if not kinds or _tag(node) == "transaction" or not self.chance(5):
            return
        if self.one(kinds) == "standardLoop":
            about = {"testBefore": self.one(("false", "true")), "loopMaximum": str(self.number(1, 3))}
            again = SubElement(node, f"{BPMN}standardLoopCharacteristics", about)
            text = self.one((f"${{loopCounter < {self.number(0, 2)}}}", self.condition()))
            SubElement(again, f"{BPMN}loopCondition").text = text
            return
        about = {"isSequential": self.one(("false", "true"))}
        loop = SubElement(node, f"{BPMN}multiInstanceLoopCharacteristics", about)
        # Instances that have levels of their own are hard to tell apart from outside.
        count = self.one(
            ("2", "0") if _tag(node) in ("subProcess", "transaction", "callActivity") else ("2", "0", "3")
        )
        if self.has("collection") and self.chance(3):
            loop.set(f"{CAMUNDA}collection", "items")
            loop.set(f"{CAMUNDA}elementVariable", "item")
        else:
            SubElement(loop, f"{BPMN}loopCardinality").text = f"${{{count}}}"
        if self.has("completion") and self.chance(2):
            text = f"nrOfCompletedInstances > {self.number(0, 2)}"
            SubElement(loop, f"{BPMN}completionCondition").text = f"${{{text}}}"

    def guard(self, level: Element, part: Part) -> None:
        """Boundary events, each with a way out of its own."""
        if self.has("compensation") and self.chance(3):
            self.undo(level, part.first)
        kinds = [feature for feature in self.features if feature.startswith("boundary_")]
        if _tag(part.first) in ("subProcess", "callActivity", "transaction"):
            # What is thrown inside should often be caught.
            kinds += [
                feature for feature in kinds if feature in ("boundary_error", "boundary_escalation")
            ] * 2
        elif part.first.get("id", "").startswith("fail"):
            kinds = [feature for feature in kinds if feature == "boundary_error"]
        while kinds and self.chance(3):
            kind = self.one(kinds).removeprefix("boundary_")
            stays = kind != "error" and self.has("non_interrupting") and self.chance(2)
            about = {"attachedToRef": part.first.get("id", ""), "cancelActivity": str(not stays).lower()}
            event = self.sheet.node(level, "boundaryEvent", f"on_{kind}", **about)
            self.await_(event, kind, again=stays)
            part.lasts.append(event)


def _tag(node: Element) -> str:
    return str(node.tag).removeprefix(BPMN)


def _external(node: Element, topic: str) -> None:
    node.set(f"{CAMUNDA}type", "external")
    node.set(f"{CAMUNDA}topic", topic)


class Processes(st.SearchStrategy[str]):
    """The text of a BPMN file whose first process is the case's.

    A class, and everything drawn by numbers: Hypothesis steers by labels, and those of functions and of
    sampled objects are hashes that differ from one run of Python to the next."""

    def __init__(self, features: Collection[str]) -> None:
        super().__init__()
        self.features = features

    def do_draw(self, data: Any) -> str:
        writer = Writer(data.draw, self.features)
        writer.process()
        writer.activate()
        return writer.sheet.text()


def processes(features: Collection[str] = FEATURES) -> st.SearchStrategy[str]:
    return Processes(features)


class Stimuli(st.SearchStrategy[list[tuple[int, dict[str, int]]]]):
    """Which of what waits comes next, and what is answered."""

    def do_draw(self, data: Any) -> list[tuple[int, dict[str, int]]]:
        names = st.integers(0, len(DATA) - 1)
        answers = st.lists(st.tuples(names, st.integers(0, 2)), max_size=2)
        drawn = data.draw(st.lists(st.tuples(st.integers(0, 5), answers), max_size=10))
        return [(pick, {DATA[name]: value for name, value in given}) for pick, given in drawn]


STIMULI = Stimuli()
