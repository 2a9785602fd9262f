"""An ad-hoc subprocess offers its first activities to people, until its condition holds."""

from runtime.bpmn.lint.rule import Findings, Source, found, label, rule
from runtime.bpmn.model import Node
from runtime.bpmn.vocabulary import ACTIVITIES

EMPTY = "“{name}” has no activity to choose from."
EDGE = "“{name}” stands in an ad-hoc subprocess, which has no start and no end events: remove it."
FIRST = (
    "“{inside}” is among the first of the ad-hoc subprocess “{name}” and must be a user task: people choose "
    "what to begin with."
)
ORDER = 'ordering="{value}" of “{name}” is not accepted: Parallel or Sequential.'


@rule("ad_hoc", sentences=[EMPTY, EDGE, FIRST, ORDER])
def ad_hoc(source: Source) -> Findings:
    """“{name}” does not say when it is complete: give a completionCondition."""
    for node in source.nodes:
        if node.kind != "adHocSubProcess" or node.scope is None:
            continue
        inside = node.scope.nodes.values()
        if node.ad_hoc and not node.ad_hoc.completion_condition:
            yield found(node)
        if not any(each.kind in ACTIVITIES and not each.for_compensation for each in inside):
            yield found(node, EMPTY)
        for each in inside:
            if each.kind in ("startEvent", "endEvent"):
                yield found(each, EDGE)
            elif _first(each) and each.kind != "userTask":
                yield found(node, FIRST, inside=label(each))
        ordering = source.by_id[node.id].get("ordering")
        if ordering not in ("", "Parallel", "Sequential"):
            yield found(node, ORDER, value=ordering)


def _first(node: Node) -> bool:
    """What nothing inside leads to, so that somebody must begin it."""
    return not (node.incoming or node.attached_to or node.for_compensation or node.by_event)
