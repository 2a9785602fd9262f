"""A choice of several at which it may happen that nothing is chosen."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import ACTIVITIES, CHOOSING


@rule("inclusive_exits", "warning")
def inclusive_exits(source: Source) -> Findings:
    """Every way out of “{name}” has a condition: if none holds, the case stands still. Make one the default."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            if node.kind not in CHOOSING or not node.outgoing:
                continue
            # Exclusive gateways are drawn as questions with every answer; of activities lone_condition speaks.
            answered = node.kind == "exclusiveGateway" and len(node.outgoing) > 1
            if answered or (node.kind in ACTIVITIES and len(node.outgoing) == 1):
                continue
            flows = [scope.flows[flow] for flow in node.outgoing]
            if all(flow.condition is not None and flow.id != node.default for flow in flows):
                yield found(node)
