"""Input and output parameters and mappings say what goes where, once."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

NAMELESS = "A parameter of “{name}” has no name."
MAPPING = "A camunda:{direction} of “{name}” does not say what goes where: give a source and a target."
EMPTY_EVENT = "“{name}” has {direction} parameters, which only tasks, subprocesses and message events use."


@rule("parameter", sentences=[NAMELESS, MAPPING, EMPTY_EVENT])
def parameter(source: Source) -> Findings:
    """The {direction} parameter {parameter} of “{name}” is given twice."""
    for node in source.nodes:
        for direction, parameters in (("input", node.inputs), ("output", node.outputs)):
            seen: set[str] = set()
            for item in parameters:
                if not item.name:
                    yield found(node, NAMELESS, line=item.line)
                elif item.name in seen:
                    yield found(node, line=item.line, direction=direction, parameter=item.name)
                seen.add(item.name)
            carries = not node.kind.endswith("Event") or _carries(node, direction)
            if parameters and not carries:
                yield found(node, EMPTY_EVENT, line=parameters[0].line, direction=direction)
        for direction, mappings in (("in", node.mappings_in), ("out", node.mappings_out)):
            for mapping in mappings:
                whole = mapping.all or (direction == "in" and mapping.business_key)
                pair = (mapping.source or mapping.source_expression) and mapping.target
                if not whole and not pair:
                    yield found(node, MAPPING, line=mapping.line, direction=direction)


def _carries(node: Node, direction: str) -> bool:
    """Thrown messages have inputs (what they carry), caught ones outputs (what is kept)."""
    throws = node.kind in ("intermediateThrowEvent", "endEvent")
    message = node.trigger is not None and node.trigger.kind == "message"
    return message and throws == (direction == "input")
