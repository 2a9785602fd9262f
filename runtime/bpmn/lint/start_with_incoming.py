"""A flow back to the start."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("start_with_incoming")
def start_with_incoming(source: Source) -> Findings:
    """A flow leads into the start event “{name}”: lead it to the node after it."""
    for node in source.nodes:
        if node.kind == "startEvent" and node.incoming:
            yield found(node)
