"""Boundary events sit on an activity of their own level, and no flow leads into them."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

INCOMING = "A flow leads into the boundary event “{name}”: only its activity triggers it."
ERROR = '“{name}” catches an error and therefore interrupts: remove cancelActivity="false".'
EVENT = "“{name}” is attached to an event subprocess, which begins by an event of its own: put it inside."


@rule("boundary_event", sentences=[INCOMING, ERROR, EVENT])
def boundary_event(source: Source) -> Findings:
    """“{name}” is not attached to an activity on its own level."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            if node.kind != "boundaryEvent":
                continue
            # What is in the file nowhere is dangling_reference's to say.
            if node.attached_to in source.by_id and node.attached_to not in scope.nodes:
                yield found(node)
            host = scope.nodes.get(node.attached_to)
            if host is not None and host.by_event:
                yield found(node, EVENT)
            if node.incoming:
                yield found(node, INCOMING)
            if node.trigger and node.trigger.kind == "error" and not node.interrupting:
                yield found(node, ERROR)
