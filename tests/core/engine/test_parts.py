"""An operation over very many does a part in each of several transactions: one step all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.engine import ports
from runtime.engine.ports import BpmnError, Unfinished
from tests.core.engine.drawing import START, Run, Town, draw, on, service


def in_parts(*given: Any) -> Callable[..., Any]:
    """What each part gives in turn; an exception is raised."""
    left = list(given)

    def operation(**inputs: Any) -> Any:
        found = left.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found

    return operation


MORE = Unfinished(START)
PROCESS = draw(
    "p",
    service("s", "t", takes={"i": "${n}"}, gives={"all": "${count}"}),
    on("s", "late", after="PT5M"),
    on("s", "refused", error="no"),
    flows="start -> s -> done\nlate -> done_late\nrefused -> done_refused",
)


def proceed(run: Run) -> Run:
    run.execution.proceed(run.activity("s"))
    return run.again()


def test_each_part_is_a_transaction_of_its_own_and_all_are_one_step() -> None:
    world = Town(operations={"t": in_parts(MORE, MORE, {"count": 3})})
    run = Run(PROCESS, {"n": 7}, world=world)
    waiting = run.execution.open_activities()
    assert [(each.element, each.waits) for each in waiting if each.element == "s"] == [("s", "job")]
    assert run.all(ports.PutOff)[0].since == START
    # What another branch writes meanwhile does not change what it was given.
    run.execution.correct(run.activity("s"), {"n": 8})
    run.again()
    proceed(run)
    assert run.ended is None and "all" not in run.variables
    proceed(run)
    assert run.ended == "done" and run.variables["all"] == 3
    assert len({step for _, _, step in world.calls}) == 1
    assert [inputs for _, inputs, _ in world.calls] == [{"i": 7}] * 3
    assert len(run.all(ports.Left)) == len(run.all(ports.Entered)) == 3


def test_what_guards_it_is_armed_once_and_goes_with_it() -> None:
    run = Run(PROCESS, {"n": 1}, world=Town(operations={"t": in_parts(MORE, MORE, {"count": 3})}))
    proceed(run)
    assert len(run.all(ports.TimerSet)) == 1
    run.fire("late")
    assert run.ended == "done_late"
    # The job that would have gone on is not wanted any more.
    assert [ended.kind for ended in run.all(ports.WaitEnded)] == ["timer", "job"]


def test_a_later_part_may_be_refused() -> None:
    run = Run(PROCESS, {"n": 1}, world=Town(operations={"t": in_parts(MORE, BpmnError("no"))}))
    assert proceed(run).ended == "done_refused"


def test_a_part_that_fails_is_tried_again_and_the_ones_before_are_not() -> None:
    world = Town(operations={"t": in_parts(MORE, OSError("disk"), MORE, {"count": 3})})
    run = proceed(Run(PROCESS, {"n": 1}, world=world))
    assert run.parked == ["s"]
    run.retry("s")
    assert run.parked == [] and run.ended is None
    assert proceed(run).ended == "done"
    assert len(run.all(ports.TimerSet)) == 1
