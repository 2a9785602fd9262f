"""Every user task has somebody, and what happens when nobody is left is said so that it can be done."""

from runtime.bpmn import staffing
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node, Process

RULE = "The property nobody of “{name}” is {value}: use superior, fallback or refuse."
FALLBACK = (
    "“{name}” passes its tasks to a fallback when nobody is left: name a group in the property fallback."
)


@rule("nobody_to_do_it", sentences=[RULE, FALLBACK])
def nobody_to_do_it(source: Source) -> Findings:
    """Nobody is to do “{name}”: give an assignee or candidates, or put it into a lane."""
    for process in source.diagram.processes.values():
        for row in staffing.table(process):
            if row.source == "nobody":
                yield found(process.scope.nodes.get(row.task) or source.by_id[row.task])
        places: list[Process | Node] = [process, *process.walk()]
        for place in places:
            said = place.properties.get("nobody", "superior")
            if said not in staffing.RULES:
                yield found(place, RULE, value=said)
            elif said == "fallback" and not (
                place.properties.get("fallback") or process.properties.get("fallback")
            ):
                yield found(place, FALLBACK)
