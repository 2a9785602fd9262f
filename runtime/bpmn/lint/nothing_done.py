"""Tasks that nobody does: the case passes through them."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("nothing_done", "warning")
def nothing_done(source: Source) -> Findings:
    """Nobody is asked to do “{name}”, the case passes through it: make it a user task if a person is to."""
    for node in source.nodes:
        if node.kind in ("task", "manualTask"):
            yield found(node)
