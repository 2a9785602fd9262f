"""Message flows are drawn between pools: nothing runs by them, so they must not mislead."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, Tag
from runtime.bpmn.vocabulary import ACTIVITIES

SAME = "The message flow “{name}” stays inside one pool: draw a sequence flow."
SENDERS = ACTIVITIES | {"participant", "endEvent", "intermediateThrowEvent"}
RECEIVERS = ACTIVITIES | {"participant", "startEvent", "intermediateCatchEvent", "boundaryEvent"}


@rule("message_flow", sentences=[SAME])
def message_flow(source: Source) -> Findings:
    """The message flow “{name}” connects {element}, which cannot send or receive a message there."""
    pools = {tag.get("processRef"): tag.id for tag in source.tags if tag.name == "participant"}
    for tag in source.tags:
        if tag.space != BPMN or tag.name != "messageFlow":
            continue
        ends = [source.by_id.get(tag.get(end)) for end in ("sourceRef", "targetRef")]
        for end, kinds in zip(ends, (SENDERS, RECEIVERS), strict=True):
            # Of what is in the file nowhere dangling_reference speaks.
            if end is not None and end.name not in kinds:
                yield found(tag, element=end.name)
        inside = [_pool(end, pools) for end in ends if end is not None]
        if len(inside) == 2 and inside[0] and inside[0] == inside[1]:
            yield found(tag, SAME)


def _pool(tag: Tag, pools: dict[str, str]) -> str:
    if tag.name == "participant":
        return tag.id
    above: Tag | None = tag
    while above is not None and above.name != "process":
        above = above.parent
    return pools.get(above.id, "") if above is not None else ""
