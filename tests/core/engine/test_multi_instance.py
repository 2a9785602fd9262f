"""The same activity for each item."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.bpmn.model import Loop
from runtime.engine import errors, ports
from tests.core.engine.drawing import Run, Town, draw, each, node, on, scope, service, user

ITEMS = {"items": ["x", "y", "z"]}


def asking(**about: Any) -> Run:
    loop = each("${items}", **about)
    return Run(
        draw("p", user("ask", loop=loop, takes={"n": "${loopCounter}"}), flows="start -> ask -> done"), ITEMS
    )


def test_all_instances_are_open_at_once_each_with_its_own_item() -> None:
    run = asking()
    seen = [run.execution.variables(activity) for activity in run.activities("ask")]
    assert [
        (v["item"], v["loopCounter"], v["n"], v["nrOfInstances"], v["nrOfActiveInstances"]) for v in seen
    ] == [("x", 0, 0, 3, 3), ("y", 1, 1, 3, 3), ("z", 2, 2, 3, 3)]
    run.do("ask", 1)
    left = run.execution.variables(run.activity("ask"))
    assert (left["nrOfActiveInstances"], left["nrOfCompletedInstances"]) == (2, 1)
    run.do("ask").do("ask")
    assert run.ended == "done" and run.variables == ITEMS
    assert len(run.execution.state()["scopes"]) == 1


def test_the_activity_is_reached_once_as_a_whole_and_once_for_each_instance() -> None:
    run = asking()
    assert [h.kind for h in run.all(ports.Entered, "ask")] == [
        "multiInstance",
        "userTask",
        "userTask",
        "userTask",
    ]
    run.do("ask").do("ask").do("ask")
    assert [h.flows for h in run.all(ports.Left, "ask")] == [(), (), (), ("ask_done",)]


def test_sequential_instances_come_one_after_another() -> None:
    run = asking(sequential=True)
    for item in "xyz":
        assert [run.execution.variables(a)["item"] for a in run.activities("ask")] == [item]
        run.do("ask")
    assert run.ended == "done"


def test_an_item_may_be_null() -> None:
    # Stock SpiffWorkflow takes null for the end of the list and waits for ever.
    for sequential in (True, False):
        loop = each("${items}", sequential=sequential)
        run = Run(
            draw("p", service("s", "t", loop=loop, takes={"i": "${item}"}), flows="start -> s -> done"),
            {"items": [1, None, 3]},
        )
        assert run.ended == "done" and [inputs["i"] for _, inputs, _ in run.world.calls] == [1, None, 3]


def test_nothing_to_do_is_done_at_once() -> None:
    for sequential in (True, False):
        loop = each("items", sequential=sequential, output_collection="all")
        run = Run(
            draw(
                "p",
                user("ask", loop=loop),
                on("ask", "late", after="P1D"),
                flows="start -> ask -> done\nlate -> done_late",
            ),
            {"items": []},
        )
        assert run.ended == "done" and run.variables == {"items": [], "all": []}


def test_a_cardinality_counts() -> None:
    loop = Loop(False, cardinality="${n}")
    process = draw(
        "p", service("s", "t", loop=loop, takes={"i": "${loopCounter}"}), flows="start -> s -> done"
    )
    assert [inputs["i"] for _, inputs, _ in Run(process, {"n": 3}).world.calls] == [0, 1, 2]
    for wrong in (-1, "three", True, None):
        assert isinstance(Run(process, {"n": wrong}).all(ports.Parked)[0].error, errors.NotACount)


@pytest.mark.parametrize("wrong", ["abc", 5, None, {"a": 1}])
def test_what_is_no_list_is_an_incident(wrong: Any) -> None:
    run = Run(draw("p", user("ask", loop=each("${items}")), flows="start -> ask -> done"), {"items": wrong})
    assert isinstance(run.all(ports.Parked)[0].error, errors.NotACollection)


def test_the_completion_condition_ends_the_rest() -> None:
    run = asking(completion_condition="${nrOfCompletedInstances >= 2}").do("ask", 2).do("ask", 0)
    assert run.ended == "done" and len(run.all(ports.Cancelled)) == 1
    early = asking(sequential=True, completion_condition="${item == 'x'}").do("ask")
    assert early.ended == "done" and early.all(ports.Cancelled) == []


def test_results_are_collected_in_the_order_of_the_items() -> None:
    run = asking(output_collection="votes", output_item="vote")
    run.do("ask", 2, vote="c").do("ask", 0, vote="a").do("ask", 0, vote="b")
    assert run.variables == {**ITEMS, "votes": ["a", "b", "c"]}


def test_results_of_operations_are_collected_too() -> None:
    world = Town(operations={"price": lambda sku: {"price": sku + "!"}})
    loop = each("${items}", output_collection="prices", output_item="price")
    run = Run(
        draw("p", service("s", "price", loop=loop, takes={"sku": "${item}"}), flows="start -> s -> done"),
        ITEMS,
        world=world,
    )
    assert run.variables == {**ITEMS, "prices": ["x!", "y!", "z!"]}


def test_a_subprocess_for_each_item() -> None:
    inside = scope(
        node("sendTask", "tell", keyed=("opened", "${item}"), takes={"appraisal": "${item}"}),
        node("receiveTask", "await_it", keyed=("settled", "${item}")),
        user("close"),
        flows="start_in -> tell -> await_it -> close -> end_in",
    )
    run = Run(
        draw(
            "p", node("subProcess", "one", scope=inside, loop=each("${items}")), flows="start -> one -> done"
        ),
        ITEMS,
    )
    assert [h.key for h in run.all(ports.MessageThrown)] == ["x", "y", "z"]
    assert [h.key for h in run.all(ports.Subscribed)] == ["x", "y", "z"]
    run.receive("await_it", 1, grade="B")
    assert run.variables == {**ITEMS, "grade": "B"}
    run.receive("await_it", 0).receive("await_it", 0).do("close").do("close").do("close")
    assert run.ended == "done"


def test_a_call_for_each_item() -> None:
    child = draw("child", user("ask"), flows="start_c -> ask -> done_c")
    call = node(
        "callActivity",
        "call",
        called="child",
        loop=each("${items}", sequential=True, output_collection="out", output_item="answer"),
        into=[{"source": "item", "target": "it"}],
        out=[{"source": "said", "target": "answer"}],
    )
    run = Run(draw("p", call, flows="start -> call -> done"), ITEMS, called=(child,))
    for item in "xyz":
        assert run.execution.variables(run.activity("ask"))["it"] == item
        run.do("ask", said=item * 2)
    assert run.variables == {**ITEMS, "out": ["xx", "yy", "zz"]}


def test_a_boundary_timer_guards_all_instances_together() -> None:
    run = Run(
        draw(
            "p",
            user("ask", loop=each("${items}")),
            on("ask", "late", after="P1D"),
            flows="start -> ask -> done\nlate -> done_late",
        ),
        ITEMS,
    )
    assert len(run.all(ports.TimerSet)) == 1
    run.do("ask").fire("late")
    assert run.ended == "done_late" and len(run.all(ports.Cancelled, "ask")) == 3


def test_one_instance_that_fails_waits_for_its_retry_while_the_others_go_on() -> None:
    fail = [True]

    def operation(i: str) -> dict[str, Any]:
        if i == "y" and fail[0]:
            raise OSError("down")
        return {}

    run = Run(
        draw(
            "p", service("s", "t", loop=each("${items}"), takes={"i": "${item}"}), flows="start -> s -> done"
        ),
        ITEMS,
        world=Town(operations={"t": operation}),
    )
    assert run.parked == ["s"] and len(run.world.calls) == 3
    fail[0] = False
    run.retry("s")
    assert run.ended == "done"
    assert run.world.calls[1][2] == run.world.calls[3][2]
    assert len({step.activity for _, _, step in run.world.calls}) == 3


def test_a_failing_completion_condition_leaves_the_answer_and_can_be_tried_again() -> None:
    run = asking(completion_condition="${enough}").do("ask")
    assert run.parked == ["ask"]
    parked = next(found.activity for found in run.execution.open_activities() if found.parked)
    assert run.execution.variables(run.activity("ask", 1))["nrOfCompletedInstances"] == 0
    run.do("ask", 1, enough=True)
    assert run.ended == "done" and parked in [h.activity for h in run.all(ports.Cancelled)]


def test_a_thousand_instances_stay_quick() -> None:
    run = Run(
        draw(
            "p", service("s", "t", loop=each("${items}"), takes={"i": "${item}"}), flows="start -> s -> done"
        ),
        {"items": list(range(990))},
    )
    assert run.ended == "done" and len(run.world.calls) == 990
