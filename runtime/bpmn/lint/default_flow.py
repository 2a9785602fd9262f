"""A default flow is one of the node's own exits, taken when no condition holds."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

CONDITION = "The default flow {flow} of “{name}” has a condition, which is never asked: remove one of them."


@rule("default_flow", sentences=[CONDITION])
def default_flow(source: Source) -> Findings:
    """The default flow {flow} of “{name}” is not one of its exits."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            if not node.default:
                continue
            if node.default not in node.outgoing:
                yield found(node, flow=node.default)
            elif scope.flows[node.default].condition:
                yield found(node, CONDITION, flow=node.default)
