"""No script from a diagram is run, Python least of all."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import BPMN, CAMUNDA

PYTHON = "“{name}” holds Python. Python from a diagram is never run: write a condition as ${…}."
LANGUAGE = "The expressions of “{name}” are in the language {language}: write them as ${…}."

ACCEPTED = ("", "juel", "http://www.w3.org/1999/xpath", "http://www.java.com/javatypes")
IGNORED = ("http://www.w3.org/2001/xmlschema",)


@rule("script", sentences=[PYTHON, LANGUAGE])
def script(source: Source) -> Findings:
    """“{name}” holds a script. Scripts are not accepted yet: use an expression ${…}."""
    for tag in source.tags:
        if tag.space not in (BPMN, CAMUNDA):
            continue
        language = (tag.get("language") or tag.get("scriptFormat")).lower()
        if tag.name == "definitions":
            language = tag.get("expressionLanguage").lower()
        if "python" in language or "jython" in language:
            yield found(tag, PYTHON)
        elif tag.space == CAMUNDA and tag.name == "script":
            yield found(tag)
        elif tag.space == BPMN and tag.name != "scriptTask" and language not in (*ACCEPTED, *IGNORED):
            yield found(tag, LANGUAGE, language=language)
