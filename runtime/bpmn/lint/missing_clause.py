"""Each task carries out a clause of the policy."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import DOING


@rule("missing_clause", "warning")
def missing_clause(source: Source) -> Findings:
    """“{name}” does not say which clause of the policy it carries out: add the property clause."""
    for node in source.nodes:
        if node.kind in DOING and not node.properties.get("clause"):
            yield found(node)
