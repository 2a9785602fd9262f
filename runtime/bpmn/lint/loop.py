"""Multi-instance: over which items, on which elements."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

BOTH = "“{name}” has a collection and a cardinality: remove one of the two."
OUTPUT = "“{name}” collects its results but does not say which: give loopDataOutputRef and outputDataItem."
BEHAVIOR = 'behavior="{value}" of “{name}” is not accepted: All, One or None.'
BEHAVIORS = ("All", "One", "None")


@rule("loop", sentences=[BOTH, OUTPUT, BEHAVIOR])
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
        if node.loop.behavior not in BEHAVIORS:
            yield found(node, BEHAVIOR, line=line, value=node.loop.behavior)
