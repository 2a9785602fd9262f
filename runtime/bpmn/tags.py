"""A BPMN file as tags with their places, the namespaces told apart once.

Not here: what the tags mean (read.py), judging them (lint/), parsing safely (runtime/xml.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat  # the standard library's: it tells columns, which lxml does not

from runtime import xml

BPMN, CAMUNDA, DRAWING, TOOL, XSI = "bpmn", "camunda", "drawing", "tool", "xsi"

SPACES = {
    "http://www.omg.org/spec/BPMN/20100524/MODEL": BPMN,
    "http://camunda.org/schema/1.0/bpmn": CAMUNDA,
    "http://operaton.org/schema/1.0/bpmn": CAMUNDA,
    "http://www.omg.org/spec/BPMN/20100524/DI": DRAWING,
    "http://www.omg.org/spec/DD/20100524/DI": DRAWING,
    "http://www.omg.org/spec/DD/20100524/DC": DRAWING,
    "http://www.w3.org/2001/XMLSchema-instance": XSI,
    # What modelling tools write for themselves: colours, the template's origin, the platform's version.
    "http://camunda.org/schema/modeler/1.0": TOOL,
    "http://bpmn.io/schema/bpmn/biocolor/1.0": TOOL,
    "http://www.omg.org/spec/BPMN/non-normative/color/1.0": TOOL,
    "http://www.w3.org/XML/1998/namespace": TOOL,
}

# Written for another engine: to run such a file as if it were ours would be a guess.
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
FOREIGN = {
    ZEEBE: "Camunda 8 (Zeebe)",
    "http://flowable.org/bpmn": "Flowable",
    "http://activiti.org/bpmn": "Activiti",
}

# What the standard's schema types as QName: it may carry the prefix of the file's target namespace.
QUALIFIED = frozenset(
    {"activityRef", "attachedToRef", "bpmnElement", "calledElement", "categoryValueRef", "errorRef"}
    | {"escalationRef", "itemRef", "messageRef", "noneBehaviorEventRef", "oneBehaviorEventRef"}
    | {"processRef", "signalRef", "sourceRef", "structureRef", "targetRef"}
)
QUALIFIED_TEXTS = frozenset({"eventDefinitionRef", "incoming", "outgoing", "source", "target"})

# A drawn and translated diagram has about 15 elements for each task; 2,000 tasks fill a wall.
MAX_ELEMENTS = 30_000


@dataclass(slots=True)
class Tag:
    """One element of the file. `space` is one of the constants above, else the namespace's address.

    Attributes without a namespace keep their name, others are "camunda:assignee",
    "xsi:type" or "{address}name". `line` and `column` count from 1."""

    space: str
    name: str
    attributes: dict[str, str]
    text: str = ""
    line: int = 0
    column: int = 0
    parent: Tag | None = field(default=None, repr=False)
    children: list[Tag] = field(default_factory=list, repr=False)

    @property
    def id(self) -> str:
        return self.attributes.get("id", "")

    def get(self, attribute: str) -> str:
        """The attribute without surrounding space, "" when it is absent."""
        return self.attributes.get(attribute, "").strip()

    def all(self, name: str, space: str = BPMN) -> list[Tag]:
        """The children of this name."""
        return [child for child in self.children if child.name == name and child.space == space]

    def one(self, name: str, space: str = BPMN) -> Tag | None:
        """The first child of this name."""
        return next((child for child in self.children if child.name == name and child.space == space), None)

    def extension(self, name: str) -> list[Tag]:
        """The camunda elements of this name in extensionElements."""
        return [tag for holder in self.all("extensionElements") for tag in holder.all(name, CAMUNDA)]

    def walk(self) -> Iterator[Tag]:
        """This tag and all below it, in document order."""
        pending = [self]
        while pending:
            tag = pending.pop()
            yield tag
            pending.extend(reversed(tag.children))

    def owner(self) -> Tag:
        """The nearest tag with an id, from here upwards: what a person can find in the diagram."""
        tag: Tag | None = self
        while tag is not None:
            if tag.id:
                return tag
            tag = tag.parent
        return self


def read(data: bytes) -> Tag:
    """The root tag. Raises Invalid as xml.parse does: not well-formed, a DOCTYPE, too large, too deep."""
    root = xml.parse(data, max_elements=MAX_ELEMENTS)
    places = _places(data)
    own = root.get("targetNamespace", "").strip()
    top = _tag(root, None, own)
    pending: list[tuple[Any, Tag]] = [(root, top)]
    count = 0
    while pending:
        element, tag = pending.pop()
        if count < len(places):
            tag.line, tag.column = places[count]
        count += 1
        below = [(child, _tag(child, tag, own)) for child in element if isinstance(child.tag, str)]
        tag.children = [child for _, child in below]
        pending.extend(reversed(below))
    return top


def _tag(element: Any, parent: Tag | None, own: str) -> Tag:
    address, name = _split(element.tag)
    attributes = {}
    for key, value in element.attrib.items():
        of, local = _split(key)
        if key in QUALIFIED and ":" in value:
            value = _without_prefix(element, value, own)
        attributes[f"{SPACES[of]}:{local}" if of in SPACES else key] = value
    text = (element.text or "").strip()
    if name in QUALIFIED_TEXTS and ":" in text:
        text = _without_prefix(element, text, own)
    return Tag(SPACES.get(address, address), name, attributes, text, element.sourceline or 0, 0, parent)


def _without_prefix(element: Any, value: str, own: str) -> str:
    """The id that a qualified name means, if it means one of this file: its prefix is the file's own."""
    prefix, _, local = value.strip().partition(":")
    return local if own and element.nsmap.get(prefix) == own else value


def _split(name: str) -> tuple[str, str]:
    if not name.startswith("{"):
        return "", name
    address, _, local = name[1:].partition("}")
    return address, local


def _places(data: bytes) -> list[tuple[int, int]]:
    """Line and column of each start tag in document order; empty where expat cannot read the encoding.

    Called only for what xml.parse has accepted: no DOCTYPE, bounded in size and depth."""
    places: list[tuple[int, int]] = []
    parser = expat.ParserCreate()

    def note(_name: str, _attributes: dict[str, str]) -> None:
        places.append((parser.CurrentLineNumber, parser.CurrentColumnNumber + 1))

    parser.StartElementHandler = note
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        return []
    return places
