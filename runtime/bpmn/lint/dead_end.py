"""Nodes at which a path stops without an end event."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("dead_end")
def dead_end(source: Source) -> Findings:
    """“{name}” has no way out: draw a flow from it, or an end event after it."""
    for node in source.nodes:
        tag = source.by_id[node.id]
        if not node.outgoing and node.kind != "endEvent" and tag.get("triggeredByEvent") != "true":
            yield found(node)
