"""Timers, messages, boundary events, event-based gateways, ends."""

from __future__ import annotations

import datetime as dt

import pytest

from runtime.bpmn.model import Trigger
from runtime.engine import errors, ports
from runtime.engine.starts import next_due
from tests.core.engine.drawing import START, Run, both, draw, node, on, scope, user

HOUR = dt.timedelta(hours=1)
TERMINATE = Trigger("terminate")


def open_waits(run: Run) -> set[str]:
    """Activities with a timer or subscription that was told and not yet called off."""
    live: set[str] = set()
    for happening in run.told:
        if isinstance(happening, (ports.TimerSet, ports.Subscribed)):
            live.add(happening.activity)
        elif isinstance(happening, ports.WaitEnded):
            live.remove(happening.activity)
    return live


def test_a_timer_event_waits_until_it_is_due() -> None:
    run = Run(draw("p", node("intermediateCatchEvent", "wait", after="PT2H"), flows="start -> wait -> done"))
    timer = run.all(ports.TimerSet)[0]
    assert timer.due == START + 2 * HOUR
    with pytest.raises(errors.NotDue):
        run.execution.fire(timer.activity)
    run.fire("wait")
    assert run.ended == "done" and open_waits(run) == set()
    with pytest.raises(errors.ActivityNotFound):
        run.execution.fire(timer.activity)


@pytest.mark.parametrize("text", ["${START + duration('PT2H')}", "${day}", "${'2026-01-05T11:00:00+08:00'}"])
def test_a_timer_may_be_an_expression_of_any_kind(text: str) -> None:
    values = {"START": START, "day": START + 2 * HOUR}
    run = Run(
        draw("p", node("intermediateCatchEvent", "wait", at=text), flows="start -> wait -> done"), values
    )
    assert run.all(ports.TimerSet)[0].due == START + 2 * HOUR


def test_a_bad_timer_expression_parks_the_token() -> None:
    run = Run(
        draw("p", node("intermediateCatchEvent", "wait", at="${n}"), flows="start -> wait -> done"), {"n": 5}
    )
    assert run.parked == ["wait"]


def late(**about: object) -> Run:
    return Run(
        draw(
            "p",
            user("a"),
            user("b"),
            on("a", "late", **about),
            flows="start -> a -> done\nlate -> b -> done_late",
        )
    )


def test_an_interrupting_boundary_timer_ends_the_task() -> None:
    run = late(after="P1D")
    assert run.open == ["a", "late"]
    run.fire("late")
    assert run.open == ["b"] and [h.element for h in run.all(ports.Cancelled)] == ["a"]
    assert run.do("b").ended == "done_late" and open_waits(run) == set()


def test_a_task_that_is_done_in_time_calls_its_timer_off() -> None:
    run = late(after="P1D").do("a")
    assert run.ended == "done" and open_waits(run) == set()
    assert "late" not in [h.element for h in run.all(ports.Entered)]
    assert run.all(ports.Cancelled) == []


def test_a_boundary_timer_that_does_not_interrupt_starts_a_path_beside_the_task() -> None:
    run = late(after="P1D", interrupting=False).fire("late")
    assert run.open == ["a", "b"]
    run.do("a")
    assert run.ended is None
    assert run.do("b").ended == "done_late"


def test_a_cycle_is_armed_again_as_an_instance_of_its_own_as_often_as_it_says() -> None:
    run = late(every="R3/PT1H", interrupting=False)
    ids = []
    for _ in range(3):
        ids.append(run.activity("late"))
        run.fire("late")
    assert run.open == ["a", "b", "b", "b"] and len(set(ids)) == 3
    assert [h.due - START for h in run.all(ports.TimerSet)] == [HOUR, 2 * HOUR, 3 * HOUR]
    run.do("a").do("b").do("b").do("b")
    assert run.execution.ended and open_waits(run) == set()


def test_reminders_that_nobody_could_send_are_not_sent_all_at_once() -> None:
    run = late(every="R/PT1H", interrupting=False)
    run.world.tick(dt.timedelta(hours=50, minutes=30))
    run.execution.fire(run.activity("late"))
    run.again()
    assert run.all(ports.TimerSet)[-1].due == START + 51 * HOUR


def test_a_boundary_timer_guards_a_subprocess_and_ends_all_inside() -> None:
    inside = scope(
        both("fork"),
        user("a"),
        user("b"),
        node("intermediateCatchEvent", "wait", message="m"),
        flows="start_in -> fork -> a\nfork -> b\nfork -> wait",
    )
    run = Run(
        draw(
            "p",
            node("subProcess", "sub", scope=inside, takes={"x": "1"}),
            on("sub", "late", after="P1D"),
            flows="start -> sub -> done\nlate -> done_late",
        )
    )
    run.fire("late")
    assert run.ended == "done_late" and open_waits(run) == set()
    assert {h.element for h in run.all(ports.Cancelled)} == {"a", "b", "wait", "sub"}
    assert len(run.execution.state()["scopes"]) == 1


# Messages.


def test_a_receive_task_waits_under_the_business_key_and_takes_the_payload() -> None:
    run = Run(
        draw(
            "p", node("receiveTask", "await_goods", message="arrived"), flows="start -> await_goods -> done"
        ),
        key="PO-1",
    )
    wait = run.all(ports.Subscribed)[0]
    assert (wait.name, wait.key) == ("arrived", "PO-1")
    run.receive("await_goods", pieces=5)
    assert run.ended == "done" and run.variables == {"pieces": 5} and open_waits(run) == set()


def test_the_correlation_key_is_evaluated_on_entry() -> None:
    # Stock SpiffWorkflow has no key before the first message, and took one for another order.
    run = Run(
        draw(
            "p",
            user("a"),
            node("intermediateCatchEvent", "wait", keyed=("settled", "${appraisal}")),
            both("f"),
            flows="start -> f -> a\nf -> wait -> done",
        ),
        {"appraisal": "A1"},
    )
    run.do("a", appraisal="A2")
    assert [w.key for w in run.all(ports.Subscribed)] == ["A1"]


def test_a_key_that_is_missing_is_an_incident_and_not_a_wide_subscription() -> None:
    run = Run(
        draw("p", node("receiveTask", "r", keyed=("m", "${k}")), flows="start -> r -> done"), {"k": None}
    )
    assert run.parked == ["r"] and run.all(ports.Subscribed) == []
    without = Run(draw("p", node("receiveTask", "r", message="m"), flows="start -> r -> done"))
    assert without.all(ports.Subscribed)[0].key is None


def test_output_parameters_say_what_becomes_of_a_payload() -> None:
    run = Run(
        draw(
            "p",
            node("intermediateCatchEvent", "wait", message="m", gives={"n": "${pieces * 2}"}),
            flows="start -> wait -> done",
        )
    )
    assert run.receive("wait", pieces=5, other=1).variables == {"n": 10}


def test_a_boundary_message_interrupts_or_comes_again_and_again() -> None:
    once = late(message="hurry").receive("late", why="x")
    assert once.open == ["b"] and once.variables == {"why": "x"}
    often = late(message="hurry", interrupting=False)
    often.receive("late", n=1).receive("late", n=2)
    assert often.open == ["a", "b", "late", "b"] or sorted(often.open) == ["a", "b", "b", "late"]
    assert often.variables == {"n": 2}
    assert often.do("a").do("b").do("b").execution.ended and open_waits(often) == set()


def test_what_is_thrown_carries_its_input_parameters() -> None:
    process = draw(
        "p",
        node("sendTask", "send", keyed=("order_${kind}", "${sku}"), takes={"component": "${sku}"}),
        node("intermediateThrowEvent", "tell", message="told", takes={"n": "${1 + 1}"}),
        node("endEvent", "done_told", message="over"),
        node("intermediateThrowEvent", "milestone"),
        flows="start -> send -> tell -> milestone -> done_told",
    )
    run = Run(process, {"kind": "new", "sku": "X1"}, key="K")
    thrown = [(h.element, h.name, h.key, h.payload) for h in run.all(ports.MessageThrown)]
    assert thrown == [
        ("send", "order_new", "X1", {"component": "X1"}),
        ("tell", "told", "K", {"n": 2}),
        ("done_told", "over", "K", {}),
    ]
    assert run.ended == "done_told"


def test_a_send_task_with_a_topic_is_an_operation() -> None:
    run = Run(
        draw(
            "p",
            node("sendTask", "send", topic="notify", type="external", takes={"to": "ann"}),
            flows="start -> send -> done",
        )
    )
    assert run.world.calls[0][:2] == ("notify", {"to": "ann"}) and run.all(ports.MessageThrown) == []


# Event-based gateways.


def first_of() -> Run:
    return Run(
        draw(
            "p",
            node("eventBasedGateway", "what"),
            node("intermediateCatchEvent", "came", message="m"),
            node("intermediateCatchEvent", "late", after="P1D"),
            flows="""
        start -> what -> came -> done_came
        what -> late -> done_late
    """,
        )
    )


def test_the_first_event_behind_a_gateway_decides() -> None:
    run = first_of()
    other = run.activity("came")
    run.fire("late")
    assert run.ended == "done_late" and open_waits(run) == set()
    assert run.path == ["start", "what", "late", "done_late"]
    with pytest.raises(errors.ActivityNotFound):
        run.execution.receive(other, {})
    assert first_of().receive("came", x=1).ended == "done_came"


# Starts and ends.


def starts() -> object:
    return draw(
        "p",
        node("startEvent", "by_message", keyed=("customer_order", "${order}")),
        user("a"),
        user("b"),
        node("startEvent", "by_timer", every="0 0 9 LW * ?"),
        flows="""
        start -> a -> done
        by_message -> b -> done
        by_timer -> b
    """,
    )


def test_only_the_start_event_that_was_meant_runs() -> None:
    assert Run(starts()).open == ["a"]
    run = Run(starts(), {"order": 5}, start="by_message")
    assert run.open == ["b"] and run.variables == {"order": 5} and run.do("b").ended == "done"
    assert Run(starts(), start="by_timer").open == ["b"]
    with pytest.raises(errors.NoStart):
        Run(starts(), start="nowhere")


def test_the_scheduler_is_told_when_a_start_is_due() -> None:
    definition = Run(starts()).definition
    assert next_due(definition, START) == {"by_timer": dt.datetime(2026, 1, 30, 1, 0, tzinfo=dt.UTC)}
    by_date = Run(
        draw("p", node("startEvent", "s", at="${next(now())}"), user("a"), flows="s -> a -> done"), start="s"
    ).definition
    assert next_due(by_date, START, functions={"next": lambda now: now + HOUR}) == {"s": START + HOUR}
    daily = Run(
        draw("p", node("startEvent", "s", every="R/PT24H"), user("a"), flows="s -> a -> done"), start="s"
    ).definition
    since = START - dt.timedelta(days=2, hours=1)
    assert next_due(daily, START, since=since) == {"s": START + 23 * HOUR}


def test_terminate_ends_its_own_level_and_nothing_around_it() -> None:
    inside = scope(
        both("fork"),
        user("a"),
        user("b"),
        node("endEvent", "stop", trigger=TERMINATE),
        flows="start_in -> fork -> a -> stop\nfork -> b",
    )
    process = draw("p", node("subProcess", "sub", scope=inside), user("c"), flows="start -> sub -> c -> done")
    run = Run(process).do("a")
    assert run.open == ["c"] and run.do("c").all(ports.Ended)[0].outcome == "completed"


def test_terminate_ends_the_case() -> None:
    run = Run(
        draw(
            "p",
            both("fork"),
            user("a"),
            user("b"),
            node("endEvent", "stop", trigger=TERMINATE),
            flows="start -> fork -> a -> stop\nfork -> b -> done",
        )
    ).do("a")
    assert run.all(ports.Ended)[0].outcome == "terminated" and run.ended == "stop"
    assert [h.element for h in run.all(ports.Cancelled)] == ["b"]


def test_events_go_before_other_work_that_is_ready() -> None:
    from tests.core.engine.drawing import service

    run = Run(
        draw(
            "p",
            both("fork"),
            service("s", "t"),
            service("s2", "t"),
            node("endEvent", "stop", trigger=TERMINATE),
            flows="start -> fork -> s -> s2\nfork -> stop",
        )
    )
    assert run.ended == "stop" and run.world.calls == []


def test_a_key_that_is_too_long_to_keep_is_an_incident() -> None:
    process = draw("p", node("receiveTask", "r", keyed=("m", "${number}")), flows="start -> r -> done")
    assert Run(process, {"number": "x" * 255}).open == ["r"]
    assert Run(process, {"number": "x" * 256}).parked == ["r"]
