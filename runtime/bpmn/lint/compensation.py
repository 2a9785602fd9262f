"""Compensation: a boundary event, an association, and the activity that undoes the work."""

from runtime.bpmn.lint.rule import Findings, Source, found, label, rule
from runtime.bpmn.lint.undoing import can_be_undone, compensates, throws
from runtime.bpmn.model import Node, Scope
from runtime.bpmn.vocabulary import ACTIVITIES

FLOWS = "“{name}” undoes work and must have no flows: only its compensation event leads to it."
EVENTS = "“{name}” undoes work and must have no boundary events."
UNUSED = "“{name}” undoes work, but no compensation event leads to it by an association."
OUTGOING = "A flow leads out of the compensation event “{name}”: only an association may."
UNMARKED = "“{target}” is to undo the work of “{name}” but is not marked so: set isForCompensation."
SEVERAL = "The compensation event “{name}” leads to several activities: only one may undo the work."
TWICE = "“{name}” is the second compensation event of its activity; there may be one."
REFERENCE = "“{name}” is a compensation event that is caught and cannot name an activity: remove activityRef."
ELSEWHERE = "“{name}” is to undo {activity}, which is not on its level."
NOTHING = "“{name}” is to undo {activity}, which nothing undoes: attach a compensation event to it."


@rule(
    "compensation",
    sentences=[
        FLOWS,
        EVENTS,
        UNUSED,
        OUTGOING,
        UNMARKED,
        SEVERAL,
        TWICE,
        REFERENCE,
        ELSEWHERE,
        NOTHING,
    ],
)
def compensation(source: Source) -> Findings:
    """The compensation event “{name}” leads to no activity: draw an association from it to the one that
    undoes the work."""
    associated: dict[str, list[str]] = {}
    for tag in source.tags:
        if tag.name == "association":
            associated.setdefault(tag.get("sourceRef"), []).append(tag.get("targetRef"))
    around = {id(scope): owner for owner, scope in source.scopes}
    outside = {node.id: scope for _, scope in source.scopes for node in scope.nodes.values()}
    for _, scope in source.scopes:
        undoing = {node.handler for node in scope.nodes.values() if node.handler}
        for node in scope.nodes.values():
            if node.for_compensation and not node.by_event:
                yield from _handler(node, scope, undoing)
            if compensates(node):
                if node.trigger and node.trigger.activity_ref and not throws(node):
                    yield found(node, REFERENCE)
                if node.kind == "boundaryEvent":
                    yield from _boundary(node, scope, associated.get(node.id, []))
            if throws(node):
                levels = [scope]
                # In an event subprocess the level around it is meant as well.
                while isinstance(owner := around[id(levels[-1])], Node) and owner.by_event:
                    levels.append(outside[owner.id])
                yield from _thrown(node, levels, source)


def _handler(node: Node, scope: Scope, undoing: set[str]) -> Findings:
    if node.incoming or node.outgoing:
        yield found(node, FLOWS)
    if scope.boundaries(node.id):
        yield found(node, EVENTS)
    if node.id not in undoing:
        yield found(node, UNUSED)


def _boundary(node: Node, scope: Scope, targets: list[str]) -> Findings:
    if node.outgoing:
        yield found(node, OUTGOING)
    handlers = [scope.nodes[key] for key in targets if key in scope.nodes and _activity(scope.nodes[key])]
    if not handlers:
        yield found(node)
    elif len(handlers) > 1:
        yield found(node, SEVERAL)
    elif not handlers[0].for_compensation:
        yield found(node, UNMARKED, target=label(handlers[0]))
    first = next(other for other in scope.boundaries(node.attached_to) if compensates(other))
    if first is not node:
        yield found(node, TWICE)


def _activity(node: Node) -> bool:
    return node.kind in ACTIVITIES


def _thrown(node: Node, levels: list[Scope], source: Source) -> Findings:
    reference = node.trigger.activity_ref if node.trigger else ""
    # Of what is in the file nowhere dangling_reference speaks.
    if not reference or reference not in source.by_id:
        return
    scope = next((scope for scope in levels if reference in scope.nodes), None)
    if scope is None:
        yield found(node, ELSEWHERE, activity=reference)
    elif not can_be_undone(scope.nodes[reference], scope):
        yield found(node, NOTHING, activity=reference)
