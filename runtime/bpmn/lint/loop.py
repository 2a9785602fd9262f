"""Multi-instance: over which items, on which elements."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import Tag

BOTH = "“{name}” has a collection and a cardinality: remove one of the two."
OUTPUT = "“{name}” collects its results but does not say which: give loopDataOutputRef and outputDataItem."
TWICE = "“{name}” says over what it runs in camunda's words and in BPMN's, and not the same: remove one of the two."
BEHAVIOR = 'behavior="{value}" of “{name}” is not accepted: All, One or None.'
BEHAVIORS = ("All", "One", "None")


@rule("loop", sentences=[BOTH, OUTPUT, TWICE, BEHAVIOR])
def loop(source: Source) -> Findings:
    """“{name}” is multi-instance but does not say over what: give camunda:collection or loopCardinality."""
    for node in source.nodes:
        if node.loop is None:
            continue
        line = node.loop.line
        if not node.loop.collection and not node.loop.cardinality:
            yield found(node, line=line)
        elif node.loop.collection and node.loop.cardinality:
            yield found(node, BOTH, line=line)
        if bool(node.loop.output_collection) != bool(node.loop.output_item):
            yield found(node, OUTPUT, line=line)
        if _twice(source.by_id[node.id]):
            yield found(node, TWICE, line=line)
        if node.loop.behavior not in BEHAVIORS:
            yield found(node, BEHAVIOR, line=line, value=node.loop.behavior)


def _twice(node: Tag) -> bool:
    tag = node.one("multiInstanceLoopCharacteristics")
    if tag is None:
        return False
    collection, item = tag.one("loopDataInputRef"), tag.one("inputDataItem")
    pairs = (
        (tag.get("camunda:collection"), collection.text if collection is not None else ""),
        (
            tag.get("camunda:elementVariable"),
            (item.get("name") or item.get("id")) if item is not None else "",
        ),
    )
    return any(ours and theirs and ours != theirs for ours, theirs in pairs)
