"""Data objects and stores: drawn, but no variable is kept in them."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN

SPOKEN_OF = ("dataObjectReference", "dataStoreReference", "itemDefinition")


@rule("drawn_only", "warning")
def drawn_only(source: Source) -> Findings:
    """“{name}” is only drawn: variables are kept in the case, records in the ledger."""
    for tag in source.tags:
        if tag.space == BPMN and tag.name in SPOKEN_OF:
            yield found(tag)
