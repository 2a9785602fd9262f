"""Two elements with one id."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, DRAWING


@rule("duplicate_id")
def duplicate_id(source: Source) -> Findings:
    """The id {value} is used twice, first in line {first}."""
    for tag in source.tags:
        if tag.id and tag.space in (BPMN, DRAWING):
            first = source.by_id[tag.id]
            if first is not tag:
                yield found(tag, value=tag.id, first=first.line)
