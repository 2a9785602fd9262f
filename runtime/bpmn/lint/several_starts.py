"""Which start event would be meant?"""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("several_starts")
def several_starts(source: Source) -> Findings:
    """“{name}” is one of several start events without a trigger; there may be one."""
    for _, scope in source.scopes:
        starts = [
            node
            for node in scope.nodes.values()
            if node.kind == "startEvent" and node.trigger and node.trigger.kind == "none"
        ]
        for node in starts[1:]:
            yield found(node)
