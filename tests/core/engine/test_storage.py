"""Saving and restoring after every step changes nothing, whatever people do."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.bpmn.model import Process
from runtime.engine import moves, ports
from runtime.engine.execution import Definition, Execution, OpenActivity, compile
from tests.core.engine.drawing import Town, both, decide, draw, each, node, on, scope, service, user, xor


def approval() -> Process:
    return draw(
        "approval",
        user("review"),
        decide("limit", "limits", takes={"amount": "${amount}"}),
        xor("who"),
        xor("how"),
        user("lead"),
        on("review", "remind", every="R2/PT1H", interrupting=False),
        service("send", "ok"),
        flows="""
        start_a -> limit -> review -> how
        how -[${n % 3 == 0}]-> review
        how => who
        who -[${high}]-> lead -> done_a
        who => done_b
        remind -> send -> done_c
    """,
    )


def purchase() -> Process:
    inside = scope(
        user("inspect"),
        both("f"),
        both("j"),
        user("count"),
        service("book", "flaky"),
        flows="""
        start_i -> f -> inspect -> j
        f -> count -> j -> book -> end_i
    """,
    )
    return draw(
        "purchase",
        user("draft"),
        node(
            "callActivity",
            "approve",
            called="approval",
            into=[{"source_expression": "${n * 10}", "target": "amount"}, {"source": "n", "target": "n"}],
            out=[{"source": "high", "target": "high"}],
        ),
        node("eventBasedGateway", "first"),
        node("intermediateCatchEvent", "came", message="arrived", gives={"n": "${pieces}"}),
        node("intermediateCatchEvent", "late", after="P2D"),
        node(
            "subProcess",
            "lot",
            scope=inside,
            loop=each(
                "${[1, 2, n]}",
                completion_condition="${nrOfCompletedInstances == 2}",
                output_collection="lots",
                output_item="lot",
            ),
        ),
        on("lot", "broken", error="broken"),
        on("lot", "slow", after="P5D"),
        user("handle"),
        flows="""
        start -> draft -> approve -> first
        first -> came -> lot -> done
        first -> late -> handle -> first
        broken -> handle
        slow -> done_slow
    """,
    )


def sales() -> Process:
    return draw(
        "sales",
        xor("merge"),
        both("fork"),
        both("join"),
        user("ship"),
        user("bill", loop=each("${[n, n]}", sequential=True)),
        xor("again"),
        service("settle", "flaky"),
        node("receiveTask", "paid", message="paid"),
        on("paid", "nudge", every="R/P1D", interrupting=False),
        user("call"),
        flows="""
        start -> merge -> fork -> ship -> join
        fork -> bill -> paid -> join
        nudge -> call
        join -> settle -> again
        again -[${n > 5}]-> merge
        again => done
    """,
    )


PROCESSES = {"approval": approval(), "purchase": purchase(), "sales": sales()}
DEFINITIONS = {name: compile(process, PROCESSES.__getitem__) for name, process in PROCESSES.items()}
ACTION = st.tuples(st.integers(0, 9), st.integers(0, 12))


class Twin(Town):
    """Fails now and then, by the same rule in both runs."""

    def operate(self, topic: str, inputs: Any, step: ports.Step) -> Any:
        self.calls.append((topic, dict(inputs), step))
        if topic == "flaky" and len(self.calls) % 4 == 1:
            raise OSError("down")
        if topic == "flaky" and len(self.calls) % 4 == 3:
            raise ports.BpmnError("broken", "by the carrier")
        return {"lot": len(self.calls)}

    def decide(self, rule: str, inputs: Any, step: ports.Step) -> Any:
        return {"high": inputs["amount"] > 40}


def play(name: str, actions: list[tuple[int, int]], *, store: bool) -> Iterator[Any]:
    """What happened and what would be saved, after each action."""
    ids = count(1)
    definition: Definition = DEFINITIONS[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moves, "public_id", lambda: f"id{next(ids)}")
        world = Twin()
        execution = Execution.start(
            definition,
            case="c",
            business_key="K",
            variables={"n": 1, "amount": 5, "high": False},
            world=world,
        )
        for which, value in [(0, 0), *actions]:
            yield [ports_told(happening) for happening in execution.take()], execution.state()
            if store:
                execution = Execution.restore(definition, json.loads(json.dumps(execution.state())), world)
            choices = [found for found in execution.open_activities() if found.waits or found.parked]
            if choices:
                act(execution, world, choices[which % len(choices)], value)
        yield [ports_told(happening) for happening in execution.take()], execution.state(), world.calls
        check(execution)


def ports_told(happening: ports.Happening) -> str:
    return repr({**vars(happening), "error": None, "kind_": type(happening).__name__})


def act(execution: Execution, world: Twin, chosen: OpenActivity, value: int) -> None:
    if chosen.parked:
        execution.retry(chosen.activity)
    elif chosen.waits == "user":
        execution.complete(chosen.activity, {"n": value})
    elif chosen.waits == "timer":
        assert chosen.due is not None
        world.now = max(world.now, chosen.due) + dt.timedelta(minutes=value)
        execution.fire(chosen.activity)
    else:
        execution.receive(chosen.activity, {"pieces": value})


def check(execution: Execution) -> None:
    """What is always true of a case."""
    case, state = execution._case, execution.state()
    assert execution.ended == (not case.index)
    open_ids = set(case.index)
    for row in state["scopes"]:
        assert not row["id"] or row["id"].removesuffix("/called") in open_ids, "a scope ends with its owner"
    for level in case.subprocesses.values():
        assert level.owner.id in open_ids and not level.empty()
    for token in case.index.values():
        assert token.data == {} and not token.has_state(64 | 128 | 256)
        assert token.is_open and token.id in token.workflow.tasks


@given(st.sampled_from(sorted(PROCESSES)), st.lists(ACTION, max_size=50))
@settings(max_examples=150, deadline=None)
def test_a_case_that_is_stored_after_each_step_is_the_same_as_one_that_never_is(
    name: str, actions: list[tuple[int, int]]
) -> None:
    stored, kept = list(play(name, actions, store=True)), list(play(name, actions, store=False))
    assert stored == kept


@given(st.sampled_from(sorted(PROCESSES)), st.lists(ACTION, max_size=50))
@settings(max_examples=60, deadline=None)
def test_what_is_told_adds_up(name: str, actions: list[tuple[int, int]]) -> None:
    """Each activity is reached before it is left or cancelled, once; each wait that was told is called off."""
    entered, ended, waits = set(), set(), set()
    execution = Execution.start(
        DEFINITIONS[name], case="c", variables={"n": 1, "amount": 5, "high": False}, world=(world := Twin())
    )
    for which, value in [*actions, (0, 0)]:
        for told in execution.take():
            if isinstance(told, ports.Entered):
                assert told.activity not in entered
                entered.add(told.activity)
            elif isinstance(told, (ports.Left, ports.Cancelled)):
                assert told.activity in entered and told.activity not in ended
                ended.add(told.activity)
            elif isinstance(told, (ports.TimerSet, ports.Subscribed)):
                assert told.activity not in waits
                waits.add(told.activity)
            elif isinstance(told, ports.WaitEnded):
                waits.remove(told.activity)
        found = execution.open_activities()
        assert {a.activity for a in found if a.waits in ("timer", "message")} == waits
        assert {a.activity for a in found} - waits <= entered - ended
        choices = [a for a in found if a.waits or a.parked]
        if choices:
            act(execution, world, choices[which % len(choices)], value)
    check(execution)
