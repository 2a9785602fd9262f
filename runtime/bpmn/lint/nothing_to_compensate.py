"""A compensation that undoes nothing."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.undoing import throws, undoes
from runtime.bpmn.model import Node, Process, Scope


@rule("nothing_to_compensate", "warning")
def nothing_to_compensate(source: Source) -> Findings:
    """“{name}” undoes what was done on its level, but nothing there can be undone."""
    around: dict[str, tuple[Process | Node, Scope]] = {
        node.id: (owner, scope) for owner, scope in source.scopes for node in scope.nodes.values()
    }
    for owner, scope in source.scopes:
        thrown = [node for node in scope.nodes.values() if throws(node)]
        everything = [node for node in thrown if node.trigger and not node.trigger.activity_ref]
        if not everything:
            continue
        levels, holder = [scope], owner
        # In an event subprocess the level around it is meant as well.
        while isinstance(holder, Node) and holder.by_event:
            holder, outer = around[holder.id]
            levels.append(outer)
        if not any(map(undoes, levels)):
            for node in everything:
                yield found(node)
