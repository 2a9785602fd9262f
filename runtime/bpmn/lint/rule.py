"""What a lint rule is, what it looks at and what it finds.

A rule is a function from a Source to Findings, one in a file of this folder, with a page in
docs/lint/, a valid and an invalid file in tests/bpmn/NAME/, and its sentences in Chinese
(translations/*/lint.po). The first paragraph of its docstring is its sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import getdoc
from typing import Any

from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.model import Diagram, Flow, Lane, Node, Process, Scope
from runtime.bpmn.tags import Tag
from runtime.errors import Problem

Place = Tag | Node | Flow | Lane | Process


@dataclass(frozen=True)
class Source:
    """A file under check: its tags, the diagram read from them, and what it may refer to."""

    file: str
    root: Tag
    diagram: Diagram
    catalogue: Catalogue
    data: bytes = b""

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """Every tag in document order, those of tools' own namespaces too."""
        return tuple(self.root.walk())

    @cached_property
    def by_id(self) -> Mapping[str, Tag]:
        """The first tag of each id."""
        found: dict[str, Tag] = {}
        for tag in self.tags:
            if tag.id:
                found.setdefault(tag.id, tag)
        return found

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The flow nodes of all executable processes, those inside subprocesses too."""
        return tuple(node for process in self.diagram.processes.values() for node in process.walk())

    @cached_property
    def scopes(self) -> tuple[tuple[Process | Node, Scope], ...]:
        """Each level with what holds it: a process or a subprocess."""
        found: list[tuple[Process | Node, Scope]] = []
        for process in self.diagram.processes.values():
            found.append((process, process.scope))
            found += [(node, node.scope) for node in process.walk() if node.scope]
        return tuple(found)

    @cached_property
    def flows(self) -> tuple[tuple[Scope, Flow], ...]:
        """Every sequence flow with its level."""
        return tuple((scope, flow) for _, scope in self.scopes for flow in scope.flows.values())


@dataclass(frozen=True)
class Finding:
    """A place and what its sentence needs; `sentence` is "" for the rule's own. `line` 0: the place's."""

    at: Place
    sentence: str
    params: Mapping[str, Any]
    line: int = 0


def found(at: Place, sentence: str = "", *, line: int = 0, **params: Any) -> Finding:
    """A finding; its sentence may also use {name}, the place's label or id, and {id}."""
    return Finding(at, sentence, params, line)


Findings = Iterator[Finding]


def label(node: Node | Flow) -> str:
    """What a person calls it, for a sentence about something else."""
    return node.names.get("zh_Hans") or node.id


def level(owner: Process | Node) -> str:
    """What a level is: a key of vocabulary.STARTS."""
    if isinstance(owner, Process):
        return "process"
    return "eventSubProcess" if owner.by_event else owner.kind


@dataclass(frozen=True)
class Rule:
    """A rule by name; `sentences` are all that it may say, in English, its own first.

    `alone`: of a file in which it finds something, no other rule speaks."""

    name: str
    severity: str
    sentences: tuple[str, ...]
    find: Callable[[Source], Findings]
    alone: bool = False

    def problems(self, source: Source) -> list[Problem]:
        """What the rule finds, as problems with file, line, column and element id."""
        return [self._problem(source, finding) for finding in self.find(source)]

    def _problem(self, source: Source, finding: Finding) -> Problem:
        at = finding.at
        tag = at if isinstance(at, Tag) else source.by_id.get(at.id)
        owner = tag.owner() if tag is not None else None
        where = owner.id if owner is not None else at.id
        line, column = (tag.line, tag.column) if tag is not None else (at.line, 0)
        if finding.line and finding.line != line:
            line, column = finding.line, 0
        label = " ".join(owner.get("name").split()) if owner is not None else ""
        shown = label or where or (tag.name if tag is not None else "")
        params: dict[str, Any] = {"name": short(shown), "id": short(where)}
        for key, value in finding.params.items():
            params[key] = short(value) if isinstance(value, str) else value
        return Problem(
            self.name,
            finding.sentence or self.sentences[0],
            where,
            params,
            self.severity,
            source.file,
            line,
            column,
        )


RULES: dict[str, Rule] = {}


def rule(
    name: str, severity: str = "error", sentences: Iterable[str] = (), alone: bool = False
) -> Callable[[Callable[[Source], Findings]], Callable[[Source], Findings]]:
    """Register a rule. `sentences`: what it may say besides its docstring's first paragraph; `alone`: of Rule."""

    def register(find: Callable[[Source], Findings]) -> Callable[[Source], Findings]:
        own = " ".join((getdoc(find) or "").split("\n\n")[0].split())
        RULES[name] = Rule(name, severity, tuple(dict.fromkeys([own, *sentences])), find, alone)
        return find

    return register


def short(text: str, limit: int = 120) -> str:
    """A sentence stays readable whatever a file puts into a name."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
