"""How long a message is kept that nobody waits for: an ISO duration on what sends it."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.timer import readable
from runtime.bpmn.model import Node

ELSEWHERE = "“{name}” sends no message, so its property time_to_live would mean nothing."


@rule("time_to_live", sentences=[ELSEWHERE])
def time_to_live(source: Source) -> Findings:
    """“{name}” keeps its message for {text}, which is no duration: write P30D or PT12H."""
    for node in source.nodes:
        text = node.properties.get("time_to_live")
        if text is None:
            continue
        if not _sends(node):
            yield found(node, ELSEWHERE)
        elif not readable("duration", text):
            yield found(node, text=text or "–")


def _sends(node: Node) -> bool:
    """A service task's operation may send one too."""
    if node.kind in ("intermediateThrowEvent", "endEvent"):
        return node.trigger is not None and node.trigger.kind == "message"
    return node.kind in ("sendTask", "serviceTask")
