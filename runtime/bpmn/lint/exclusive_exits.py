"""Each way out of an exclusive gateway says when it is taken."""

from runtime.bpmn.lint.rule import Findings, Source, found, label, rule


@rule("exclusive_exits")
def exclusive_exits(source: Source) -> Findings:
    """The flow {flow} out of “{name}” has no condition and is not the default."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            if node.kind != "exclusiveGateway" or len(node.outgoing) < 2:
                continue
            for flow_id in node.outgoing:
                flow = scope.flows[flow_id]
                if flow_id != node.default and flow.condition is None:
                    yield found(flow, name=label(node), flow=label(flow))
