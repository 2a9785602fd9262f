"""Errors are told apart by their code."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

CODELESS = "The error {ref} of “{name}” has no error code."


@rule("error_code", sentences=[CODELESS])
def error_code(source: Source) -> Findings:
    """The error end event “{name}” does not say which error: choose one with a code."""
    for node in source.nodes:
        trigger = node.trigger
        if trigger is None or trigger.kind != "error":
            continue
        # A boundary event without an error catches every one.
        if not trigger.ref and node.kind == "endEvent":
            yield found(node)
        elif trigger.ref in source.by_id and not trigger.code:
            yield found(node, CODELESS, ref=trigger.ref)
