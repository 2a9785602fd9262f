"""Form fields inside the diagram are of the types and constraints that are shown and checked here."""

import re

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import FormField, Node
from runtime.bpmn.vocabulary import FIELD_CONSTRAINTS, FIELD_TYPES

CUSTOM = (
    "The field {field} of “{name}” has a validator of its own in Java, which is not accepted: "
    "use required, readonly, min, max, minlength or maxlength."
)
CONSTRAINT = "The constraint {constraint} means nothing for the field {field} of “{name}” of type {type}."
CONFIG = "The constraint {constraint} of the field {field} of “{name}” cannot be {config}."
PATTERN = (
    "The date pattern {pattern} of the field {field} of “{name}” is not accepted: "
    "use yyyy, yy, MM, M, dd, d, HH, H, mm, m, ss and s with signs between them."
)
CHOICES = "The field {field} of “{name}” needs values with an id, and only an enum has values."
LABEL = "The label of the field {field} of “{name}” is an expression: labels are plain text."
BOTH = "“{name}” names a form and has form fields: keep one of them."
KEY = "The business key of “{name}” is its field {field}, which is not among the fields of a start event."

_WORDS = re.compile(r"yyyy|yy|MM|M|dd|d|HH|H|mm|m|ss|s")
_CONFIG = {
    **dict.fromkeys(FIELD_CONSTRAINTS, re.compile("(true)?")),
    **dict.fromkeys(("min", "max"), re.compile(r"-?\d{1,15}")),
    **dict.fromkeys(("minlength", "maxlength"), re.compile(r"\d{1,5}")),
}


@rule("form_field", sentences=[CUSTOM, CONSTRAINT, CONFIG, PATTERN, CHOICES, LABEL, BOTH, KEY])
def form_field(source: Source) -> Findings:
    """The type {type} of the field {field} of “{name}” is not accepted: use string, long, boolean, date or enum."""
    for node in source.nodes:
        if node.fields and (node.attributes.get("formRef") or node.attributes.get("formKey")):
            yield found(node, BOTH, line=node.fields[0].line)
        known = {field.id for field in node.fields} if node.kind == "startEvent" else set()
        if node.key_field and node.key_field not in known:
            yield found(node, KEY, field=node.key_field)
        for field in node.fields:
            if field.type not in FIELD_TYPES:
                yield found(node, line=field.line, type=field.type or "–", field=field.id)
            else:
                yield from _field(node, field)


def _field(node: Node, field: FormField) -> Findings:
    if formulas.computes(field.label):
        yield found(node, LABEL, line=field.line, field=field.id)
    offered = bool(field.values) and all(value for value, _ in field.values)
    if offered != (field.type == "enum"):
        yield found(node, CHOICES, line=field.line, field=field.id)
    letters = re.sub(r"'[^']*'", "", field.date_pattern)
    # A pattern says when a default is which day; of another type it would say nothing.
    if field.date_pattern and (field.type != "date" or re.search("[A-Za-z']", _WORDS.sub("", letters))):
        yield found(node, PATTERN, line=field.line, field=field.id, pattern=field.date_pattern)
    for name, config in field.constraints:
        if name == "validator":
            yield found(node, CUSTOM, line=field.line, field=field.id)
        elif name not in FIELD_CONSTRAINTS | FIELD_TYPES[field.type]:
            yield found(node, CONSTRAINT, line=field.line, field=field.id, constraint=name, type=field.type)
        elif not _CONFIG[name].fullmatch(config):
            yield found(node, CONFIG, line=field.line, field=field.id, constraint=name, config=config or "–")
