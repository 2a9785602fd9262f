"""What fails: parked and tried again under the same id, caught by a boundary event, never half done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runtime.engine import errors, ports
from runtime.engine.ports import BpmnError
from tests.core.engine.drawing import Run, Town, both, decide, draw, each, node, on, scope, service, user


def raising(*failures: BaseException | None) -> Callable[..., Any]:
    """Raises each in turn; None: succeeds."""
    left = list(failures)

    def operation(**inputs: Any) -> dict[str, Any]:
        failure = left.pop(0) if left else None
        if failure is not None:
            raise failure
        return {"fine": True}

    return operation


def test_a_technical_failure_parks_the_token_and_other_branches_go_on() -> None:
    # Stock SpiffWorkflow keeps half of what was written and lets the join wait for ever.
    world = Town(operations={"t": raising(OSError("disk"), None)})
    run = Run(
        draw(
            "p",
            both("fork"),
            both("join"),
            service("s", "t", takes={"i": "1"}),
            user("b"),
            flows="""
        start -> fork -> s -> join -> done
        fork -> b -> join
    """,
        ),
        world=world,
    )
    assert run.parked == ["s"] and run.all(ports.Parked)[0].reason == "OSError: disk"
    assert run.all(ports.VariableWritten) == []
    run.do("b")
    assert run.ended is None
    run.retry("s")
    assert run.ended == "done"
    steps = [step for _, _, step in world.calls]
    assert steps[0] == steps[1], "a retry is the same step"


def test_nothing_of_a_failing_step_is_written() -> None:
    world = Town(operations={"t": lambda: {"a": 1}})
    process = draw(
        "p", service("s", "t", takes={}, gives={"x": "${a}", "y": "${nothing}"}), flows="start -> s -> done"
    )
    run = Run(process, world=world)
    assert run.parked == ["s"] and run.variables == {}
    assert {type(h) for h in run.told} == {ports.Entered, ports.Left, ports.Parked}


def test_results_that_no_case_can_hold_are_a_failure() -> None:
    run = Run(
        draw("p", service("s", "t"), flows="start -> s -> done"),
        world=Town(operations={"t": lambda: {"f": 0.1}}),
    )
    assert run.parked == ["s"] and "value.unsupported" in run.all(ports.Parked)[0].reason


def test_a_persons_answer_stays_when_what_follows_fails() -> None:
    run = Run(draw("p", user("a", gives={"x": "${n / 0}"}), flows="start -> a -> done"), {"n": 1})
    activity = run.activity("a")
    run.do("a", said="yes")
    assert run.parked == ["a"] and run.activity("a") == activity
    assert run.variables == {"n": 1, "said": "yes"}
    with pytest.raises(errors.NotWaiting):
        run.execution.complete(activity, {"said": "no"})


def test_a_user_task_that_cannot_open_is_parked_and_opens_on_retry() -> None:
    run = Run(
        draw(
            "p",
            both("fork"),
            user("fix"),
            user("a", assignee="${who}"),
            flows="start -> fork -> fix\nfork -> a",
        )
    )
    assert run.parked == ["a"]
    run.do("fix", who="ann").retry("a")
    assert run.all(ports.TaskOpened, "a")[0].assignee == "ann" and run.parked == []


def test_a_task_for_nobody_is_no_orphan() -> None:
    task = node("userTask", "a", assignee="${nobody()}")
    run = Run(draw("p", task, flows="start -> a -> done"))
    assert isinstance(run.all(ports.Parked)[0].error, errors.NobodyToDoIt)
    assert run.all(ports.TaskOpened) == []


def test_what_is_no_exception_ends_the_whole_move() -> None:
    class Abandon(BaseException):
        pass

    with pytest.raises(Abandon):
        Run(
            draw("p", service("s", "t"), flows="start -> s -> done"),
            world=Town(operations={"t": raising(Abandon())}),
        )


def guarded() -> list[tuple[str, Run]]:
    inside = scope(user("deep"), flows="start_in -> deep -> end_in")
    child = draw("child", user("deep"), flows="start_c -> deep -> done_c")
    activities = {
        "task": user("x"),
        "sub": node("subProcess", "x", scope=inside, takes={"i": "1"}),
        "call": node("callActivity", "x", called="child", into=[{"all": True}]),
        "each": user("x", loop=each("${[1, 2]}")),
        "all": node("subProcess", "x", scope=inside, loop=each("${[1, 2]}")),
    }
    flows = "start -> fork -> x -> done\nfork -> fix\nlate -> done_late\nsoon -> done_soon"
    return [
        (
            name,
            Run(
                draw(
                    "p",
                    both("fork"),
                    user("fix"),
                    activity,
                    on("x", "soon", after="PT1H"),
                    on("x", "late", at="${due}"),
                    flows=flows,
                ),
                called=(child,),
            ),
        )
        for name, activity in activities.items()
    ]


def test_an_activity_that_cannot_be_guarded_does_not_begin() -> None:
    for name, run in guarded():
        assert run.parked == ["x"] and run.open == ["x", "fix"], name
        assert (
            run.all(ports.TaskOpened, "x")
            == run.all(ports.TimerSet)
            == run.all(ports.TaskOpened, "deep")
            == []
        )
        state = run.execution.state()
        assert [row["id"] for row in state["scopes"]] == [""] and state["levels"] == []
        run.do("fix", due=run.world.now).retry("x")
        assert len(run.all(ports.TimerSet)) == 2
        run.fire("late")
        assert run.ended == "done_late", name


def test_a_timer_beside_a_step_that_does_not_wait_is_never_set() -> None:
    run = Run(
        draw(
            "p",
            service("s", "t"),
            on("s", "late", at="${unknown}"),
            flows="start -> s -> done\nlate -> done_late",
        )
    )
    assert run.ended == "done"


# BPMN errors.


def caught(code: str, *boundaries: Any, flows: str = "") -> Run:
    world = Town(operations={"t": raising(BpmnError(code, "no stock", missing=3))})
    return Run(draw("p", service("s", "t"), *boundaries, flows=f"start -> s -> done\n{flows}"), world=world)


def test_an_error_goes_to_the_boundary_event_with_its_code() -> None:
    from dataclasses import replace

    named = on("s", "short", error="short")
    named = replace(named, trigger=replace(named.trigger, code_variable="code", message_variable="why"))  # type: ignore[type-var]
    run = caught("short", on("s", "any", error=""), named, flows="any -> done_any\nshort -> done_short")
    assert run.ended == "done_short"
    assert run.variables == {"code": "short", "why": "no stock", "missing": 3}
    assert [h.element for h in run.all(ports.Cancelled)] == ["s"]
    assert run.path == ["start", "short", "done_short"]


def test_else_to_the_one_that_catches_all() -> None:
    run = caught(
        "other",
        on("s", "short", error="short"),
        on("s", "any", error=""),
        flows="any -> done_any\nshort -> done_short",
    )
    assert run.ended == "done_any"


def test_an_error_that_nothing_catches_is_an_incident_at_its_thrower() -> None:
    run = caught("other", on("s", "short", error="short"), flows="short -> done_short")
    assert run.parked == ["s"]
    error = run.all(ports.Parked)[0].error
    assert isinstance(error, errors.UncaughtError) and "no stock" in str(error)
    assert run.retry("s").ended == "done"


def test_an_error_end_event_reaches_the_boundary_around_its_subprocess_and_ends_all_inside() -> None:
    inside = scope(
        both("fork"),
        user("other"),
        node("endEvent", "failed", error="bad"),
        user("ask"),
        flows="""
        start_in -> fork -> ask -> failed
        fork -> other -> end_in
    """,
    )
    run = Run(
        draw(
            "p",
            node("subProcess", "sub", scope=inside),
            on("sub", "oops", error="bad"),
            flows="start -> sub -> done\noops -> done_oops",
        )
    )
    run.do("ask")
    assert run.ended == "done_oops"
    assert sorted(h.element for h in run.all(ports.Cancelled)) == ["failed", "other", "sub"]


def test_an_error_crosses_call_activities_and_their_out_mappings_run() -> None:
    inner = draw("inner", service("s", "t"), user("first"), flows="start_i -> first -> s -> done_i")
    middle = draw(
        "middle",
        node("callActivity", "call_inner", called="inner", out=[{"source": "x", "target": "y"}]),
        flows="start_m -> call_inner -> done_m",
    )
    outer = draw(
        "outer",
        node("callActivity", "call", called="middle", out=[{"source": "y", "target": "z"}]),
        on("call", "oops", error="bad"),
        flows="start -> call -> done\noops -> done_oops",
    )
    run = Run(outer, called=(inner, middle), world=Town(operations={"t": raising(BpmnError("bad"))}))
    run.do("first", x=7)
    assert run.ended == "done_oops" and run.variables == {"z": 7}
    assert run.execution._case.subprocesses == {} and len(run.execution.state()["scopes"]) == 1


def test_an_uncaught_error_end_event_is_an_incident_and_changes_nothing() -> None:
    inner = draw("inner", node("endEvent", "failed", error="bad"), flows="start_i -> failed")
    run = Run(
        draw(
            "p",
            node("callActivity", "call", called="inner", out=[{"source": "q", "target": "r"}]),
            flows="start -> call -> done",
        ),
        called=(inner,),
    )
    assert run.parked == ["failed"] and run.variables == {}


def test_a_refused_decision_can_be_caught() -> None:
    def refuse(**inputs: Any) -> Any:
        raise BpmnError("rule_refused", "unset")

    run = Run(
        draw(
            "p",
            decide("tier", "bonus", takes={"g": "A"}),
            on("tier", "unset", error="rule_refused"),
            user("set_it"),
            flows="start -> tier -> done\nunset -> set_it -> tier",
        ),
        world=Town(rules={"bonus": refuse}),
    )
    assert run.open == ["set_it"]
    run.world.rules["bonus"] = lambda g: {"percent": 5}
    assert run.do("set_it").ended == "done"
    assert run.variables == {"percent": 5}


def test_an_error_in_one_instance_ends_the_whole_multi_instance_activity() -> None:
    def operation(n: int) -> dict[str, Any]:
        if n == 2:
            raise BpmnError("bad")
        return {}

    run = Run(
        draw(
            "p",
            service("s", "t", takes={"n": "${item}"}, loop=each("${items}")),
            on("s", "oops", error="bad"),
            flows="start -> s -> done\noops -> done_oops",
        ),
        {"items": [1, 2, 3]},
        world=Town(operations={"t": operation}),
    )
    assert run.ended == "done_oops" and len(run.world.calls) == 2
