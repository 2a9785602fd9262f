"""A multi-instance activity that throws an event when its instances complete."""

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule

REFERENCES = {"One": "oneBehaviorEventRef", "None": "noneBehaviorEventRef"}
KIND = "“{name}” throws a {kind} event when its instances complete, which is not accepted: a signal or an escalation."
COMPUTED = (
    "“{name}” throws {thrown} when its instances complete: write the name out, it is not computed there."
)
OTHER = '{attribute} of “{name}” has no effect: it belongs to behavior="{behavior}".'
THROWN = ("signal", "escalation")


@rule("loop_event", sentences=[KIND, COMPUTED, OTHER])
def loop_event(source: Source) -> Findings:
    """“{name}” does not say which event it throws when its instances complete: give {attribute}."""
    for node in source.nodes:
        if node.loop is None:
            continue
        line, behavior = node.loop.line, node.loop.behavior
        tag = source.by_id[node.id].one("multiInstanceLoopCharacteristics")
        for of, attribute in REFERENCES.items():
            reference = tag.get(attribute) if tag is not None else ""
            if of == behavior and not reference:
                yield found(node, line=line, attribute=attribute)
            elif of != behavior and reference:
                yield found(node, OTHER, line=line, attribute=attribute, behavior=of)
        if node.loop.event is not None and node.loop.event.kind not in THROWN:
            yield found(node, KIND, line=line, kind=node.loop.event.kind)
        elif node.loop.event is not None:
            thrown = node.loop.event.name if node.loop.event.kind == "signal" else node.loop.event.code
            if formulas.computes(thrown):
                yield found(node, COMPUTED, line=line, thrown=thrown)
