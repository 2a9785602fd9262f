"""A conditional event says what it waits for."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

CHANGES = "“{name}” looks at {value}, which is no kind of change: create, update or delete."
KINDS = ("create", "update", "delete")


@rule("event_condition", sentences=[CHANGES])
def event_condition(source: Source) -> Findings:
    """“{name}” waits for a condition but does not have one."""
    for node in source.nodes:
        trigger = node.trigger
        if trigger is None or trigger.kind != "conditional":
            continue
        if not trigger.condition:
            yield found(node, line=trigger.line)
        for word in trigger.variable_events:
            if word not in KINDS:
                yield found(node, CHANGES, line=trigger.line, value=word)
