"""What can be undone by a compensation. No rule of its own."""

from __future__ import annotations

from runtime.bpmn.model import Node, Scope


def compensates(node: Node) -> bool:
    """An event of compensation, thrown or caught."""
    return node.trigger is not None and node.trigger.kind == "compensate"


def throws(node: Node) -> bool:
    return node.kind in ("intermediateThrowEvent", "endEvent") and compensates(node)


def can_be_undone(node: Node, scope: Scope) -> bool:
    """Whether something undoes this activity: a handler, or what is inside it."""
    if any(compensates(boundary) for boundary in scope.boundaries(node.id)):
        return True
    if node.scope is None:
        return False
    starts = (start for inner in node.scope.nodes.values() if inner.by_event for start in _starts(inner))
    return any(map(compensates, starts)) or undoes(node.scope)


def undoes(scope: Scope) -> bool:
    """Whether something that is done on a level can be undone. Called processes are not looked into."""
    pending = [scope]
    while pending:
        level = pending.pop()
        for node in level.nodes.values():
            if node.kind == "boundaryEvent" and compensates(node):
                return True
            # A compensation event subprocess undoes the subprocess that it stands in.
            if node.by_event and level is not scope and any(map(compensates, _starts(node))):
                return True
            if node.scope is not None and not node.by_event:
                pending.append(node.scope)
    return False


def _starts(subprocess: Node) -> list[Node]:
    inside = subprocess.scope.nodes.values() if subprocess.scope else ()
    return [node for node in inside if node.kind == "startEvent"]
