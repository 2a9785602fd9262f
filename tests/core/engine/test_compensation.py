"""Completed work is undone: in reverse order, once, by its handler, on what it knew."""

from __future__ import annotations

from runtime.bpmn.model import Trigger
from tests.core.engine.drawing import (
    Run,
    both,
    draw,
    each,
    end,
    inside,
    node,
    on,
    service,
    throw,
    undoes,
    user,
    when,
    xor,
)


def test_handlers_run_one_at_a_time_in_reverse_order_of_completion() -> None:
    process = draw(
        "p",
        both("split"),
        both("join"),
        user("a"),
        user("b"),
        *undoes("unhire", "a"),
        *undoes("unpay", "b"),
        throw("undo", undo=""),
        user("after"),
        flows="start -> split -> a -> join -> undo -> after -> done\nsplit -> b -> join",
    )
    run = Run(process).do("b").do("a")
    assert run.open == ["undo", "unhire"]
    run.do("unhire")
    assert run.open == ["undo", "unpay"]
    assert run.do("unpay").open == ["after"]
    assert run.do("after").ended == "done"


def test_only_the_named_activity_is_undone_and_only_once() -> None:
    process = draw(
        "p",
        user("a"),
        user("b"),
        *undoes("unhire", "a"),
        *undoes("unpay", "b"),
        throw("undo", undo="a"),
        throw("undo_again", undo="a"),
        user("after"),
        flows="start -> a -> b -> undo -> undo_again -> after -> done",
    )
    run = Run(process).do("a").do("b")
    assert run.open == ["undo", "unhire"]
    assert run.do("unhire").open == ["after"]


def test_each_instance_is_undone_with_what_it_had() -> None:
    process = draw(
        "p",
        user("a", loop=each("${items}", sequential=True)),
        *undoes("un", "a", assignee="${item}"),
        throw("undo", undo=""),
        flows="start -> a -> undo -> done",
    )
    run = Run(process, {"items": ["x", "y"]}).do("a").do("a")
    assert run.execution.variables(run.activity("un"))["item"] == "y"
    run.do("un")
    assert run.execution.variables(run.activity("un"))["item"] == "x"
    assert run.do("un").ended == "done"


def test_a_completed_subprocess_is_undone_from_inside_and_an_unfinished_one_is_not() -> None:
    process = draw(
        "p",
        inside(
            "s",
            user("a"),
            user("b"),
            *undoes("un_a", "a"),
            *undoes("un_b", "b"),
            flows="start_s -> a -> b -> done_s",
        ),
        inside("t", user("c"), user("wait"), *undoes("un_c", "c"), flows="start_t -> c -> wait -> done_t"),
        both("split"),
        throw("undo", undo=""),
        flows="start -> split -> s -> undo -> done\nsplit -> t -> done_2",
    )
    run = Run(process).do("c").do("a").do("b")
    assert "un_b" in run.open
    run.do("un_b")
    assert "un_a" in run.open
    run.do("un_a")
    assert sorted(run.open) == ["t", "wait"]


def test_a_compensation_event_subprocess_answers_for_its_subprocess() -> None:
    process = draw(
        "p",
        inside(
            "s",
            user("a"),
            *undoes("un_a", "a"),
            when(
                "mend",
                node("startEvent", "begin", trigger=Trigger("compensate")),
                user("m"),
                throw("rest", undo="a"),
                flows="begin -> m -> rest -> done_m",
            ),
            flows="start_s -> a -> done_s",
        ),
        throw("undo", undo=""),
        flows="start -> s -> undo -> done",
    )
    run = Run(process).do("a")
    assert "m" in run.open
    run.do("m")
    assert "un_a" in run.open
    assert run.do("un_a").ended == "done"


def test_cancelling_a_transaction_stops_undoes_and_leaves_by_the_boundary() -> None:
    process = draw(
        "p",
        inside(
            "t",
            both("split"),
            user("a"),
            *undoes("un_a", "a"),
            user("open"),
            user("ask"),
            end("stop", trigger_="cancel"),
            kind="transaction",
            flows="start_t -> split -> a -> ask -> stop\nsplit -> open -> done_t",
        ),
        on("t", "cancelled", trigger_="cancel"),
        user("after"),
        flows="start -> t -> done\ncancelled -> after -> done_after",
    )
    run = Run(process).do("a").do("ask")
    assert run.open == ["t", "stop", "un_a"]
    assert run.do("un_a").open == ["after"]
    assert run.do("after").ended == "done_after"


def test_a_handler_may_fail_by_an_error_that_is_caught_around_it() -> None:
    def refuse(**inputs: object) -> dict:
        from runtime.engine.ports import BpmnError

        raise BpmnError("no")

    process = draw(
        "p",
        inside(
            "s",
            user("a"),
            node("boundaryEvent", "u", attached_to="a", handler="un", trigger=Trigger("compensate")),
            service("un", "refuse", for_compensation=True),
            end("undo", undo=""),
            flows="start_s -> a -> undo",
        ),
        on("s", "bad", error="no"),
        user("after"),
        flows="start -> s -> done\nbad -> after -> done_after",
    )
    from tests.core.engine.drawing import Town

    run = Run(process, world=Town(operations={"refuse": refuse})).do("a")
    assert run.open == ["after"]


def test_a_called_process_is_undone_as_a_whole_or_not_at_all() -> None:
    child = draw(
        "child",
        user("a"),
        *undoes("un_a", "a"),
        user("b"),
        xor("ask"),
        throw("regret", undo=""),
        flows="start -> a -> b -> ask\nask -[${regret}]-> regret -> done_r\nask => done",
    )
    process = draw(
        "p",
        node("callActivity", "c", called="child"),
        *undoes("un_c", "c", loop=each("${items}")),
        throw("undo", undo=""),
        flows="start -> c -> undo -> done",
    )
    run = Run(process, {"items": [1, 2]}, called=(child,)).do("a").do("b", regret=False)
    assert run.open.count("un_c") == 3  # the multi-instance activity and its two instances
    assert run.do("un_c").do("un_c").ended == "done"


def test_nothing_is_remembered_where_nothing_is_ever_undone() -> None:
    process = draw("p", user("a"), *undoes("un", "a"), user("b"), flows="start -> a -> b -> done")
    assert "completed_work" not in Run(process).do("a").execution.state()
