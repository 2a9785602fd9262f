"""A subprocess begins when its token arrives, not by a message or a clock."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule


@rule("subprocess_start")
def subprocess_start(source: Source) -> Findings:
    """“{name}” starts a subprocess and must be a start event without a trigger."""
    for owner, scope in source.scopes:
        # Event subprocesses do begin so; an ad-hoc one has no start event at all.
        if level(owner) not in ("subProcess", "transaction"):
            continue
        for node in scope.nodes.values():
            if node.kind == "startEvent" and node.trigger and node.trigger.kind != "none":
                yield found(node)
