"""Expressions call and read only what the runtime offers; a Java bean is not among it."""

from difflib import get_close_matches

from runtime import expressions
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.texts import NAMING, TASK_TITLES, TEMPLATES, TITLES, Text, texts
from runtime.bpmn.model import Node
from runtime.expressions import Malformed

NEAR = "The {what} of “{name}” calls {function}(), which does not exist; did you mean {nearest}()?"
PROPERTY = "The {what} of “{name}” reads {property}, which does not exist; there are {known}."

# What can be read of the runtime's own (engine: moves.py, elements/user_task.py, service_task.py);
# a map would be null for a typing error.
HELD = {
    "execution": ("processBusinessKey", "processInstanceId", "currentActivityId", "activityInstanceId"),
    "task": (
        *("id", "name", "assignee", "priority", "dueDate", "followUpDate", "taskDefinitionKey"),
        *("executionId", "processInstanceId"),
    ),
    "externalTask": ("errorMessage", "errorDetails", "topicName"),
}
SECRET = (
    "The {what} of “{name}” uses secret(), which stands only in headers and authorization of http.request, "
    "with the name of a secret in quotes."
)
SECRET_INPUTS = frozenset({"headers", "authorization"})
PLACE = "The {what} of “{name}” reads {word}, which is not there."
# `task` is there for what a user task asks for, `externalTask` for the errors of an operation.
PLACES = {"task": (*TEMPLATES, "formRef", "formKey"), "externalTask": ("errorEventDefinition",)}
# Texts that are evaluated over the case's variables alone: what they do not have is of a step.
BESIDE = (*TITLES, *NAMING, "defaultValue")
OF_STEPS = frozenset(
    f"execution.{name}"
    for name in ("getVariableLocal", "hasVariableLocal", "getProcessInstanceId", "getCurrentActivityId")
) | {"execution.getActivityInstanceId"}


@rule("unknown_function", sentences=[NEAR, PROPERTY, PLACE, SECRET])
def unknown_function(source: Source) -> Findings:
    """The {what} of “{name}” calls {function}(), which does not exist."""
    known = source.catalogue.functions
    if known is None:
        return
    for text in texts(source):
        try:
            compiled = text.compile()
        except Malformed:
            continue
        calls = compiled.calls
        words = compiled.names | {name.partition(".")[0] for name in calls}
        for word in sorted(words & PLACES.keys()):
            if text.what not in PLACES[word]:
                yield found(text.at, PLACE, line=text.line, what=text.what, word=word)
        beside = text.what in BESIDE
        for name in sorted(calls & OF_STEPS if beside else ()):
            yield found(text.at, PLACE, line=text.line, what=text.what, word=name)
        # What a task is called stays as it is written, also when somebody's name is erased.
        if "name_of" in calls and text.what in TASK_TITLES and isinstance(text.at, Node):
            yield found(text.at, PLACE, line=text.line, what=text.what, word="name_of")
        for node in expressions.walk(compiled.tree):
            if isinstance(node, expressions.Property) and isinstance(node.of, expressions.Name):
                names = HELD.get(node.of.id)
                names = names[:1] if names and beside else names
                if names is not None and node.name not in names:
                    told = {"property": f"{node.of.id}.{node.name}", "known": ", ".join(names)}
                    yield found(text.at, PROPERTY, line=text.line, what=text.what, **told)
        if "secret" in calls and not _secret_may(text, compiled):
            yield found(text.at, SECRET, line=text.line, what=text.what)
        for name in sorted(calls - known):
            near = get_close_matches(name, known, 1)
            if near:
                yield found(text.at, NEAR, line=text.line, what=text.what, function=name, nearest=near[0])
            else:
                yield found(text.at, line=text.line, what=text.what, function=name)


def _secret_may(text: Text, compiled: expressions.Expression) -> bool:
    """Whether a secret may stand there. Its name is written out, so that no variable's text chooses it."""
    asked = isinstance(text.at, Node) and text.at.topic == "http.request" and text.what in SECRET_INPUTS
    calls = [node for node in expressions.walk(compiled.tree) if isinstance(node, expressions.Call)]
    return asked and all(
        len(call.args) == 1
        and isinstance(call.args[0], expressions.Literal)
        and isinstance(call.args[0].value, str)
        for call in calls
        if call.name == "secret"
    )
