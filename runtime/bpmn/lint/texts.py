"""Every text of a diagram that is or may hold an expression, with its place. No rule of its own.

Two kinds, as the engine reads them: a formula is an expression, with braces or without
(conditions, collections); a template is text with `${…}` in it or not (assignees, inputs)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runtime import expressions, formulas
from runtime.bpmn.lint.rule import Source
from runtime.bpmn.model import DataMapping, Flow, Node, Parameter, Process, Script

PEOPLE = ("assignee", "candidateUsers", "candidateGroups")
# Extension properties that are evaluated, of a process and of a user task.
TITLES = ("title", "title_en", "title_zh_hant", "subject")
TASK_TITLES = TITLES[:3]
TEMPLATES = (*PEOPLE, "dueDate", "followUpDate", "priority", "jobPriority")
PRIORITIES = ("jobPriority", "taskPriority")
# Properties of a user task that name people.
NAMING = ("excludes", "meant_for")


@dataclass(frozen=True)
class Text:
    """`what` is the word of the file: an attribute, an element, a parameter's name."""

    at: Node | Flow | Process
    what: str
    text: str
    formula: bool
    line: int = 0

    def compile(self) -> expressions.Expression:
        """Raises expressions.Malformed."""
        return formulas.formula(self.text) if self.formula else formulas.compile(self.text.strip())


def texts(source: Source) -> Iterator[Text]:
    """All of a file, in no particular order."""
    for _, flow in source.flows:
        if flow.condition is not None:
            yield Text(flow, "condition", flow.condition, True)
    for process in source.diagram.processes.values():
        for name in TITLES:
            if process.properties.get(name):
                yield Text(process, name, process.properties[name], False)
        for name in PRIORITIES:
            if process.attributes.get(name):
                yield Text(process, name, process.attributes[name], False)
    for node in source.nodes:
        yield from _of_node(node)


def _of_node(node: Node) -> Iterator[Text]:
    for name in TEMPLATES:
        if node.attributes.get(name):
            yield Text(node, name, node.attributes[name], False)
    for name, text in (("topic", node.topic), ("taskPriority", node.task_priority)):
        if text:
            yield Text(node, name, text, False)
    for name in (*NAMING, *(TASK_TITLES if node.kind == "userTask" else ())):
        if node.properties.get(name):
            yield Text(node, name, node.properties[name], False)
    for field in node.fields:
        if field.default:
            yield Text(node, "defaultValue", field.default, False, field.line)
    if node.script:
        yield from _of_script(node, "script", node.script)
    for parameter in (*node.inputs, *node.outputs):
        yield from _of_parameter(node, parameter, parameter.value)
    for mapping in (*node.mappings_in, *node.mappings_out):
        yield from _of_mapping(node, mapping)
    if node.loop:
        line = node.loop.line
        for what, text in (
            ("collection", node.loop.collection),
            ("loopCardinality", node.loop.cardinality),
            ("completionCondition", node.loop.completion_condition),
        ):
            if text:
                yield Text(node, what, text, True, line)
    for thrown in node.errors:
        yield Text(node, "errorEventDefinition", thrown.condition, True, thrown.line)
    yield from _of_conditions(node)
    if node.trigger:
        trigger = node.trigger
        throws = node.kind in ("endEvent", "intermediateThrowEvent")
        for mapping in trigger.mappings_in:
            yield from _of_mapping(node, mapping)
        for what, text, formula in (
            (trigger.kind, trigger.name if trigger.kind in ("message", "signal") else "", False),
            ("errorCode", trigger.code if throws and trigger.kind == "error" else "", False),
            ("condition", trigger.condition, True),
            ("correlation_key", trigger.correlation_key, True),
            ("timeDate", trigger.date, False),
            ("timeDuration", trigger.duration, False),
            ("timeCycle", trigger.cycle, False),
        ):
            if text:
                yield Text(node, what, text, formula, trigger.line)


def _of_conditions(node: Node) -> Iterator[Text]:
    """What decides whether an activity is done again or is complete, and whether a gateway goes on."""
    repeat, ad_hoc = node.repeat, node.ad_hoc
    for what, text, line in (
        ("activationCondition", node.activation, 0),
        ("loopCondition", repeat.condition if repeat else "", repeat.line if repeat else 0),
        ("completionCondition", ad_hoc.completion_condition if ad_hoc else "", 0),
    ):
        if text:
            yield Text(node, what, text, True, line)


def _of_parameter(node: Node, parameter: Parameter, value: object) -> Iterator[Text]:
    if isinstance(value, str):
        yield Text(node, parameter.name, value, False, parameter.line)
    elif isinstance(value, Script):
        yield from _of_script(node, parameter.name, value)
    elif isinstance(value, list):
        for item in value:
            yield from _of_parameter(node, parameter, item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _of_parameter(node, parameter, item)


def _of_script(node: Node, what: str, script: Script) -> Iterator[Text]:
    """Scripts that are expressions; of JavaScript, script.py speaks."""
    language, bare = script.format.strip().lower(), script.text.strip()
    if language == "juel" and bare:
        yield Text(node, what, bare, True, script.line)
    elif language == "feel" and bare:
        yield Text(node, what, bare if formulas.is_feel(bare) else f"={bare}", True, script.line)


def _of_mapping(node: Node, mapping: DataMapping) -> Iterator[Text]:
    if mapping.source_expression:
        yield Text(node, "sourceExpression", mapping.source_expression, True, mapping.line)
    if mapping.business_key:
        yield Text(node, "businessKey", mapping.business_key, False, mapping.line)
