"""A signal is found by its name."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.throwing import triggers

NAMELESS = "The signal {ref} of “{name}” has no name."


@rule("signal_name", sentences=[NAMELESS])
def signal_name(source: Source) -> Findings:
    """“{name}” does not say which signal: choose one."""
    for node in source.nodes:
        for trigger, _thrown in triggers(node):
            if trigger.kind != "signal":
                continue
            if not trigger.ref:
                yield found(node)
            elif not trigger.name and trigger.ref in source.by_id:
                yield found(node, NAMELESS, ref=trigger.ref)
