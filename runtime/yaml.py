"""YAML that people write, as nodes that know their line and column, without surprises.

Here: what any reader of the text can be sure of – at most 1 MB, no aliases or
anchors, no tags, bounded depth and count, no key twice. Not here: what the fields
mean (rules/rulefile.py, scenarios/read.py). Scalars stay text: `0.10` must not pass through a float."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

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
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return None, [report("too_large", file=file, line=1, column=1, limit=MAX_BYTES)]
    try:
        return _compose(YAML(typ="safe", pure=True).parse(text), file, report)
    except YAMLError as error:
        return None, [_syntax(error, text, file, report)]
    except (ValueError, UnicodeError):  # e.g. a \U escape beyond Unicode
        return None, [report("syntax", file=file, line=1, column=1)]


def _compose(
    events: Iterable[Event], file: str, report: Report
) -> tuple[Node | None, list[Problem]]:
    """The tree of a text whose events come one by one: what is refused is refused before more is built.

    The library would make the events, and then a tree of its own, and read the text for each."""
    found: list[Problem] = []
    opened: list[tuple[Event, list[Node]]] = []
    tops: list[Node] = []
    count = 0
    for event in events:
        place = {"file": file, "line": event.start_mark.line + 1, "column": event.start_mark.column + 1}
        if isinstance(event, DocumentStartEvent) and tops:
            return None, [report("two_documents", **place)]
        if isinstance(event, NodeEvent):
            count += 1
            wrong = _refused(event, count, len(opened))
            if wrong is not None:
                name, limit = wrong
                return None, [report(name, **place, **limit)]
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            opened.append((event, []))
            continue
        if isinstance(event, ScalarEvent):
            node: Node = Text(place["line"], place["column"], event.value, plain=event.style is None)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            start, parts = opened.pop()
            line, column = start.start_mark.line + 1, start.start_mark.column + 1
            if isinstance(start, SequenceStartEvent):
                node = Sequence(line, column, tuple(parts))
            else:
                node = Mapping(line, column, _entries(line, column, parts, file, found, report))
        else:
            continue
        (opened[-1][1] if opened else tops).append(node)
    return (tops[0] if tops else None), found


def _refused(event: NodeEvent, count: int, depth: int) -> tuple[str, dict[str, int]] | None:
    """What speaks against the next node: a bomb is cheap to name, dear to build."""
    if isinstance(event, AliasEvent) or event.anchor:
        return "alias", {}
    if getattr(event, "tag", None) or (isinstance(event, ScalarEvent) and event.ctag):
        return "tag", {}
    if count > MAX_NODES:
        return "too_many_values", {"limit": MAX_NODES}
    if isinstance(event, (MappingStartEvent, SequenceStartEvent)) and depth >= MAX_DEPTH:
        return "too_deep", {"limit": MAX_DEPTH}
    return None


def _entries(
    line: int, column: int, parts: list[Node], file: str, found: list[Problem], report: Report
) -> dict[Text, Node]:
    """Keys and values in turn, as the mapping has them."""
    entries: dict[Text, Node] = {}
    seen: set[str] = set()
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if not isinstance(key, Text):
            found.append(report("key_not_text", file=file, line=line, column=column))
        elif key.text in seen:
            again = {"line": key.line, "column": key.column}
            found.append(report("duplicate_key", file=file, key=key.text, **again))
        else:
            seen.add(key.text)
            entries[key] = value
    return entries


# The library's own wording is for programmers: what a person can do about it, instead.
CAUSES = (
    (r"mapping values are not allowed", "stray_colon"),
    (r"quoted scalar|found unexpected end of stream", "open_quote"),
    (r"'\\t'|cannot start any token", "bad_character"),
    (r"special characters are not allowed|unacceptable character", "bad_character"),
    (r"could not find expected ':'", "missing_colon"),
    (r"expected <block end>|flow (sequence|mapping)", "indentation"),
)


def _syntax(error: YAMLError, text: str, file: str, report: Report) -> Problem:
    mark = None
    said = str(error)
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = f"{error.problem or ''} {error.context or ''}"
    code = next((code for cause, code in CAUSES if re.search(cause, said)), "syntax")
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if isinstance(error, ReaderError):  # it tells the character alone, not its line
        before = text[: error.position].split("\n")
        line, column = len(before), len(before[-1]) + 1
    return report(code, file=file, line=line, column=column)
