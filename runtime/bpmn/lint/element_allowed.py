"""Elements of BPMN that are not accepted, each with what to use instead."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN
from runtime.bpmn.vocabulary import DEFAULTS, REFUSED

DATA = "{element} in “{name}” is not read: give inputs and outputs as camunda:inputOutput."
GLOBAL = "“{name}” is a global task, which is not accepted: put the task into a process, and call that."
BETWEEN = "{element} (“{name}”) shows what passes between partners and is not run: draw a process."
ELSEWHERE = "{element} in “{name}” refers to another file: put what it needs into this one."
PEOPLE = (
    "{element} in “{name}” is not read: name people by humanPerformer, potentialOwner or camunda:assignee."
)
KEY = "{element} in “{name}” is not read: say by the property correlation_key which case is meant."
SERVICE = "{element} in “{name}” is not read: name an operation by camunda:topic."
ADVICE = {
    **dict.fromkeys(
        (
            "ioSpecification dataInput dataOutput inputSet outputSet dataPath assignment ioBinding dataState"
            " transformation"
        ).split(),
        DATA,
    ),
    **dict.fromkeys(
        "globalTask globalUserTask globalManualTask globalScriptTask globalBusinessRuleTask".split(), GLOBAL
    ),
    **dict.fromkeys(
        (
            "choreography globalChoreographyTask conversation subConversation callConversation"
            " globalConversation conversationLink choreographyTask subChoreography callChoreography"
        ).split(),
        BETWEEN,
    ),
    "import": ELSEWHERE,
    **dict.fromkeys("performer resourceRole resourceRef resource".split(), PEOPLE),
    **dict.fromkeys("correlationKey correlationProperty correlationSubscription".split(), KEY),
    **dict.fromkeys("interface operation operationRef supportedInterfaceRef".split(), SERVICE),
}
ATTRIBUTE = '{attribute}="{value}" of “{name}” is not accepted: only {default}.'


@rule("element_allowed", sentences=[*dict.fromkeys(ADVICE.values()), ATTRIBUTE])
def element_allowed(source: Source) -> Findings:
    """The element {element} (“{name}”) is not accepted here."""
    for tag in source.tags:
        if tag.space != BPMN:
            continue
        # Of what stands in a refused element only the outermost is worth a line.
        if tag.name in REFUSED and (tag.parent is None or tag.parent.name not in REFUSED):
            yield found(tag, ADVICE.get(tag.name, ""), element=tag.name)
        for attribute, default in DEFAULTS.items():
            value = tag.get(attribute)
            if value and value.lower() != default.lower():
                yield found(tag, ATTRIBUTE, attribute=attribute, value=value, default=default)
