"""A node stands in one lane, or it is open whose it is."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, Tag

ELSEWHERE = "The lane “{name}” holds {node}, which is not in its process."


@rule("two_lanes", sentences=[ELSEWHERE])
def two_lanes(source: Source) -> Findings:
    """{node} stands in the lane “{name}” and in the lane “{first}”: whose is it?"""
    for process in source.diagram.processes.values():
        nodes = {node.id for node in process.walk()}
        tag = source.by_id[process.id]
        first: dict[str, Tag] = {}
        for lane in tag.walk():
            if lane.space != BPMN or lane.name != "lane":
                continue
            for reference in lane.all("flowNodeRef"):
                other = first.setdefault(reference.text, lane)
                # An inner lane is more exact than the lane around it.
                if other is not lane and not _inside(lane, other) and not _inside(other, lane):
                    yield found(lane, node=reference.text, first=other.get("name") or other.id)
                if _inside(lane, other):
                    first[reference.text] = lane
                # Of what is in the file nowhere dangling_reference speaks.
                if reference.text in source.by_id and reference.text not in nodes:
                    yield found(lane, ELSEWHERE, node=reference.text)


def _inside(lane: Tag, outer: Tag) -> bool:
    above = lane.parent
    while above is not None:
        if above is outer:
            return True
        above = above.parent
    return False
