"""BPMN files from short texts, so that hundreds of examples stay readable. Real XML comes out.

    start -> approve -> xor
    xor -[${ok}]-> pay -> done
    xor => done_no
    pay: service topic=work
    late: on approve timer=PT1H beside
    late -> remind -> done_late
    box: sub {
        start_box -> a -> done_box
    }
    process other {
        start_other -> done_other
    }

`->` is a flow, `-[…]->` a conditional one, `=>` the default (`-[…]=>` both). A line `name: kind words` says
what a node is; without one its name does: start…, done…, xor…, and…, or…, complex…, which…
(an event-based gateway), all else a user task. `HANDLER undoes NAME` draws the boundary event
of compensation and its association. The words are in WORDS, TRIGGERS and LOOPS.

Not here: reading it again (runtime/bpmn), what comes of it (example.py)."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="file" targetNamespace="urn:t">'
)
KINDS = {
    "task": "task",
    "manual": "manualTask",
    "user": "userTask",
    "service": "serviceTask",
    "send": "sendTask",
    "receive": "receiveTask",
    "rule": "businessRuleTask",
    "script": "scriptTask",
    "sub": "subProcess",
    "transaction": "transaction",
    "adhoc": "adHocSubProcess",
    "call": "callActivity",
    "event": "subProcess",
    "on": "boundaryEvent",
    "start": "startEvent",
    "end": "endEvent",
    "throw": "intermediateThrowEvent",
    "catch": "intermediateCatchEvent",
    "xor": "exclusiveGateway",
    "and": "parallelGateway",
    "or": "inclusiveGateway",
    "complex": "complexGateway",
    "which": "eventBasedGateway",
}
ELSEWHERE = "elsewhere"  # a node that stands on another level, for a flow that is wrong
GUESSED = {"done": "end"} | {kind: kind for kind in ("start", "xor", "and", "or", "complex", "which")}
# A word of an event: the tag of its definition, and the root element that it refers to.
TRIGGERS = ("message", "signal", "error", "escalation", "timer", "conditional", "compensate", "link")
TRIGGERS += ("cancel", "terminate", "worker")
REFERRED = ("message", "signal", "error", "escalation")
LOOPS = ("times", "each", "until", "sequentially", "collect", "tell_one", "tell_each", "behavior")
ATTRIBUTES = {
    "beside": "",
    "process": "calledElement",
    "topic": "camunda:topic",
    "decision": "camunda:decisionRef",
    "result": "camunda:resultVariable",
    "ordering": "ordering",
    "keep": "cancelRemainingInstances",
    "instantiate": "instantiate",
    "quantity": "startQuantity",
    "produces": "completionQuantity",
    "gateway": "eventGatewayType",
    "parallel": "parallelMultiple",
    "by_event": "triggeredByEvent",
}
ALL = 'variables="all"'
_ARROW = re.compile(r"\s*(?:-\[(.*?)\])?(->|=>)\s*")


@dataclass
class Drawn:
    """A node: its word of KINDS, its words, and for what has an inside that."""

    name: str
    kind: str
    words: dict[str, str] = field(default_factory=dict)
    inside: Level | None = None


@dataclass
class Level:
    nodes: dict[str, Drawn] = field(default_factory=dict)
    flows: list[tuple[str, str, str | None, bool]] = field(default_factory=list)
    undoes: list[tuple[str, str, bool]] = field(default_factory=list)


def bpmn(text: str, process: str = "p") -> str:
    """The file that `text` draws; what stands outside of a `process NAME {` is in `process`."""
    return Sheet().file(_read(text, process))


def _read(text: str, process: str) -> dict[str, Level]:
    processes = {process: Level()}
    stack = [processes[process]]
    for line in (each.strip() for each in text.strip().splitlines()):
        level = stack[-1]
        if line == "}":
            stack.pop()
        elif line.startswith("process "):
            stack.append(processes.setdefault(line.split()[1], Level()))
        elif " undoes " in line:
            handler, _, host, *beside = line.split()
            level.undoes.append((handler, host, bool(beside)))
        elif declared := re.match(r"(\w+): (.*?)(\{)?$", line):
            name, words = declared[1], shlex.split(declared[2])
            node = level.nodes[name] = Drawn(name, words[0], _words(words[1:], words[0]))
            if declared[3]:
                node.inside = Level()
                stack.append(node.inside)
        elif line:
            _flows(level, line)
    assert len(stack) == 1, "a bracket is left open"
    for level in list(processes.values()):
        _guess(level)
    return processes


def _words(words: list[str], kind: str) -> dict[str, str]:
    if kind == "on":
        words = [f"host={words[0]}", *words[1:]]
    return {word.partition("=")[0]: word.partition("=")[2] for word in words}


def _flows(level: Level, line: str) -> None:
    parts = _ARROW.split(line)
    level.nodes.setdefault(parts[0], Drawn(parts[0], ""))
    for source, condition, arrow, target in zip(
        parts[0::3], parts[1::3], parts[2::3], parts[3::3], strict=False
    ):
        level.nodes.setdefault(target, Drawn(target, ""))
        level.flows.append((source, target, condition, arrow == "=>"))


def _guess(level: Level) -> None:
    for handler, *_ in level.undoes:
        level.nodes.setdefault(handler, Drawn(handler, "user")).words["compensates"] = ""
    for node in level.nodes.values():
        if not node.kind:
            node.kind = GUESSED.get(re.match(r"[a-z]*", node.name)[0], "user")  # type: ignore[index]
        if node.inside is not None:
            _guess(node.inside)


class Sheet:
    """A file being written."""

    def __init__(self) -> None:
        self.count = 0
        self.roots: dict[str, str] = {}  # id → XML of what is referred to

    def file(self, processes: dict[str, Level]) -> str:
        bodies = "".join(
            f'<process id="{name}" name="{name}" isExecutable="true">\n{self.level(level)}</process>\n'
            for name, level in processes.items()
        )
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{HEAD}\n{"".join(self.roots.values())}{bodies}</definitions>\n'

    def id(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def level(self, level: Level) -> str:
        flows, defaults = "", {}
        for source, target, condition, default in level.flows:
            flow = self.id("flow")
            if default:
                defaults[source] = flow
            test = "" if condition is None else expression("conditionExpression", condition)
            flows += (
                f'<sequenceFlow id="{flow}" sourceRef="{source}" targetRef="{target}">{test}</sequenceFlow>\n'
            )
        here = [node for node in level.nodes.values() if node.kind != ELSEWHERE]
        nodes = "".join(self.node(node, defaults.get(node.name, "")) for node in here)
        undoing = associations = ""
        for handler, host, beside in level.undoes:
            where = f'id="undo_{host}" attachedToRef="{host}"' + (' cancelActivity="false"' if beside else "")
            undoing += f"<boundaryEvent {where}><compensateEventDefinition/></boundaryEvent>\n"
            about = f'sourceRef="undo_{host}" targetRef="{handler}"'
            associations += f'<association id="{self.id("link")}" {about} associationDirection="One"/>\n'
        return nodes + undoing + flows + associations

    def node(self, node: Drawn, default: str) -> str:
        tag, words = KINDS[node.kind], dict(node.words)
        about = {"id": node.name, "name": node.name, "default": default}
        about |= {ATTRIBUTES[word]: value for word, value in words.items() if ATTRIBUTES.get(word)}
        if "compensates" in words:
            about["isForCompensation"] = "true"
        if node.kind == "on":
            about["attachedToRef"] = words["host"]
        if "beside" in words:
            about["cancelActivity" if node.kind == "on" else "isInterrupting"] = "false"
        if node.kind == "event":
            about["triggeredByEvent"] = "true"
        if node.kind == "user":
            about["camunda:candidateGroups"] = "staff"
        if "topic" in words:
            about["camunda:type"] = "external"
        if node.kind in ("send", "receive") and "message" in words:
            about["messageRef"] = self.refer("message", words.pop("message"))
        if node.kind == "script":
            about["scriptFormat"] = words.get("format", "javascript")
        shown = "".join(f" {name}={quoteattr(value)}" for name, value in about.items() if value)
        inside = self.extension(words) + self.triggers(words) + self.loop(words)
        if node.kind == "script":
            inside += f"<script>{escape(words['script'])}</script>"
        if node.inside is not None:
            inside += "\n" + self.level(node.inside)
        if "complete" in words:
            inside += expression("completionCondition", words["complete"])
        if "activate" in words:
            inside += expression("activationCondition", words["activate"])
        return f"<{tag}{shown}>{inside}</{tag}>\n"

    def extension(self, words: dict[str, str]) -> str:
        given = taken = ""
        for word, value in words.items():
            for begin, tag in (("in.", "inputParameter"), ("out.", "outputParameter")):
                if word.startswith(begin):
                    name = word.removeprefix(begin)
                    given += f'<camunda:{tag} name="{name}">{escape(value)}</camunda:{tag}>'
            if word in ("give", "take"):
                tag = "in" if word == "give" else "out"
                for pair in value.split(","):
                    source, _, target = pair.partition(":")
                    about = f'source="{source}" target="{target or source}"'
                    taken += f"<camunda:{tag} {ALL if pair == '*' else about}/>"
            if word == "key":
                taken += f"<camunda:in businessKey={quoteattr(value)}/>"
        inside = (f"<camunda:inputOutput>{given}</camunda:inputOutput>" if given else "") + taken
        return f"<extensionElements>{inside}</extensionElements>" if inside else ""

    def triggers(self, words: dict[str, str]) -> str:
        made = "".join(self.trigger(word, words[word]) for word in words if word in TRIGGERS)
        unwaited = 'EventDefinition waitForCompletion="false"'
        return made.replace("EventDefinition", unwaited, 1) if "nowait" in words else made

    def trigger(self, kind: str, text: str, id: str = "") -> str:
        about = f' id="{id}"' if id else ""
        if kind == "worker":  # a message that an external worker sends
            kind, about = "message", f' camunda:type="external" camunda:topic="{text}"'
            text = ""
        inside = ""
        if kind in REFERRED and text:
            about += f' {kind}Ref="{self.refer(kind, text)}"'
        elif kind == "compensate" and text:
            about += f' activityRef="{text}"'
        elif kind == "link":
            about += f" name={quoteattr(text)}"
        elif kind == "conditional":
            inside = expression("condition", text)
        elif kind == "timer":
            inside = expression(timer(text), text)
        return f"<{kind}EventDefinition{about}>{inside}</{kind}EventDefinition>"

    def refer(self, kind: str, name: str) -> str:
        code = f' {kind}Code="{name}"' if kind in ("error", "escalation") else ""
        self.roots[f"{kind}_{name}"] = f'<{kind} id="{kind}_{name}" name="{name}"{code}/>\n'
        return f"{kind}_{name}"

    def loop(self, words: dict[str, str]) -> str:
        if {"again", "most"} & words.keys():
            about = f' loopMaximum="{words["most"]}"' if "most" in words else ""
            about += ' testBefore="true"' if "before" in words else ""
            condition = expression("loopCondition", words["again"]) if words.get("again") else ""
            return f"<standardLoopCharacteristics{about}>{condition}</standardLoopCharacteristics>"
        if not words.keys() & set(LOOPS):
            return ""
        about = ' isSequential="true"' if "sequentially" in words else ""
        if "each" in words:
            collection, _, item = words["each"].partition(":")
            about += f' camunda:collection="{collection}" camunda:elementVariable="{item or "item"}"'
        for word, behavior in (("tell_one", "One"), ("tell_each", "None")):
            if word in words:
                kind, _, name = words[word].partition(":")
                event = self.id("told")
                self.roots[event] = self.trigger(kind, name, event) + "\n"
                about += f' behavior="{behavior}" {behavior.lower()}BehaviorEventRef="{event}"'
        about += f' behavior="{words["behavior"]}"' if "behavior" in words else ""
        inside = expression("loopCardinality", words["times"]) if "times" in words else ""
        if "collect" in words:
            results, _, item = words["collect"].partition(":")
            inside += f"<loopDataOutputRef>{results}</loopDataOutputRef>"
            inside += f'<outputDataItem id="{self.id("item")}" name="{item}"/>'
        inside += expression("completionCondition", words["until"]) if "until" in words else ""
        return f"<multiInstanceLoopCharacteristics{about}>{inside}</multiInstanceLoopCharacteristics>"


def timer(text: str) -> str:
    """Which element a time stands in."""
    return "timeDuration" if text[:1] == "P" else "timeCycle" if text[:1] == "R" else "timeDate"


def expression(tag: str, text: str) -> str:
    return f'<{tag} xsi:type="tFormalExpression">{escape(text)}</{tag}>'
