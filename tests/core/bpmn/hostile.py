"""A corpus of diagrams that mean harm, or that harm without meaning it: name → (bytes, what is to be said).

Large ones are made when they are asked for. What is to be said is the rule of the refusal; several where
one construction breaks several rules; "" for what is harmless and must be accepted or only warned of. Not
here: asking (test_hostile.py), what runs (tests/commands/test_runaway.py)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPACES = (
    f'xmlns="{MODEL}" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
HEAD = f'<definitions {SPACES} id="d" targetNamespace="urn:t"><process id="p" name="p" isExecutable="true">'
TAIL = "</process></definitions>"
EMPTY = (HEAD + TAIL).encode()


def process(*parts: str, head: str = HEAD) -> bytes:
    return (head + "".join(parts) + TAIL).encode()


def node(kind: str, id: str, inside: str = "", **attributes: str) -> str:
    given = "".join(f" {key.replace('__', ':')}={quoteattr(text)}" for key, text in attributes.items())
    return f'<{kind} id="{id}" name="{id}"{given}>{inside}</{kind}>'


def user(id: str, inside: str = "", **attributes: str) -> str:
    return node(
        "userTask", id, inside, camunda__assignee=attributes.pop("assignee", "${initiator}"), **attributes
    )


def flow(source: str, target: str, condition: str = "", id: str = "") -> str:
    test = f'<conditionExpression xsi:type="tFormalExpression">{escape(condition)}</conditionExpression>'
    return (
        f'<sequenceFlow id="{id or f"{source}_to_{target}"}" sourceRef="{source}" targetRef="{target}">'
        f"{test if condition else ''}</sequenceFlow>"
    )


def row(*middle: tuple[str, str]) -> bytes:
    """Start, these (id, XML) one after another, end."""
    ids = ["start", *(id for id, _ in middle), "end"]
    flows = [flow(a, b) for a, b in pairwise(ids)]
    return process(
        node("startEvent", "start"), *(text for _, text in middle), node("endEvent", "end"), *flows
    )


def choice(condition: str) -> bytes:
    """A gateway with this condition on one exit."""
    return process(
        node("startEvent", "start"),
        node("exclusiveGateway", "sure", default="no"),
        node("endEvent", "end"),
        node("endEvent", "other"),
        flow("start", "sure"),
        flow("sure", "end", condition),
        flow("sure", "other", id="no"),
    )


def assigned(expression: str) -> bytes:
    return row(("u", user("u", assignee=expression)))


def timed(kind: str, text: str) -> bytes:
    inside = f'<timerEventDefinition id="t"><{kind} xsi:type="tFormalExpression">{text}</{kind}></timerEventDefinition>'
    return row(("wait", node("intermediateCatchEvent", "wait", inside)))


def starting(cycle: str) -> bytes:
    inside = f'<timeCycle xsi:type="tFormalExpression">{cycle}</timeCycle>'
    inside = f'<timerEventDefinition id="t">{inside}</timerEventDefinition>'
    return process(node("startEvent", "start", inside), node("endEvent", "end"), flow("start", "end"))


def repeated(inside: str, **attributes: str) -> bytes:
    given = "".join(f" {key.replace('__', ':')}={quoteattr(text)}" for key, text in attributes.items())
    loop = f"<multiInstanceLoopCharacteristics{given}>{inside}</multiInstanceLoopCharacteristics>"
    return row(("u", user("u", loop)))


def field(**attributes: str) -> bytes:
    given = "".join(f" {key}={quoteattr(text)}" for key, text in attributes.items())
    form = f"<extensionElements><camunda:formData><camunda:formField{given}/></camunda:formData></extensionElements>"
    return row(("u", user("u", form)))


def doctype(subset: str, inside: str = "") -> bytes:
    return f"<!DOCTYPE x [{subset}]>".encode() + process(inside)


def nested(depth: int, element: str = "subProcess") -> bytes:
    opened = "".join(f'<{element} id="s{n}" name="s">' for n in range(depth))
    return process(opened, f"</{element}>" * depth)


def clique(size: int, kind: str = "exclusiveGateway") -> bytes:
    """Every node leads to every other."""
    names = [f"n{n}" for n in range(size)]
    flows = (flow(a, b, "${x}") for a in names for b in names if a != b)
    return process(node("startEvent", "start"), flow("start", "n0"), *(node(kind, n) for n in names), *flows)


def ring(size: int, kind: str) -> bytes:
    names = [f"n{n}" for n in range(size)]
    return process(
        *(node(kind, n) for n in names), *(flow(a, names[(i + 1) % size]) for i, a in enumerate(names))
    )


def zipped() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("p.bpmn", EMPTY)
    return into.getvalue()


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return doctype(f'<!ENTITY l0 "ha">{entities}', "&l11;")


def attributes(count: int) -> str:
    return " ".join(f'a{n}=""' for n in range(count))


def many(parts: Iterable[str]) -> bytes:
    return process("".join(parts))


BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
MAGIC = [
    "__proto__",
    "constructor",
    "__class__",
    "Start",
    "End",
    "root",
    "toString",
    "prototype",
    "None",
    "self",
]

Made = Callable[[], bytes]
CORPUS: dict[str, tuple[Made, tuple[str, ...]]] = {
    # --- what XML can do to whoever reads it
    "an entity from a file": (
        lambda: doctype("<!ENTITY a SYSTEM 'file:///etc/passwd'>", "&a;"),
        ("xml.doctype",),
    ),
    "an entity over HTTP": (
        lambda: doctype("<!ENTITY a SYSTEM 'http://127.0.0.1:9/x'>", "&a;"),
        ("xml.doctype",),
    ),
    "a parameter entity": (
        lambda: doctype("<!ENTITY % a SYSTEM 'file:///etc/passwd'> %a;"),
        ("xml.doctype",),
    ),
    "a DTD elsewhere": (
        lambda: b"<!DOCTYPE definitions SYSTEM 'http://127.0.0.1:9/x.dtd'>" + EMPTY,
        ("xml.doctype",),
    ),
    "a billion laughs": (laughs, ("xml.doctype",)),
    "one long entity, often": (
        lambda: doctype(f'<!ENTITY a "{"a" * 100_000}">', "&a;" * 10_000),
        ("xml.doctype",),
    ),
    "an attribute by default": (
        lambda: doctype('<!ATTLIST process camunda:assignee CDATA "eve">'),
        ("xml.doctype",),
    ),
    "an entity that nobody declared": (lambda: process("&nbsp;"), ("xml.not_well_formed",)),
    "XInclude": (
        lambda: process(
            '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
        ),
        ("xml.inclusion",),
    ),
    "a stylesheet": (
        lambda: b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl" type="text/xsl"?>' + assigned("a"),
        (),
    ),
    "a schema of its own": (
        lambda: assigned("a").replace(
            b'id="d"', b'id="d" xsi:schemaLocation="urn:t http://127.0.0.1:9/x.xsd"', 1
        ),
        (),
    ),
    # --- what is no UTF-8
    "UTF-16": (lambda: EMPTY.decode().encode("utf-16"), ("xml.not_utf8",)),
    "UTF-16 without a mark": (lambda: EMPTY.decode().encode("utf-16-le"), ("xml.not_utf8",)),
    "UTF-32": (lambda: EMPTY.decode().encode("utf-32"), ("xml.not_utf8",)),
    "UTF-7": (lambda: b'<?xml version="1.0" encoding="UTF-7"?>' + EMPTY, ("xml.not_utf8",)),
    "UTF-7 with a DOCTYPE in it": (
        lambda: b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-' + EMPTY,
        ("xml.not_utf8",),
    ),
    "EBCDIC": (lambda: EMPTY.decode().encode("cp037"), ("xml.not_utf8",)),
    "Latin 1": (lambda: process(node("task", "é")).decode().encode("latin-1"), ("xml.not_utf8",)),
    "a mark that belongs to UTF-8": (lambda: BOM.encode() + assigned("a"), ()),
    "a mark in the middle": (lambda: process(BOM), ("schema",)),
    "half a character": (lambda: EMPTY[:-1] + b"\xe4\xb8", ("xml.not_utf8",)),
    "a surrogate": (lambda: process("&#xD800;"), ("xml.not_well_formed",)),
    "an overlong slash": (lambda: EMPTY.replace(b"urn:t", b"\xc0\xaf"), ("xml.not_utf8",)),
    "NULs": (lambda: b"\x00" * 1000, ("xml.not_utf8",)),
    "a NUL in an id": (lambda: EMPTY.replace(b'id="p"', b'id="p\x00"'), ("xml.not_well_formed",)),
    "a control character": (lambda: process(node("task", "a\x07")), ("xml.not_well_formed",)),
    "a control character by number": (lambda: process("&#7;"), ("xml.not_well_formed",)),
    # --- what is something else
    "nothing": (lambda: b"", ("xml.not_well_formed",)),
    "a zip": (zipped, ("xml.not_well_formed", "xml.not_utf8")),
    "HTML": (lambda: b"<html><script>alert(1)</script></html>", ("not_bpmn",)),
    "HTML as browsers like it": (lambda: b"<!DOCTYPE html><p>hello<br>", ("xml.doctype",)),
    "an SVG with a script": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
        ("not_bpmn",),
    ),
    "a DMN table": (
        lambda: b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d"/>',
        ("not_bpmn",),
    ),
    "a swapped namespace": (lambda: EMPTY.replace(MODEL.encode(), b"urn:model"), ("not_bpmn",)),
    "BPMN under another namespace inside": (
        lambda: process('<userTask xmlns="urn:other" id="u"/>'),
        ("unknown_element",),
    ),
    "no process": (
        lambda: f'<definitions {SPACES} targetNamespace="urn:t"/>'.encode(),
        ("no_executable_process",),
    ),
    "a script in a label": (lambda: row(("u", user("u").replace('name="u"', 'name="&lt;script&gt;"'))), ()),
    # --- what is too much
    "a hundred megabytes of space": (lambda: b" " * 100_000_000 + EMPTY, ("xml.too_large",)),
    "nine megabytes of comment": (lambda: process("<!--" + "x" * 9_000_000 + "-->"), ("no_start",)),
    "nine megabytes of text": (
        lambda: process(f"<documentation>{'x' * 9_000_000}</documentation>"),
        ("no_start",),
    ),
    "a hundred thousand levels": (lambda: nested(100_000), ("xml.too_deep",)),
    "a hundred and fifty levels": (lambda: nested(150), ("nesting",)),
    "a million attributes": (
        lambda: process(f"<task {attributes(700_000)}/>"),
        ("xml.too_many_attributes",),
    ),
    "a hundred and fifty attributes, five thousand times": (
        lambda: many(f'<task id="t{n}" {attributes(150)}/>' for n in range(5_500)),
        ("too_large",),
    ),
    "a hundred and fifty attributes of a drawing": (
        lambda: process("<extensionElements/>").replace(
            b"</definitions>",
            b'<b:BPMNDiagram xmlns:b="http://www.omg.org/spec/BPMN/20100524/DI">'
            + f"<b:BPMNPlane {attributes(150)}/>".encode() * 5_000
            + b"</b:BPMNDiagram></definitions>",
        ),
        ("schema",),
    ),
    "a hundred thousand elements": (
        lambda: process('<userTask id="t"/>' * 100_000),
        ("xml.too_many_elements",),
    ),
    "fifteen thousand tasks": (lambda: many(user(f"t{n}") for n in range(15_000)), ("too_large",)),
    "a name of nine megabytes": (
        lambda: process(f"<{'x' * 9_000_000}/>"),
        ("xml.not_well_formed", "unknown_element"),
    ),
    "an id of nine megabytes": (lambda: process(node("task", "x" * 4_000_000)), ("bad_id",)),
    "a namespace of five megabytes": (
        lambda: process(f'<x:y xmlns:x="urn:{"x" * 5_000_000}"/>'),
        ("unknown_element", "xml.not_well_formed"),
    ),
    # --- what refers to itself, or to nothing
    "one id twice": (lambda: process(user("u"), user("u")), ("duplicate_id",)),
    "one id ten thousand times": (
        lambda: many('<message id="m" name="m"/>' for _ in range(10_000)),
        ("duplicate_id",),
    ),
    "flows to nowhere": (
        lambda: many(flow("a", "b", id=f"f{n}") for n in range(5_000)),
        ("dangling_reference",),
    ),
    "a boundary event on itself": (
        lambda: process(node("boundaryEvent", "b", attachedToRef="b")),
        ("dangling_reference", "boundary_event"),
    ),
    "a lane in a lane that names its parent's nodes": (
        lambda: process(
            '<laneSet id="ls"><lane id="l"><flowNodeRef>l</flowNodeRef><childLaneSet id="c"><lane id="m">'
            "<flowNodeRef>m</flowNodeRef></lane></childLaneSet></lane></laneSet>"
        ),
        ("dangling_reference",),
    ),
    "links in a circle": (
        lambda: process(
            node("startEvent", "start"),
            node("intermediateThrowEvent", "t", '<linkEventDefinition id="x" name="a"/>'),
            node("intermediateCatchEvent", "c", '<linkEventDefinition id="y" name="a"/>'),
            flow("start", "t"),
            flow("c", "t"),
        ),
        ("no_end",),
    ),
    "a process that calls itself": (lambda: row(("c", node("callActivity", "c", calledElement="p"))), ()),
    "gateways in a ring": (lambda: ring(4_900, "exclusiveGateway"), ("no_start",)),
    "a hundred thousand flows between two nodes": (
        lambda: many([user("a"), user("b"), *(flow("a", "b", id=f"f{n}") for n in range(100_000))]),
        ("xml.too_many_elements",),
    ),
    "twenty thousand flows between two nodes": (
        lambda: many([user("a"), user("b"), *(flow("a", "b", id=f"f{n}") for n in range(20_000))]),
        ("no_start",),
    ),
    "a clique of exclusive gateways": (lambda: clique(110), ("no_end",)),
    "a clique of parallel gateways": (lambda: clique(110, "parallelGateway"), ("condition_place",)),
    "a clique of inclusive gateways": (lambda: clique(110, "inclusiveGateway"), ("no_end",)),
    "a clique of tasks": (lambda: clique(110, "task"), ("no_end",)),
    "a wall of links": (
        lambda: many(
            node("intermediateThrowEvent", f"t{n}", f'<linkEventDefinition id="d{n}" name="same"/>')
            for n in range(4_900)
        ),
        ("link_pair",),
    ),
    "a wall of compensation": (
        lambda: many(
            user(f"t{n}", isForCompensation="true")
            + node(
                "boundaryEvent", f"b{n}", f'<compensateEventDefinition id="d{n}"/>', attachedToRef=f"t{n - 1}"
            )
            + f'<association id="a{n}" sourceRef="b{n}" targetRef="t{n}"/>'
            for n in range(1, 900)
        ),
        ("compensation",),
    ),
    # --- what expressions try
    "a walk through attributes": (lambda: choice("${x.__class__.__mro__}"), ("bad_expression",)),
    "a walk by index": (lambda: choice("${x['__class__']['__mro__'][1]}"), ("",)),
    "an import": (lambda: choice("${__import__('os').system('id')}"), ("bad_expression", "unknown_function")),
    "Java's runtime": (
        lambda: choice("${''.getClass().forName('java.lang.Runtime')}"),
        ("bad_expression", "unknown_function"),
    ),
    "a format string": (
        lambda: choice("${'{0.__class__}'.format(x)}"),
        ("bad_expression", "unknown_function"),
    ),
    "deep parentheses": (lambda: choice("${" + "(" * 50_000 + "1" + ")" * 50_000 + "}"), ("bad_expression",)),
    "deep lists": (lambda: choice("${" + "[" * 5_000 + "]" * 5_000 + "}"), ("bad_expression",)),
    "an expression of nine megabytes": (lambda: choice("${" + "1+" * 4_500_000 + "1}"), ("bad_expression",)),
    "a tower of powers": (lambda: choice("${9**9**9}"), ("bad_expression",)),
    "a sum of ten thousand": (lambda: choice("${" + "1+" * 10_000 + "1 > 0}"), ("bad_expression",)),
    "minus, ten thousand times": (lambda: choice("${" + "-" * 10_000 + "1 > 0}"), ("bad_expression",)),
    "a number of a million digits": (lambda: choice("${x > " + "9" * 1_000_000 + "}"), ("bad_expression",)),
    "FEEL that nests": (lambda: choice("=" + "(" * 5_000 + "1" + ")" * 5_000), ("bad_expression",)),
    "FEEL that loops": (lambda: choice("=for i in 1..999999999 return i"), ("",)),
    "FEEL of nine megabytes": (lambda: choice("=" + "1+" * 4_500_000 + "1"), ("bad_expression",)),
    "an expression in an assignee": (
        lambda: assigned("${open('/etc/passwd')}"),
        ("unknown_function", "bad_expression"),
    ),
    "ten thousand expressions in one text": (lambda: assigned("${a}" * 10_000), ("bad_expression", "")),
    "nothing but beginnings of expressions": (
        lambda: row(("u", node("userTask", "u", camunda__candidateGroups="${" * 2_000_000))),
        ("bad_expression",),
    ),
    "nothing but beginnings of groups": (
        lambda: row(
            (
                "u",
                node(
                    "userTask",
                    "u",
                    '<potentialOwner id="o"><resourceAssignmentExpression id="r"><formalExpression id="f">'
                    + "user(" * 1_000_000
                    + "</formalExpression></resourceAssignmentExpression></potentialOwner>",
                ),
            )
        ),
        ("bad_expression",),
    ),
    "five hundred long expressions": (
        lambda: row(*((f"u{n}", user(f"u{n}", assignee="${" + "a + " * 2_000 + "a}")) for n in range(500))),
        ("too_large",),
    ),
    "five hundred long formulas in FEEL": (
        lambda: row(*((f"u{n}", user(f"u{n}", assignee="=" + "a + " * 2_000 + "a")) for n in range(500))),
        ("too_large",),
    ),
    "five hundred long scripts": (
        lambda: row(
            *(
                (
                    f"s{n}",
                    node(
                        "scriptTask", f"s{n}", f"<script>{'x=1;' * 4_000}</script>", scriptFormat="javascript"
                    ),
                )
                for n in range(500)
            )
        ),
        ("", "script", "check_too_slow"),
    ),
    "a script of nine megabytes": (
        lambda: row(
            ("s", node("scriptTask", "s", f"<script>{'1;' * 4_500_000}</script>", scriptFormat="javascript"))
        ),
        ("script",),
    ),
    "a script that nests": (
        lambda: row(
            ("s", node("scriptTask", "s", f"<script>{'(' * 100_000}</script>", scriptFormat="javascript"))
        ),
        ("script",),
    ),
    "a script in Groovy": (
        lambda: row(("s", node("scriptTask", "s", "<script>'id'.execute()</script>", scriptFormat="groovy"))),
        ("script",),
    ),
    # --- what time, repetition and forms try
    "a cycle without an interval": (lambda: starting("R99999999/PT0S"), ("timer",)),
    "ten million years": (lambda: timed("timeDuration", "P9999999Y"), ("timer",)),
    "a date in the year ten thousand": (lambda: timed("timeDate", "10000-01-01T00:00:00Z"), ("timer",)),
    "a number of a million digits as a duration": (
        lambda: timed("timeDuration", f"P{'9' * 1_000_000}D"),
        ("timer",),
    ),
    "cron for the thirtieth of February": (lambda: starting("0 0 0 30 2 ?"), ("timer",)),
    "cron every second": (lambda: starting("* * * * * ?"), ()),
    "cron with a thousand commas": (
        lambda: starting("0 0 0 ? * " + ",".join(["MON"] * 100_000)),
        ("timer", ""),
    ),
    "a thousand million instances": (
        lambda: repeated("<loopCardinality>1000000000</loopCardinality>"),
        ("loop", ""),
    ),
    "minus one instances": (lambda: repeated("<loopCardinality>-1</loopCardinality>"), ("loop", "")),
    "a loop of a thousand million": (
        lambda: row(("u", user("u", '<standardLoopCharacteristics loopMaximum="1000000000"/>'))),
        ("loop", ""),
    ),
    "a default of nine megabytes": (
        lambda: field(id="a", label="a", type="string", defaultValue="x" * 9_000_000),
        ("bad_expression",),
    ),
    "ten thousand fields": (
        lambda: row(
            (
                "u",
                user(
                    "u",
                    "<extensionElements><camunda:formData>"
                    + "".join(
                        f'<camunda:formField id="f{n}" label="f" type="string"/>' for n in range(10_000)
                    )
                    + "</camunda:formData></extensionElements>",
                ),
            )
        ),
        ("form_field", ""),
    ),
    "a field that is a variable of the runtime": (
        lambda: field(id="__proto__", label="a", type="string"),
        ("form_field", "reserved_name", ""),
    ),
} | {f"a task called {name}": ((lambda name=name: row((name, user(name)))), ()) for name in MAGIC}
