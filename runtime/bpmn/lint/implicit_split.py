"""Two flows out of something that is no gateway."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import GATEWAYS


@rule("implicit_split")
def implicit_split(source: Source) -> Findings:
    """Several flows leave “{name}”: put a parallel or exclusive gateway after it, to say which are taken."""
    for node in source.nodes:
        if len(node.outgoing) > 1 and node.kind not in GATEWAYS and node.kind != "endEvent":
            yield found(node)
