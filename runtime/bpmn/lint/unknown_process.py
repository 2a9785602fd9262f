"""A call activity calls a process that is there."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

NONE = "“{name}” does not say which process it calls."


@rule("unknown_process", sentences=[NONE])
def unknown_process(source: Source) -> Findings:
    """“{name}” calls the process {process}, which is neither in this file nor deployed."""
    known = source.catalogue.processes
    for node in source.nodes:
        if node.kind != "callActivity":
            continue
        if not node.called:
            yield found(node, NONE)
        elif known is not None and node.called not in source.diagram.processes and node.called not in known:
            yield found(node, process=node.called)
