"""Lanes and candidate groups name groups that exist, or nobody would see the task."""

from runtime import formulas
from runtime.bpmn import staffing
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node, Process

LANE = "The lane “{name}” stands for the group {group}, which does not exist: set its property group."
NAMELESS = "The lane “{name}” names no group: give it a name or the property group."
FALLBACK = "“{name}” falls back to the group {group}, which does not exist."
STARTERS = "“{name}” may be started by the group {group}, which does not exist."
COMPUTED = "Who may start “{name}” is written out, not computed: {value}."


@rule("unknown_group", sentences=[LANE, NAMELESS, FALLBACK, STARTERS, COMPUTED])
def unknown_group(source: Source) -> Findings:
    """“{name}” is offered to the group {group}, which does not exist."""
    groups = source.catalogue.groups
    for process in source.diagram.processes.values():
        used = {node.lane for node in process.walk() if node.kind == "userTask"}
        for lane in process.lanes.values():
            if lane.id not in used:
                continue
            if not lane.group:
                yield found(lane, NAMELESS)
            elif groups is not None and lane.group not in groups:
                yield found(lane, LANE, group=lane.group)
        for attribute in ("candidateStarterGroups", "candidateStarterUsers"):
            for starter in staffing.listed(process.attributes.get(attribute, "")):
                if formulas.computes(starter):
                    yield found(process, COMPUTED, value=starter)
                elif attribute.endswith("Groups") and groups is not None and starter not in groups:
                    yield found(process, STARTERS, group=starter)
        places: list[Process | Node] = [process, *process.walk()]
        for place in places:
            group = place.properties.get("fallback", "")
            if group and groups is not None and group not in groups:
                yield found(place, FALLBACK, group=group)
        for node in process.walk():
            for group in staffing.listed(node.attributes.get("candidateGroups", "")):
                if groups is not None and not formulas.computes(group) and group not in groups:
                    yield found(node, group=group)
