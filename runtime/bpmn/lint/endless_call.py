"""A process that calls itself without a way out."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Scope


@rule("endless_call", "warning")
def endless_call(source: Source) -> Findings:
    """“{name}” calls {process}, which then always calls again and never ends."""
    processes = source.diagram.processes
    ending: set[str] = set()
    # A process ends if an end is reached past calls of processes that end; begin with none.
    while True:
        more = {
            key
            for key, process in processes.items()
            if key not in ending and _ends(process.scope, processes.keys() - ending)
        }
        if not more:
            break
        ending |= more
    for process in processes.values():
        for node in process.walk():
            calls = node.kind == "callActivity" and node.called in processes.keys() - ending
            # Without a reachable end of its own it is no_end's and unreachable's to say.
            if calls and _ends(processes[node.called].scope, set()):
                yield found(node, process=node.called)


def _ends(scope: Scope, endless: set[str]) -> bool:
    """Whether a token from a start may reach an end without passing a call of an endless process."""
    # An event subprocess may end the level by itself.
    pending = [node.id for node in scope.nodes.values() if node.kind == "startEvent" or node.by_event]
    attached: dict[str, list[str]] = {}
    caught: dict[str, list[str]] = {}
    for node in scope.nodes.values():
        attached.setdefault(node.attached_to, []).append(node.id)
        if node.kind == "intermediateCatchEvent" and node.trigger and node.trigger.kind == "link":
            caught.setdefault(node.trigger.name, []).append(node.id)
    seen: set[str] = set()
    while pending:
        current = pending.pop()
        if current not in scope.nodes or current in seen:
            continue
        seen.add(current)
        node = scope.nodes[current]
        if node.kind == "endEvent":
            return True
        if node.kind == "intermediateThrowEvent" and node.trigger and node.trigger.kind == "link":
            pending += caught.get(node.trigger.name, ())
        # A boundary event may lead out of a call that goes on for ever.
        pending += attached.get(current, ())
        if node.kind == "callActivity" and node.called in endless:
            continue
        # People end an ad-hoc subprocess, whatever stands in it.
        if node.scope is not None and node.kind != "adHocSubProcess" and not _ends(node.scope, endless):
            continue
        if node.by_event:
            return True
        pending += [scope.flows[flow].target for flow in node.outgoing]
    return False
