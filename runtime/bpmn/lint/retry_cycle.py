"""How often and when a step that failed is tried again is written so that it can be read."""

from runtime.bpmn import retry_cycle as cycles
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import CAMUNDA


@rule("retry_cycle")
def retry_cycle(source: Source) -> Findings:
    """The retry time cycle {cycle} of “{name}” cannot be read: write R3/PT10M or pauses such as PT1M,PT5M."""
    for tag in source.tags:
        mine = tag.space == CAMUNDA and tag.name == "failedJobRetryTimeCycle"
        if mine and cycles.delays(tag.text) is None:
            yield found(tag, cycle=tag.text or "–")
