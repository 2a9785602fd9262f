"""What Camunda has and the runtime has not: Java, connectors, listeners, CMMN."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, CAMUNDA, Tag
from runtime.bpmn.vocabulary import EXTENSION_ATTRIBUTES, LISTENED, TASK_EVENTS
from runtime.scripts import LANGUAGES

JAVA = '“{name}” has {what}, which runs Java: name an operation with type="external" and its topic.'
CONNECTOR = (
    '“{name}” has a connector, which is not accepted: name an operation with type="external" and its topic.'
)
LISTENER = (
    "“{name}” has a listener that is no script in JavaScript, which is not accepted: write a camunda:script "
    "or draw a task before or after it."
)
EVENT = (
    "“{name}” has a listener to {event}, which is not accepted: listeners hear start and end, those of user "
    "tasks create, update, assignment, complete and delete."
)
TIMEOUT = (
    "“{name}” has a listener to timeout, which is not accepted: draw a timer on its boundary that does not "
    "interrupt it."
)
PLACE = "“{name}” cannot have a listener: draw a script task before or after it."
FIELDS = "“{name}” has form properties of Camunda 7.0: use form fields (camunda:formData) or a .form file."
CASE = "“{name}” calls a CMMN case, which is not accepted: call a process."
TAG = '{what}="{value}" of “{name}” is not accepted: rules have numbers and no tags, use decisionRefVersion.'
EXTERNAL = 'type="{value}" of “{name}” is not accepted: use type="external" and a topic.'

ELEMENTS = {
    "connector": CONNECTOR,
    "formProperty": FIELDS,
    "field": JAVA,
    "potentialStarter": "",
}
ATTRIBUTES = {
    "class": JAVA,
    "delegateExpression": JAVA,
    "expression": JAVA,
    "variableMappingClass": JAVA,
    "variableMappingDelegateExpression": JAVA,
    "formHandlerClass": JAVA,
    "resource": "",
    "caseRef": CASE,
    "caseBinding": CASE,
    "caseVersion": CASE,
    "caseTenantId": CASE,
    "calledElementTenantId": "",
    "decisionRefTenantId": "",
    "decisionRefVersionTag": TAG,
    "variableName": "",
    "variableEvents": "",
}
HEARD = {"executionListener": ("start", "end"), "taskListener": TASK_EVENTS}


@rule(
    "unsupported_extension",
    sentences=[JAVA, CONNECTOR, LISTENER, EVENT, TIMEOUT, PLACE, FIELDS, CASE, TAG, EXTERNAL],
)
def unsupported_extension(source: Source) -> Findings:
    """{what} of “{name}” is not accepted."""
    for tag in source.tags:
        if tag.space == CAMUNDA and tag.name in ELEMENTS and tag.parent is not None:
            if tag.parent.name == "extensionElements":
                yield found(tag, ELEMENTS[tag.name], what=f"camunda:{tag.name}")
        elif tag.space == CAMUNDA and tag.name in HEARD:
            yield from _listener(tag)
        elif tag.space == BPMN:
            for key, value in tag.attributes.items():
                if not key.startswith(f"{CAMUNDA}:"):
                    continue
                name = key.partition(":")[2]
                if name == "type" and name in EXTENSION_ATTRIBUTES.get(tag.name, ()):
                    if value != "external":
                        yield found(tag, EXTERNAL, value=value)
                elif name in ATTRIBUTES and name not in EXTENSION_ATTRIBUTES.get(tag.name, ()):
                    yield found(tag, ATTRIBUTES[name], what=key, value=value)


def _listener(tag: Tag) -> Findings:
    owner, script = tag.owner(), next(iter(tag.all("script", CAMUNDA)), None)
    places = LISTENED if tag.name == "executionListener" else frozenset({"userTask"})
    if owner is None or owner.name not in places:
        yield found(tag, PLACE)
    elif tag.name == "taskListener" and tag.get("event") == "timeout":
        yield found(tag, TIMEOUT)
    elif tag.get("event") not in HEARD[tag.name]:
        yield found(tag, EVENT, event=tag.get("event") or "–")
    elif script is None or len(tag.attributes) > 1 or script.get("scriptFormat").lower() not in LANGUAGES:
        yield found(tag, LISTENER)
