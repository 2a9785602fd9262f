"""Settings of Camunda's job executor that have nothing to set here."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import CAMUNDA
from runtime.bpmn.vocabulary import WITHOUT_EFFECT

AT_ONCE = "{what} of “{name}” has no effect here: {topic} is an operation, which is done at once."


@rule("without_effect", "warning", sentences=[AT_ONCE])
def without_effect(source: Source) -> Findings:
    """{what} of “{name}” has no effect here: every automatic step is saved and retried by itself."""
    for tag in source.tags:
        if tag.space == CAMUNDA and tag.name in WITHOUT_EFFECT:
            yield found(tag, what=f"camunda:{tag.name}")
        for key in tag.attributes:
            if key.startswith(f"{CAMUNDA}:") and key.partition(":")[2] in WITHOUT_EFFECT:
                yield found(tag, what=key)
    for node in source.nodes:
        if node.task_priority and node.topic in (source.catalogue.topics or {}):
            yield found(node, AT_ONCE, what=f"{CAMUNDA}:taskPriority", topic=node.topic)
