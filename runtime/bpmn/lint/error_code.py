"""Errors are told apart by their code."""

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule

CODELESS = "The error {ref} of “{name}” has no error code."
COMPUTED = "“{name}” waits for the error {code}: write the code out, it is not computed where it is caught."
THROWN = "An error that “{name}” throws when its expression holds needs an errorRef with a code, written out."
INTERNAL = "“{name}” has an error definition of camunda, which only an operation throws: set type and topic."


@rule("error_code", sentences=[CODELESS, COMPUTED, THROWN, INTERNAL])
def error_code(source: Source) -> Findings:
    """The error end event “{name}” does not say which error: choose one with a code."""
    for node in source.nodes:
        for error in node.errors:
            if not node.attributes.get("topic"):
                yield found(node, INTERNAL, line=error.line)
            elif not error.code or formulas.computes(error.code):
                yield found(node, THROWN, line=error.line)
        trigger = node.trigger
        if trigger is None or trigger.kind != "error":
            continue
        # A boundary event without an error catches every one.
        if not trigger.ref and node.kind == "endEvent":
            yield found(node)
        elif trigger.ref in source.by_id and not trigger.code:
            yield found(node, CODELESS, ref=trigger.ref)
        elif node.kind != "endEvent" and formulas.computes(trigger.code):
            yield found(node, COMPUTED, code=trigger.code)
