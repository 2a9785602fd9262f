"""Every user task has somebody."""

from runtime.bpmn import staffing
from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("nobody_to_do_it")
def nobody_to_do_it(source: Source) -> Findings:
    """Nobody is to do “{name}”: give an assignee or candidates, or put it into a lane."""
    for process in source.diagram.processes.values():
        for row in staffing.table(process):
            if row.source == "nobody":
                yield found(process.scope.nodes.get(row.task) or source.by_id[row.task])
