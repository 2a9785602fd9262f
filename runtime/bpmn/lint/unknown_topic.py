"""A service task, and a message that an operation sends, names the operation by its topic."""

from difflib import get_close_matches

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

NONE = '“{name}” does not say what it does: set type="external" and a topic.'
SENDS = '“{name}” sends nothing: choose a message, or set type="external" and a topic.'
CATCHES = "“{name}” waits for a message, which no operation does: remove type and topic from it."
NEAR = "There is no operation {topic} for “{name}”; did you mean {nearest}?"


@rule("unknown_topic", sentences=[NONE, SENDS, CATCHES, NEAR])
def unknown_topic(source: Source) -> Findings:
    """There is no operation {topic} for “{name}”."""
    topics = source.catalogue.topics
    for node in source.nodes:
        if node.trigger and node.trigger.topic and node.kind not in ("endEvent", "intermediateThrowEvent"):
            yield found(node, CATCHES)
            continue
        topic = topic_of(node)
        if not topic and _external(node):
            yield found(node, NONE)
            continue
        if node.kind not in ("serviceTask", "sendTask") and not topic:
            continue
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


def topic_of(node: Node) -> str:
    """The operation of a task, or the one that sends the message of an event."""
    if node.kind in ("serviceTask", "sendTask", "businessRuleTask"):
        return node.attributes.get("topic", "")
    return node.trigger.topic if node.trigger else ""


def _external(node: Node) -> bool:
    """Whether a task that could do without an operation is said to have one."""
    return node.kind in ("sendTask", "businessRuleTask") and node.attributes.get("type") == "external"
