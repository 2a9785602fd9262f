"""A flow out of an end."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("end_with_outgoing")
def end_with_outgoing(source: Source) -> Findings:
    """A flow leads out of the end event “{name}”: nothing happens after an end."""
    for node in source.nodes:
        if node.kind == "endEvent" and node.outgoing:
            yield found(node)
