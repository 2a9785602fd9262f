"""Sequence flows stay on their level."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import FLOW_NODES


@rule("flow_scope")
def flow_scope(source: Source) -> Findings:
    """The flow “{name}” crosses the border of a process or subprocess."""
    for scope, flow in source.flows:
        for end in (flow.source, flow.target):
            tag = source.by_id.get(end)
            if tag is not None and tag.name in FLOW_NODES and end not in scope.nodes:
                yield found(flow)
                break
