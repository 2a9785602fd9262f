"""An event subprocess begins by an event, once it may, and stands beside all flows."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule
from runtime.bpmn.model import Node, Process

KIND = "“{name}” cannot be triggered by an event: only a plain subprocess can."
STARTS = "“{name}” is triggered by an event and must have exactly one start event; it has {count}."
NONE = "“{name}” starts an event subprocess and must have a trigger."
INTERRUPTS = '“{name}” always interrupts, as every {kind} does: remove isInterrupting="false".'
ORDINARY = '“{name}” starts no event subprocess, so it cannot be isInterrupting="false".'
LOOP = "“{name}” is triggered by an event and cannot be repeated: remove its loop."
UNDOES = "“{name}” is triggered by an event: give its start event a compensation, not isForCompensation."
WHOLE = "“{name}” undoes a whole process, which nothing does: put it into a subprocess."


@rule("event_subprocess", sentences=[KIND, STARTS, NONE, INTERRUPTS, ORDINARY, LOOP, UNDOES, WHOLE])
def event_subprocess(source: Source) -> Findings:
    """“{name}” is triggered by an event and must have no flows into it or out of it."""
    for owner, scope in source.scopes:
        for node in scope.nodes.values():
            if node.by_event:
                yield from _subprocess(node, owner)
            if node.kind == "startEvent" and level(owner) != "eventSubProcess" and not node.interrupting:
                yield found(node, ORDINARY)


def _subprocess(node: Node, owner: Process | Node) -> Findings:
    if node.kind != "subProcess":
        yield found(node, KIND)
        return
    if node.incoming or node.outgoing:
        yield found(node)
    if node.loop or node.repeat:
        yield found(node, LOOP)
    if node.for_compensation:
        yield found(node, UNDOES)
    inside = node.scope.nodes.values() if node.scope else ()
    starts = [each for each in inside if each.kind == "startEvent"]
    if len(starts) != 1:
        yield found(node, STARTS, count=len(starts))
    for start in starts:
        kind = start.trigger.kind if start.trigger else "none"
        if kind == "none":
            yield found(start, NONE)
        if kind in ("error", "compensate") and not start.interrupting:
            yield found(start, INTERRUPTS, kind=kind)
        if kind == "compensate" and isinstance(owner, Process):
            yield found(node, WHOLE)
