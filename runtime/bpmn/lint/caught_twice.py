"""One message or signal that is waited for twice in one place."""

from collections.abc import Iterable

from runtime.bpmn.lint.ambiguous_catch import subprocess_starts
from runtime.bpmn.lint.rule import Findings, Source, found, label, rule
from runtime.bpmn.model import Node


@rule("caught_twice", "warning")
def caught_twice(source: Source) -> Findings:
    """“{name}” and “{first}” both wait for the {kind} {awaited} at the same place: both would receive it."""
    for _, scope in source.scopes:
        hosts = {node.attached_to for node in scope.nodes.values() if node.attached_to}
        for host in sorted(hosts):
            yield from _twice(scope.boundaries(host))
        yield from _twice(subprocess_starts(scope))
        for node in scope.nodes.values():
            if node.kind == "eventBasedGateway":
                targets = (scope.flows[flow].target for flow in node.outgoing)
                yield from _twice(scope.nodes[key] for key in targets if key in scope.nodes)


def _twice(nodes: Iterable[Node]) -> Findings:
    first: dict[tuple[str, str, str], Node] = {}
    for node in nodes:
        trigger = node.trigger
        if trigger is None or trigger.kind not in ("message", "signal") or not trigger.name:
            continue
        other = first.setdefault((trigger.kind, trigger.name, trigger.correlation_key), node)
        if other is not node:
            yield found(node, first=label(other), kind=trigger.kind, awaited=trigger.name)
