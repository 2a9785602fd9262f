"""What the stock engine does to elements that it does not run: nothing, in silence, or it stops with a riddle.

Each test gives one small file to SpiffWorkflow's own parser and engine and to ours. When a stock half
fails, an upgrade has mended it. docs/decisions/0003 has the table of defects and their tests."""

from __future__ import annotations

import re
from typing import Any

import pytest
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition

from runtime.bpmn import check as checking
from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue
from tests.core.engine import stock
from tests.core.engine.drawing import Run

START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'
SIGNAL = '<signal id="sig" name="sig"/>'
BY_EVENT = """<subProcess id="ev" triggeredByEvent="true"><startEvent id="es">{}</startEvent>
    <scriptTask id="handled"><script>pass</script></scriptTask><endEvent id="ee"/>
    <sequenceFlow id="i1" sourceRef="es" targetRef="handled"/>
    <sequenceFlow id="i2" sourceRef="handled" targetRef="ee"/></subProcess>"""


def script(id: str, text: str = "pass") -> str:
    """An automatic step; in our half a task that does nothing."""
    return f'<scriptTask id="{id}"><script>{text}</script></scriptTask>'


def person(id: str) -> str:
    return f'<userTask id="{id}" camunda:candidateGroups="staff"/>'


def event(kind: str, ref: str = "", inside: str = "") -> str:
    named = f' {kind}Ref="{ref}"' if ref else ""
    return f"<{kind}EventDefinition{named}>{inside}</{kind}EventDefinition>"


def ours(elements: str, drawn: str, beside: str = "", **variables: Any) -> Run:
    """The same file, where scripts are tasks and conditions have braces."""
    text = re.sub(
        r"scriptTask", "task", re.sub(r"<script>.*?</script>", "", stock.file(elements, drawn, beside))
    )
    text = re.sub(r"(<condition(?:Expression)?>)(.*?)(</condition)", r"\1${\2}\3", text)
    diagram, problems = read.diagram(text.encode(), "p.bpmn")
    assert diagram is not None, problems
    return Run(diagram.processes["p"], variables)


def refused(elements: str, drawn: str, beside: str = "") -> set[str]:
    """The rules that refuse the same file at deployment."""
    text = stock.file(elements, drawn, beside)
    _, problems = checking.check(text.encode(), "p.bpmn", Catalogue())
    assert all(found.line for found in problems)
    return {found.rule for found in problems if found.severity == "error"}


# Silently wrong.


def test_a_link_leads_on() -> None:
    elements = (
        START
        + '<intermediateThrowEvent id="go"><linkEventDefinition name="L"/></intermediateThrowEvent>'
        + '<intermediateCatchEvent id="come"><linkEventDefinition name="L"/></intermediateCatchEvent>'
        + script("after")
        + END
    )
    drawn = "s -> go\ncome -> after -> e"
    workflow = stock.run(stock.parsed(elements, drawn))
    assert workflow.is_completed() and "after" not in stock.done(workflow), "stock: the path ends there"
    assert ours(elements, drawn).path == ["s", "go", "come", "after", "e"]


def test_a_condition_on_the_flow_out_of_a_task_counts() -> None:
    elements, drawn = START + script("a") + script("b") + END, "s -> a -[1==2]-> b -> e"
    assert "b" in stock.done(stock.run(stock.parsed(elements, drawn))), "stock: it is ignored"
    run = ours(elements, drawn)
    assert run.parked == ["a"] and "b" not in run.path


def test_a_signal_that_an_end_throws_is_heard() -> None:
    elements = (
        START
        + '<parallelGateway id="f"/>'
        + f'<intermediateCatchEvent id="c">{event("signal", "sig")}</intermediateCatchEvent><endEvent id="e2"/>'
        + f'<endEvent id="e">{event("signal", "sig")}</endEvent>'
    )
    drawn = "s -> f -> c -> e2\nf -> e"
    workflow = stock.run(stock.parsed(elements, drawn, SIGNAL))
    assert "e" in stock.done(workflow) and "c" not in stock.done(workflow), "stock: nothing is thrown"
    run = ours(elements, drawn, SIGNAL)
    assert "c" in run.path and run.ended


def test_compensation_is_no_event_without_meaning() -> None:
    elements = (
        START
        + person("a")
        + f'<boundaryEvent id="b" attachedToRef="a">{event("compensate")}</boundaryEvent>'
        + '<userTask id="undo" isForCompensation="true" camunda:candidateGroups="staff"/>'
        + '<association id="as" sourceRef="b" targetRef="undo"/>'
        + f'<intermediateThrowEvent id="t">{event("compensate")}</intermediateThrowEvent>'
        + END
    )
    drawn = "s -> a -> t -> e"
    with pytest.raises(Exception, match="Unsupported Catch Event"):
        stock.parsed(elements, drawn)
    without = START + f'<intermediateThrowEvent id="t">{event("compensate")}</intermediateThrowEvent>' + END
    workflow = stock.run(stock.parsed(without, "s -> t -> e"))
    assert (
        type(workflow.spec.task_specs["t"].event_definition) is NoneEventDefinition
        and workflow.is_completed()
    )
    run = ours(elements, drawn).do("a")
    assert run.open == ["t", "undo"] and run.do("undo").ended == "e"


def test_an_event_subprocess_for_an_error_begins_when_the_error_comes() -> None:
    elements = START + person("u") + END + BY_EVENT.format(event("error", "er"))
    beside = '<error id="er" name="er" errorCode="1"/>'
    workflow = stock.run(stock.parsed(elements, "s -> u -> e", beside))
    assert "handled" in stock.done(workflow) and "u" in stock.ready(workflow), "stock: it runs at the start"
    run = ours(elements, "s -> u -> e", beside)
    assert run.open == ["u"] and run.do("u").ended == "e" and "handled" not in run.path


def test_an_interrupting_event_subprocess_interrupts() -> None:
    elements = START + person("u") + END + BY_EVENT.format(event("signal", "sig"))
    workflow = stock.run(stock.parsed(elements, "s -> u -> e", SIGNAL))
    listening = next(
        spec
        for specs in workflow.subprocess_specs.values()
        for spec in specs.task_specs.values()
        if spec.name == "es"
    )
    workflow.catch(BpmnEvent(listening.event_definition))
    stock.run(workflow)
    assert "u" in stock.ready(workflow), "stock: what it should end goes on"
    run = ours(elements, "s -> u -> e", SIGNAL)
    run.signal("es")
    assert run.ended and "u" not in run.open and "handled" in run.path


@pytest.mark.parametrize("kind", ["escalation", "signal"])
def test_9_what_interrupts_a_subprocess_from_inside_ends_it_before_its_next_task(kind: str) -> None:
    named = ' escalationCode="k"' if kind == "escalation" else ""
    beside = f'<{kind} id="k" name="k"{named}/>'
    elements = (
        START
        + f'<subProcess id="sub"><startEvent id="is"/><intermediateThrowEvent id="th">{event(kind, "k")}'
        + f'</intermediateThrowEvent>{script("next")}<endEvent id="ie"/>'
        + '<sequenceFlow id="i1" sourceRef="is" targetRef="th"/><sequenceFlow id="i2" sourceRef="th" targetRef="next"/>'
        + '<sequenceFlow id="i3" sourceRef="next" targetRef="ie"/></subProcess>'
        + f'<boundaryEvent id="b" attachedToRef="sub">{event(kind, "k")}</boundaryEvent><endEvent id="e2"/>'
        + END
    )
    drawn = "s -> sub -> e\nb -> e2"
    assert "next" in stock.done(stock.run(stock.parsed(elements, drawn, beside))), "stock: it still runs"
    run = ours(elements, drawn, beside)
    assert run.ended == "e2" and "next" not in run.path


def test_a_condition_hears_what_another_branch_writes() -> None:
    waits = event("conditional", inside="<condition>x == 1</condition>")
    catch = f'<intermediateCatchEvent id="c">{waits}</intermediateCatchEvent>'
    elements = START + '<parallelGateway id="f"/>{}<endEvent id="e1"/>' + catch + END
    drawn = "s -> f -> a -> e1\nf -> c -> e"
    workflow = stock.run(stock.parsed(elements.format(script("a", "x = 1")), drawn), x=0)
    assert not workflow.is_completed() and stock.done(workflow).count("e1"), "stock: each branch has its copy"
    assert ours(elements.format(person("a")), drawn, x=0).do("a", x=1).ended == "e"


def test_a_failing_script_is_no_business_error() -> None:
    elements = (
        START
        + script("a", "1 / 0")
        + f'<boundaryEvent id="b" attachedToRef="a">{event("error")}</boundaryEvent><endEvent id="e2"/>'
        + END
    )
    with pytest.raises(Exception, match="division by zero"):
        stock.run(stock.parsed(elements, "s -> a -> e\nb -> e2"))
    # Ours is parked and tried again: test_11 and test_failures.py.


# Silently accepted, and refused by us.

TIMER = event("timer", inside='<timeDuration>"PT1H"</timeDuration>')
BESIDE = f'<boundaryEvent id="b" attachedToRef="{{}}">{TIMER}</boundaryEvent>'
ACCEPTED = {
    "several starts": ('<startEvent id="s2"/>' + script("a"), "s -> a -> e\ns2 -> e", "several_starts"),
    "a send task without a message": ('<sendTask id="a"/>', "s -> a -> e", "missing_topic"),
    "a receive task without a message": ('<receiveTask id="a"/>', "s -> a -> e", "message_name"),
    "a task that is never reached": (script("a") + script("lost"), "s -> a -> e\nlost -> e", "unreachable"),
    "an event at nothing": (
        person("a") + BESIDE.format("nobody"),
        "s -> a -> e\nb -> e",
        "dangling_reference",
    ),
    "an event that leads nowhere": (person("a") + BESIDE.format("a"), "s -> a -> e", "dead_end"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_stock_takes_without_a_word_is_refused(name: str) -> None:
    elements, drawn, rule = ACCEPTED[name]
    stock.run(stock.parsed(START + elements + END, drawn))
    assert rule in refused(START + elements + END, drawn), "stock: nothing is said"


def test_a_process_without_an_end_is_refused() -> None:
    elements, drawn = START + script("a"), "s -> a"
    assert stock.run(stock.parsed(elements, drawn)).is_completed(), "stock: nothing is said"
    assert refused(elements, drawn) & {"no_end", "dead_end"}


# Loudly refused by stock, and run by us.


def timer(kind: str, text: str) -> str:
    inside = f"<{kind}>{text}</{kind}>"
    return f'<intermediateCatchEvent id="c">{event("timer", inside=inside)}</intermediateCatchEvent>'


LOUD = {
    "a duration": (timer("timeDuration", "PT5M"), "s -> c -> e", "Error evaluating"),
    "a bare date": (timer("timeDate", "2030-01-01"), "s -> c -> e", "Error evaluating"),
    "a date and a time": (timer("timeDate", "2030-01-01T00:00:00Z"), "s -> c -> e", "Error evaluating"),
    "cron": (timer("timeCycle", "0 0 9 * * ?"), "s -> c -> e", "Error evaluating"),
    "several ways out of a task": (
        person("c") + script("d"),
        "s -> c -> e\nc -> d -> e",
        "Multiple outgoing",
    ),
    "a complex gateway": (
        '<complexGateway id="g"/>' + person("c"),
        "s -> g -> c -> e",
        "no support implemented",
    ),
    "a list to work through": (
        '<userTask id="c" camunda:candidateGroups="staff"><multiInstanceLoopCharacteristics '
        'camunda:collection="${items}" camunda:elementVariable="i"/></userTask>',
        "s -> c -> e",
        None,
    ),
    "ad-hoc work": (
        '<adHocSubProcess id="ah"><userTask id="c" camunda:candidateGroups="staff"/>'
        "<completionCondition>${true}</completionCondition></adHocSubProcess>",
        "s -> ah -> e",
        None,
    ),
    "a data store": (
        person("c") + '<dataStoreReference id="r" dataStoreRef="ds"/>',
        "s -> c -> e",
        "has no implementation",
    ),
}


@pytest.mark.parametrize("name", LOUD)
def test_what_stock_cannot_run_runs(name: str) -> None:
    elements, drawn, complaint = LOUD[name]
    beside = '<dataStore id="ds" name="ds"/>' if "dataStoreRef" in elements else ""
    with pytest.raises(Exception, match=complaint):
        stock.run(stock.parsed(START + elements + END, drawn, beside), items=[1, 2])
    run = ours(START + elements + END, drawn, beside, items=[1])
    assert run.parked == []
    run.fire("c") if run.execution.open_activities()[-1].waits == "timer" else run.do("c")
    assert run.ended == "e"


def test_a_flow_that_leads_to_nothing_is_told_as_what_it_is() -> None:
    with pytest.raises(Exception, match="perhaps a form has the same ID"):
        stock.parsed(START + END, "s -> nowhere")
    assert "dangling_reference" in refused(START + END, "s -> nowhere")
