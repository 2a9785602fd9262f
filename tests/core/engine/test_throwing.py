"""What is thrown and caught inside a case: signals, escalations, errors, conditions, event subprocesses."""

from __future__ import annotations

import pytest

from runtime.bpmn.model import Trigger
from runtime.engine import ports
from tests.core.engine.drawing import (
    Run,
    both,
    catch,
    draw,
    end,
    inside,
    node,
    on,
    service,
    throw,
    user,
    when,
)


def start(id: str, **about: object) -> object:
    return node("startEvent", id, **about)


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("last", [True, False])
def test_an_escalation_reaches_the_boundary_of_its_subprocess(interrupting: bool, last: bool) -> None:
    thrown = end("tell", escalation="late") if last else throw("tell", escalation="late")
    flows = "start_in -> tell" if last else "start_in -> tell -> a -> done_in"
    process = draw(
        "p",
        inside("s", thrown, user("a"), flows=flows),
        on("s", "heard", escalation="late", interrupting=interrupting),
        user("b"),
        flows="start -> s -> done\nheard -> b -> done_b",
    )
    run = Run(process)
    if interrupting:
        assert run.open == ["b"]
        assert run.do("b").ended == "done_b"
    elif last:
        assert run.open == ["b"]
        assert "done" in run.path
    else:
        assert run.open == ["s", "a", "b"]
        assert run.do("a").do("b").ended == "done_b"


def test_an_escalation_that_nobody_catches_changes_nothing() -> None:
    process = draw("p", throw("tell", escalation="late"), user("a"), flows="start -> tell -> a -> done")
    run = Run(process)
    assert run.open == ["a"]
    assert [told.caught for told in run.all(ports.Escalated)] == [""]


def test_an_escalation_crosses_a_call_and_tells_its_code() -> None:
    child = draw("child", throw("tell", escalation="late"), user("a"), flows="start -> tell -> a -> done")
    process = draw(
        "p",
        node("callActivity", "c", called="child"),
        on("c", "heard", trigger=Trigger("escalation", code_variable="what")),
        user("b"),
        flows="start -> c -> done\nheard -> b -> done_b",
    )
    run = Run(process, called=(child,))
    assert run.open == ["b"]
    assert run.variables["what"] == "late"


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize(
    ("trigger", "happen"),
    [
        ({"message": "m"}, lambda run: run.receive("begin", x=1)),
        ({"after": "PT1H"}, lambda run: run.fire("begin")),
        ({"signal": "s"}, lambda run: run.signal("begin", x=1)),
        ({"when": "${n > 3}"}, lambda run: run.do("b", n=4)),
        ({"escalation": "e"}, lambda run: run.do("go")),
    ],
)
def test_an_event_subprocess_begins_by_its_event(trigger: dict, happen: object, interrupting: bool) -> None:
    process = draw(
        "p",
        both("split"),
        user("a"),
        user("b"),
        user("go"),
        throw("tell", escalation="e"),
        when(
            "aside",
            start("begin", interrupting=interrupting, **trigger),
            user("c"),
            flows="begin -> c -> done_c",
        ),
        flows="start -> split -> a -> done\nsplit -> b -> done_b\nsplit -> go -> tell -> done_go",
    )
    run = Run(process, {"n": 0})
    assert "aside" not in run.path
    happen(run)  # type: ignore[operator]
    if interrupting:
        assert run.open == ["aside", "c"]
        assert run.do("c").ended == "done_c"
    else:
        assert "c" in run.open
        assert "a" in run.open
        run.do("c")
        assert run.ended is None
        for name in ("a", "b", "go"):
            if name in run.open:
                run.do(name)
        assert run.execution.ended


def test_an_error_event_subprocess_takes_over_its_level_and_the_level_completes() -> None:
    process = draw(
        "p",
        inside(
            "s",
            both("split"),
            user("a"),
            user("go"),
            end("bad", error="e"),
            when(
                "mend",
                start("begin", trigger=Trigger("error", code="e", code_variable="what")),
                user("c"),
                flows="begin -> c -> done_c",
            ),
            flows="start_in -> split -> a -> done_in\nsplit -> go -> bad",
        ),
        user("after"),
        flows="start -> s -> after -> done",
    )
    run = Run(process)
    assert run.open == ["s", "a", "go"]
    run.do("go")
    assert run.open == ["s", "mend", "c"]
    assert run.variables["what"] == "e"
    assert run.do("c").do("after").ended == "done"


def test_an_error_inside_the_event_subprocess_that_took_over_goes_further_out() -> None:
    process = draw(
        "p",
        inside(
            "s",
            end("bad", error="e"),
            when("mend", start("begin", error="e"), end("worse", error="e"), flows="begin -> worse"),
            flows="start_in -> bad",
        ),
        on("s", "out", error="e"),
        user("after"),
        flows="start -> s -> done\nout -> after -> done_after",
    )
    assert Run(process).open == ["after"]


def test_a_signal_reaches_all_that_wait_in_the_case_before_anything_else_runs() -> None:
    process = draw(
        "p",
        both("split"),
        catch("hear", signal="s"),
        user("a"),
        inside(
            "sub",
            throw("tell", signal="s"),
            service("never", "never"),
            flows="start_in -> tell -> never -> done_in",
        ),
        on("sub", "stopped", signal="s"),
        user("b"),
        user("late"),
        catch("too_late", signal="s"),
        flows="""
        start -> split -> hear -> a -> done
        split -> late -> sub -> done_sub
        stopped -> b -> too_late -> done_b
    """,
    )
    run = Run(process)
    assert run.open == ["hear", "late"]
    run.do("late")
    assert run.open == ["a", "b"]
    assert not run.world.calls
    assert [told.name for told in run.all(ports.SignalThrown)] == ["s"]
    assert run.do("b").open == ["a", "too_late"]
    assert run.signal("too_late", x=1).variables["x"] == 1


@pytest.mark.parametrize("interrupting", [True, False])
def test_a_condition_on_the_boundary_is_asked_at_each_change(interrupting: bool) -> None:
    process = draw(
        "p",
        both("split"),
        user("a"),
        on("a", "hot", when="${heat > 30}", interrupting=interrupting),
        user("measure"),
        user("again"),
        user("cool"),
        flows="""
        start -> split -> a -> done
        split -> measure -> again -> done_again
        hot -> cool -> done_cool
    """,
    )
    run = Run(process).do("measure", heat=10)
    assert "cool" not in run.open
    run.do("again", heat=31)
    assert ("a" in run.open) is not interrupting
    assert "cool" in run.open


def test_a_condition_that_holds_on_arrival_does_not_wait() -> None:
    process = draw("p", catch("c", when="${n > 1}"), flows="start -> c -> done")
    assert Run(process, {"n": 2}).ended == "done"
    waiting = Run(process)
    assert waiting.open == ["c"]


def test_an_event_gateway_takes_signals_conditions_and_receive_tasks() -> None:
    process = draw(
        "p",
        node("eventBasedGateway", "first"),
        catch("s", signal="s"),
        catch("c", when="${n > 1}"),
        node("receiveTask", "r", message="m"),
        flows="start -> first -> s -> done_s\nfirst -> c -> done_c\nfirst -> r -> done_r",
    )
    assert Run(process).signal("s").ended == "done_s"
    assert Run(process).receive("r", n=1).ended == "done_r"
    assert Run(process, {"n": 2}).ended == "done_c"
