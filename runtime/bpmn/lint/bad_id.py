"""Ids are what cases, logs and other files refer to."""

import re

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN
from runtime.bpmn.vocabulary import FLOW_NODES

NONE = "A {element} has no id."
_ID = re.compile(r"[^\W\d][\w.\-·]{0,199}")
NEED = FLOW_NODES | {"process", "sequenceFlow", "lane", "message", "error", "signal", "escalation"}


@rule("bad_id", sentences=[NONE])
def bad_id(source: Source) -> Findings:
    """The id {value} is not allowed: begin with a letter, then letters, digits, - _ and ., at most 200."""
    for tag in source.tags:
        if tag.space != BPMN:
            continue
        if "id" in tag.attributes and tag.id:
            if not _ID.fullmatch(tag.id):
                yield found(tag, value=tag.id)
        elif tag.name in NEED:
            yield found(tag, NONE, element=tag.name)
