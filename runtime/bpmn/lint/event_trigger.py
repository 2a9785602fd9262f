"""What may trigger, or be thrown by, each kind of event."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import TRIGGERS

NONE = "“{name}” waits for nothing: give it a message or a timer."
SEVERAL = "“{name}” has several triggers; one is accepted."
ACCEPTED = frozenset[str]().union(*TRIGGERS.values())


@rule("event_trigger", sentences=[NONE, SEVERAL])
def event_trigger(source: Source) -> Findings:
    """“{name}” cannot be a {kind} event at this place."""
    for node in source.nodes:
        if node.kind not in TRIGGERS or node.trigger is None:
            continue
        kind = node.trigger.kind
        if kind == "multiple":
            yield found(node, SEVERAL)
        elif kind == "none" and "none" not in TRIGGERS[node.kind]:
            if not any(tag.name == "eventDefinitionRef" for tag in source.by_id[node.id].children):
                yield found(node, NONE)
        # Kinds that are accepted nowhere are element_allowed's to say.
        elif kind in ACCEPTED and kind not in TRIGGERS[node.kind]:
            yield found(node, kind=kind)
