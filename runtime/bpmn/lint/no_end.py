"""A process or subprocess that cannot end. An ad-hoc one ends by its condition."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule


@rule("no_end")
def no_end(source: Source) -> Findings:
    """“{name}” has no end event."""
    for owner, scope in source.scopes:
        if level(owner) != "adHocSubProcess" and not any(
            node.kind == "endEvent" for node in scope.nodes.values()
        ):
            yield found(owner)
