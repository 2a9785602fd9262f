"""Cancelling belongs to transactions: an end event in one, a boundary event at one."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule
from runtime.bpmn.model import Node, Scope

PLACE = "The cancel event “{name}” is not attached to a transaction."
INTERRUPTS = '“{name}” cancels and therefore interrupts: remove cancelActivity="false".'
TWO = "“{name}” is the second cancel event of its transaction; there may be one."
UNCAUGHT = "“{name}” can be cancelled, but nothing says how it goes on: attach a cancel event to it."
REPEATED = (
    "“{name}” is repeated and can be cancelled: which of its rounds would be meant? Remove one of the two."
)


@rule("cancel", sentences=[PLACE, INTERRUPTS, TWO, UNCAUGHT, REPEATED])
def cancel(source: Source) -> Findings:
    """The cancel end event “{name}” is not directly inside a transaction."""
    for owner, scope in source.scopes:
        for node in scope.nodes.values():
            if cancels(node) and node.kind == "endEvent" and level(owner) != "transaction":
                yield found(node)
            if cancels(node) and node.kind == "boundaryEvent":
                yield from _boundary(node, scope)
            if node.kind == "transaction":
                yield from _transaction(node, scope)


def cancels(node: Node) -> bool:
    return node.trigger is not None and node.trigger.kind == "cancel"


def _boundary(node: Node, scope: Scope) -> Findings:
    host = scope.nodes.get(node.attached_to)
    # Of one that is attached to nothing on its level, boundary_event speaks.
    if host is not None and host.kind != "transaction":
        yield found(node, PLACE)
    if not node.interrupting:
        yield found(node, INTERRUPTS)
    first = next((other for other in scope.boundaries(node.attached_to) if cancels(other)), node)
    if first is not node:
        yield found(node, TWO)


def _transaction(node: Node, scope: Scope) -> Findings:
    inside = node.scope.nodes.values() if node.scope else ()
    thrown = any(cancels(each) for each in inside if each.kind == "endEvent")
    caught = any(map(cancels, scope.boundaries(node.id)))
    if thrown and not caught:
        yield found(node, UNCAUGHT)
    if (thrown or caught) and (node.loop or node.repeat):
        yield found(node, REPEATED)
