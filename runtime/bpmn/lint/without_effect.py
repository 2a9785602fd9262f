"""Settings of Camunda's job executor, which have nothing to set here."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import CAMUNDA
from runtime.bpmn.vocabulary import WITHOUT_EFFECT


@rule("without_effect", "warning")
def without_effect(source: Source) -> Findings:
    """{what} of “{name}” has no effect here: every automatic step is saved and retried by itself."""
    for tag in source.tags:
        if tag.space == CAMUNDA and tag.name in WITHOUT_EFFECT:
            yield found(tag, what=f"camunda:{tag.name}")
        for key in tag.attributes:
            if key.startswith(f"{CAMUNDA}:") and key.partition(":")[2] in WITHOUT_EFFECT:
                yield found(tag, what=key)
