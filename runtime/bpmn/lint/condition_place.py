"""Conditions stand on the exits of exclusive gateways and nowhere else."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("condition_place")
def condition_place(source: Source) -> Findings:
    """The condition of the flow “{name}” is not accepted here: put an exclusive gateway before it."""
    for scope, flow in source.flows:
        origin = scope.nodes.get(flow.source)
        # Inclusive and complex gateways are refused as such.
        gateways = ("exclusiveGateway", "inclusiveGateway", "complexGateway")
        if flow.condition is not None and origin is not None and origin.kind not in gateways:
            yield found(flow)
