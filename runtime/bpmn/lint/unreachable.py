"""Nodes that no token ever reaches."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule
from runtime.bpmn.model import Node, Scope


@rule("unreachable")
def unreachable(source: Source) -> Findings:
    """“{name}” can never be reached from a start event."""
    for owner, scope in source.scopes:
        ad_hoc = level(owner) == "adHocSubProcess"
        if not ad_hoc and not any(node.kind == "startEvent" for node in scope.nodes.values()):
            continue
        reached = _reached(scope, ad_hoc)
        for node in scope.nodes.values():
            if node.id not in reached:
                yield found(node)


def _reached(scope: Scope, ad_hoc: bool) -> set[str]:
    attached: dict[str, list[str]] = {}
    catches: dict[str, list[str]] = {}
    for node in scope.nodes.values():
        if node.attached_to:
            attached.setdefault(node.attached_to, []).append(node.id)
        if node.kind == "intermediateCatchEvent" and _link(node):
            catches.setdefault(_link(node), []).append(node.id)
    pending = [node.id for node in scope.nodes.values() if _begins(node, scope, ad_hoc)]
    reached: set[str] = set()
    while pending:
        current = pending.pop()
        if current in reached or current not in scope.nodes:
            continue
        reached.add(current)
        node = scope.nodes[current]
        pending += [scope.flows[flow].target for flow in node.outgoing]
        pending += attached.get(current, ())
        if node.kind == "intermediateThrowEvent":
            pending += catches.get(_link(node), ())
    return reached


def _begins(node: Node, scope: Scope, ad_hoc: bool) -> bool:
    """Whether a token may appear here without a flow. Handlers of compensation: compensation's to say."""
    if node.kind == "startEvent" or node.by_event or node.for_compensation:
        return True
    if node.kind == "boundaryEvent":
        # Of one that is attached to nothing here, boundary_event speaks.
        return node.attached_to not in scope.nodes
    # Of a link without a source link_pair speaks.
    return (ad_hoc and not node.incoming) or (node.kind == "intermediateCatchEvent" and _lost(node, scope))


def _lost(node: Node, scope: Scope) -> bool:
    if node.trigger is None or node.trigger.kind != "link":
        return False
    throws = (other for other in scope.nodes.values() if other.kind == "intermediateThrowEvent")
    return not any(_link(other) == _link(node) for other in throws)


def _link(node: Node) -> str:
    return node.trigger.name if node.trigger and node.trigger.kind == "link" else ""
