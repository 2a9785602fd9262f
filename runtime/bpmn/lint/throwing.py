"""Which errors and escalations something may throw, as far as the file tells. No rule of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from runtime import formulas
from runtime.bpmn.lint.rule import Source
from runtime.bpmn.model import Node, Parameter, Scope, Script, Trigger


def triggers(node: Node) -> Iterator[tuple[Trigger, bool]]:
    """A node's trigger, and the event that its instances throw, each with whether it is thrown."""
    if node.trigger is not None:
        yield node.trigger, node.kind in ("endEvent", "intermediateThrowEvent")
    if node.loop is not None and node.loop.event is not None:
        yield node.loop.event, True


@dataclass
class Thrown:
    """The codes; `all`: whether these are certainly all."""

    codes: set[str] = field(default_factory=set)
    all: bool = True

    @property
    def told(self) -> str:
        return ", ".join(sorted(self.codes)) or "–"


def of_node(source: Source, node: Node, kind: str) -> Thrown:
    """What `node` and all inside it may throw. `kind`: error or escalation."""
    thrown = Thrown()
    _look(source, node, kind, thrown, set())
    return thrown


def around(source: Source, scope: Scope, kind: str) -> Iterator[tuple[Node, Thrown]]:
    """Each start of an event subprocess on a level, with what the level may throw beside it."""
    holders = [node for node in scope.nodes.values() if node.by_event and node.scope]
    if not holders:
        return
    each = {node.id: of_node(source, node, kind) for node in scope.nodes.values()}
    counts = Counter(code for thrown in each.values() for code in thrown.codes)
    unknown = sum(not thrown.all for thrown in each.values())
    for holder in holders:
        own = each[holder.id]
        codes = {code for code, count in counts.items() if count > (code in own.codes)}
        beside = Thrown(codes, unknown == (not own.all))
        for start in holder.scope.nodes.values() if holder.scope else ():
            if start.kind == "startEvent" and start.trigger and start.trigger.kind == kind:
                yield start, beside


def at_edges(source: Source, scope: Scope, kind: str) -> Iterator[tuple[Node, Node, Thrown]]:
    """Each boundary event of this kind with its activity and what that may throw."""
    known: dict[str, Thrown] = {}
    for node in scope.nodes.values():
        host = scope.nodes.get(node.attached_to)
        if host is None or node.trigger is None or node.trigger.kind != kind:
            continue
        if host.id not in known:
            known[host.id] = of_node(source, host, kind)
        yield node, host, known[host.id]


def _look(source: Source, node: Node, kind: str, thrown: Thrown, called: set[str]) -> None:
    pending = [node]
    while pending:
        current = pending.pop()
        for trigger, is_thrown in triggers(current):
            if is_thrown:
                _note(trigger, kind, thrown)
        if kind == "error":
            _of_work(source, current, thrown)
        if current.scope is not None:
            pending += current.scope.nodes.values()
        if current.kind == "callActivity":
            process = source.diagram.processes.get(current.called)
            if process is None:
                thrown.all = False
            elif process.id not in called:
                called.add(process.id)
                pending += process.scope.nodes.values()


def _note(trigger: Trigger, kind: str, thrown: Thrown) -> None:
    if trigger.kind != kind:
        return
    if formulas.computes(trigger.code):
        thrown.all = False
    else:
        thrown.codes.add(trigger.code)


def _of_work(source: Source, node: Node, thrown: Thrown) -> None:
    """Operations throw the errors that they declare; of rules and scripts nothing is known."""
    if node.topic:
        operation = (source.catalogue.topics or {}).get(node.topic)
        if operation is None:
            thrown.all = False
        else:
            thrown.codes |= operation.errors | {error.code for error in node.errors}
    scripts = node.script is not None or node.listeners or any(map(_scripted, (*node.inputs, *node.outputs)))
    if scripts or node.kind == "businessRuleTask":
        thrown.all = False


def _scripted(parameter: Parameter) -> bool:
    pending: list[Any] = [parameter.value]
    while pending:
        value = pending.pop()
        if isinstance(value, Script):
            return True
        pending += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return False
