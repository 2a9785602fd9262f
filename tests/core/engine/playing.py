"""Cases that are played at random: their diagrams, a world that fails by rule, and who acts.

Saved cases of these diagrams are kept in golden/: a diagram here is never changed, only added."""

from __future__ import annotations

import datetime as dt
from typing import Any

from runtime.bpmn.model import AdHoc, Process, Repeat
from runtime.engine import ports
from runtime.engine.execution import Execution, OpenActivity, compile
from tests.core.engine.drawing import (
    Town,
    any_of,
    both,
    catch,
    decide,
    draw,
    each,
    end,
    inside,
    node,
    on,
    scope,
    service,
    throw,
    undoes,
    user,
    when,
    xor,
)


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


# With what the engine learned later: what format 2 of the state is there for.


def guarded() -> Process:
    """Event subprocesses of every kind around two lots at once; a condition that cannot always be told."""
    lot = inside(
        "lot",
        user("pack"),
        on("pack", "odd", interrupting=False, when="${n / (n - 4) > 9 || n % 2 == 1}"),
        throw("tell", signal="packed"),
        throw("warn", escalation="late"),
        when(
            "recall",
            node("startEvent", "recalled", message="recall"),
            user("unpack"),
            flows="recalled -> unpack -> end_r",
        ),
        when(
            "beside",
            node("startEvent", "asked", signal="question", interrupting=False),
            user("reply"),
            flows="asked -> reply -> end_a",
        ),
        when(
            "often",
            node("startEvent", "hourly", every="R3/PT1H", interrupting=False),
            user("count"),
            flows="hourly -> count -> end_o",
        ),
        when(
            "full",
            node("startEvent", "filled", when="${n > 10}"),
            user("close"),
            flows="filled -> close -> end_f",
        ),
        flows="start_l -> pack -> tell -> warn -> end_l\nodd -> end_odd",
        loop=each("${[1, n]}"),
    )
    return draw(
        "guarded",
        lot,
        on("lot", "noted", escalation="late", interrupting=False),
        user("note"),
        catch("heard", signal="packed"),
        both("fork"),
        user("ask"),
        throw("question", signal="question"),
        flows="""
        start -> fork -> lot -> done
        noted -> note -> done_noted
        fork -> heard -> done_heard
        fork -> ask -> question -> done_asked
        """,
    )


def undone() -> Process:
    """Compensation half done: in a loop, in a subprocess, and of a transaction that is cancelled."""
    trip = inside(
        "trip",
        *(user("book"), user("pay"), *undoes("unbook", "book"), *undoes("unpay", "pay")),
        *(xor("sure"), end("cancelled", trigger_="cancel")),
        flows="""start_t -> book -> pay -> sure
        sure -[${n % 2 == 1}]-> cancelled
        sure => end_t""",
        kind="transaction",
    )
    stay = inside(
        "stay",
        user("room"),
        *undoes("unroom", "room"),
        when(
            "undo_stay",
            node("startEvent", "undoing", trigger_="compensate"),
            user("call_off"),
            throw("undo_room", undo="room"),
            flows="undoing -> call_off -> undo_room -> end_u",
        ),
        flows="start_s -> room -> end_s",
    )
    return draw(
        "undone",
        *(
            xor("merge"),
            xor("again"),
            user("visit"),
            *undoes("apologise", "visit", takes={"at": "${n}"}),
            stay,
            trip,
        ),
        on("trip", "off", trigger_="cancel"),
        *(user("decide"), xor("what"), throw("undo_all", undo="")),
        flows="""
        start -> merge -> visit -> again
        again -[${n > 8}]-> merge
        again => stay -> trip -> decide -> what
        what -[${n > 3}]-> undo_all -> done_undone
        what => done
        off -> decide
        """,
    )


def gathered() -> Process:
    """A complex gateway between its phases, an inclusive join that waits, both in one loop."""
    return draw(
        "gathered",
        *(xor("merge"), any_of("some"), user("a"), user("b"), user("c"), any_of("all")),
        *(both("fork"), user("x"), user("y"), user("z"), xor("again"), user("late")),
        node("complexGateway", "two", activation="${activationCount >= 2 || n > 10}"),
        flows="""
        start -> merge -> some
        some -[${n % 2 == 1}]-> a -> all
        some -[${n > 3}]-> b -> all
        some => c -> all -> fork
        fork -> x -> two
        fork -> y -> two
        fork -> z -> two
        two -[${waitingForStart}]-> again
        two -[${!waitingForStart && n > 2}]-> late -> done_late
        again -[${n > 6}]-> merge
        again => done
        """,
    )


def chosen() -> Process:
    """Ad-hoc work, standard loops, and an event-based gateway with a condition."""
    return draw(
        "chosen",
        inside(
            "chores",
            *(user("sweep"), user("wash"), service("dry", "flaky"), user("shop")),
            on("sweep", "tired", after="PT1H"),
            kind="adHocSubProcess",
            flows="wash -> dry\ntired\nsweep\nshop",
            ad_hoc=AdHoc("${n > 7}", cancel_remaining=False),
        ),
        inside(
            "rounds",
            user("walk"),
            flows="start_w -> walk -> end_w",
            repeat=Repeat(condition="${n % 3 != 0}", maximum="4"),
        ),
        *(both("fork"), node("eventBasedGateway", "first"), user("tune")),
        *(catch("rang", signal="bell"), catch("enough", when="${n >= 9}"), catch("slept", after="PT8H")),
        flows="""
        start -> fork -> chores -> rounds -> done
        fork -> tune -> first
        first -> rang -> done_r
        first -> enough -> done_e
        first -> slept -> done_s
        """,
    )


PROCESSES = {
    process.id: process
    for process in (approval(), purchase(), sales(), guarded(), undone(), gathered(), chosen())
}
DEFINITIONS = {name: compile(process, PROCESSES.__getitem__) for name, process in PROCESSES.items()}
VARIABLES = {"n": 1, "amount": 5, "high": False}


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


def start(name: str, world: Twin) -> Execution:
    return Execution.start(DEFINITIONS[name], case="c", business_key="K", variables=VARIABLES, world=world)


def choices(execution: Execution) -> list[OpenActivity]:
    """What people and the world can do now."""
    return [
        found for found in execution.open_activities() if found.parked or found.waits not in ("", "condition")
    ]


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
    elif chosen.waits == "signal":
        execution.signal([chosen.activity], {"pieces": value})
    elif chosen.waits == "message":
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
