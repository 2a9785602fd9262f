"""A complex gateway says when enough has come."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

ALONE = (
    "“{name}” has an activation condition but only one way in: there is nothing to wait for, so remove it."
)


@rule("complex_gateway", sentences=[ALONE])
def complex_gateway(source: Source) -> Findings:
    """“{name}” joins {count} ways but does not say when enough have come: give an activationCondition."""
    for node in source.nodes:
        if node.kind != "complexGateway":
            continue
        if len(node.incoming) > 1 and not node.activation:
            yield found(node, count=len(node.incoming))
        elif len(node.incoming) <= 1 and node.activation:
            yield found(node, ALONE)
