"""What may trigger, or be thrown by, each kind of event."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule
from runtime.bpmn.model import Node, Process
from runtime.bpmn.vocabulary import STARTS, TRIGGERS

NONE = "“{name}” waits for nothing: give it a message or a timer."
SEVERAL = "“{name}” has several triggers; one is accepted."


@rule("event_trigger", sentences=[NONE, SEVERAL])
def event_trigger(source: Source) -> Findings:
    """“{name}” cannot be a {kind} event at this place."""
    for owner, scope in source.scopes:
        for node in scope.nodes.values():
            if node.kind not in TRIGGERS or node.trigger is None:
                continue
            kind, accepted = node.trigger.kind, _accepted(node, owner)
            if kind == "multiple":
                yield found(node, SEVERAL)
            elif kind == "none" and "none" not in accepted:
                # Of a reference that leads nowhere dangling_reference speaks.
                if not any(tag.name == "eventDefinitionRef" for tag in source.by_id[node.id].children):
                    yield found(node, NONE)
            elif kind not in accepted:
                yield found(node, kind=kind)


def _accepted(node: Node, owner: Process | Node) -> frozenset[str]:
    # Inside a subprocess subprocess_start speaks of a start, and ad_hoc and event_subprocess of theirs.
    if node.kind == "startEvent" and level(owner) == "process":
        return STARTS["process"]
    return TRIGGERS[node.kind]
