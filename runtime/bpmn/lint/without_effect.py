"""Settings of Camunda's job executor that have nothing to set here."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, CAMUNDA, Tag
from runtime.bpmn.vocabulary import SAVEPOINTS

EXCLUSIVE = (
    'camunda:exclusive="false" of “{name}” has no effect: the steps of one case are always made one after another.'
)
VALUE = '{what}="{value}" of “{name}” is neither true nor false, and counts as false.'
AT_ONCE = "{what} of “{name}” has no effect here: {topic} is an operation, which is done at once."


@rule("without_effect", "warning", sentences=[EXCLUSIVE, VALUE, AT_ONCE])
def without_effect(source: Source) -> Findings:
    """{what} of “{name}” has no effect: nothing goes on there by itself."""
    for tag in source.tags:
        for key, value in tag.attributes.items():
            space, _, name = key.partition(":")
            if space == CAMUNDA and name in SAVEPOINTS and tag.space == BPMN:
                yield from _savepoint(tag, key, name, value)
    for node in source.nodes:
        if node.task_priority and node.topic in (source.catalogue.topics or {}):
            yield found(node, AT_ONCE, what=f"{CAMUNDA}:taskPriority", topic=node.topic)


def _savepoint(tag: Tag, key: str, name: str, value: str) -> Findings:
    if value not in ("true", "false"):
        yield found(tag, VALUE, what=key, value=value)
    elif name == "exclusive":
        if value == "false":
            yield found(tag, EXCLUSIVE)
    elif value == "true" and _still(tag, name):
        yield found(tag, what=key)


def _still(tag: Tag, name: str) -> bool:
    """Where no token goes on: what leads from an event-based gateway is an event; at a compensation
    event there is never one."""
    if tag.name == "eventBasedGateway":
        return name == "asyncAfter"
    return tag.name == "boundaryEvent" and tag.one("compensateEventDefinition") is not None
