"""YAML that people write, as nodes that know their line and column, without surprises.

Here: what any reader of the text can be sure of – at most 1 MB, no aliases or
anchors, no tags, bounded depth and count, no key twice. Not here: what the fields
mean (rules/rulefile.py, scenarios/read.py). Scalars stay text: `0.10` must not pass through a float."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.nodes import ScalarNode, SequenceNode

from runtime.errors import Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 12  # the deepest field of a rule file, examples[].then.list, has 5
MAX_NODES = 40_000
Report = Callable[..., Problem]  # (what, file=, line=, column=, **params): how a format says what is wrong


@dataclass(frozen=True)
class Node:
    """A place in the file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Text(Node):
    """A scalar as it was written; `plain` when it had no quotes."""

    text: str
    plain: bool


@dataclass(frozen=True)
class Mapping(Node):
    """Keys in file order, each once."""

    entries: dict[Text, Node]

    def get(self, key: str) -> Node | None:
        return next((node for name, node in self.entries.items() if name.text == key), None)

    def items(self) -> Iterator[tuple[Text, Node]]:
        return iter(self.entries.items())


@dataclass(frozen=True)
class Sequence(Node):
    """Items in file order."""

    items: tuple[Node, ...]


def read(text: str, file: str, report: Report) -> tuple[Node | None, list[Problem]]:
    """What stands on top of the file, and what is wrong with its YAML.

    A syntax error is one problem (what follows it cannot be trusted); keys that
    come twice are all reported and their first value is used. `report` is asked for
    too_large, too_deep, too_many_values, alias, tag, key_not_text, duplicate_key, syntax and the
    names in CAUSES. An empty file has no top: None without a problem."""
    refusal = _refuse(text, file, report)
    if refusal:
        return None, [refusal]
    found: list[Problem] = []
    try:
        root = _yaml().compose(text)
    except YAMLError as error:
        return None, [_syntax(error, file, report)]
    return (None if root is None else _convert(root, file, found, report)), found


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _refuse(text: str, file: str, report: Report) -> Problem | None:
    """Walk the events before anything is built: a bomb is cheap to name, dear to build."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return report("too_large", file=file, line=1, column=1, limit=MAX_BYTES)
    depth = count = 0
    try:
        for event in _yaml().parse(text):
            if isinstance(event, NodeEvent):
                mark = event.start_mark
                place = {"file": file, "line": mark.line + 1, "column": mark.column + 1}
                count += 1
                if isinstance(event, AliasEvent) or event.anchor:
                    return report("alias", **place)
                if getattr(event, "tag", None) or (isinstance(event, ScalarEvent) and event.ctag):
                    return report("tag", **place)
                if count > MAX_NODES:
                    return report("too_many_values", limit=MAX_NODES, **place)
                if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                    depth += 1
                    if depth > MAX_DEPTH:
                        return report("too_deep", limit=MAX_DEPTH, **place)
            elif type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
                depth -= 1
    except YAMLError as error:
        return _syntax(error, file, report)
    except (ValueError, UnicodeError):  # e.g. a \U escape beyond Unicode
        return report("syntax", file=file, line=1, column=1)
    return None


def _convert(node: YamlNode, file: str, found: list[Problem], report: Report) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if isinstance(node, ScalarNode):
        return Text(line, column, node.value, plain=node.style is None)
    if isinstance(node, SequenceNode):
        return Sequence(line, column, tuple(_convert(item, file, found, report) for item in node.value))
    entries: dict[Text, Node] = {}
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            found.append(report("key_not_text", file=file, line=line, column=column))
            continue
        name = _convert(key, file, found, report)
        assert isinstance(name, Text)
        if name.text in seen:
            again = {"line": name.line, "column": name.column}
            found.append(report("duplicate_key", file=file, key=name.text, **again))
            continue
        seen.add(name.text)
        entries[name] = _convert(value, file, found, report)
    return Mapping(line, column, entries)


# The library's own wording is for programmers: what a person can do about it, instead.
CAUSES = (
    (r"mapping values are not allowed", "stray_colon"),
    (r"quoted scalar|found unexpected end of stream", "open_quote"),
    (r"'\\t'|cannot start any token", "bad_character"),
    (r"special characters are not allowed|unacceptable character", "bad_character"),
    (r"could not find expected ':'", "missing_colon"),
    (r"expected <block end>|flow (sequence|mapping)", "indentation"),
    (r"expected a single document", "two_documents"),
)


def _syntax(error: YAMLError, file: str, report: Report) -> Problem:
    mark = None
    said = str(error)
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = f"{error.problem or ''} {error.context or ''}"
    code = next((code for cause, code in CAUSES if re.search(cause, said)), "syntax")
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return report(code, file=file, line=line, column=column)
