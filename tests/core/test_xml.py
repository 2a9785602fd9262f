"""The XML door: what a stranger's file may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime import xml
from runtime.bpmn.lint import schema
from runtime.errors import Invalid

PLAIN = '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns:b="urn:b">\n  <b:c id="一"/>文字<!-- no --></a>'


def test_a_plain_file_gives_its_tree_with_lines() -> None:
    root = xml.parse(PLAIN.encode())
    assert root.tag == "a"
    assert root[0].tag == "{urn:b}c"
    assert root[0].attrib["id"] == "一"
    assert root[0].sourceline == 3


@pytest.mark.parametrize("before", ["", "\ufeff"])
def test_a_byte_order_mark_is_no_obstacle(before: str) -> None:
    assert xml.parse((before + PLAIN).encode()).tag == "a"


def test_a_doctype_inside_a_comment_or_text_is_only_text() -> None:
    root = xml.parse(b"<a><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE html>]]></a>")
    assert root.text == "<!DOCTYPE html>"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
PASSWD = '"file:///etc/passwd"'


def many_attributes(count: int) -> bytes:
    return b"<a " + b" ".join(b'b%d=""' % n for n in range(count)) + b"/>"


def many_rows(count: int) -> bytes:
    return b"<a>" + (b'<b id="' + b"x" * 150 + b'" name="y">text</b>\n') * count + b"</a>"


HOSTILE = {
    "external entity by file": (f"<!DOCTYPE a [<!ENTITY x SYSTEM {PASSWD}>]><a>&x;</a>", "xml.doctype"),
    "external entity by http": ('<!DOCTYPE a [<!ENTITY x SYSTEM "http://[::1]/">]><a>&x;</a>', "xml.doctype"),
    "parameter entity": (f"<!DOCTYPE a [<!ENTITY % x SYSTEM {PASSWD}> %x;]><a/>", "xml.doctype"),
    "external DTD": ('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', "xml.doctype"),
    "doctype after a comment": ("<!-- hello -->\n<?x y?>\n<!DOCTYPE a><a/>", "xml.doctype"),
    "billion laughs": (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>', "xml.doctype"),
    "quadratic blow-up": (f'<!DOCTYPE a [<!ENTITY x "{"x" * 50000}">]><a>{"&x;" * 50000}</a>', "xml.doctype"),
    "entity without a doctype": ("<a>&x;</a>", "xml.not_well_formed"),
    "XInclude": (
        f'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href={PASSWD} parse="text"/></a>',
        "xml.inclusion",
    ),
    "depth": ("<a>" * 100_000 + "</a>" * 100_000, "xml.too_deep"),
    "depth 201": ("<a>" * 201 + "</a>" * 201, "xml.too_deep"),
    "elements": ("<a>" + "<b/>" * 100_000 + "</a>", "xml.too_many_elements"),
    "attributes": (many_attributes(500_000).decode(), "xml.too_many_attributes"),
    "NUL": ("<a>\0</a>", "xml.not_well_formed"),
    "control character": ("<a>\x08</a>", "xml.not_well_formed"),
    "referenced control character": ("<a>&#8;</a>", "xml.not_well_formed"),
    "duplicate attribute": ('<a b="1" b="2"/>', "xml.not_well_formed"),
    "unclosed": ("<a><b></a>", "xml.not_well_formed"),
    "two roots": ("<a/><a/>", "xml.not_well_formed"),
    "undeclared prefix": ("<x:a/>", "xml.not_well_formed"),
    "HTML": ("<html><body><br></body></html>", "xml.not_well_formed"),
    "nothing": ("", "xml.not_well_formed"),
    "text": ("hello", "xml.not_well_formed"),
    "declared as UTF-7": ('<?xml version="1.0" encoding="UTF-7"?><a/>', "xml.not_utf8"),
    "declared as EBCDIC": ('<?xml version="1.0" encoding="cp037"?><a/>', "xml.not_utf8"),
    "XML 1.1": ('<?xml version="1.1"?><a>&#1;</a>', "xml.not_well_formed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_with_its_line(name: str) -> None:
    text, code = HOSTILE[name]
    with pytest.raises(Invalid) as refused:
        xml.parse(text.encode())
    assert refused.value.code == code
    assert refused.value.params["line"] >= 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "gbk", "cp037", "utf-7"])
def test_other_encodings_cannot_hide_anything(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE a><a>中</a>'
    if encoding == "cp037":
        text = text.replace("中", "")
    with pytest.raises((xml.NotUtf8, xml.NotXml, xml.DoctypeRefused)):
        xml.parse(text.encode(encoding))


def test_fifty_megabytes_are_refused_unread() -> None:
    with pytest.raises(xml.XmlTooLarge):  # a reader would have stopped at its first byte, which is not UTF-8
        xml.parse(b"\xff\xfe" + b" " * 50_000_000)


def test_nearly_as_many_elements_as_are_allowed_are_read() -> None:
    assert len(xml.parse(many_rows(49_000))) == 49_000


def test_nothing_is_read_from_disk(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    with pytest.raises(Invalid) as refused:
        xml.parse(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode())
    assert "s3cret" not in str(refused.value)


BPMN = 'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def against_the_standard(
    inside: str, most: int = 100, more: str = ""
) -> list[tuple[tuple[int, ...], str]] | None:
    data = (
        f'<definitions {BPMN} {more} targetNamespace="urn:t"><process id="p">{inside}</process></definitions>'
    )
    found = xml.violations(data.encode(), xml.schema(schema.path()), most)
    return None if found is None else [(each.steps, each.kind) for each in found]


def test_a_violation_says_the_way_to_its_element() -> None:
    prefixed = '<b:task xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" id="z" c="1"/>'
    found = against_the_standard(
        f'<task id="x"/><task id="y" a="1"/><subProcess id="s"><task b="1"/></subProcess>{prefixed}'
    )
    assert found is not None
    assert [steps for steps, _ in found] == [(0, 1), (0, 2, 0), (0, 3)]


def test_counting_violations_stops_at_the_limit() -> None:
    # Each path is as long to find as the file is wide: written down for all of these it took minutes.
    unknown = " ".join(f'a{n}=""' for n in range(26))
    many = "".join(f'<task id="t{n}" {unknown}/>' for n in range(20_000))
    assert against_the_standard(many) is None
    assert against_the_standard('<task id="t" a=""/><task id="u" a=""/>', most=1) is None


def test_a_file_cannot_bring_a_schema_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "own.xsd"
    own.write_text(
        '<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:own"><x:element name="e">'
        '<x:simpleType><x:restriction base="x:integer"/></x:simpleType></x:element></x:schema>'
    )
    hint = f'xmlns:o="urn:own" xsi:schemaLocation="urn:own {own.as_uri()}"'
    assert (
        against_the_standard("<extensionElements><o:e>no number</o:e></extensionElements>", more=hint) == []
    )
