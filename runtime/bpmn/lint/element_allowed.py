"""Elements of BPMN that are not accepted, each with what to use instead."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN
from runtime.bpmn.vocabulary import DEFAULTS, REFUSED

ADVICE = {
    "task": "“{name}” is a plain task, which nobody does: make it a user task (a person does it) or a "
    "service task (the runtime does it).",
    "manualTask": "“{name}” is a manual task, of which the runtime learns nothing: make it a user task.",
    "scriptTask": "“{name}” is a script task. Scripts are not accepted yet: compute in an expression, "
    "in a rule file or in a service task.",
    "inclusiveGateway": "“{name}” is an inclusive gateway, which is not accepted yet: use exclusive and "
    "parallel gateways.",
    "complexGateway": "“{name}” is a complex gateway, which is not accepted yet: use exclusive and "
    "parallel gateways.",
    "linkEventDefinition": "“{name}” is a link event, which is not accepted yet: draw the flow through.",
    "signalEventDefinition": "“{name}” is a signal event, which is not accepted yet: use a message.",
    "escalationEventDefinition": "“{name}” is an escalation event, which is not accepted yet: use an error "
    "event or a timer.",
    "conditionalEventDefinition": "“{name}” is a conditional event, which is not accepted yet: use a message "
    "or a timer.",
    "compensateEventDefinition": "“{name}” is a compensation event, which is not accepted yet: draw the "
    "tasks that undo the work.",
    "cancelEventDefinition": "“{name}” is a cancel event, which is not accepted yet: use an error event.",
    "transaction": "“{name}” is a transaction, which is not accepted yet: use a subprocess with an error "
    "boundary event.",
    "adHocSubProcess": "“{name}” is an ad-hoc subprocess, which is not accepted yet: draw its order.",
    "standardLoopCharacteristics": "“{name}” has a standard loop, which is not accepted yet: draw the way "
    "back with an exclusive gateway, or use multi-instance.",
}
EVENT_SUBPROCESS = (
    "“{name}” is an event subprocess, which is not accepted yet: attach a boundary event to a subprocess."
)
ATTRIBUTE = '{attribute}="{value}" of “{name}” is not accepted: only {default}.'


@rule("element_allowed", sentences=[*ADVICE.values(), EVENT_SUBPROCESS, ATTRIBUTE])
def element_allowed(source: Source) -> Findings:
    """The element {element} (“{name}”) is not accepted here."""
    for tag in source.tags:
        if tag.space != BPMN:
            continue
        if tag.name in REFUSED:
            # Of what stands in a refused element only the outermost is worth a line.
            if tag.parent is None or tag.parent.name not in REFUSED or tag.name in ADVICE:
                yield found(tag, ADVICE.get(tag.name, ""), element=tag.name)
        elif tag.name == "subProcess" and tag.get("triggeredByEvent") in ("true", "1"):
            yield found(tag, EVENT_SUBPROCESS)
        for attribute, default in DEFAULTS.items():
            value = tag.get(attribute)
            if value and value.lower() != default.lower():
                yield found(tag, ATTRIBUTE, attribute=attribute, value=value, default=default)
