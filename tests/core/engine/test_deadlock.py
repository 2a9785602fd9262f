"""A case in which nothing can happen any more says so, and where it waits."""

from __future__ import annotations

import pytest

from runtime.engine.errors import NotParked
from tests.core.engine.drawing import (
    Run,
    Town,
    any_of,
    both,
    catch,
    draw,
    end,
    inside,
    node,
    service,
    user,
    when,
    xor,
)


def starved(*more: object, flows: str = "") -> Run:
    """Only one of the two ways that a join waits for is taken."""
    return Run(
        draw(
            "p",
            *(xor("which"), both("join"), user("a"), user("b")),
            *more,  # type: ignore[arg-type]
            flows=f"""
            start -> which -[${{left}}]-> a -> join -> done
            which => b -> join
            {flows}""",
        ),
        {"left": True},
    )


def dead(run: Run) -> list[str]:
    return [token.element for token in run.execution.deadlocked]


def test_a_join_that_waits_for_a_way_that_was_not_taken_is_told() -> None:
    run = starved()
    assert dead(run) == []
    run.do("a")
    assert run.open == ["join"] and run.ended is None and dead(run) == ["join"]
    run.execution.retry(run.activity("join"))
    assert dead(run.again()) == ["join"]
    run.execution.cancel()
    assert run.execution.ended and dead(run) == []


def test_inside_a_subprocess_too() -> None:
    sub = inside(
        "sub",
        *(xor("which"), both("join"), node("task", "a"), node("task", "b")),
        flows="""start_in -> which -[${left}]-> a -> join -> end_in
        which => b -> join""",
    )
    assert dead(Run(draw("p", sub, flows="start -> sub -> done"), {"left": True})) == ["join"]


@pytest.mark.parametrize("event", [{"signal": "s"}, {"message": "m"}, {"after": "P1D"}])
def test_while_an_event_subprocess_listens_something_can_happen(event: dict[str, str]) -> None:
    helped = when("help", node("startEvent", "asked", **event), user("untie"), flows="asked -> untie -> end_help")
    run = starved(helped).do("a")
    assert dead(run) == [] and "asked" in run.open


def test_a_condition_that_nobody_can_make_true_any_more_is_told() -> None:
    process = draw(
        "p",
        *(both("fork"), user("a"), catch("paid", when="${left == false}")),
        flows="start -> fork -> a -> done\nfork -> paid -> done_paid",
    )
    run = Run(process, {"left": True})
    assert dead(run) == []
    assert dead(run.do("a")) == ["paid"]
    assert Run(process, {"left": True}).do("a", left=False).ended


def test_what_is_held_up_or_left_to_run_is_not_dead() -> None:
    def down() -> None:
        raise OSError("down")

    process = draw(
        "p",
        *(xor("which"), both("join"), node("task", "a"), node("task", "b"), both("fork"), service("s", "down")),
        flows="""start -> fork -> which -[${left}]-> a -> join -> done
        which => b -> join
        fork -> s -> done_s""",
    )
    run = Run(process, {"left": True}, world=Town(operations={"down": down}))
    assert run.parked == ["s"] and dead(run) == []
    with pytest.raises(NotParked):
        run.execution.retry(run.activity("join"))
    run.world.operations.clear()
    assert dead(run.retry("s")) == ["join"]


def test_a_case_that_has_ended_or_whose_joins_wait_for_nobody_is_not_dead() -> None:
    process = draw(
        "p",
        *(any_of("fork"), any_of("join"), user("a"), user("b"), end("done_b")),
        flows="""start -> fork -[${left}]-> a -> join -> done
        fork -[${!left}]-> b -> join""",
    )
    run = Run(process, {"left": True})
    assert dead(run) == []
    assert run.do("a").ended == "done" and dead(run) == []
