"""Scripts are in a language that runs, stand in the diagram itself, and can be read."""

from runtime import scripts
from runtime.bpmn.lint.rule import Finding, Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, CAMUNDA, Tag

PYTHON = "“{name}” holds Python. Python from a diagram is never run: write ${…} or JavaScript."
LANGUAGE = "The expressions of “{name}” are in the language {language}: write them as ${…}."
NONE = 'The script of “{name}” does not say its language: write scriptFormat="javascript".'
EMPTY = "The script of “{name}” is empty."
RESOURCE = (
    "The script of “{name}” lies outside the diagram, which is not accepted: write it into the diagram."
)

ACCEPTED = ("", "juel", "http://www.w3.org/1999/xpath", "http://www.java.com/javatypes")
IGNORED = ("http://www.w3.org/2001/xmlschema",)
# Of these the expression is read like any other (texts.py).
EXPRESSIONS = ("juel", "feel")


@rule("script", sentences=[PYTHON, LANGUAGE, NONE, EMPTY, RESOURCE])
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
