"""A subprocess begins when its token arrives, not by a message or a clock."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node


@rule("subprocess_start")
def subprocess_start(source: Source) -> Findings:
    """“{name}” starts a subprocess and must be a start event without a trigger."""
    for owner, scope in source.scopes:
        # Event subprocesses do begin so; element_allowed refuses them as a whole.
        if not isinstance(owner, Node) or source.by_id[owner.id].get("triggeredByEvent") == "true":
            continue
        for node in scope.nodes.values():
            if node.kind == "startEvent" and node.trigger and node.trigger.kind != "none":
                yield found(node)
