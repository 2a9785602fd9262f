"""A default flow is one of the node's own exits, taken when no condition holds."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node, Scope

CONDITION = "The default flow {flow} of “{name}” has a condition, which is never asked: remove one of them."

USELESS = "“{name}” has the default flow {flow}, but no other flow has a condition: when would it be taken?"


@rule("default_flow", sentences=[CONDITION, USELESS])
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
            elif _useless(node, scope):
                yield found(node, USELESS, flow=node.default)


def _useless(node: Node, scope: Scope) -> bool:
    # What the exits of an exclusive gateway lack exclusive_exits says.
    if node.kind == "exclusiveGateway" or len(node.outgoing) < 2:
        return False
    return all(scope.flows[flow].condition is None for flow in node.outgoing)
