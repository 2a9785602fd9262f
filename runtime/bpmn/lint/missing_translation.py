"""Names in the three languages of the house."""

from collections.abc import Iterator

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Flow, Lane, Node, Process


@rule("missing_translation", "warning")
def missing_translation(source: Source) -> Findings:
    """“{name}” lacks its name in another language: add the property {properties}."""
    for process in source.diagram.processes.values():
        for place in _named(process):
            missing = [
                f"name_{language.lower()}"
                for language in ("en", "zh_Hant")
                if place.names.get("zh_Hans") and not place.names.get(language)
            ]
            if missing:
                yield found(place, properties=", ".join(missing))


def _named(process: Process) -> Iterator[Process | Node | Flow | Lane]:
    yield process
    yield from process.lanes.values()
    yield from process.scope.flows.values()
    for node in process.walk():
        yield node
        if node.scope is not None:
            yield from node.scope.flows.values()
