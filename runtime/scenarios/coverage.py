"""What scenarios covered: the flows, tasks, ends and boundary events of each process.

Taken from the logs of all cases that came about. Not here: drawing it (drawing.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from runtime import library
from runtime.bpmn.model import ACTIVITIES, Process
from runtime.identity import Actor
from runtime.queries.path import paths, scopes
from runtime.store import deployments, event_log
from runtime.store.cases import cases
from runtime.store.db import Transaction

KINDS = ("flows", "tasks", "ends", "boundaries")


@dataclass
class Coverage:
    """process → how often each element came to pass, and each flow was taken."""

    elements: dict[str, Counter[str]] = field(default_factory=dict)
    flows: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, other: Coverage) -> None:
        for mine, theirs in ((self.elements, other.elements), (self.flows, other.flows)):
            for process, counted in theirs.items():
                mine.setdefault(process, Counter()).update(counted)


@dataclass(frozen=True)
class Share:
    """How many of a kind were covered, of how many; the ids of the others."""

    covered: int
    of: int
    missing: tuple[str, ...]


def seen(tx: Transaction, actor: Actor) -> Coverage:
    """What all cases of an installation covered."""
    found = Coverage()
    for case in tx.all(sa.select(cases.c.id, cases.c.process).order_by(cases.c.id)):
        for named, path in paths(event_log.of_case(tx, case.id), case.process).items():
            process = named.partition(":")[0].partition("@")[0]  # of one that is called in a fixed version
            # What was entered came to pass, also where an error ended it; events are entered when they happen.
            elements = found.elements.setdefault(process, Counter())
            elements.update(path.entered)
            elements.update({name: times for name, times in path.left.items() if name not in path.entered})
            found.flows.setdefault(process, Counter()).update(path.flows)
    return found


def models(tx: Transaction, actor: Actor) -> dict[str, tuple[Process, str]]:
    """key → (process, its XML), of everything deployed."""
    return {
        row.key: (library.process(tx, row.id), deployments.get(tx, row.id).content)
        for row in library.active(tx, "bpmn")
    }


def wanted(model: Process) -> dict[str, list[str]]:
    """What there is to cover, by kind."""
    nodes = list(model.walk())
    return {
        "flows": [flow for scope in scopes(model) for flow in scope.flows],
        "tasks": [node.id for node in nodes if node.kind in ACTIVITIES],
        "ends": [node.id for node in nodes if node.kind == "endEvent"],
        "boundaries": [node.id for node in nodes if node.kind == "boundaryEvent"],
    }


def shares(model: Process, coverage: Coverage) -> Mapping[str, Share]:
    """By kind, in the order of the diagram."""
    flows, elements = coverage.flows.get(model.id, Counter()), coverage.elements.get(model.id, Counter())
    return {kind: _share(ids, flows if kind == "flows" else elements) for kind, ids in wanted(model).items()}


def _share(ids: Iterable[str], counted: Mapping[str, int]) -> Share:
    ids = list(ids)
    missing = tuple(id for id in ids if not counted.get(id))
    return Share(len(ids) - len(missing), len(ids), missing)
