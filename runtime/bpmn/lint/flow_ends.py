"""What a node says of its flows and what the flows say of their nodes."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN
from runtime.bpmn.vocabulary import FLOW_NODES

ENDS = {"incoming": "targetRef", "outgoing": "sourceRef"}


@rule("flow_ends")
def flow_ends(source: Source) -> Findings:
    """“{name}” names {flow} as {direction}, but the flow itself says otherwise: remove one of the two."""
    for tag in source.tags:
        node = tag.parent
        if tag.space != BPMN or tag.name not in ENDS or node is None or node.name not in FLOW_NODES:
            continue
        flow = source.by_id.get(tag.text)
        # Of what is no flow at all dangling_reference speaks.
        if flow is not None and flow.name == "sequenceFlow" and flow.get(ENDS[tag.name]) != node.id:
            yield found(tag, flow=tag.text, direction=tag.name)
