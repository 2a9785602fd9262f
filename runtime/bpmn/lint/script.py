"""Scripts are in a language that runs, stand in the diagram itself, and can be read."""

import re
from difflib import get_close_matches

from runtime import scripts
from runtime.bpmn.lint.rule import Finding, Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, CAMUNDA, Tag
from runtime.bpmn.vocabulary import CHANGING
from runtime.scripts import offered

PYTHON = "“{name}” holds Python. Python from a diagram is never run: write ${…} or JavaScript."
LANGUAGE = "The expressions of “{name}” are in the language {language}: write them as ${…}."
NONE = 'The script of “{name}” does not say its language: write scriptFormat="javascript".'
EMPTY = "The script of “{name}” is empty."
RESOURCE = (
    "The script of “{name}” lies outside the diagram, which is not accepted: write it into the diagram."
)
MEMBER = "The script of “{name}” uses {word}, which does not exist here."
NEAR = "The script of “{name}” uses {word}, which does not exist here; did you mean {nearest}?"
OVER = "The script of “{name}” uses {word}, but a task can be changed only at create, update and assignment."

# What is no code of a script; and what it asks of the runtime's own.
_NO_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_ASKED = re.compile(r"(?<![\w$.])(execution|task)\s*\.\s*([A-Za-z_$][\w$]*)")
_OWN = r"\b(?:var|let|const|function|class)\s+{}\b"
ACCEPTED = ("", "juel", "http://www.w3.org/1999/xpath", "http://www.java.com/javatypes")
IGNORED = ("http://www.w3.org/2001/xmlschema",)
# Of these the expression is read like any other (texts.py).
EXPRESSIONS = ("juel", "feel")


@rule("script", sentences=[PYTHON, LANGUAGE, NONE, EMPTY, RESOURCE, MEMBER, NEAR, OVER])
def script(source: Source) -> Findings:
    """“{name}” holds a script in {language}, which is not accepted: javascript, juel and feel are.

    Of what cannot be read, the script's own sentence speaks (runtime/scripts/errors.py)."""
    for tag in source.tags:
        if tag.space not in (BPMN, CAMUNDA):
            continue
        language = (tag.get("language") or tag.get("scriptFormat")).lower()
        if tag.name == "definitions":
            language = tag.get("expressionLanguage").lower()
        if "python" in language or "jython" in language:
            yield found(tag, PYTHON)
        elif tag.space == CAMUNDA and tag.name == "script":
            yield from _script(tag, tag.text, language, tag.get("resource"))
        elif tag.space == BPMN and tag.name == "scriptTask":
            inner = tag.one("script")
            # Of camunda:resource, unsupported_extension speaks.
            if not tag.get("camunda:resource"):
                yield from _script(inner or tag, inner.text if inner else "", language, "")
        elif tag.space == BPMN and language not in (*ACCEPTED, *IGNORED):
            yield found(tag, LANGUAGE, language=language)


def _script(tag: Tag, text: str, language: str, resource: str) -> Findings:
    if resource:
        yield found(tag, RESOURCE)
    elif not language:
        yield found(tag, NONE)
    elif language not in scripts.LANGUAGES and language not in EXPRESSIONS:
        yield found(tag, language=language)
    elif not text.strip():
        yield found(tag, EMPTY)
    elif language in scripts.LANGUAGES:
        try:
            scripts.check(text)
        except (scripts.ScriptMalformed, scripts.ScriptTooBig, scripts.ScriptTooSlow) as error:
            yield Finding(tag, error.message, error.params, tag.line)
        else:
            yield from _asked(tag, text)


def _asked(tag: Tag, text: str) -> Findings:
    """What a script asks of `execution`, and a task listener's of `task`, that is not there."""
    code = _NO_CODE.sub(" ", text)
    listener = tag.parent if tag.parent is not None and tag.parent.name == "taskListener" else None
    there = {"execution": offered.EXECUTION}
    if listener is not None:
        there["task"] = offered.TASK
    over = listener is not None and listener.get("event") not in CHANGING
    for of, known in there.items():
        if re.search(_OWN.format(of), code):
            continue  # a variable of the script's own
        for name in dict.fromkeys(asked[2] for asked in _ASKED.finditer(code) if asked[1] == of):
            changes = of == "task" and name in offered.CHANGES
            if name in known or (changes and not over):
                continue
            near = get_close_matches(name, known | (offered.CHANGES if of == "task" else set()), 1)
            if changes:
                yield found(tag, OVER, word=f"{of}.{name}")
            elif near:
                yield found(tag, NEAR, word=f"{of}.{name}", nearest=f"{of}.{near[0]}")
            else:
                yield found(tag, MEMBER, word=f"{of}.{name}")
