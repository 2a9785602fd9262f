"""People read names, not ids."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import ACTIVITIES


@rule("missing_name", "warning")
def missing_name(source: Source) -> Findings:
    """“{name}” has no name for people to read."""
    for process in source.diagram.processes.values():
        if not process.names.get("zh_Hans"):
            yield found(process)
        for node in process.walk():
            if node.kind in ACTIVITIES and not node.names.get("zh_Hans"):
                yield found(node)
