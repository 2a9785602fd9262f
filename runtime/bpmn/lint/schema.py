"""The standard's own XML Schema, in sentences that a person can act on.

The XSD files are data that SpiffWorkflow's distribution carries; no code of it is asked
(docs/decisions/0018). bpmn/check.py leaves out what another rule says of the same thing."""

import re
from functools import cache
from importlib import metadata

from runtime import xml
from runtime.bpmn.lint.rule import Finding, Findings, Source, found, rule
from runtime.bpmn.tags import Tag
from runtime.bpmn.vocabulary import ACCEPTED, EVERYWHERE
from runtime.xml import Violation

NOTHING = "The element {element} cannot stand at this place in {parent} (“{name}”)."
LATE = "The element {element} stands too late in {parent} (“{name}”): BPMN wants it before {before}."
TWICE = "The element {element} stands in {parent} (“{name}”) more than once."
INCOMPLETE = "The element {element} (“{name}”) is not complete: inside it BPMN wants {expected}."
LACKING = "The element {element} (“{name}”) lacks the attribute {attribute}."
ATTRIBUTE = "The element {element} (“{name}”) has the attribute {attribute}, which BPMN does not know."
TEXT = "The element {element} (“{name}”) holds text where BPMN has only elements."
BOOLEAN = "“{value}” does not fit as {attribute} of {element} (“{name}”): it is true or false."
NUMBER = "“{value}” does not fit as {attribute} of {element} (“{name}”): it is a number."
ID = (
    "“{value}” does not fit as {attribute} of {element} (“{name}”): it is an id, a letter first, "
    "without spaces and used once."
)
ONE_OF = "“{value}” does not fit as {attribute} of {element} (“{name}”): it is one of {allowed}."
OTHER = "BPMN's schema does not allow {element} (“{name}”): {reason}"
MANY = "This file breaks BPMN's schema in more than {most} places."

MOST = 100
_FILES = "SpiffWorkflow/bpmn/parser/schema/BPMN20.xsd"
_SPACE = re.compile(r"\{[^{}'\s]*\}")
_ELEMENT = re.compile(r"^Element '[^']*'(?:, attribute '([^']*)')?: ")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( (.*?) \)")
_VALUE = re.compile(r"(?:^| )'(.*)' is not a valid value of the (?:atomic|list|union|local) ", re.DOTALL)
_OF_VALUES = {"SCHEMAV_CVC_ENUMERATION_VALID", "SCHEMAV_CVC_DATATYPE_VALID_1_2_1"}
_KINDS = {"boolean": BOOLEAN, "integer": NUMBER, "int": NUMBER, "double": NUMBER, "ID": ID, "IDREF": ID}
_KINDS |= {"QName": ID, "NCName": ID}


@rule(
    "schema",
    sentences=[
        NOTHING,
        LATE,
        TWICE,
        INCOMPLETE,
        LACKING,
        ATTRIBUTE,
        TEXT,
        BOOLEAN,
        NUMBER,
        ID,
        ONE_OF,
        OTHER,
        MANY,
    ],
)
def schema(source: Source) -> Findings:
    """The element {element} cannot stand at this place in {parent} (“{name}”): BPMN has {expected} here."""
    broken = xml.violations(source.data, xml.schema(path()), MOST)
    if broken is None:
        yield found(source.root, MANY, most=MOST)
        return
    values = set()
    for violation in broken:
        if violation.kind in _OF_VALUES:
            head = _ELEMENT.match(violation.message)
            place = (violation.steps, head and head[1])
            # libxml2 first says what is wrong with a value and then that it does not fit.
            if place in values:
                continue
            values.add(place)
        finding = _finding(source, violation)
        # Camunda's modelers write an expression where BPMN has a name; unknown_process and others judge it.
        if not str(finding.params.get("value", "")).startswith(("${", "#{", "=")):
            yield finding


@cache
def path() -> str:
    """Where the standard's schema lies on this machine."""
    return str(metadata.distribution("spiffworkflow").locate_file(_FILES))


def _finding(source: Source, violation: Violation) -> Finding:
    tag = source.root
    for step in violation.steps:
        tag = tag.children[step]
    head = _ELEMENT.match(violation.message)
    attribute = _SPACE.sub("", head[1] or "") if head else ""
    reason = violation.message[head.end() if head else 0 :]
    said = _SPACE.sub("", reason).strip()
    expected = _names(said)
    kind = violation.kind.removeprefix("SCHEMAV_")
    if kind == "ELEMENT_CONTENT" and said.startswith("Missing"):
        return found(tag, INCOMPLETE, element=tag.name, expected=expected)
    if kind == "ELEMENT_CONTENT" and tag.parent is not None:
        return _misplaced(tag, tag.parent, expected)
    if kind == "CVC_COMPLEX_TYPE_4":
        missing = said.split("'")[1]
        return found(tag, LACKING, element=tag.name, attribute=missing)
    if kind.startswith("CVC_COMPLEX_TYPE_3_2"):
        return found(tag, ATTRIBUTE, element=tag.name, attribute=attribute)
    if kind == "CVC_COMPLEX_TYPE_2_3":
        return found(tag, TEXT, element=tag.name)
    value = tag.get(attribute) if attribute else tag.text
    if kind == "CVC_ENUMERATION_VALID":
        allowed = said.rpartition("{")[2].rstrip("}.").replace("'", "")
        return found(
            tag, ONE_OF, element=tag.name, attribute=attribute or tag.name, value=value, allowed=allowed
        )
    if kind == "CVC_DATATYPE_VALID_1_2_1":
        of = "QName" if said.startswith("The QName") else said.rpartition("type '")[2].rstrip("'.")
        sentence = _KINDS.get(of.removeprefix("xs:"))
        if sentence:
            return found(tag, sentence, element=tag.name, attribute=attribute or tag.name, value=value)
    return found(tag, OTHER, element=tag.name, reason=said)


def _misplaced(tag: Tag, parent: Tag, expected: str) -> Finding:
    before = parent.children[: next(n for n, child in enumerate(parent.children) if child is tag)]
    if before and before[-1].name == tag.name:
        return found(tag, TWICE, element=tag.name, parent=parent.name)
    known = parent.name in ACCEPTED.get(tag.name, [()])[0]
    if before and ((known and expected) or tag.name in EVERYWHERE):
        return found(tag, LATE, element=tag.name, parent=parent.name, before=before[-1].name)
    if not expected:
        return found(tag, NOTHING, element=tag.name, parent=parent.name)
    return found(tag, element=tag.name, parent=parent.name, expected=expected)


def _names(said: str) -> str:
    """The elements that would fit; libxml2 lists even what stands for any other namespace."""
    listed = _EXPECTED.search(said)
    names = [name for name in (listed[1] if listed else "").split(", ") if name and "#" not in name]
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
