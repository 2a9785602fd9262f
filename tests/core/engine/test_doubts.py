"""Where two elements meet in a way that few diagrams have, and each must still keep its word."""

from __future__ import annotations

from dataclasses import replace

from runtime.bpmn.model import AdHoc, Listener, Node, Repeat, Script, Trigger
from runtime.engine import ports
from tests.core.engine.drawing import (
    Run,
    both,
    catch,
    draw,
    each,
    end,
    inside,
    node,
    on,
    throw,
    undoes,
    user,
)


def hears(given: Node, event: str, text: str) -> Node:
    return replace(given, listeners=(Listener(event, Script("javascript", text)),))


def test_a_condition_at_an_activity_sees_what_the_activity_sees() -> None:
    process = draw(
        "p",
        both("split"),
        inside("sub", user("work"), flows="start_in -> work -> done_in", takes={"most": "${10}"}),
        on("sub", "large", trigger=Trigger("conditional", condition="${amount > most}")),
        user("count"),
        user("after"),
        flows="start -> split -> sub -> done\nlarge -> after -> done_large\nsplit -> count -> done_count",
    )
    assert Run(process).do("count", amount=11).open == ["after"]
    assert Run(process).do("count", amount=9).open == ["sub", "large", "work"]


def test_what_is_offered_and_interrupted_is_offered_again_beside_the_others() -> None:
    def drawn(ordering: str) -> Node:
        return node(
            "adHocSubProcess",
            "chores",
            scope=inside(
                "x", user("a"), user("b"), on("a", "late", after="PT1H"), user("chase"), flows="late -> chase"
            ).scope,
            ad_hoc=AdHoc(completion_condition="${enough}", sequential=ordering == "Sequential"),
        )

    run = Run(draw("p", drawn("Parallel"), flows="start -> chores -> done"), {"enough": False})
    assert sorted(run.fire("late").open) == ["a", "b", "chase", "chores", "late"]
    run = Run(draw("p", drawn("Sequential"), flows="start -> chores -> done"), {"enough": False})
    assert run.fire("late").open == ["chores", "chase"]
    assert sorted(run.do("chase").open) == ["a", "b", "chores", "late"]


def test_a_repeated_handler_knows_what_the_activity_knew() -> None:
    for repeat in ({"loop": each("${[1, 2]}")}, {"repeat": Repeat(maximum="2")}):
        undo, handler = undoes("unbook", "book", gives={"undone": "${hotel}"}, **repeat)
        process = draw(
            "p",
            user("book", takes={"hotel": "${'Hilton'}"}),
            *(undo, handler),
            throw("undo", undo=""),
            user("after"),
            flows="start -> book -> undo -> after -> done",
        )
        run = Run(process).do("book").do("unbook")
        assert run.variables["undone"] == "Hilton" and run.do("unbook").open == ["after"]


def test_a_cancelling_end_that_fails_has_ended_the_rest_all_the_same() -> None:
    stop = hears(end("stop", trigger_="cancel"), "end", "missing.field")
    process = draw(
        "p",
        inside(
            "deal",
            *(both("split"), user("a"), user("b"), stop),
            flows="start_in -> split -> a -> stop\nsplit -> b -> done_in",
            kind="transaction",
        ),
        on("deal", "broken", trigger_="cancel"),
        flows="start -> deal -> done\nbroken -> done_broken",
    )
    run = Run(process).do("a")
    assert run.parked == ["stop"] and run.open == ["deal", "stop"]
    assert [told.element for told in run.all(ports.Cancelled)] == ["b"]


def test_a_join_whose_question_failed_for_one_goes_on_when_another_answers_it() -> None:
    process = draw(
        "p",
        both("split"),
        *(user("a"), user("b")),
        node("complexGateway", "join", activation="${enough >= 1}"),
        user("after"),
        flows="start -> split -> a -> join -> after -> done\nsplit -> b -> join",
    )
    run = Run(process, {"enough": None}).do("a")
    assert run.parked == ["join"]
    assert run.do("b", enough=1).open == ["after"]
    assert len(run.all(ports.Cancelled, "join")) == 1


def test_a_receive_task_behind_an_event_based_gateway_has_its_parameters_and_listeners() -> None:
    task = hears(
        node("receiveTask", "hear", message="m", takes={"own": "${1}"}, gives={"sum": "${own + n}"}),
        "start",
        "execution.setVariable('told', own)",
    )
    process = draw(
        "p",
        node("eventBasedGateway", "first"),
        task,
        catch("late", after="PT1H"),
        flows="start -> first -> hear -> done\nfirst -> late -> done_late",
    )
    run = Run(process).receive("hear", n=2)
    assert run.ended == "done" and run.variables["sum"] == 3


def test_a_called_process_whose_instances_escalate_tells_what_it_knows_as_a_throwing_event_does() -> None:
    first = replace(each("${[1, 2]}"), behavior="One", event=Trigger("escalation", code="X"))
    called = draw("called", user("ask", loop=first), flows="start -> ask -> done")
    process = draw(
        "p",
        node("callActivity", "call", called="called", out=[{"source": "found", "target": "told"}]),
        on("call", "escalated", escalation="X"),
        user("after"),
        flows="start -> call -> done\nescalated -> after -> done_after",
    )
    run = Run(process, called=(called,)).do("ask", found=7)
    assert (run.open, run.variables["told"]) == (["after"], 7)
    assert [(told.element, told.caught) for told in run.all(ports.Escalated)] == [("ask", "escalated")]


def test_a_condition_that_failed_is_asked_again_when_what_it_sees_is_written() -> None:
    process = draw(
        "p",
        both("split"),
        catch("large", trigger=Trigger("conditional", condition="${amount > 5}")),
        *(user("chat"), user("count"), user("after")),
        flows="start -> split -> large -> after -> done\nsplit -> chat -> count -> done_count",
    )
    run = Run(process, {"amount": None})
    assert run.parked == ["large"]
    assert run.do("chat", other=1).parked == ["large"] and not run.all(ports.AskedAgain)
    assert run.do("count", amount=6).open == ["after"]
    assert len(run.all(ports.AskedAgain, "large")) == 1
