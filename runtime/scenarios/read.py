"""A scenario file's text, read: every problem at once, each at its line and column.

Not here: whether what it names exists (judge.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import isodate

from runtime import expressions, yaml
from runtime.errors import Problem
from runtime.scenarios.model import (
    Begin,
    Do,
    Draft,
    Fields,
    Person,
    Place,
    Publish,
    Report,
    Scenario,
    Send,
    Step,
    Until,
    Wait,
    Wanted,
    Written,
)
from runtime.scenarios.problems import problem
from runtime.yaml import Mapping, Node, Sequence, Text

SUFFIX = ".scenarios.yaml"
STEPS = {
    "task": "task as answers all",
    "time": "time",
    "until": "until",
    "message": "message key payload",
    "publish": "publish replace",
    "draft": "draft as replace",
    "superior": "superior",
    "start": "start",
}
STARTS = {
    "as": "process as answers",
    "message": "process message key payload",
    "timer": "process timer",
    "variables": "process variables",
}
WORLDS = ("demo", "empty")
_INTEGER = re.compile(r"[-+]?\d{1,34}", re.ASCII)
_DECIMAL = re.compile(r"[-+]?\d{1,34}\.\d{1,34}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WORDS = {"true": True, "True": True, "false": False, "False": False}
_NULL = ("", "~", "null", "Null")


def read(text: str, file: str, process: str) -> tuple[list[Scenario], list[Problem]]:
    """The scenarios of a file about `process`, and what is wrong with it, in the order of the text.

    One with a problem is here as far as it could be read, so that what it names is judged at once; it is not to be
    played."""
    top, found = yaml.read(text, file, problem)
    if found:
        return [], found
    reading = _Reading(file, process)
    if not isinstance(top, Sequence):
        return [], [problem("not_a_list", file=file, line=1, column=1)]
    scenarios = [scenario for node in top.items if (scenario := reading.scenario(node))]
    return scenarios, sorted(reading.found, key=lambda each: (each.line, each.column))


@dataclass
class _Reading:
    file: str
    process: str
    found: list[Problem] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)

    def report(self, code: str, node: Node, **params: Any) -> None:
        self.found.append(problem(code, file=self.file, line=node.line, column=node.column, **params))

    # ---- single fields

    def fields(self, node: Node, name: str, known: str, required: str = "") -> dict[str, Node]:
        """The fields of a mapping; unknown and missing ones are reported."""
        if not isinstance(node, Mapping):
            self.report("wants_mapping", node, field=name)
            return {}
        allowed = known.split()
        for key, _ in node.items():
            if key.text not in allowed:
                near = get_close_matches(key.text, allowed, 1, 0.7)
                told = {"near": near[0]} if near else {"known": ", ".join(allowed)}
                self.report("unknown_field_near" if near else "unknown_field", key, field=key.text, **told)
        present = {key.text: value for key, value in node.items() if key.text in allowed}
        for wanted in required.split():
            if wanted not in present:
                self.report("missing_field", node, field=wanted)
        return present

    def text(self, node: Node | None, name: str) -> str:
        """A text; "" where there is none."""
        if node is None:
            return ""
        if not isinstance(node, Text) or (node.plain and node.text in _NULL):
            self.report("wants_text", node, field=name)
            return ""
        return node.text

    def items(self, node: Node | None, name: str) -> tuple[Node, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            self.report("wants_list", node, field=name)
            return ()
        return node.items

    def written(self, node: Node | None, name: str) -> Fields:
        """The fields of a mapping as values, each at its key."""
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            self.report("wants_mapping", node, field=name)
            return {}
        return {key.text: Written(self.value(value), _at(key)) for key, value in node.items()}

    def value(self, node: Node) -> Any:
        """What YAML means; a number with a point is a Decimal. Expressions are checked, not evaluated."""
        if isinstance(node, Sequence):
            return [self.value(item) for item in node.items]
        if isinstance(node, Mapping):
            return {key.text: self.value(item) for key, item in node.items()}
        assert isinstance(node, Text)
        return self.scalar(node)

    def scalar(self, node: Text) -> Any:
        text = node.text
        if "${" in text or "#{" in text:
            try:
                expressions.compile(text)
            except expressions.Malformed as error:
                self.found.append(
                    Problem(
                        error.code,
                        error.message,
                        "",
                        error.params,
                        file=self.file,
                        line=node.line,
                        column=node.column,
                    )
                )
        if not node.plain:
            return text
        if text in _NULL:
            return None
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        if _DATE.fullmatch(text):
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                return text
        return text

    # ---- a scenario

    def scenario(self, node: Node) -> Scenario | None:
        known = "name world people before start case steps ends expect stock"
        fields = self.fields(node, "name", known, "name start ends")
        if not isinstance(node, Mapping):
            return None
        name = self.text(fields.get("name"), "name")
        if name in self.named:
            self.report("same_name", fields["name"], first=self.named[name])
        elif name:
            self.named[name] = fields["name"].line
        return Scenario(
            file=self.file,
            process=self.process,
            at=_at(node),
            name=name,
            start=self.begin(fields["start"], self.process) if "start" in fields else Begin(Place(), ""),
            ends=self.ends(fields.get("ends")),
            world=self.one_of(fields.get("world"), "world", WORLDS),
            people=tuple(self.person(each) for each in self.items(fields.get("people"), "people")),
            before=tuple(self.steps(fields.get("before"), "before")),
            case=self.case(fields["case"]) if "case" in fields else None,
            steps=tuple(self.steps(fields.get("steps"), "steps")),
            expect=self.written(fields.get("expect"), "expect"),
            stock=self.pieces(fields.get("stock")),
        )

    def one_of(self, node: Node | None, name: str, values: Iterable[str]) -> str:
        first, *_ = values
        text = self.text(node, name) if node else first
        if text not in values:
            assert node
            self.report("wants_one_of", node, field=name, values=", ".join(values))
        return text

    def ends(self, node: Node | None) -> Fields:
        ends = node.items if isinstance(node, Sequence) else (node,) if node else ()
        return {text: Written(text, _at(each)) for each in ends if (text := self.text(each, "ends"))}

    def pieces(self, node: Node | None) -> Fields:
        found = self.written(node, "stock")
        assert node is None or isinstance(node, Mapping) or not found
        for key, value in node.items() if isinstance(node, Mapping) else ():
            if not isinstance(found[key.text].value, int) or isinstance(found[key.text].value, bool):
                self.report("wants_whole_number", value, field=key.text)
        return found

    def case(self, node: Node) -> Wanted:
        fields = self.fields(node, "case", "process where", "process")
        return Wanted(
            _at(node), self.text(fields.get("process"), "process"), self.written(fields.get("where"), "where")
        )

    def person(self, node: Node) -> Person:
        fields = self.fields(node, "people", "username name groups superior", "username groups")
        username = self.text(fields.get("username"), "username")
        groups = tuple(self.text(each, "groups") for each in self.items(fields.get("groups"), "groups"))
        superior = self.text(fields.get("superior"), "superior")
        return Person(
            _at(node), username, self.text(fields.get("name"), "name") or username, groups, superior
        )

    # ---- steps

    def steps(self, node: Node | None, name: str) -> Iterator[Step]:
        for each in self.items(node, name):
            if step := self.step(each):
                yield step

    def step(self, node: Node) -> Step | None:
        kind = self.kind(node, STEPS)
        if kind is None:
            return None
        required = {"task": "as", "message": "key", "publish": "replace", "draft": "as replace"}.get(kind, "")
        fields, at = self.fields(node, kind, STEPS[kind], required), _at(node)
        if kind == "task":
            every = self.value(fields["all"]) if "all" in fields else False
            if not isinstance(every, bool):
                self.report("wants_boolean", fields["all"], field="all")
            answers = self.written(fields.get("answers"), "answers")
            return Do(
                at,
                self.text(fields["task"], "task"),
                self.text(fields.get("as"), "as"),
                answers,
                every is True,
            )
        if kind == "time":
            return Wait(at, self.duration(fields["time"]))
        if kind == "until":
            return Until(at, Written(self.value(fields["until"]), _at(fields["until"])))
        if kind == "message":
            return self.send(fields, at)
        if kind == "publish":
            rule = self.text(fields["publish"], "publish")
            return Publish(at, rule, self.written(fields.get("replace"), "replace"))
        if kind == "draft":
            rule, who = self.text(fields["draft"], "draft"), self.text(fields.get("as"), "as")
            return Draft(at, rule, who, self.written(fields.get("replace"), "replace"))
        if kind == "superior":
            line = self.fields(fields["superior"], "superior", "of is", "of is")
            to = line.get("is")
            nobody = isinstance(to, Text) and to.plain and to.text in _NULL
            return Report(at, self.text(line.get("of"), "of"), "" if nobody else self.text(to, "is"))
        return self.begin(fields["start"], "")

    def kind(self, node: Node, kinds: dict[str, str]) -> str | None:
        """Which of the kinds a mapping is, by the field that only it has; reports what is none or two."""
        known = ", ".join(kinds)
        if not isinstance(node, Mapping):
            self.report("not_a_step" if kinds is STEPS else "no_start", node, known=known)
            return None
        named = [key for key, _ in node.items() if key.text in kinds]
        # “as” of a task is no way to start, and “message” of a start is told by itself.
        if not named:
            self.report("not_a_step" if kinds is STEPS else "no_start", node, known=known)
            return None
        for other in named[1:]:
            self.report("two_ways", other, field=named[0].text, other=other.text)
        return named[0].text if len(named) == 1 else None

    def begin(self, node: Node, process: str) -> Begin:
        """`process`: the one that is meant where none is named; "" if one must be."""
        at = _at(node)
        kind = self.kind(node, STARTS)
        if kind is None:
            return Begin(at, process)
        required = {"message": "key"}.get(kind, "") + ("" if process else " process")
        fields = self.fields(node, "start", STARTS[kind], required)
        process = self.text(fields.get("process"), "process") or process
        if kind == "message":
            return Begin(at, process, message=self.send(fields, at))
        if kind == "timer":
            return Begin(at, process, timer=self.text(fields["timer"], "timer"))
        if kind == "variables":
            return Begin(at, process, variables=self.written(fields["variables"], "variables"))
        return Begin(
            at, process, self.text(fields["as"], "as"), self.written(fields.get("answers"), "answers")
        )

    def send(self, fields: dict[str, Node], at: Place) -> Send:
        key = Written(self.value(fields["key"]), _at(fields["key"])) if "key" in fields else Written("")
        return Send(
            at, self.text(fields["message"], "message"), key, self.written(fields.get("payload"), "payload")
        )

    def duration(self, node: Node) -> dt.timedelta:
        text = self.text(node, "time")
        try:
            found = isodate.parse_duration(text)
        except (isodate.ISO8601Error, ValueError):
            found = None
        # A month has no length of its own; a date says what is meant.
        if not isinstance(found, dt.timedelta) or found <= dt.timedelta():
            if text:
                self.report("bad_duration", node, text=text)
            return dt.timedelta()
        return found


def _at(node: Node) -> Place:
    return Place(node.line, node.column)
