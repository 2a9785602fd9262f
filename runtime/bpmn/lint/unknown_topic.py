"""A service task names an operation of the runtime by its topic."""

from difflib import get_close_matches

from runtime.bpmn.lint.rule import Findings, Source, found, rule

NONE = '“{name}” does not say what it does: set type="external" and a topic.'
SENDS = '“{name}” sends nothing: choose a message, or set type="external" and a topic.'
NEAR = "There is no operation {topic} for “{name}”; did you mean {nearest}?"


@rule("unknown_topic", sentences=[NONE, SENDS, NEAR])
def unknown_topic(source: Source) -> Findings:
    """There is no operation {topic} for “{name}”."""
    topics = source.catalogue.topics
    for node in source.nodes:
        if node.kind not in ("serviceTask", "sendTask"):
            continue
        topic = node.attributes.get("topic", "")
        if not topic:
            if node.kind == "serviceTask":
                yield found(node, NONE)
            elif node.trigger is None:
                yield found(node, SENDS)
        elif topics is not None and topic not in topics:
            near = get_close_matches(topic, topics, 1)
            if near:
                yield found(node, NEAR, topic=topic, nearest=near[0])
            else:
                yield found(node, topic=topic)
