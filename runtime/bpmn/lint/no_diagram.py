"""The case page draws the path taken; what has no place in the drawing is not seen."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import DRAWING

SHAPE = "“{name}” is not drawn: it has no shape in the diagram."


@rule("no_diagram", "warning", sentences=[SHAPE])
def no_diagram(source: Source) -> Findings:
    """The file has no drawing: open it in a modeler, arrange it and save it."""
    drawn = {tag.get("bpmnElement") for tag in source.tags if tag.space == DRAWING}
    if not any(tag.name == "BPMNShape" for tag in source.tags if tag.space == DRAWING):
        yield found(source.root)
        return
    for node in source.nodes:
        if node.id not in drawn:
            yield found(node, SHAPE)
