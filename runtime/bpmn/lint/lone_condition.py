"""A condition without an alternative."""

from runtime.bpmn.lint.rule import Findings, Source, found, label, rule
from runtime.bpmn.vocabulary import ACTIVITIES


@rule("lone_condition")
def lone_condition(source: Source) -> Findings:
    """The flow “{name}” is the only way out of “{origin}” and has a condition: what if it does not hold?"""
    for scope, flow in source.flows:
        origin = scope.nodes.get(flow.source)
        if flow.condition is None or origin is None or origin.kind not in ACTIVITIES:
            continue
        if len(origin.outgoing) == 1:
            yield found(flow, origin=label(origin))
