"""A topic that names no operation waits for external workers, which may be meant or a typing error."""

from difflib import get_close_matches

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule

NEAR = (
    "There is no operation {topic}: “{name}” will wait for an external worker. Did you mean {nearest}?"
)


@rule("unknown_topic", "warning", sentences=[NEAR])
def unknown_topic(source: Source) -> Findings:
    """There is no operation {topic}: “{name}” will wait for an external worker."""
    topics = source.catalogue.topics
    if topics is None:
        return
    for node in source.nodes:
        if not node.topic or node.topic in topics:
            continue
        near = [] if formulas.computes(node.topic) else get_close_matches(node.topic, topics, 1)
        if near:
            yield found(node, NEAR, topic=node.topic, nearest=near[0])
        else:
            yield found(node, topic=node.topic)
