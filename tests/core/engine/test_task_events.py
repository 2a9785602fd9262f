"""Listeners of user tasks: what they hear and when, what they may change, and what stays when one fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from runtime import scripts
from runtime.bpmn.model import Listener, Node, Script
from runtime.engine import ports
from runtime.scripts import offered
from tests.core.engine.drawing import Run, draw, each, on, user

NOTE = "task.setVariable('heard', [...(execution.getVariable('heard') ?? []), `${{task.eventName}} {what}`])"


@pytest.fixture(scope="module", autouse=True)
def _processes() -> Iterator[None]:
    yield
    scripts.close()


def on_(event: str, text: str) -> Listener:
    return Listener(event, Script("javascript", text), of_task=True)


def notes(*events: str, what: str = "${task.assignee}") -> tuple[Listener, ...]:
    return tuple(on_(event, NOTE.format(what=what)) for event in events)


def run(*nodes: Node, flows: str = "start -> it -> done", **variables: Any) -> Run:
    return Run(draw("p", *nodes, flows=flows), variables)


def opened(run: Run) -> ports.TaskOpened:
    return run.all(ports.TaskOpened)[-1]


def last(run: Run, kind: type[Any]) -> Any:
    return run.all(kind)[-1]


def hand_over(run: Run, person: str | None, element: str = "it") -> Run:
    """As a claim does it: the row first, then the listeners."""
    activity = run.activity(element)
    run.world.tasks[activity] = replace(run.world.tasks[activity], assignee=person)
    run.execution.reassigned(activity)
    return run.again()


# --- what is heard -----------------------------------------------------------------


def test_a_task_with_an_assignee_is_created_and_then_assigned() -> None:
    case = run(user("it", assignee="ana", listeners=notes("assignment", "create", "update")))
    assert case.variables["heard"] == ["create ana", "assignment ana"]


def test_a_task_for_a_group_is_assigned_when_somebody_takes_it_and_again_when_they_give_it_back() -> None:
    case = run(user("it", listeners=notes("create", "update", "assignment", "complete", "delete")))
    assert case.variables["heard"] == ["create null"]
    hand_over(case, "ben")
    hand_over(case, None)
    assert case.variables["heard"][1:] == ["update ben", "assignment ben", "update null", "assignment null"]
    case.do("it")
    assert case.ended == "done"
    assert case.variables["heard"][-1] == "complete null"


def test_what_is_withdrawn_is_deleted_and_what_is_completed_is_not() -> None:
    task = user("it", assignee="ana", listeners=notes("delete"))
    case = run(task, on("it", "late", after="P1D"), flows="start -> it -> done\nlate -> end_late")
    case.fire("late")
    assert case.ended == "end_late"
    assert case.variables["heard"] == ["delete ana"]
    assert "heard" not in run(task).do("it").variables


def test_a_cancelled_case_tells_each_of_its_open_tasks() -> None:
    case = run(user("it", loop=each("${items}"), listeners=notes("delete", what="${item}")), items=["a", "b"])
    case.execution.cancel()
    written = [told for told in case.execution.take() if isinstance(told, ports.VariableWritten)]
    assert [told.new for told in written] == [["delete a"], ["delete a", "delete b"]]


def test_an_answered_task_whose_completion_fails_is_not_deleted() -> None:
    broken = on_("complete", "nobody()")
    case = run(user("it", listeners=(broken, *notes("delete")))).do("it")
    assert case.parked == ["it"]
    case.execution.cancel()
    assert not [told for told in case.execution.take() if isinstance(told, ports.VariableWritten)]


def test_a_listener_reads_the_task() -> None:
    facts = "`${task.id} ${task.name} ${task.priority} ${task.dueDate.toISOString()} ${task.getTaskDefinitionKey()}`"
    task = user(
        "it",
        names={"zh_Hans": "核对"},
        priority="70",
        dueDate="2026-02-01T00:00:00Z",
        listeners=(on_("create", f"task.setVariableLocal('told', {facts})"),),
        gives={"out": "${told} ${task_is_local}"},
        takes={"task_is_local": "yes"},
    )
    case = run(task)
    expected = f"{opened(case).task} 核对 70 2026-02-01T00:00:00.000Z it yes"
    case.do("it")
    assert case.variables["out"] == expected


def test_the_tasks_own_expressions_read_what_was_evaluated_before_them() -> None:
    case = run(
        user(
            "it",
            priority="80",
            dueDate="P1D",
            assignee="${task.getPriority() > 50 && task.dueDate > now() ? 'ana' : 'ben'}",
            candidateUsers="${task.assignee == 'ana' ? task.getVariable('second') : task.id}",
        ),
        second="cem",
    )
    assert (opened(case).assignee, opened(case).candidates) == ("ana", ("cem",))


def test_local_variables_are_told_apart() -> None:
    text = (
        "task.setVariable('found', [task.hasVariableLocal('x'), task.hasVariableLocal('y'), "
        "task.getVariableLocal('x'), execution.getVariableLocal('y'), task.hasVariable('y')])"
    )
    case = run(user("it", takes={"x": "${1}"}, listeners=(on_("create", text),)), y=2)
    assert case.variables["found"] == [True, False, 1, None, True]


# --- what is changed ---------------------------------------------------------------


def test_what_a_listener_to_create_sets_is_how_the_task_opens() -> None:
    text = """task.setAssignee('ben'); task.priority = 90; task.setName('急件');
        task.setDueDate(new LocalDate('2026-03-01')); task.setFollowUpDate(new Date('2026-02-01T00:00:00Z'));
        task.addCandidateUser('cem'); task.addCandidateGroup('manager')"""
    case = run(user("it", listeners=(on_("create", text), *notes("assignment", what="${task.name}"))))
    task = opened(case)
    assert (task.assignee, task.priority, task.names) == ("ben", 90, {"zh_Hans": "急件"})
    assert task.due == dt.datetime(2026, 3, 1, 15, 59, 59, tzinfo=dt.UTC)
    assert task.follow_up == dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    assert (task.candidates, task.groups) == (("cem",), ("staff", "manager"))
    assert case.variables["heard"] == ["assignment 急件"]


def test_a_listener_may_find_the_only_one_to_do_it() -> None:
    lone = user("it", candidateGroups="", listeners=(on_("create", "task.setAssignee('ben')"),))
    assert opened(run(lone)).assignee == "ben"
    nobody = user("it", candidateGroups="", listeners=(on_("create", "1"),))
    assert run(nobody).parked == ["it"]


def test_what_a_listener_to_assignment_sets_is_told_as_a_change() -> None:
    case = run(
        user(
            "it",
            listeners=(
                on_("assignment", "if (task.assignee) { task.priority += 1; task.addCandidateUser('dua') }"),
            ),
        )
    )
    hand_over(case, "ben")
    change = last(case, ports.TaskAltered)
    assert (change.process, change.changes) == ("p", {"priority": 51, "candidates": ("dua",)})


def test_an_assignee_that_a_listener_sets_is_told_to_the_listeners_too() -> None:
    text = "if (task.assignee === 'ben') task.setAssignee('cem')"
    case = run(user("it", listeners=(on_("assignment", text), *notes("assignment", "update"))))
    hand_over(case, "ben")
    assert case.variables["heard"] == ["update ben", "assignment cem", "assignment cem"]
    assert last(case, ports.TaskAltered).changes == {"assignee": "cem"}


def test_listeners_that_never_agree_are_stopped() -> None:
    text = "task.setAssignee(task.assignee === 'ana' ? 'ben' : 'ana')"
    case = run(user("it", assignee="ana", listeners=(on_("assignment", text),)))
    assert "engine.never_settled" in last(case, ports.Parked).reason


@pytest.mark.parametrize(
    ("event", "text", "code"),
    [
        ("create", "task.setPriority('high')", "engine.not_a_priority"),
        ("create", "task.setDueDate('soon')", "engine."),
        ("create", "task.setName('')", "engine.not_text"),
        ("create", "task.addCandidateUser(7)", "engine.not_people"),
        ("create", "task.id = 'mine'", "script."),
        ("create", "task.setOwner('ana')", "script."),
        ("complete", "task.setPriority(80)", "script."),
        ("complete", "task.priority = 80", "script."),
    ],
)
def test_what_a_task_cannot_be_is_an_incident(event: str, text: str, code: str) -> None:
    case = run(user("it", listeners=(on_(event, text),)))
    if event == "complete":
        case.do("it")
    assert last(case, ports.Parked).reason.startswith(code)


def test_what_scripts_are_offered_is_what_is_checked_at_deployment() -> None:
    text = "task.setVariable('has', [Object.keys(execution), Object.keys(task)])"
    on_execution, on_task = run(user("it", listeners=(on_("create", text),))).variables["has"]
    assert set(on_execution) == offered.EXECUTION
    assert set(on_task) == offered.TASK | offered.CHANGES


# --- what stays when one fails -----------------------------------------------------


def test_a_listener_that_fails_at_an_assignment_leaves_the_task_open_and_is_tried_again() -> None:
    text = "execution.setVariable('noted', task.assignee); if (!ready) throw new Error('not yet')"
    case = run(user("it", listeners=(on_("assignment", text),)), ready=False)
    hand_over(case, "ben")
    assert case.parked == ["it"]
    assert "noted" not in case.variables
    activity = case.activity("it")
    assert next(open for open in case.execution.open_activities()).waits == "user"
    case.execution._case.scopes.put("", "ready", True)
    case.execution.retry(activity)
    case.again()
    assert case.parked == []
    assert case.variables["noted"] == "ben"
    case.do("it")
    assert case.ended == "done"


def test_a_completion_waits_for_the_assignment_that_no_listener_could_hear() -> None:
    text = "execution.setVariable('noted', 1); if (!ready) throw new Error('not yet')"
    case = run(
        user("it", listeners=(on_("assignment", text), *notes("complete", what="${noted}"))), ready=False
    )
    hand_over(case, "ben")
    case.do("it", answer="yes")
    # It was tried again at once, and the answer stays whatever came of it.
    assert len(case.all(ports.Parked)) == 2 and len(case.all(ports.AskedAgain)) == 1
    assert case.parked == ["it"] and case.variables["answer"] == "yes"
    case.execution._case.scopes.put("", "ready", True)
    case.execution.retry(case.activity("it"))
    case.again()
    assert case.ended == "done"
    assert case.variables["heard"] == ["complete 1"]


def test_a_listener_to_the_end_that_fails_is_told_and_the_task_goes_all_the_same() -> None:
    text = "execution.setVariable('half', 1); throw new Error('no')"
    task = user("it", listeners=(on_("delete", text),))
    case = run(task, on("it", "late", after="P1D"), flows="start -> it -> done\nlate -> end_late")
    case.fire("late")
    assert case.ended == "end_late"
    assert "half" not in case.variables
    assert last(case, ports.ListenerFailed).element == "it"


def test_an_error_thrown_by_a_listener_to_assignment_is_caught_at_the_task() -> None:
    task = user("it", listeners=(on_("assignment", "throw new BpmnError('no')"),))
    case = run(task, on("it", "caught", error="no"), flows="start -> it -> done\ncaught -> end_no")
    hand_over(case, "ben")
    assert case.ended == "end_no"
