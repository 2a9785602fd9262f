"""Input and output parameters and mappings say what goes where, once."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

NAMELESS = "A parameter of “{name}” has no name."
MAPPING = "A camunda:{direction} of “{name}” does not say what goes where: give a source and a target."
EMPTY_EVENT = (
    "“{name}” has {direction} parameters, which only tasks, subprocesses, messages and caught signals use."
)
KEY = "“{name}” throws a signal, which has no business key: remove businessKey, or give it to the signal as a variable."
SIGNAL = "“{name}” catches a signal and cannot say what it carries: remove camunda:in."


@rule("parameter", sentences=[NAMELESS, MAPPING, EMPTY_EVENT, KEY, SIGNAL])
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
        carried = node.trigger.mappings_in if node.trigger else ()
        for mapping in carried:
            if mapping.business_key:
                yield found(node, KEY, line=mapping.line)
        if carried and node.kind not in ("endEvent", "intermediateThrowEvent"):
            yield found(node, SIGNAL, line=carried[0].line)
        for direction, mappings in (("in", (*node.mappings_in, *carried)), ("out", node.mappings_out)):
            for mapping in mappings:
                whole = mapping.all or (direction == "in" and mapping.business_key)
                pair = (mapping.source or mapping.source_expression) and mapping.target
                if not whole and not pair:
                    yield found(node, MAPPING, line=mapping.line, direction=direction)


def _carries(node: Node, direction: str) -> bool:
    """Thrown messages have inputs (what they carry), caught ones and caught signals outputs (what is kept)."""
    throws = node.kind in ("intermediateThrowEvent", "endEvent")
    kinds = ("message",) if throws else ("message", "signal")
    carries = node.trigger is not None and node.trigger.kind in kinds
    return carries and throws == (direction == "input")
