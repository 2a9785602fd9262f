"""A process or subprocess that cannot begin."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("no_start")
def no_start(source: Source) -> Findings:
    """“{name}” has no start event."""
    for owner, scope in source.scopes:
        if not any(node.kind == "startEvent" for node in scope.nodes.values()):
            yield found(owner)
