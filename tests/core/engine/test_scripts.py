"""Scripts within a case: script tasks, parameters and listeners; FEEL beside JUEL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runtime import scripts, v8
from runtime.bpmn.model import Listener, Node, Script, Trigger
from runtime.engine import ports
from runtime.engine.errors import CannotRun
from runtime.engine.execution import compile
from runtime.engine.starts import starts_where
from tests.core.engine.drawing import START, Run, draw, each, node, on, service, user

D = Decimal
BUNDLE = Path(__file__).resolve().parents[3] / "web" / "static" / "dist" / "feelin.js"


@pytest.fixture(scope="module", autouse=True)
def _languages() -> Iterator[None]:
    v8.use(BUNDLE)
    yield
    scripts.close()


def script(id: str, text: str, result: str = "", format: str = "javascript", **about: Any) -> Node:
    return node("scriptTask", id, script=Script(format, text, result), **about)


def js(text: str) -> Script:
    return Script("javascript", text)


def heard(event: str, text: str, of_task: bool = False) -> Listener:
    return Listener(event, js(text), of_task)


def run(*nodes: Node, flows: str = "start -> it -> done", **variables: Any) -> Run:
    return Run(draw("p", *nodes, flows=flows), variables, key="PO-7")


def reason(run: Run) -> str:
    return str(run.all(ports.Parked)[-1].reason)


# --- script tasks ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "text", "expected"),
    [
        ("javascript", "amount * 2", 21),
        ("JavaScript", "var n = 0;\nfor (const item of items) n += item;\nn", 6),
        ("ecmascript", "items.map((item) => item + amount)", [D("11.5"), D("12.5"), D("13.5")]),
        ("js", "execution.getProcessBusinessKey() + execution.getCurrentActivityId()", "PO-7it"),
        ("juel", "${amount * 2}", D("21.00")),
        ("JUEL", "#{items[0]}", 1),
        ("feel", "sum(items)", 6),
        ("FEEL", "=amount > 10", True),
    ],
)
def test_a_script_tasks_value_goes_to_its_result_variable(format: str, text: str, expected: Any) -> None:
    case = run(script("it", text, "found", format), amount=D("10.50"), items=[1, 2, 3])
    assert case.ended == "done"
    assert case.variables["found"] == expected


def test_without_a_result_variable_the_value_goes_nowhere() -> None:
    case = run(script("it", "1 + 1"), a=1)
    assert case.ended == "done"
    assert case.variables == {"a": 1}


def test_what_a_script_sets_and_removes_is_told() -> None:
    text = "execution.setVariable('a', a + 1); execution.setVariable('b', [a]); execution.removeVariable('c')"
    case = run(script("it", text), a=1, c=3)
    assert case.variables == {"a": 2, "b": [2]}
    assert [(w.name, w.old, w.new, w.removed) for w in case.all(ports.VariableWritten, "it")] == [
        ("a", 1, 2, False),
        ("b", None, [2], False),
        ("c", 3, None, True),
    ]


def test_a_write_goes_to_the_nearest_scope_that_holds_the_name() -> None:
    text = "execution.setVariable('own', 2); execution.setVariableLocal('note', own); own"
    case = run(script("it", text, "out", takes={"own": "${1}"}, gives={"seen": "${own + note + out}"}))
    assert case.variables == {"seen": 6}


def test_each_instance_of_a_multi_instance_script_has_its_own_item() -> None:
    loop = each("${items}", "item", output_collection="doubled", output_item="twice")
    case = run(script("it", "item * 2", "twice", loop=loop), items=[1, 2, 3])
    assert case.variables == {"items": [1, 2, 3], "doubled": [2, 4, 6]}


def test_a_bpmn_error_of_a_script_is_caught_at_its_boundary() -> None:
    case = run(
        script("it", "execution.setVariable('a', 2); throw new BpmnError('too_dear', 'no')"),
        on("it", "caught", error="too_dear"),
        flows="start -> it -> done\ncaught -> end_dear",
        a=1,
    )
    assert case.ended == "end_dear"
    assert case.variables["a"] == 1


def test_a_script_that_fails_is_an_incident_that_leaves_nothing_and_can_be_tried_again() -> None:
    case = run(
        user("before"),
        script("it", "execution.setVariable('a', 2)\nif (!ready) nobody()"),
        flows="start -> before -> it -> done",
        a=1,
        ready=False,
    )
    case.do("before")
    assert case.parked == ["it"]
    assert (
        reason(case)
        == "script.failed: The script failed at its line 2: ReferenceError: nobody is not defined"
    )
    assert case.variables["a"] == 1
    case.retry("it")
    assert case.parked == ["it"]


def test_a_script_that_never_ends_is_an_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "_seconds", 0.1)
    case = run(script("it", "for (;;);"))
    assert reason(case).startswith("script.too_slow: ")


@pytest.mark.parametrize("format", ["python", "groovy", ""])
def test_another_language_does_not_run(format: str) -> None:
    with pytest.raises(CannotRun) as refused:
        run(script("it", "1", format=format))
    assert [problem.rule for problem in refused.value.problems] == ["engine.script_language"]


# --- parameters --------------------------------------------------------------------


def test_parameters_may_be_scripts() -> None:
    task = service(
        "it",
        "t",
        takes={"sum": js("a + b"), "all": [js("a"), {"deep": js("b")}]},
        gives={"told": js("sum + 1")},
    )
    case = run(task, a=1, b=2)
    assert case.world.calls[0][1] == {"sum": 3, "all": [1, {"deep": 2}]}
    assert case.variables["told"] == 4


# --- listeners ---------------------------------------------------------------------


def trace(mark: str) -> str:
    return (
        f"execution.setVariable('trace', [...trace, '{mark}' + (execution.hasVariable('seen') ? seen : '')])"
    )


def test_execution_listeners_hear_the_start_after_the_inputs_and_the_end_before_the_outputs() -> None:
    heard_both = (heard("start", trace("start")), heard("end", trace("end")))
    task = service("it", "t", takes={"seen": "${'!'}"}, gives={"given": "${trace}"}, listeners=heard_both)
    assert run(task, trace=[]).variables["given"] == ["start!", "end!"]


def test_a_listener_that_fails_undoes_its_step() -> None:
    heard_both = (heard("start", trace("start")), heard("end", "nobody()"))
    case = run(service("it", "t", listeners=heard_both), trace=[])
    assert case.parked == ["it"]
    assert case.variables["trace"] == []


@pytest.mark.parametrize(
    ("kind", "flows"),
    [
        ("exclusiveGateway", "start -> it -> done"),
        ("parallelGateway", "start -> it -> done"),
        ("endEvent", "start -> it"),
        ("startEvent", "it -> done"),
        ("intermediateThrowEvent", "start -> it -> done"),
    ],
)
def test_events_and_gateways_have_listeners_too(kind: str, flows: str) -> None:
    case = run(
        node(kind, "it", listeners=(heard("start", trace("a")), heard("end", trace("b")))),
        flows=flows,
        trace=[],
    )
    assert case.variables["trace"] == ["a", "b"]


def test_task_listeners_hear_when_a_task_opens_and_when_it_is_complete() -> None:
    told = "task.setVariable('told', `${task.getName()} ${task.taskDefinitionKey} ${execution.getCurrentActivityId()}`)"
    case = run(
        user(
            "it",
            names={"zh_Hans": "核对"},
            listeners=(
                heard("create", told, of_task=True),
                heard("complete", "task.setVariable('answer', answer + '!')", of_task=True),
            ),
        )
    )
    assert case.variables["told"] == "核对 it it"
    case.do("it", answer="yes")
    assert case.variables["answer"] == "yes!"
    assert case.ended == "done"


def test_a_listener_that_fails_after_a_completion_keeps_what_was_answered() -> None:
    case = run(user("it", listeners=(heard("complete", "nobody()", of_task=True),)))
    case.do("it", answer="yes")
    assert case.parked == ["it"]
    assert case.variables["answer"] == "yes"


def test_a_listener_may_throw_a_bpmn_error() -> None:
    case = run(
        service("it", "t", listeners=(heard("end", "throw new BpmnError('no')"),)),
        on("it", "caught", error="no"),
        flows="start -> it -> done\ncaught -> end_no",
    )
    assert case.ended == "end_no"


def test_listeners_hear_each_instance_and_not_the_whole() -> None:
    task = service(
        "it", "t", loop=each("${items}"), listeners=(heard("start", trace("s")), heard("end", trace("e")))
    )
    case = run(task, trace=[], items=[1, 2])
    assert sorted(case.variables["trace"]) == ["e", "e", "s", "s"]


@pytest.mark.parametrize(
    "listener",
    [
        Listener("start"),
        Listener("start", Script("juel", "${1}")),
        Listener("start", Script("python", "1")),
        Listener("take", js("1")),
        Listener("timeout", js("1"), of_task=True),
    ],
)
def test_other_listeners_do_not_run(listener: Listener) -> None:
    with pytest.raises(CannotRun):
        run(user("it", listeners=(listener,)))


# --- FEEL --------------------------------------------------------------------------


def test_feel_decides_at_a_gateway() -> None:
    flows = 'start -> sure\nsure -[=amount > 10 and 部门 = "财务"]-> done\nsure => end_other'
    gateway = node("exclusiveGateway", "sure")
    assert run(gateway, flows=flows, amount=D("10.50"), 部门="财务").ended == "done"
    assert run(gateway, flows=flows, amount=D("9.50"), 部门="财务").ended == "end_other"


@pytest.mark.parametrize("condition", ["=nobody > 10", "=nothing > 10", "=amount"])
def test_a_condition_that_is_neither_true_nor_false_is_an_incident(condition: str) -> None:
    flows = f"start -> sure\nsure -[{condition}]-> done\nsure => end_other"
    case = run(node("exclusiveGateway", "sure"), flows=flows, amount=11, nothing=None)
    assert case.parked == ["sure"]
    assert reason(case).startswith("engine.not_true_or_false")


def test_feel_gives_parameters_people_dates_and_collections() -> None:
    task = user(
        "it",
        assignee='= if amount > 10 then "ana" else "ben"',
        candidateGroups="",
        dueDate='=date("2026-02-01")',
        priority="=10 + count(items)",
        takes={"share": "=amount / 4", "map": ["=items[item > 1]", "plain"]},
        loop=each("=for item in items return item * 2", "n"),
    )
    case = run(task, amount=D("10.50"), items=[1, 2])
    opened = case.all(ports.TaskOpened)
    assert [task.assignee for task in opened] == ["ana", "ana"]
    assert [task.local for task in opened] == [{"share": D("2.625"), "map": [[2], "plain"]}] * 2
    assert {task.priority for task in opened} == {12}
    assert opened[0].due == dt.datetime(2026, 2, 1, 15, 59, 59, tzinfo=dt.UTC)


def test_feel_says_when_a_timer_is_due() -> None:
    case = run(node("intermediateCatchEvent", "it", after='=duration("P" + string(days) + "D")'), days=3)
    (opened,) = case.execution.open_activities()
    assert opened.due == START + dt.timedelta(days=3)


def test_feels_now_is_the_transactions() -> None:
    case = run(script("it", "now()", "when", "feel"))
    assert case.variables["when"] == START


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a >", "feel.malformed"),
        ("for x in 1..1000000000 return x * x", "feel.too_slow"),
        ("function(x) x", "feel.not_a_value"),
    ],
)
def test_feel_that_fails_is_an_incident(text: str, code: str) -> None:
    case = run(script("it", text, "a", "feel"))
    assert case.parked == ["it"]
    assert reason(case).startswith(f"{code}: ")


@pytest.mark.parametrize("kind", ["intermediateCatchEvent", "boundaryEvent", "eventBasedGateway"])
def test_nothing_listens_where_it_would_not_be_told(kind: str) -> None:
    it = node(kind, "it", after="P1D", attached_to="host", listeners=(heard("start", "1"),))
    with pytest.raises(CannotRun) as refused:
        run(user("host"), it, flows="start -> host -> done\nit -> end_other")
    assert "engine.listener_not_run" in {problem.rule for problem in refused.value.problems}


def test_a_conditional_event_in_feel_waits_until_its_names_are_there() -> None:
    event = node("intermediateCatchEvent", "it", trigger=Trigger("conditional", condition="=amount > 10"))
    fill = script("fill", "execution.setVariable('amount', 11)")
    case = run(
        user("ask"),
        fill,
        node("parallelGateway", "fork"),
        event,
        flows="start -> fork -> it -> done\nfork -> ask -> fill -> end_filled",
    )
    assert (case.open, case.parked) == (["it", "ask"], [])
    case.do("ask")
    assert {ended.element for ended in case.all(ports.Left)} >= {"done", "end_filled"}


@pytest.mark.parametrize(("given", "starts"), [({"amount": 11}, ["it"]), ({"amount": 9}, []), ({}, [])])
def test_a_conditional_start_in_feel_holds_only_with_its_names(
    given: dict[str, Any], starts: list[str]
) -> None:
    begin = node("startEvent", "it", trigger=Trigger("conditional", condition="=amount > 10"))
    definition = compile(draw("p", begin, flows="it -> done"), {}.__getitem__)
    assert starts_where(definition, given, now=START) == starts
