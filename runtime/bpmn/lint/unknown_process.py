"""A call activity calls a process that is there and that can be called."""

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Process

NONE = "“{name}” does not say which process it calls."
EXPRESSION = "“{name}” calls a process by an expression: name it, so that what will run is known."
START = "“{name}” calls the process {process}, which has no start event without a trigger."


@rule("unknown_process", sentences=[NONE, EXPRESSION, START])
def unknown_process(source: Source) -> Findings:
    """“{name}” calls the process {process}, which is neither in this file nor deployed."""
    known = source.catalogue.processes
    here = source.diagram.processes
    for node in source.nodes:
        if node.kind != "callActivity":
            continue
        if not node.called:
            yield found(node, NONE)
        elif formulas.computes(node.called):
            yield found(node, EXPRESSION)
        elif node.called in here:
            if not may_be_called(here[node.called]):
                yield found(node, START, process=node.called)
        elif node.called in source.catalogue.uncallable:
            yield found(node, START, process=node.called)
        elif known is not None and node.called not in known:
            yield found(node, process=node.called)


def may_be_called(process: Process) -> bool:
    """Whether it has a start event without a trigger."""
    starts = [node for node in process.scope.nodes.values() if node.kind == "startEvent"]
    # Without any start it is no_start's to say.
    return not starts or any(node.trigger is not None and node.trigger.kind == "none" for node in starts)
