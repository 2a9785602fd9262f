"""XML from strangers: the only door to lxml.

What an uploaded file may be is small: UTF-8, no DOCTYPE and hence no entities of its own,
no inclusion, bounded size, depth and number of elements. Everything else is refused before
a tree is built, and nothing is ever fetched. `violations` holds what was let in against a schema.

Not here: what the elements mean (bpmn/tags.py), where the schema lies (bpmn/lint/schema.py)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn, TypeAlias, cast
from xml.parsers import expat

from lxml import etree

from runtime.errors import Invalid

MAX_BYTES = 10_000_000
MAX_ELEMENTS = 50_000
MAX_DEPTH = 200
MAX_ATTRIBUTES = 200  # of one element

Element: TypeAlias = etree._Element

_INCLUSION = "http://www.w3.org/2001/XInclude"
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{0,100})["']""")
# Marks and first bytes of the encodings in which a DOCTYPE could hide from a reader of UTF-8.
_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
_FOREIGN_STARTS = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00", b"\x2b\x2f\x76", b"\x4c\x6f\xa7\x94")


class NotXml(Invalid):
    """This file is not well-formed XML (line {line}, column {column}): {reason}."""

    code = "xml.not_well_formed"


class NotUtf8(Invalid):
    """This XML file is not in UTF-8 (line {line}). Save it as UTF-8."""

    code = "xml.not_utf8"


class XmlTooLarge(Invalid):
    """This XML file has {bytes} bytes; at most {limit} are allowed."""

    code = "xml.too_large"


class TooManyElements(Invalid):
    """This XML file has more than {limit} elements (line {line})."""

    code = "xml.too_many_elements"


class TooManyAttributes(Invalid):
    """An element of this XML file has more than {limit} attributes (line {line})."""

    code = "xml.too_many_attributes"


class XmlTooDeep(Invalid):
    """The elements of this XML file are nested more than {limit} deep (line {line})."""

    code = "xml.too_deep"


class DoctypeRefused(Invalid):
    """A DOCTYPE is not allowed in this file (line {line}). Remove it."""

    code = "xml.doctype"


class InclusionRefused(Invalid):
    """This file asks to include another one (line {line}), which is not allowed."""

    code = "xml.inclusion"


def parse(
    data: bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_elements: int = MAX_ELEMENTS,
    max_depth: int = MAX_DEPTH,
) -> Element:
    """The root element, without comments and processing instructions.

    Raises one of the errors above, each an Invalid with the params line and column (from 1)."""
    if len(data) > max_bytes:
        raise XmlTooLarge(bytes=len(data), limit=max_bytes, line=1, column=1)
    _require_utf8(data)
    _look_through(data, max_elements, max_depth)
    try:
        root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (1, 1))
        raise NotXml(line=line, column=column, reason=getattr(error, "msg", str(error))) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise DoctypeRefused(line=1, column=1)  # the two parsers disagree: trust the stricter
    return root


def _require_utf8(data: bytes) -> None:
    if data.startswith(_FOREIGN_STARTS):
        raise NotUtf8(line=1, column=1)
    declared = _DECLARED.search(data[:400])
    if declared and declared[1].decode("latin-1").casefold() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise NotUtf8(line=1, column=declared.start(1) + 1)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = data.rfind(b"\n", 0, error.start) + 1
        line = data.count(b"\n", 0, error.start) + 1
        raise NotUtf8(line=line, column=error.start - start + 1) from None


def _look_through(data: bytes, max_elements: int, max_depth: int) -> None:
    """Read once without building anything, and stop at the first thing that is not allowed.

    Expat announces a DOCTYPE before it reads what is declared inside; lxml does so after."""
    # The separator cannot stand in a name, nor in an address that expat lets through as one.
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    count = depth = 0

    def refuse(kind: type[Invalid], **params: int) -> NoReturn:
        raise kind(None, line=parser.CurrentLineNumber, column=parser.CurrentColumnNumber + 1, **params)

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count, depth
        count += 1
        depth += 1
        if count > max_elements:
            refuse(TooManyElements, limit=max_elements)
        if depth > max_depth:
            refuse(XmlTooDeep, limit=max_depth)
        if len(attributes) > MAX_ATTRIBUTES:
            refuse(TooManyAttributes, limit=MAX_ATTRIBUTES)
        if name.startswith(_INCLUSION):
            refuse(InclusionRefused)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_parts: object) -> None:
        refuse(DoctypeRefused)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        # In pieces, so that a refusal early in the file does not wait for its end.
        for offset in range(0, len(data), 65536):
            parser.Parse(data[offset : offset + 65536], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise NotXml(
            line=error.lineno, column=error.offset + 1, reason=expat.errors.messages[error.code]
        ) from None


@dataclass(frozen=True)
class Violation:
    """One sentence of libxml2 about one element.

    `steps`: the way to it from the root, each the number of a child element from 0;
    `kind`: libxml2's name, such as SCHEMAV_CVC_COMPLEX_TYPE_4."""

    steps: tuple[int, ...]
    kind: str
    message: str


@cache
def schema(path: str) -> etree.XMLSchema:
    """The compiled XSD at `path`, with what lies beside it and is included; kept."""
    return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True, resolve_entities=False)))


def violations(data: bytes, against: etree.XMLSchema, most: int) -> list[Violation] | None:
    """Where `data`, which `parse` has let in, breaks a schema; None if that is in more than `most` places.

    lxml writes the path of every error, each as long to find as the file is wide: a file of nothing but
    errors took minutes. So they are counted first, without a tree, and counting stops at the limit."""
    counting = etree.XMLParser(schema=against, **_SAFE)
    try:
        for offset in range(0, len(data), 65536):
            counting.feed(data[offset : offset + 65536])
            if len(counting.feed_error_log) > most:
                return None
        counting.close()
        return []
    except etree.XMLSyntaxError:
        if len(counting.feed_error_log) > most:
            return None
    root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    against.validate(root)
    return [
        Violation(_steps(root, entry.path or ""), entry.type_name, entry.message)
        for entry in cast(Any, against.error_log)
    ]


def _steps(root: Element, path: str) -> tuple[int, ...]:
    """libxml2's path, /*/*[2]/bpmn:task[3], as numbers of children. With a prefix it counts elements of
    that name, with a star all."""
    steps, at = [], root
    for part in path.split("/")[2:]:
        name, _, count = part.rstrip("]").partition("[")
        alike = [
            (number, child)
            for number, child in enumerate(at)
            if name == "*"
            or name == (f"{child.prefix}:" if child.prefix else "") + etree.QName(child).localname
        ]
        wanted = int(count or 1) - 1
        if wanted >= len(alike):
            break
        number, at = alike[wanted]
        steps.append(number)
    return tuple(steps)
