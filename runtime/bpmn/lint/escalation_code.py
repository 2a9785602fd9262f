"""Escalations are told apart by their code."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

CODELESS = "The escalation {ref} of “{name}” has no escalation code."


@rule("escalation_code", sentences=[CODELESS])
def escalation_code(source: Source) -> Findings:
    """“{name}” does not say which escalation it throws: choose one with a code."""
    for node in source.nodes:
        trigger = node.trigger
        if trigger is None or trigger.kind != "escalation":
            continue
        # What catches without saying which catches every one.
        if not trigger.ref and node.kind in ("endEvent", "intermediateThrowEvent"):
            yield found(node)
        elif trigger.ref in source.by_id and not trigger.code:
            yield found(node, CODELESS, ref=trigger.ref)
