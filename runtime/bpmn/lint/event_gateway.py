"""An event-based gateway waits for the first of several events."""

from runtime.bpmn.lint.rule import Findings, Source, found, label, rule
from runtime.bpmn.model import Node, Scope

FEW = "“{name}” waits for the first of several events and needs two exits or more."
SHARED = "“{target}” follows the event-based gateway “{name}” and must have no other incoming flow."
BOUNDARY = (
    "“{target}” follows the event-based gateway “{name}” and must have no boundary events: the gateway waits, "
    "not the task."
)
BOTH = (
    "The event-based gateway “{name}” waits for a message by a catch event and by a receive task: choose one of "
    "the two."
)
REPEATED = "“{target}” follows the event-based gateway “{name}” and must not be repeated: remove its loop."
AWAITED = ("message", "timer", "signal", "conditional")


@rule("event_gateway", sentences=[FEW, SHARED, BOUNDARY, REPEATED, BOTH])
def event_gateway(source: Source) -> Findings:
    """“{target}” follows the event-based gateway “{name}” and must be a receive task, or a catch event that
    waits for a message, a timer, a signal or a condition."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            if node.kind == "eventBasedGateway":
                yield from _exits(node, scope)


def _exits(node: Node, scope: Scope) -> Findings:
    if len(node.outgoing) < 2:
        yield found(node, FEW)
    targets = [scope.nodes.get(scope.flows[flow].target) for flow in node.outgoing]
    for target in targets:
        if target is None:
            continue
        if not _waits(target):
            yield found(node, target=label(target))
        elif len(target.incoming) > 1:
            yield found(node, SHARED, target=label(target))
        elif target.loop or target.repeat:
            yield found(node, REPEATED, target=label(target))
        elif scope.boundaries(target.id):
            yield found(node, BOUNDARY, target=label(target))
    kinds = {(t.kind, t.trigger.kind if t.trigger else "") for t in targets if t is not None}
    if {("receiveTask", "message"), ("intermediateCatchEvent", "message")} <= kinds:
        yield found(node, BOTH)


def _waits(node: Node) -> bool:
    if node.kind == "receiveTask":
        return True
    # A catch event that waits for nothing at all is event_trigger's to say.
    waits = node.kind == "intermediateCatchEvent" and node.trigger is not None
    return waits and node.trigger is not None and node.trigger.kind in (*AWAITED, "none", "multiple")
