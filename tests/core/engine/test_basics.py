"""Start, tasks, gateways, ends: the slice that everything else stands on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runtime.engine import errors, ports
from runtime.engine.execution import Execution
from runtime.errors import Conflict, NotFound
from tests.core.engine.drawing import Run, Town, both, draw, service, user, xor


def test_a_process_goes_from_its_start_through_a_task_to_its_end() -> None:
    run = Run(draw("p", user("approve"), flows="start -> approve -> done"), {"amount": Decimal("9.50")})
    assert run.open == ["approve"]
    opened = run.all(ports.TaskOpened)[0]
    assert opened.groups == ("staff",) and opened.process == "p"
    run.do("approve", approved=True)
    assert run.ended == "done"
    assert run.variables == {"amount": Decimal("9.50"), "approved": True}
    assert run.path == ["start", "approve", "done"]


def test_the_path_names_the_flows_that_were_taken() -> None:
    run = Run(draw("p", user("a"), flows="start -> a -> done")).do("a")
    assert [flow for left in run.all(ports.Left) for flow in left.flows] == ["start_a", "a_done"]


def test_a_service_task_runs_at_once_with_its_inputs_and_gives_its_results() -> None:
    world = Town(operations={"book": lambda pieces: {"total": pieces * 2}})
    run = Run(
        draw("p", service("book_it", "book", takes={"pieces": "${n + 1}"}), flows="start -> book_it -> done"),
        {"n": 2},
        world=world,
    )
    assert run.variables == {"n": 2, "total": 6}
    topic, inputs, step = world.calls[0]
    assert (topic, inputs) == ("book", {"pieces": 3})
    assert (step.case, step.process, step.element) == ("case", "p", "book_it") and step.activity


def gate(amount: int) -> Run:
    return Run(
        draw(
            "p",
            xor("size"),
            flows="""
        start -> size
        size -[${amount > 100}]-> done_large
        size -[${amount > 10}]-> done_middle
        size => done_small
    """,
        ),
        {"amount": amount},
    )


def test_an_exclusive_gateway_takes_the_first_flow_that_holds_else_the_default() -> None:
    assert [gate(n).ended for n in (500, 50, 5)] == ["done_large", "done_middle", "done_small"]


def test_a_gateway_without_a_way_out_is_an_incident_and_goes_on_when_it_can() -> None:
    process = draw(
        "p",
        both("fork"),
        xor("sure"),
        user("ask"),
        flows="""
        start -> fork -> sure
        fork -> ask -> done_b
        sure -[${ok}]-> done
        sure -[${!ok}]-> done_c
    """,
    )
    run = Run(process, {"ok": "perhaps"})
    assert run.parked == ["sure"]
    assert isinstance(run.all(ports.Parked)[0].error, errors.NotTrueOrFalse)
    assert run.all(ports.Parked)[0].reason.startswith("engine.not_true_or_false: ")
    run.do("ask", ok=True).retry("sure")
    assert run.ended == "done"


def test_a_parallel_gateway_waits_for_all_its_branches() -> None:
    run = Run(
        draw(
            "p",
            both("fork"),
            both("join"),
            user("a"),
            user("b"),
            flows="""
        start -> fork -> a -> join -> done
        fork -> b -> join
    """,
        )
    )
    assert run.open == ["a", "b"]
    run.do("a")
    assert run.open == ["b", "join"] and run.ended is None
    run.do("b")
    assert run.ended == "done"
    assert len(run.all(ports.Left, "join")) == 2


def test_a_task_is_completed_once() -> None:
    run = Run(draw("p", both("fork"), user("a"), user("b"), flows="start -> fork -> a\nfork -> b"))
    activity = run.activity("a")
    run.do("a")
    before = run.execution.state()
    with pytest.raises(NotFound):
        run.execution.complete(activity, {})
    with pytest.raises(NotFound):
        run.execution.complete("no such", {})
    with pytest.raises(Conflict):
        run.execution.fire(run.activity("b"))
    with pytest.raises(Conflict):
        run.execution.retry(run.activity("b"))
    assert run.execution.state() == before and run.execution.take() == []


def test_answers_that_no_case_can_hold_are_refused_and_change_nothing() -> None:
    run = Run(draw("p", user("a"), flows="start -> a -> done"))
    before = run.execution.state()
    with pytest.raises(Exception, match="float"):
        run.execution.complete(run.activity("a"), {"good": 1, "bad": 1.5})
    assert run.execution.state() == before and run.execution.take() == []


def test_flows_that_leave_a_task_are_all_taken_unless_a_condition_says_no() -> None:
    process = draw(
        "p",
        user("a"),
        user("b"),
        user("c"),
        user("d"),
        flows="""
        start -> a -> b
        a -[${n > 1}]-> c
        a => d
    """,
    )
    assert Run(process).do("a", n=2).open == ["b", "c"]
    assert Run(process).do("a", n=1).open == ["b", "d"]


def test_a_case_that_is_cancelled_is_over() -> None:
    run = Run(draw("p", user("a"), flows="start -> a -> done"))
    run.execution.cancel()
    run.again()
    assert run.open == [] and run.execution.ended
    assert [cancelled.element for cancelled in run.all(ports.Cancelled)] == ["a"]
    with pytest.raises(Conflict):
        run.execution.cancel()


def test_a_long_run_is_interrupted_and_goes_on_later() -> None:
    process = draw(
        "p", *[service(f"s{n}", "t") for n in range(5)], flows="start -> s0 -> s1 -> s2 -> s3 -> s4 -> done"
    )
    run = Run(process)
    assert run.ended == "done" and not run.all(ports.Interrupted)
    from runtime.engine import execution

    held = execution.LIMIT
    try:
        Execution.run.__defaults__ = (3,)
        run = Run(process)
        assert run.all(ports.Interrupted) and run.execution.interrupted and len(run.world.calls) == 2
        run.execution.run()
        run.again().execution.run()
        assert run.again().ended == "done" and len(run.world.calls) == 5
    finally:
        Execution.run.__defaults__ = (held,)


def test_a_saved_case_says_when_it_does_not_fit() -> None:
    run = Run(draw("p", user("a"), flows="start -> a -> done"))
    state = run.execution.state()
    other = Run(draw("p", user("b"), flows="start -> b -> done")).definition
    with pytest.raises(errors.DoesNotFit):
        Execution.restore(other, state, run.world)
    with pytest.raises(errors.UnknownFormat):
        Execution.restore(run.definition, {**state, "format": 99}, run.world)
