"""Escalations are told apart by their code."""

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.throwing import triggers

CODELESS = "The escalation {ref} of “{name}” has no escalation code."
COMPUTED = "The escalation code {code} of “{name}” is not computed: write it out."


@rule("escalation_code", sentences=[CODELESS, COMPUTED])
def escalation_code(source: Source) -> Findings:
    """“{name}” does not say which escalation it throws: choose one with a code."""
    for node in source.nodes:
        for trigger, thrown in triggers(node):
            if trigger.kind != "escalation":
                continue
            # What catches without saying which catches every one.
            if not trigger.ref and thrown:
                yield found(node)
            elif trigger.ref in source.by_id and not trigger.code:
                yield found(node, CODELESS, ref=trigger.ref)
            elif formulas.computes(trigger.code):
                yield found(node, COMPUTED, code=trigger.code)
