"""Names that a variable cannot have, since an expression would mean something else by them."""

import re

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

SPELLING = "“{variable}” in “{name}” is no name for a variable: letters, digits and _, not a digit first."

RESERVED = frozenset(
    {"execution", "task", "externalTask", "loopCounter", "nrOfInstances", "nrOfActiveInstances"}
    | {"nrOfCompletedInstances", "activationCount", "waitingForStart"}
    | {"business_key", "currentUser", "now", "dateTime", "true", "false", "null", "empty", "not", "and", "or"}
    | {"eq", "ne", "lt", "le", "gt", "ge", "div", "mod", "in", "instanceof"}
)
_NAME = re.compile(r"[^\W\d]\w{0,99}")


@rule("reserved_name", sentences=[SPELLING])
def reserved_name(source: Source) -> Findings:
    """“{variable}” in “{name}” is a word of the runtime: give the variable another name."""
    for node in source.nodes:
        for variable, line in _variables(node):
            if variable in RESERVED:
                yield found(node, line=line, variable=variable)
            elif variable and not _NAME.fullmatch(variable):
                yield found(node, SPELLING, line=line, variable=variable)


def _variables(node: Node) -> list[tuple[str, int]]:
    names = [(parameter.name, parameter.line) for parameter in (*node.inputs, *node.outputs)]
    names += [(mapping.target, mapping.line) for mapping in (*node.mappings_in, *node.mappings_out)]
    names += [(node.attributes.get(name, ""), 0) for name in ("resultVariable", "initiator")]
    names += [(field.id, field.line) for field in node.fields]
    if node.loop:
        loop = node.loop
        names += [
            (name, loop.line) for name in (loop.element_variable, loop.output_collection, loop.output_item)
        ]
    if node.trigger:
        trigger = node.trigger
        own = (trigger.code_variable, trigger.message_variable, trigger.variable_name)
        names += [(name, trigger.line) for name in own]
        names += [(mapping.target, mapping.line) for mapping in trigger.mappings_in]
    if node.script:
        names.append((node.script.result_variable, node.script.line))
    return names
