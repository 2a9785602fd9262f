"""Nodes at which a path stops without an end event."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule
from runtime.bpmn.model import Node


@rule("dead_end")
def dead_end(source: Source) -> Findings:
    """“{name}” has no way out: draw a flow from it, or an end event after it."""
    for owner, scope in source.scopes:
        for node in scope.nodes.values():
            # In an ad-hoc subprocess a path ends where its activities do.
            if level(owner) == "adHocSubProcess" and node.kind != "boundaryEvent":
                continue
            if not node.outgoing and not _ends(node):
                yield found(node)


def _ends(node: Node) -> bool:
    """An end; or what leads on without a flow: a link, a compensation, an event subprocess."""
    kind = node.trigger.kind if node.trigger else ""
    return (
        node.kind == "endEvent"
        or node.by_event
        or node.for_compensation
        or (node.kind == "intermediateThrowEvent" and kind == "link")
        or (node.kind == "boundaryEvent" and kind == "compensate")
    )
