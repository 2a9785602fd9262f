"""What is caught twice in one place: which of the two would go on?"""

from collections.abc import Iterable

from runtime.bpmn.lint.rule import Findings, Source, found, label, rule
from runtime.bpmn.model import Node, Scope

ANY = "“{name}” and “{first}” both catch every {kind} at the same place: which one would go on?"
START = "“{name}” and “{first}” both start the process by the message {message}: keep one."
UNDO = "“{name}” and “{first}” both undo the same subprocess: keep one."


@rule("ambiguous_catch", sentences=[ANY, START, UNDO])
def ambiguous_catch(source: Source) -> Findings:
    """“{name}” and “{first}” both catch the {kind} {code} at the same place: which one would go on?"""
    for _, scope in source.scopes:
        hosts = {node.attached_to for node in scope.nodes.values() if node.attached_to}
        for host in sorted(hosts):
            yield from _twice(scope.boundaries(host))
        yield from _twice(subprocess_starts(scope))
    for process in source.diagram.processes.values():
        yield from _starts(process.scope)


def subprocess_starts(scope: Scope) -> list[Node]:
    """The start events of the event subprocesses on a level."""
    inside = (node.scope.nodes.values() for node in scope.nodes.values() if node.by_event and node.scope)
    return [node for nodes in inside for node in nodes if node.kind == "startEvent"]


def _twice(nodes: Iterable[Node]) -> Findings:
    first: dict[tuple[str, str], Node] = {}
    for node in nodes:
        trigger = node.trigger
        if trigger is None or trigger.kind not in ("error", "escalation", "compensate"):
            continue
        other = first.setdefault((trigger.kind, trigger.code), node)
        # Two compensation events of one activity are compensation's to say.
        if other is node or (trigger.kind == "compensate" and node.kind == "boundaryEvent"):
            continue
        if trigger.kind == "compensate":
            yield found(node, UNDO, first=label(other))
        else:
            sentence = "" if trigger.code else ANY
            yield found(node, sentence, first=label(other), kind=trigger.kind, code=trigger.code)


def _starts(scope: Scope) -> Findings:
    first: dict[str, Node] = {}
    for node in scope.nodes.values():
        if (
            node.kind == "startEvent"
            and node.trigger
            and node.trigger.kind == "message"
            and node.trigger.name
        ):
            other = first.setdefault(node.trigger.name, node)
            if other is not node:
                yield found(node, START, first=label(other), message=node.trigger.name)
