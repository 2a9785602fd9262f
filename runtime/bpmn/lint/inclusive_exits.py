"""A choice of several at which it may happen that nothing is chosen."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import CHOOSING


@rule("inclusive_exits", "warning")
def inclusive_exits(source: Source) -> Findings:
    """Every way out of “{name}” has a condition: if none holds, the case stands still. Make one the default."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            # Exclusive gateways are drawn as questions with every answer.
            if node.kind not in CHOOSING or node.kind == "exclusiveGateway" or len(node.outgoing) < 2:
                continue
            flows = [scope.flows[flow] for flow in node.outgoing]
            if all(flow.condition is not None and flow.id != node.default for flow in flows):
                yield found(node)
