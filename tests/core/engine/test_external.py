"""What external workers do: the case waits, and goes on by what they tell."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime.bpmn.model import Loop, Node, Trigger
from runtime.engine import ports
from runtime.engine.errors import BadTopic, NotAPriority, NotWaiting
from runtime.engine.execution import Execution
from tests.core.engine.drawing import Run, Town, catch, draw, node, on, service, throw, user

OUT = frozenset({"out", "out.${kind}", "${kind}"})


def town() -> Town:
    return Town(outside=OUT, operations={"house": lambda **given: {"lot": 1}})


def run(*nodes: Node, flows: str, variables: dict[str, Any] | None = None) -> Run:
    return Run(draw("p", *nodes, flows=flows), variables, world=town())


LINE = "start -> work -> done"


@pytest.mark.parametrize("kind", ["serviceTask", "sendTask", "businessRuleTask"])
def test_a_task_with_a_topic_of_workers_waits_for_one(kind: str) -> None:
    task = node(kind, "work", topic="out", type="external", takes={"n": "${a + 1}"})
    case = run(task, flows=LINE, variables={"a": 1})
    (opened,) = case.all(ports.ExternalOpened)
    assert (opened.element, opened.topic, opened.priority, opened.process) == ("work", "out", 0, "p")
    assert case.execution.variables(opened.activity)["n"] == 2
    assert case.execution.variables(opened.activity, local=True) == {"n": 2}
    assert case.world.calls == [] and case.ended is None
    case.deliver("work", answer="yes")
    assert case.ended == "done" and case.variables == {"a": 1, "answer": "yes"}
    assert [ended.kind for ended in case.all(ports.WaitEnded)] == ["external"]


@pytest.mark.parametrize("kind", ["intermediateThrowEvent", "endEvent"])
def test_a_message_that_workers_send_waits_for_one(kind: str) -> None:
    event = node(kind, "tell", trigger=Trigger("message", topic="out", task_priority="7"))
    case = run(event, flows="start -> tell" + (" -> done" if kind != "endEvent" else ""))
    assert [opened.priority for opened in case.all(ports.ExternalOpened)] == [7]
    case.deliver("tell")
    assert case.ended == ("tell" if kind == "endEvent" else "done")


def test_an_operation_of_the_house_does_not_wait() -> None:
    case = run(service("work", "house"), flows=LINE)
    assert case.ended == "done" and case.all(ports.ExternalOpened) == []


def test_local_variables_are_for_the_output_parameters_alone() -> None:
    case = run(service("work", "out", takes={"n": "1"}, gives={"sum": "${part + n}"}), flows=LINE)
    case.deliver("work", local={"part": 4}, seen=True, n=3)
    assert case.variables == {"seen": True, "sum": 7}


def test_without_output_parameters_local_variables_end_with_the_task() -> None:
    case = run(service("work", "out"), flows=LINE)
    case.deliver("work", local={"part": 4}, seen=True)
    assert case.variables == {"seen": True}


def test_what_has_come_cannot_come_again() -> None:
    case = run(service("work", "out"), user("b"), flows="start -> work -> b -> done")
    activity = case.activity("work")
    case.deliver("work")
    with pytest.raises(Exception, match="no longer open"):
        case.execution.deliver(activity, {}, {})
    with pytest.raises(NotWaiting):
        case.execution.deliver(case.activity("b"), {}, {})


def test_listeners_hear_it_begin_and_end() -> None:
    from runtime.bpmn.model import Listener, Script

    def heard(event: str) -> Listener:
        told = f"execution.setVariable('{event}', execution.getVariable('answer'))"
        return Listener(event, Script("javascript", told))

    case = run(service("work", "out", listeners=(heard("start"), heard("end"))), flows=LINE)
    assert case.variables == {"start": None}
    case.deliver("work", answer=5)
    assert case.variables == {"start": None, "answer": 5, "end": 5}


def test_a_timer_withdraws_it() -> None:
    case = run(service("work", "out"), on("work", "late", after="PT1H"), flows=f"{LINE}\nlate -> done_l")
    case.fire("late")
    assert case.ended == "done_l"
    assert [ended.kind for ended in case.all(ports.WaitEnded, "work")] == ["external"]
    assert [each.element for each in case.all(ports.Cancelled)] == ["work"]


def test_a_timer_beside_it_leaves_it_waiting() -> None:
    case = run(
        service("work", "out"), on("work", "late", after="PT1H", interrupting=False), flows=f"{LINE}\nlate -> done_l"
    )
    case.fire("late")
    assert case.open == ["work"]
    case.deliver("work")
    assert case.ended == "done"


GUARDED = f"{LINE}\nbroken -> mend -> done_m"


def guarded(**about: Any) -> Run:
    return run(service("work", "out", **about), on("work", "broken", error="oops"), user("mend"), flows=GUARDED)


def test_a_bpmn_error_is_raised_at_the_element_with_its_variables() -> None:
    case = guarded()
    case.execution.throw(case.activity("work"), "oops", "It broke.", {"$odd": 1, "code": 2, "message": "m"})
    case.again()
    assert case.open == ["mend"] and case.variables == {"$odd": 1, "code": 2, "message": "m"}


def test_an_error_that_nothing_catches_is_parked_and_hands_the_task_out_anew() -> None:
    case = guarded()
    first = case.activity("work")
    case.execution.throw(first, "other", "No.", {})
    case.again()
    assert case.parked == ["work"] and "other" in case.all(ports.Parked)[0].reason
    case.retry("work")
    assert len(case.all(ports.ExternalOpened)) == 2 and case.activity("work") == first
    case.deliver("work")
    assert case.ended == "done"


def test_a_boundary_timer_still_ends_what_is_parked() -> None:
    case = run(
        service("work", "out"), on("work", "late", after="PT1H"), flows=f"{LINE}\nlate -> done_l"
    )
    case.execution.throw(case.activity("work"), "other", "No.", {})
    case.again()
    case.fire("late")
    assert case.ended == "done_l"


def defined(condition: str) -> dict[str, Any]:
    return {"errors": (Trigger("error", name="oops", code="oops", condition=condition),)}


def test_error_definitions_are_asked_when_it_is_done() -> None:
    case = guarded(**defined("${answer == 'no'}"))
    case.deliver("work", answer="no")
    assert case.open == ["mend"] and case.variables["answer"] == "no"


def test_an_error_definition_that_does_not_hold_lets_it_leave() -> None:
    case = guarded(**defined("${answer == 'no'}"))
    case.deliver("work", answer="yes")
    assert case.ended == "done"


def test_a_failure_moves_nothing_unless_an_error_definition_says_so() -> None:
    case = guarded(**defined("${externalTask.errorMessage == 'gone' && externalTask.topicName == 'out'}"))
    assert case.execution.fail(case.activity("work"), "slow", "") is False
    case.again()
    assert case.open[0] == "work" and case.all(ports.WaitEnded) == []
    assert case.execution.fail(case.activity("work"), "gone", "") is True
    case.again()
    assert case.open == ["mend"]


def test_a_failure_that_becomes_an_error_which_nothing_catches_waits_for_nobody() -> None:
    case = run(service("work", "out", **defined("${externalTask.errorMessage != null}")), flows=LINE)
    assert case.execution.fail(case.activity("work"), "gone", "") is True
    case.again()
    assert case.parked == ["work"]
    with pytest.raises(NotWaiting):
        case.execution.deliver(case.activity("work"), {}, {})
    case.retry("work").deliver("work")
    assert case.ended == "done"


def test_an_output_parameter_that_fails_parks_it_and_what_was_told_stays() -> None:
    case = run(service("work", "out", gives={"x": "${nothing}"}), flows=LINE)
    case.deliver("work", answer=1)
    assert case.parked == ["work"] and case.variables == {"answer": 1}


def test_each_instance_of_a_collection_is_handed_out() -> None:
    loop = Loop(False, collection="${items}", element_variable="item", output_collection="all", output_item="got")
    case = run(service("work", "out", loop=loop), flows=LINE, variables={"items": ["a", "b"]})
    assert len(case.all(ports.ExternalOpened)) == 2
    case.deliver("work", 1, got="B").deliver("work", got="A")
    assert case.ended == "done" and case.variables["all"] == ["A", "B"]


def test_what_undoes_work_may_be_a_workers() -> None:
    case = run(
        user("book"),
        on("book", "unbook", trigger_="compensate", handler="cancel"),
        service("cancel", "out", for_compensation=True),
        throw("undone", undo=""),
        flows="start -> book -> undone -> done",
    )
    case.do("book", seat=4)
    assert case.open == ["undone", "cancel"]
    case.deliver("cancel", seat=None)
    assert case.ended == "done" and case.variables["seat"] is None


def test_a_topic_may_be_computed() -> None:
    case = run(service("work", "out.${kind}"), flows=LINE, variables={"kind": "letter"})
    assert [opened.topic for opened in case.all(ports.ExternalOpened)] == ["out.letter"]


@pytest.mark.parametrize("kind", [None, 5, "", "x" * 256])
def test_a_topic_that_is_none_is_an_incident(kind: Any) -> None:
    case = run(service("work", "${kind}"), flows=LINE, variables={"kind": kind})
    assert case.parked == ["work"] and isinstance(case.all(ports.Parked)[0].error, BadTopic)


def test_priorities_come_from_the_element_else_from_the_process() -> None:
    from dataclasses import replace

    ranked = {"jobPriority": "${n * 10}", "taskPriority": "3"}
    process = draw(
        "p",
        service("one", "out"),
        service("two", "out", taskPriority="${n}"),
        catch("soon", after="PT1H"),
        catch("later", after="PT1H", jobPriority="4"),
        node("sendTask", "tell", message="m"),
        flows="start -> one -> two -> soon -> later -> tell -> done",
    )
    case = Run(replace(process, attributes=ranked), {"n": 5}, world=town())
    case.deliver("one").deliver("two").fire("soon").fire("later")
    assert [opened.priority for opened in case.all(ports.ExternalOpened)] == [3, 5]
    assert [(timer.element, timer.priority) for timer in case.all(ports.TimerSet)] == [("soon", 50), ("later", 4)]
    assert [thrown.priority for thrown in case.all(ports.MessageThrown)] == [50]


def test_a_repeating_timer_keeps_its_priority() -> None:
    remind = on("a", "remind", every="R2/PT1H", interrupting=False, jobPriority="9")
    case = run(user("a"), remind, flows="start -> a -> done\nremind -> done_r")
    case.fire("remind")
    assert [timer.priority for timer in case.all(ports.TimerSet)] == [9, 9]


@pytest.mark.parametrize("text", ["high", "${1.5}", "${true}", "3000000000", "${null}"])
def test_a_priority_that_is_no_whole_number_is_an_incident(text: str) -> None:
    case = run(service("work", "out", taskPriority=text), flows=LINE)
    assert isinstance(case.all(ports.Parked)[0].error, NotAPriority)


def test_a_failed_step_is_tried_again_with_its_priority() -> None:
    world = Town(operations={"t": lambda **given: 1 / 0})
    case = Run(draw("p", service("work", "t", jobPriority="6"), flows=LINE), world=world)
    assert [stop.priority for stop in case.all(ports.Parked)] == [6]


def test_a_priority_that_cannot_be_said_does_not_keep_a_step_from_being_tried_again() -> None:
    world = Town(operations={"t": lambda **given: 1 / 0})
    case = Run(draw("p", service("work", "t", jobPriority="${nothing}"), flows=LINE), world=world)
    assert [stop.priority for stop in case.all(ports.Parked)] == [0]


# As a version before external workers wrote it.
OLD = {
    "format": 2,
    "process": "p",
    "case": "case",
    "business_key": "",
    "number": 3,
    "ended": False,
    "outcome": "completed",
    "scopes": [{"id": "", "parent": None, "values": {"a": 1}}],
    "levels": [],
    "tokens": [
        {
            "id": "t2",
            "element": "soon",
            "number": 2,
            "state": 32,
            "phase": "enter",
            "level": "",
            "parent": "",
            "scope": "",
            "flow": "start_soon",
            "entered": True,
            "wait": {"kind": "timer", "due": "2026-01-05T02:00:00+00:00", "cycle": None, "left": None},
        }
    ],
}


def test_a_case_of_before_goes_on_and_then_waits_for_a_worker() -> None:
    case = run(catch("soon", after="PT1H"), service("work", "out"), flows="start -> soon -> work -> done")
    restored = Execution.restore(case.definition, OLD, case.world)
    case.world.tick(dt.timedelta(hours=1))
    restored.fire("t2")
    (open_,) = restored.open_activities()
    assert (open_.element, open_.waits) == ("work", "external")
