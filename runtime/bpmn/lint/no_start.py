"""A process or subprocess that cannot begin. In an ad-hoc one people choose what they begin with."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule


@rule("no_start")
def no_start(source: Source) -> Findings:
    """“{name}” has no start event."""
    for owner, scope in source.scopes:
        # How many an event subprocess has is event_subprocess's to say.
        if level(owner) in ("adHocSubProcess", "eventSubProcess"):
            continue
        if not any(node.kind == "startEvent" for node in scope.nodes.values()):
            yield found(owner)
