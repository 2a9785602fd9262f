"""Nodes that no token ever reaches."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Scope


@rule("unreachable")
def unreachable(source: Source) -> Findings:
    """“{name}” can never be reached from a start event."""
    for _, scope in source.scopes:
        if not any(node.kind == "startEvent" for node in scope.nodes.values()):
            continue
        reached = _reached(scope)
        for node in scope.nodes.values():
            if node.id not in reached and source.by_id[node.id].get("triggeredByEvent") != "true":
                yield found(node)


def _reached(scope: Scope) -> set[str]:
    attached: dict[str, list[str]] = {}
    for node in scope.nodes.values():
        if node.attached_to:
            attached.setdefault(node.attached_to, []).append(node.id)
    # Of a boundary event that is attached to nothing here, boundary_event speaks.
    pending = [
        node.id
        for node in scope.nodes.values()
        if node.kind == "startEvent" or (node.kind == "boundaryEvent" and node.attached_to not in scope.nodes)
    ]
    reached: set[str] = set()
    while pending:
        current = pending.pop()
        if current in reached or current not in scope.nodes:
            continue
        reached.add(current)
        pending += [scope.flows[flow].target for flow in scope.nodes[current].outgoing]
        pending += attached.get(current, ())
    return reached
