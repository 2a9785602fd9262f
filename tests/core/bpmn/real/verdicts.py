"""What `guicheng check` says of diagrams that nobody here wrote.

Each file is judged by itself, without forms, rules, groups and operations: what it refers to of
those is not looked for, but a process that it calls must be in an accepted file of its own package."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import runtime.bootstrap  # noqa: F401 (says where FEEL lies)
from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.check import check
from runtime.bpmn.model import Process
from runtime.errors import fill
from tests.core.bpmn.real import packages


@dataclass(frozen=True)
class Verdict:
    """`reasons`: rule → the first sentence that it said; empty for an accepted file."""

    package: str
    file: str
    reasons: Mapping[str, str]
    processes: Mapping[str, Process] = field(default_factory=dict)


@cache
def all_of_them() -> tuple[Verdict, ...]:
    assert packages.fresh(), "run: python3 run.py setup --dev"
    files = [(name, packages.package_of(name), path.read_bytes()) for name, path in packages.diagrams()]
    callable_: dict[str, set[str]] = {package: set() for _, package, _ in files}
    for name, package, data in files:
        diagram, _ = read.diagram(data, name)
        callable_[package] |= set(diagram.processes) if diagram else set()
    judged = {name: _judge(name, package, data, callable_[package]) for name, package, data in files}
    while True:
        # What a refused file would have held cannot be called.
        there = {package: _processes(judged.values(), package) for package in callable_}
        if there == callable_:
            return tuple(judged.values())
        for name, package, data in files:
            if not judged[name].reasons and there[package] != callable_[package]:
                judged[name] = _judge(name, package, data, there[package])
        callable_ = there


def _processes(judged: Iterable[Verdict], package: str) -> set[str]:
    return {key for verdict in judged if verdict.package == package for key in verdict.processes}


def _judge(name: str, package: str, data: bytes, processes: Iterable[str]) -> Verdict:
    diagram, problems = check(data, name, Catalogue(processes=frozenset(processes)))
    reasons: dict[str, str] = {}
    for problem in problems:
        if problem.severity == "error":
            reasons.setdefault(problem.rule, fill(problem.message, problem.params))
    accepted = diagram.processes if diagram and not reasons else {}
    return Verdict(package, name.removeprefix(f"{package}/"), dict(sorted(reasons.items())), accepted)


def version(package: str) -> str:
    asked = json.loads((packages.HERE / "package.json").read_text(encoding="utf-8"))
    return str(asked["devDependencies"][package])
