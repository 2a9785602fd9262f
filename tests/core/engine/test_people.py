"""Who is asked, with which form, until when: told with expressions already evaluated."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime.engine import errors, ports
from tests.core.engine.drawing import START, Run, draw, node, scope, user


def opened(run: Run) -> ports.TaskOpened:
    assert run.parked == [], run.all(ports.Parked)
    task = run.all(ports.TaskOpened)[0]
    assert isinstance(task, ports.TaskOpened)
    return task


def ask(variables: dict[str, Any] | None = None, **about: Any) -> ports.TaskOpened:
    task = node("userTask", "a", lane="l", **about)
    return opened(Run(draw("p", task, flows="start -> a -> done", lanes={"l": "clerks"}), variables))


def test_the_lane_is_asked_when_nobody_is_named() -> None:
    assert ask().groups == ("clerks",)
    assert ask(assignee="${nobody()}").groups == ("clerks",)


def test_explicit_people_win_over_the_lane() -> None:
    task = ask({"initiator": "ann"}, assignee="${superior_of(initiator)}")
    assert (task.assignee, task.groups) == ("boss of ann", ())
    task = ask({"two": ["ann", "ben", None, "ann"]}, candidateUsers="${two}", candidateGroups="a, b ,${'c'}")
    assert (task.candidates, task.groups) == (("ann", "ben"), ("a", "b", "c"))


def test_several_people_as_assignee_are_candidates() -> None:
    task = ask({"two": ["ann", "ben"]}, assignee="${two}")
    assert task.assignee is not None and {task.assignee, *task.candidates} == {"ann", "ben"}


@pytest.mark.parametrize("wrong", [5, {"a": 1}, [1], True])
def test_what_names_nobody_is_an_incident(wrong: Any) -> None:
    run = Run(draw("p", user("a", assignee="${who}"), flows="start -> a -> done"), {"who": wrong})
    assert isinstance(run.all(ports.Parked)[0].error, errors.NotPeople)


def test_an_inner_lane_goes_for_a_subprocess_and_the_callers_for_a_process_without_lanes() -> None:
    deep = node("userTask", "deep")
    inside = scope(deep, flows="start_in -> deep -> end_in")
    sub = node("subProcess", "sub", scope=inside, lane="l")
    assert opened(Run(draw("p", sub, flows="start -> sub -> done", lanes={"l": "clerks"}))).groups == (
        "clerks",
    )

    child = draw("child", node("subProcess", "sub", scope=inside), flows="start_c -> sub -> done_c")
    call = node("callActivity", "call", called="child", lane="l")
    process = draw("p", call, flows="start -> call -> done", lanes={"l": "clerks"})
    assert opened(Run(process, called=(child,))).groups == ("clerks",)

    laned = draw("child", node("userTask", "deep"), flows="start_c -> deep -> done_c", lanes={"m": "others"})
    run = Run(process, called=(laned,))
    assert isinstance(run.all(ports.Parked)[0].error, errors.NobodyToDoIt)


def test_a_task_with_a_fallback_opens_for_whoever_that_is() -> None:
    task = node("userTask", "a", properties={"fallback": "admin"})
    assert opened(Run(draw("p", task, flows="start -> a -> done"))).groups == ()


def test_form_priority_and_dates() -> None:
    task = ask(
        {"kind": "big", "days": 2},
        formRef="order_${kind}",
        priority="${60 + 5}",
        dueDate="${now() + duration('P3D')}",
        followUpDate="P1D",
    )
    assert (task.form, task.priority) == ("order_big", 65)
    assert (task.due, task.follow_up) == (START + dt.timedelta(days=3), START + dt.timedelta(days=1))


@pytest.mark.parametrize("day", [dt.date(2026, 1, 9), "2026-01-09"])
def test_a_bare_date_is_due_at_the_end_of_that_day_in_the_business_zone(day: Any) -> None:
    assert ask({"day": day}, dueDate="${day}").due == dt.datetime(2026, 1, 9, 15, 59, 59, tzinfo=dt.UTC)
    assert ask({"day": None}, dueDate="${day}").due is None


def test_a_due_date_that_is_none_is_an_incident() -> None:
    run = Run(draw("p", user("a", dueDate="${n}"), flows="start -> a -> done"), {"n": 5})
    assert run.parked == ["a"]
    run = Run(draw("p", user("a", priority="urgent"), flows="start -> a -> done"))
    assert run.parked == ["a"]


def test_the_initiator_may_be_named_by_the_start_event() -> None:
    process = draw("p", node("startEvent", "s", initiator="applicant"), user("a"), flows="s -> a -> done")
    assert Run(process, {"initiator": "ann"}).variables == {"initiator": "ann", "applicant": "ann"}
