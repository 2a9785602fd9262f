"""What a diagram calls of the books: each service task as a shape, which older_calls.json keeps for good.

Run as a program it adds what is new in the diagrams of this folder; nothing is ever taken away."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import runtime.bootstrap  # noqa: F401  every operation is named once everything is imported
from runtime.bpmn import read
from runtime.bpmn.model import Process, Scope
from runtime.folders import shipped
from runtime.ledger import operations

FILE = Path(__file__).with_name("older_calls.json")


@dataclass(frozen=True, order=True)
class Shape:
    """outputs: what it reads of the result · uncaught: errors that the operation could throw when the diagram was
    current, and that the diagram left to whoever operates · catches: codes, "*" is every one."""

    topic: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    catches: tuple[str, ...]
    uncaught: tuple[str, ...]


def kept() -> dict[Shape, list[str]]:
    """Each shape that a shipped diagram ever had, and in which processes."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        Shape(
            row["topic"], *(tuple(row[part]) for part in ("inputs", "outputs", "catches", "uncaught"))
        ): row["in"]
        for row in rows
    }


def write(shapes: dict[Shape, list[str]]) -> None:
    lines = [
        json.dumps(
            {
                "topic": shape.topic,
                "inputs": shape.inputs,
                "outputs": shape.outputs,
                "catches": shape.catches,
                "uncaught": shape.uncaught,
                "in": sorted(set(where)),
            }
        )
        for shape, where in sorted(shapes.items())
    ]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


@functools.cache
def current() -> dict[Shape, list[str]]:
    """Of the shipped diagrams as they are."""
    found: dict[Shape, list[str]] = {}
    for path in sorted(path for folder in shipped() for path in folder.rglob("*.bpmn")):
        diagram, _ = read.diagram(path.read_bytes(), path.name)
        for process in diagram.processes.values() if diagram else ():
            for shape in of_process(process):
                found.setdefault(shape, []).append(process.id)
    return found


def of_process(process: Process) -> Iterator[Shape]:
    pending: list[tuple[Scope, frozenset[str]]] = [(process.scope, frozenset())]
    while pending:
        scope, around = pending.pop()
        for node in scope.nodes.values():
            edges = [edge.trigger for edge in scope.boundaries(node.id)]
            codes = {each.code or "*" for each in edges if each is not None and each.kind == "error"} | around
            if node.scope is not None:
                pending.append((node.scope, frozenset(codes)))
            found = operations.OPERATIONS.get(node.topic)
            if found is None:
                continue
            read_of = " ".join(str(parameter.value) for parameter in node.outputs)
            outputs = {name for name in found.outputs if re.search(rf"\b{name}\b", read_of)}
            uncaught = set() if "*" in codes else set(found.errors) - codes
            named: list[Any] = [{each.name for each in node.inputs}, outputs, codes, uncaught]
            yield Shape(node.topic, *(tuple(sorted(part)) for part in named))


def add() -> None:
    known = kept()
    for new, where in current().items():
        if new not in known:
            known[new] = where
    write(known)


if __name__ == "__main__":
    add()
