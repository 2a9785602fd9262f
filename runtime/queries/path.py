"""Which way a case took: the elements and flows of its log, process by process.

Not here: the words of its history (timeline.py), its state (history.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime import i18n, values
from runtime.bpmn.model import Process, Scope


@dataclass
class Path:
    """How often each element was entered, left or cancelled, and each flow taken; in order of the first time.

    `standing`: elements that were entered and neither left nor cancelled, once each."""

    entered: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    cancelled: Counter[str] = field(default_factory=Counter)
    flows: Counter[str] = field(default_factory=Counter)
    standing: list[str] = field(default_factory=list)


def paths(log: Iterable[Any], process: str) -> dict[str, Path]:
    """process → its path, from a case's log (event_log.of_case); `process` is the case's own.

    What was erased from a log (a purge) leaves the elements and takes the flows."""
    found: dict[str, Path] = {}
    where: dict[str, str] = {}  # activity → process
    standing: dict[str, tuple[str, str]] = {}
    for entry in log:
        if entry.kind not in ("entered", "left", "cancelled"):
            continue
        of = entry.process or where.get(entry.activity, process)
        path = found.setdefault(of, Path())
        if entry.kind == "entered":
            where[entry.activity] = of
            standing[entry.activity] = (of, entry.element)
            path.entered[entry.element] += 1
            continue
        standing.pop(entry.activity, None)
        if entry.kind == "cancelled":
            path.cancelled[entry.element] += 1
            continue
        path.left[entry.element] += 1
        if entry.payload:
            path.flows.update(values.loads(entry.payload)["detail"].get("flows", ()))
    for of, element in dict.fromkeys(standing.values()):
        found[of].standing.append(element)
    return found


def scopes(model: Process) -> list[Scope]:
    """The process's own level and that of each subprocess."""
    return [model.scope, *(node.scope for node in model.walk() if node.scope)]


def labels(model: Process, language: str) -> Mapping[str, str]:
    """What a diagram's elements, lanes and flows are called in a language; what has no name is left out."""
    # The pool is named as its process is.
    named: list[Any] = [model, *model.walk(), *model.lanes.values()]
    named += [flow for scope in scopes(model) for flow in scope.flows.values()]
    found = {each.id: i18n.label(language, dict(each.names)) for each in named}
    return {element: text for element, text in found.items() if text}
