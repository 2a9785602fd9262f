"""A message is found by its name."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

NAMELESS = "The message {ref} of “{name}” has no name."


@rule("message_name", sentences=[NAMELESS])
def message_name(source: Source) -> Findings:
    """“{name}” does not say which message: choose one."""
    for node in source.nodes:
        trigger = node.trigger
        if trigger is None or trigger.kind != "message":
            continue
        # An operation that sends it (camunda:topic) knows by itself what it sends.
        if not trigger.ref and not trigger.topic:
            yield found(node)
        elif not trigger.name and trigger.ref in source.by_id:
            yield found(node, NAMELESS, ref=trigger.ref)
