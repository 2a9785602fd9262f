"""Conditions stand where BPMN asks them: behind activities, exclusive, inclusive and complex gateways."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import CHOOSING


@rule("condition_place")
def condition_place(source: Source) -> Findings:
    """The condition of the flow “{name}” is not accepted here: put an exclusive gateway before it."""
    for scope, flow in source.flows:
        origin = scope.nodes.get(flow.source)
        if flow.condition is not None and origin is not None and origin.kind not in CHOOSING:
            yield found(flow)
