"""Attributes that nothing here reads: a typing error would otherwise be ignored in silence."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.unsupported_extension import ATTRIBUTES
from runtime.bpmn.tags import BPMN, CAMUNDA, FOREIGN, Tag
from runtime.bpmn.vocabulary import (
    ACCEPTED,
    EVERYWHERE,
    EXTENSION_ATTRIBUTES,
    EXTENSIONS,
    FLOW_NODES,
    SAVED,
    SAVEPOINTS,
    SHARED_ATTRIBUTES,
    SHARED_EXTENSION_ATTRIBUTES,
    SILENT_ATTRIBUTES,
)


@rule("unknown_attribute")
def unknown_attribute(source: Source) -> Findings:
    """The attribute {attribute} of “{name}” ({element}) is not known."""
    for tag in source.tags:
        for attribute in tag.attributes:
            if not _known(tag, attribute):
                yield found(tag, attribute=attribute, element=tag.name)


def _known(tag: Tag, attribute: str) -> bool:
    if attribute.startswith(f"{CAMUNDA}:"):
        name = attribute.partition(":")[2]
        return (
            tag.space != BPMN
            or name in EXTENSION_ATTRIBUTES.get(tag.name, ())
            or (tag.name in FLOW_NODES and name in SHARED_EXTENSION_ATTRIBUTES)
            or (name in SAVEPOINTS and tag.name in SAVED)
            or name in SILENT_ATTRIBUTES
            or name in ATTRIBUTES
        )
    if attribute.startswith("{"):
        return attribute[1:].partition("}")[0] not in FOREIGN
    if ":" in attribute:
        return True
    if tag.space == BPMN and (tag.name in ACCEPTED or tag.name in EVERYWHERE):
        of_tag = ACCEPTED[tag.name][1] if tag.name in ACCEPTED else EVERYWHERE[tag.name]
        return attribute in of_tag or attribute in SHARED_ATTRIBUTES
    if tag.space == CAMUNDA and tag.name in EXTENSIONS:
        return attribute in EXTENSIONS[tag.name][1]
    return True
