"""References to an id that the file does not have, or to something of another kind."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, DRAWING
from runtime.bpmn.vocabulary import ACCEPTED, ACTIVITIES, FLOW_NODES

NONE = "“{name}” does not say its {reference}."
TOP = (
    "“{name}” refers to {value} as its {reference}, which stands inside another event: move it to the top of the "
    "file."
)
KIND = "“{name}” refers to {value} as its {reference}, but that is a {element}."

ANYTHING: frozenset[str] = frozenset()
DEFINITIONS = frozenset(name for name in ACCEPTED if name.endswith("EventDefinition"))
# (element, attribute): what it may name, and whether it must be there.
ATTRIBUTES = {
    ("sequenceFlow", "sourceRef"): (FLOW_NODES, True),
    ("sequenceFlow", "targetRef"): (FLOW_NODES, True),
    ("messageFlow", "sourceRef"): (ANYTHING, True),
    ("messageFlow", "targetRef"): (ANYTHING, True),
    ("association", "sourceRef"): (ANYTHING, True),
    ("association", "targetRef"): (ANYTHING, True),
    ("boundaryEvent", "attachedToRef"): (ACTIVITIES, True),
    ("participant", "processRef"): (frozenset({"process"}), False),
    ("messageEventDefinition", "messageRef"): (frozenset({"message"}), False),
    ("sendTask", "messageRef"): (frozenset({"message"}), False),
    ("receiveTask", "messageRef"): (frozenset({"message"}), False),
    ("messageFlow", "messageRef"): (frozenset({"message"}), False),
    ("errorEventDefinition", "errorRef"): (frozenset({"error"}), False),
    ("signalEventDefinition", "signalRef"): (frozenset({"signal"}), False),
    ("escalationEventDefinition", "escalationRef"): (frozenset({"escalation"}), False),
    ("compensateEventDefinition", "activityRef"): (ACTIVITIES, False),
    ("multiInstanceLoopCharacteristics", "oneBehaviorEventRef"): (DEFINITIONS, False),
    ("multiInstanceLoopCharacteristics", "noneBehaviorEventRef"): (DEFINITIONS, False),
    ("group", "categoryValueRef"): (frozenset({"categoryValue"}), False),
    ("BPMNShape", "bpmnElement"): (ANYTHING, False),
    ("BPMNEdge", "bpmnElement"): (ANYTHING, False),
    ("BPMNPlane", "bpmnElement"): (ANYTHING, False),
}
TEXTS = {
    "incoming": frozenset({"sequenceFlow"}),
    "outgoing": frozenset({"sequenceFlow"}),
    "flowNodeRef": FLOW_NODES,
    "eventDefinitionRef": DEFINITIONS,
    "source": frozenset({"linkEventDefinition"}),
    "target": frozenset({"linkEventDefinition"}),
}


@rule("dangling_reference", sentences=[NONE, TOP, KIND])
def dangling_reference(source: Source) -> Findings:
    """“{name}” refers to {value} as its {reference}, which is not in the file."""
    for tag in source.tags:
        if tag.space == BPMN and tag.name in TEXTS:
            references = [(tag.name, tag.text, TEXTS[tag.name], False)]
        elif tag.space in (BPMN, DRAWING):
            references = [
                (attribute, tag.get(attribute), kinds, needed)
                for (element, attribute), (kinds, needed) in ATTRIBUTES.items()
                if element == tag.name
            ]
        else:
            continue
        for reference, value, kinds, needed in references:
            if not value:
                if needed:
                    yield found(tag, NONE, reference=reference)
                continue
            target = source.by_id.get(value)
            if target is None:
                yield found(tag, reference=reference, value=value)
            elif kinds and target.name not in kinds:
                yield found(tag, KIND, reference=reference, value=value, element=target.name)
            # Links refer to one another by what stands inside their events.
            elif kinds == DEFINITIONS and target.parent is not source.root:
                yield found(tag, TOP, reference=reference, value=value)
