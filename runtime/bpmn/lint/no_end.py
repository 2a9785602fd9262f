"""A process or subprocess that cannot end."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("no_end")
def no_end(source: Source) -> Findings:
    """“{name}” has no end event."""
    for owner, scope in source.scopes:
        if not any(node.kind == "endEvent" for node in scope.nodes.values()):
            yield found(owner)
