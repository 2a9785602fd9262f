"""No step of a shipped diagram asks for a value that on some way to it nobody has given.

That such a step is found: one seeded mistake each. Not here: that a name is known at all (bpmn/test_rules.py), what
values are (scenarios)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runtime import forms, v8
from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue, Signature
from runtime.bpmn.lint import RULES, Source, given, points
from runtime.ledger import operations

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = ROOT / "processes"
v8.use(ROOT / "web" / "static" / "dist" / "feelin.js")
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn">'
    '<process id="p" isExecutable="true" camunda:candidateStarterGroups="staff">'
)
TAIL = "</process></definitions>"


def source_of(data: bytes, name: str, catalogue: Catalogue) -> Source:
    root, _ = read.parse(data, name)
    assert root is not None, name
    return Source(name, root, read.assemble(root, data, name), catalogue, data)


def missing(source: Source) -> list[tuple[str, str]]:
    """Where something is read that may not be there, and what."""
    return [(each.where, each.params["value"]) for each in RULES["not_given"].problems(source)]


@cache
def catalogue() -> Catalogue:
    """What the shipped diagrams may refer to: forms, operations, and one another."""
    fields = {}
    for path in PROCESSES.glob("*/*.form"):
        form, _ = forms.load(path.read_text("utf-8"), path.name)
        assert form is not None
        fields[form.id] = frozenset(form.asked)
    calls: dict[str, frozenset[frozenset[str] | None]] = {}
    for path in PROCESSES.glob("*/*.bpmn"):
        for node in source_of(path.read_bytes(), path.name, Catalogue()).nodes:
            if node.called:
                calls[node.called] = calls.get(node.called, frozenset()) | {given.handed_over(node)}
    return Catalogue(topics=operations.signatures(), fields=fields, calls=calls)


@pytest.mark.parametrize("path", sorted(PROCESSES.glob("*/*.bpmn")), ids=lambda path: path.stem)
def test_whatever_a_step_asks_for_was_given_on_every_way_to_it(path: Path) -> None:
    assert missing(source_of(path.read_bytes(), path.name, catalogue())) == []


@pytest.mark.parametrize(
    ("process", "good", "bad", "found"),
    [
        # A step that fails has given nothing: as a claim that was withdrawn before it could be recorded.
        (
            "expense_claim",
            "${execution.getVariable('claim')}",
            "${claim}",
            [("record_claim", "claim"), ("withdraw_claim", "claim")],
        ),
        # What only one of the superiors' two forms asks.
        (
            "data_export",
            "${personal ? execution.getVariable('clear_export_by') : ",
            "${personal ? clear_export_by : ",
            [("make_export", "clear_export_by")],
        ),
    ],
)
def test_a_value_that_is_given_on_one_way_only_is_found(
    process: str, good: str, bad: str, found: list[tuple[str, str]]
) -> None:
    path = PROCESSES / process / f"{process}.bpmn"
    data = path.read_bytes()
    assert good.encode() in data
    told = missing(source_of(data.replace(good.encode(), bad.encode()), path.name, catalogue()))
    assert sorted(set(told)) == found


def test_what_a_caller_hands_over_no_more_is_found_in_what_it_calls() -> None:
    calls = {**catalogue().calls, "superior_approval": frozenset({frozenset({"subject"})})}
    path = PROCESSES / "superior_approval" / "superior_approval.bpmn"
    poorer = Catalogue(topics=catalogue().topics, fields=catalogue().fields, calls=calls)
    assert missing(source_of(path.read_bytes(), path.name, poorer)) != []


# ---- what each kind of step gives and takes, in drawings of a few nodes


def drawn(*parts: str, **more: Any) -> list[tuple[str, str]]:
    """`a(x) b` … as nodes of a process that people start: `<…>` as it is; `a>b` a flow; `a>b:condition`."""
    found = []
    for number, part in enumerate(parts):
        if part.startswith("<"):
            found.append(part)
            continue
        ends, _, condition = part.partition(":")
        source, _, target = ends.partition(">")
        inside = f"<conditionExpression>${{{condition}}}</conditionExpression>" if condition else ""
        found.append(
            f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
        )
    known = Catalogue(
        topics={
            "weigh": Signature(outputs=frozenset({"weight"})),
            "fail": Signature(errors=frozenset({"lost"})),
        },
        fields={"order_form": frozenset({"sku", "pieces"})},
        **more,
    )
    return missing(source_of((HEAD + "".join(found) + TAIL).encode(), "p.bpmn", known))


def field(id: str, *names: str, kind: str = "userTask", attributes: str = "") -> str:
    """A step that asks people for values."""
    fields = "".join(f'<camunda:formField id="{name}" type="string"/>' for name in names)
    return (
        f'<{kind} id="{id}" {attributes}><extensionElements><camunda:formData>{fields}</camunda:formData>'
        f"</extensionElements></{kind}>"
    )


def reads(id: str, *names: str, kind: str = "userTask") -> str:
    """A step that reads values."""
    inputs = "".join(
        f'<camunda:inputParameter name="in_{name}">${{{name}}}</camunda:inputParameter>' for name in names
    )
    return (
        f'<{kind} id="{id}"><extensionElements><camunda:inputOutput>{inputs}</camunda:inputOutput>'
        f"</extensionElements></{kind}>"
    )


START = '<startEvent id="s"/>'
END = '<endEvent id="e"/>'
XOR = '<exclusiveGateway id="x" default="f9"/>'


def test_a_form_an_operation_and_a_person_give_what_they_are_known_to_give() -> None:
    work = '<serviceTask id="w" camunda:type="external" camunda:topic="weigh"/>'
    form = '<userTask id="t" camunda:formRef="order_form"/>'
    steps = (START, form, work, END, "s>t", "t>w", "w>r", "r>e")
    assert drawn(*steps, reads("r", "sku", "weight", "t_by")) == []
    assert drawn(*steps, reads("r", "price", "height", "w_by")) == [
        ("r", "price"), ("r", "height"), ("r", "w_by"),
    ]  # fmt: skip


def test_what_nobody_can_know_is_not_complained_of() -> None:
    steps = (START, END, reads("r", "x"), "s>t", "t>r", "r>e")
    assert drawn(*steps, field("t", "y")) == [("r", "x")]
    for unknown in (
        '<receiveTask id="t"/>',
        '<serviceTask id="t" camunda:type="external" camunda:topic="of_others"/>',
        '<userTask id="t" camunda:formRef="of_others"/>',
        '<intermediateCatchEvent id="t"><messageEventDefinition/></intermediateCatchEvent>',
        '<scriptTask id="t" scriptFormat="javascript"><script>execution.setVariable("x", 1)</script></scriptTask>',
        '<scriptTask id="t" scriptFormat="javascript"><script>execution.setVariable(a + b, 1)</script></scriptTask>',
    ):
        assert drawn(*steps, unknown) == [], unknown


def test_a_parallel_gateway_has_what_all_its_branches_gave_and_an_exclusive_one_what_each_did() -> None:
    steps = (
        START,
        END,
        field("a", "x", "y"),
        field("b", "x"),
        reads("r", "x", "y"),
        "g>a",
        "g>b",
        "a>j",
        "b>j",
    )
    for kind, found in (("parallel", []), ("exclusive", [("r", "y")]), ("inclusive", [("r", "y")])):
        gates = (f'<{kind}Gateway id="g"/>', f'<{kind}Gateway id="j"/>')
        assert drawn(*steps, *gates, "s>g", "j>r", "r>e") == found, kind


def test_a_branch_does_not_wait_for_what_the_one_beside_it_gives() -> None:
    gates = ('<parallelGateway id="g"/>', '<parallelGateway id="j"/>')
    steps = ("s>g", "g>a", "g>r", "a>j", "r>j", "j>e")
    assert drawn(START, END, field("a", "x"), reads("r", "x"), *gates, *steps) == [("r", "x")]


def test_a_loop_has_what_its_first_round_had() -> None:
    steps = (START, END, XOR, reads("r", "x"), field("a", "x"), "s>r", "r>a", "a>x")
    assert drawn(*steps, "x>r:x == 'again'", "x>e") == [("r", "x")]


def test_who_asks_first_whether_it_is_there_may_read_it() -> None:
    asked = "execution.getVariable('x') != null"
    both = (START, END, XOR, field("a", "x"), field("b"), '<exclusiveGateway id="m"/>', reads("r", "x"))
    ways = ("s>x", "x>a:initiator == 'ana'", "x>b", "a>m", "b>m")
    gate = '<exclusiveGateway id="y"/>'
    assert drawn(*both, *ways, "m>r", "r>e") == [("r", "x")]
    assert (
        drawn(*both, *ways, gate, "m>y", f"y>r:{asked}", "y>e:execution.getVariable('x') == null", "r>e")
        == []
    )
    # The way that is left when the other asks for the opposite.
    otherwise = '<exclusiveGateway id="y" default="f15"/>'
    opposite = "y>e:empty execution.getVariable('x')"
    assert drawn(*both, *ways, otherwise, "m>y", opposite, "y>r", "r>e") == []
    guarded = reads("r", "x").replace("${x}", f"${{{asked} ? x : 0}}")
    assert drawn(*both[:6], *ways, guarded, "m>r", "r>e") == []


def test_a_way_that_asks_for_what_nobody_gives_is_none() -> None:
    asked = "s>x", "x>r:execution.hasVariable('x')", "x>e", "r>e"
    assert drawn(START, END, XOR, reads("r", "x"), *asked) == []


def test_an_error_comes_from_where_it_is_thrown_with_what_was_given_there() -> None:
    inner = (
        '<subProcess id="sub"><startEvent id="is"/>' + field("i", "x") + '<endEvent id="ie">'
        '<errorEventDefinition errorRef="lost"/></endEvent><sequenceFlow id="i1" sourceRef="is" targetRef="i"/>'
        '<sequenceFlow id="i2" sourceRef="i" targetRef="ie"/></subProcess>'
    )
    edge = '<boundaryEvent id="b" attachedToRef="sub"><errorEventDefinition/></boundaryEvent>'
    time_out = edge.replace("errorEventDefinition", "timerEventDefinition")
    steps = (START, END, reads("r", "x"), "s>sub", "sub>e", "b>r", "r>e", inner)
    assert drawn(*steps, edge) == []
    assert drawn(*steps, time_out) == [("r", "x")]


def test_a_step_that_fails_has_given_nothing() -> None:
    work = (
        '<serviceTask id="w" camunda:type="external" camunda:topic="fail" camunda:resultVariable="x"/>'
        '<boundaryEvent id="b" attachedToRef="w"><errorEventDefinition/></boundaryEvent>'
    )
    assert drawn(START, END, work, reads("r", "x"), "s>w", "w>e", "b>r", "r>e") == [("r", "x")]


def test_what_is_local_to_a_subprocess_is_gone_behind_it() -> None:
    inside = (
        "<extensionElements><camunda:inputOutput>"
        '<camunda:inputParameter name="x">1</camunda:inputParameter></camunda:inputOutput></extensionElements>'
        f'<startEvent id="is"/>{reads("i", "x")}{field("k", "y")}<endEvent id="ie"/>'
        '<sequenceFlow id="i1" sourceRef="is" targetRef="i"/><sequenceFlow id="i2" sourceRef="i" targetRef="k"/>'
        '<sequenceFlow id="i3" sourceRef="k" targetRef="ie"/>'
    )
    steps = (START, END, reads("r", "x", "y"), "s>sub", "sub>r", "r>e")
    assert drawn(*steps, f'<subProcess id="sub">{inside}</subProcess>') == [("r", "x")]
    none = '<multiInstanceLoopCharacteristics camunda:collection="${[]}"/>'
    # There may be nobody to do it for.
    assert drawn(*steps, f'<subProcess id="sub">{inside}{none}</subProcess>') == [("r", "x"), ("r", "y")]


def test_what_is_undone_has_been_done() -> None:
    undo = (
        '<boundaryEvent id="b" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
        '<association id="u" sourceRef="b" targetRef="r" associationDirection="One"/>'
    )
    handler = reads("r", "x").replace("<userTask ", '<userTask isForCompensation="true" ')
    assert drawn(START, END, field("a", "x"), undo, handler, "s>a", "a>e") == []


def test_a_link_goes_on_where_it_is_caught() -> None:
    throw = '<intermediateThrowEvent id="t"><linkEventDefinition name="on"/></intermediateThrowEvent>'
    catch = '<intermediateCatchEvent id="c"><linkEventDefinition name="on"/></intermediateCatchEvent>'
    steps = (START, END, throw, catch, field("a", "x"), reads("r", "x", "y"), "s>a", "a>t", "c>r", "r>e")
    assert drawn(*steps) == [("r", "y")]


def test_whoever_calls_hands_over_what_is_there_at_the_beginning() -> None:
    steps = (START, END, reads("r", "x"), "s>r", "r>e")
    full, poor = frozenset({"x"}), frozenset({"y"})
    for calls, found in (((full,), []), ((full, poor), [("r", "x")]), ((None,), [])):
        told = drawn(*steps, calls={"p": frozenset(calls)})
        # People start it too, and they have nothing.
        assert told == [("r", "x")]
        offered = HEAD.replace(' camunda:candidateStarterGroups="staff"', "")
        text = offered + "".join((START, END, reads("r", "x"))) + (
            '<sequenceFlow id="f1" sourceRef="s" targetRef="r"/><sequenceFlow id="f2" sourceRef="r" targetRef="e"/>'
        ) + TAIL  # fmt: skip
        known = Catalogue(calls={"p": frozenset(calls)})
        assert missing(source_of(text.encode(), "p.bpmn", known)) == found


# ---- what nobody draws


def test_two_to_the_power_of_a_thousand_ways_are_not_looked_at_one_by_one() -> None:
    parts = [START, END, "s>x0"]
    for number in range(1000):
        parts += [
            f'<exclusiveGateway id="x{number}"/>',
            field(f"a{number}", f"v{number}"),
            field(f"b{number}"),
        ]
        parts += [f"x{number}>a{number}", f"x{number}>b{number}"]
        parts += [f"a{number}>x{number + 1}", f"b{number}>x{number + 1}"]
    assert drawn(*parts, reads("x1000", "v999"), "x1000>e") == [("x1000", "v999")]


def test_subprocesses_fifty_deep_are_walked_once_each() -> None:
    inside = '<startEvent id="s50"/>' + reads("r", "x")
    inside += '<sequenceFlow id="i50" sourceRef="s50" targetRef="r"/>'
    for depth in range(49, -1, -1):
        inside = (
            f'<startEvent id="s{depth}"/><subProcess id="d{depth}">{inside}</subProcess>'
            f'<boundaryEvent id="b{depth}" attachedToRef="d{depth}"><errorEventDefinition/></boundaryEvent>'
            f'<sequenceFlow id="i{depth}" sourceRef="s{depth}" targetRef="d{depth}"/>'
        )
    assert drawn(inside) == [("r", "x")]


def test_what_is_too_entangled_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (START, END, reads("r", "x"), "s>r", "r>e")
    assert drawn(*steps) == [("r", "x")]
    monkeypatch.setattr(points, "MAX_WORK", 3)
    assert drawn(*steps) == []
