"""A diagram's process made ready to run: one spec an element, by original ids, expressions read.

Specs are built from our own model (docs/decisions/0003), so SpiffWorkflow's parser reads
nothing. A definition never changes; cases and threads share it. Not here: which spec an
element gets (levels.py), judging a diagram for people (bpmn/lint), running (execution.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime import formulas
from runtime.bpmn.model import Node, Process, Scope
from runtime.bpmn.vocabulary import SUBPROCESSES
from runtime.engine.errors import CannotRun
from runtime.engine.levels import LevelBuilder, compensates, desugared, problem
from runtime.engine.tree import ScopeSpec
from runtime.errors import GuichengError, Problem

MAX_LEVELS = 50  # of subprocesses inside one another


@dataclass(frozen=True)
class Definition:
    """A process ready to run, the processes that it calls included."""

    process: Process
    spec: ScopeSpec


def compile(process: Process, called: Callable[[str], Process]) -> Definition:
    """The definition of `process`; `called` gives the process for a calledElement.

    Raises CannotRun with a Problem for each thing that does not run here."""
    problems: list[Problem] = []
    known: dict[str, ScopeSpec] = {}
    spec = known[process.id] = ScopeSpec(process.id, process)
    spec.compensates = compensates(process)
    # Each level with what holds it: a subprocess, and the events attached to that.
    pending: list[tuple[ScopeSpec, Scope, int, Node | None, list[Node]]] = [
        (spec, process.scope, 0, None, [])
    ]
    while pending:
        level, drawn, depth, owner, attached = pending.pop()
        scope = desugared(drawn)
        LevelBuilder(level, scope, problems, owner, attached).build()
        for node in scope.nodes.values():
            if node.kind in SUBPROCESSES and node.scope is not None:
                if depth == MAX_LEVELS:
                    problems.append(problem(node, "too_deep", limit=MAX_LEVELS))
                    continue
                level.inner[node.id] = ScopeSpec(f"{level.name}/{node.id}", level.process)
                level.inner[node.id].compensates = level.compensates
                pending.append((level.inner[node.id], node.scope, depth + 1, node, scope.boundaries(node.id)))
            elif node.kind == "callActivity" and node.called:
                callee = _called(node, called, problems)
                if callee is None:
                    continue
                if callee.id not in known:
                    known[callee.id] = ScopeSpec(callee.id, callee)
                    known[callee.id].compensates = compensates(callee)
                    pending.append((known[callee.id], callee.scope, 0, None, []))
                level.inner[node.id] = known[callee.id]
    for level in known.values():
        _check_inside(level, problems)
    if problems:
        raise CannotRun(problems, process=process.id, count=len(problems))
    return Definition(process, spec)


def _called(node: Node, called: Callable[[str], Process], problems: list[Problem]) -> Process | None:
    if formulas.computes(node.called):
        problems.append(problem(node, "called_expression"))
        return None
    try:
        return called(node.called)
    except (GuichengError, LookupError):
        problems.append(problem(node, "no_called", called=node.called))
        return None


def _check_inside(level: ScopeSpec, problems: list[Problem]) -> None:
    """Whether what is inside can begin when a token arrives."""
    pending = [level]
    while pending:
        outer = pending.pop()
        for name, inner in outer.inner.items():
            node = outer.element(name).node
            if not node.by_event and node.ad_hoc is None and "" not in inner.starts:
                problems.append(problem(node, "called_start"))
            if node.by_event and len(inner.starts) != 1:
                problems.append(problem(node, "event_start"))
            if node.kind in SUBPROCESSES:
                pending.append(inner)
