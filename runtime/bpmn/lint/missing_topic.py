"""What is done by an operation or an external worker says by whom: with its topic."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

LONGEST = 255  # characters of a topic
SENDS = '“{name}” sends nothing: choose a message, or set type="external" and a topic.'
CATCHES = "“{name}” waits for a message, which no operation does: remove type and topic from it."
LONG = "The topic of “{name}” has {length} characters; at most {most} are kept."


@rule("missing_topic", sentences=[SENDS, CATCHES, LONG])
def missing_topic(source: Source) -> Findings:
    """“{name}” does not say what it does: set type="external" and a topic."""
    for node in source.nodes:
        if node.trigger and node.trigger.topic and node.kind not in ("endEvent", "intermediateThrowEvent"):
            yield found(node, CATCHES)
        elif len(node.topic) > LONGEST:
            yield found(node, LONG, length=len(node.topic), most=LONGEST)
        elif node.topic:
            continue
        elif node.kind == "serviceTask" or _external(node):
            yield found(node)
        elif node.kind == "sendTask" and node.trigger is None:
            yield found(node, SENDS)


def _external(node: Node) -> bool:
    """Whether a task that could do without a topic is said to have one."""
    return node.kind in ("sendTask", "businessRuleTask") and node.attributes.get("type") == "external"
