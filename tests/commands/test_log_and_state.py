"""Whatever people do, and in whatever order: the log alone, the engine's state and the tables say the same."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import library
from runtime.commands import signals, user_tasks
from runtime.engine.execution import Execution
from runtime.identity import SYSTEM, Actor
from runtime.store import event_log, jobs
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks
from runtime.values import from_json
from tests.diagrams import bpmn, element, end, field, flow, form_data, start, timer, user
from tests.office import MOST_STATEMENTS, Case, Office

SIGNAL = '<signalEventDefinition signalRef="s"/>'
# Counts of repetitions are not in the log: what is repeated is.
COUNTS = {"loopCounter", "nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances"}
BOOKED = (
    "<extensionElements><camunda:inputOutput><camunda:inputParameter name='hotel'>${'H'}"
    "</camunda:inputParameter></camunda:inputOutput></extensionElements>"
)


def asked(key: str, inside: str = "") -> tuple[str, str, str]:
    return user(key, inside, candidateGroups="specialist")


def row(*elements: tuple[str, str, str]) -> str:
    return "".join(each[2] for each in elements)


def undone(host: str, by: str) -> list[tuple[str, str, str]]:
    undo = "<compensateEventDefinition/>"
    return [
        element("boundaryEvent", f"undo_{host}", undo, attachedToRef=host),
        element("userTask", by, isForCompensation="true", camunda__candidateGroups="specialist"),
    ]


def joined(host: str, by: str) -> str:
    return f'<association id="{by}_of" sourceRef="undo_{host}" targetRef="{by}" associationDirection="One"/>'


DEAL = row(
    start("t0"),
    asked("book", BOOKED),
    asked("rent"),
    element("exclusiveGateway", "fine", default="fine_to_t1"),
    element("endEvent", "stop", "<cancelEventDefinition/>"),
    end("t1"),
    *(*undone("book", "unbook"), *undone("rent", "unrent")),
    *(flow("t0", "book"), flow("book", "rent"), flow("rent", "fine"), flow("fine", "t1")),
    flow("fine", "stop", "${bad}"),
)
CHORES = row(asked("a"), asked("b"), asked("c"), flow("b", "c")) + (
    "<completionCondition xsi:type='tFormalExpression'>${execution.getVariable('c_by') != null}</completionCondition>"
)
EACH = "<multiInstanceLoopCharacteristics camunda:collection='${[1,2,3]}' camunda:elementVariable='one'/>"
NOTE = row(
    element("startEvent", "told", SIGNAL, isInterrupting="false"),
    asked("noting"),
    end("noted"),
    *(flow("told", "noting"), flow("noting", "noted")),
)
EVERYTHING = bpmn(
    "everything",
    start("begun", form_data(field("bad", "boolean"))),
    element("parallelGateway", "split"),
    element("transaction", "deal", DEAL + joined("book", "unbook") + joined("rent", "unrent")),
    element("boundaryEvent", "broken", "<cancelEventDefinition/>", attachedToRef="deal"),
    asked("mend"),
    asked("each", EACH),
    element("boundaryEvent", "heard", SIGNAL, attachedToRef="each", cancelActivity="false"),
    asked("rounds", "<standardLoopCharacteristics loopMaximum='3'/>"),
    timer("late", "timeCycle", "R3/PT1H", "boundaryEvent", attachedToRef="rounds", cancelActivity="false"),
    element("adHocSubProcess", "chores", CHORES),
    element("inclusiveGateway", "join"),
    asked("last"),
    *(end("e1"), end("e2"), end("e3")),
    element("subProcess", "note", NOTE, triggeredByEvent="true"),
    flow("begun", "split"),
    *(flow("split", branch) for branch in ("deal", "each", "rounds", "chores")),
    *(flow(branch, "join") for branch in ("deal", "each", "rounds", "chores", "mend")),
    *(flow("broken", "mend"), flow("join", "last"), flow("last", "e1")),
    *(flow("heard", "e2"), flow("late", "e3")),
    before='<signal id="s" name="strike"/>',
)


def agree(firm: Office, case: Case) -> None:
    held, told = case.row, case.state

    def rows(table: sa.Table, *where: sa.ColumnElement[bool]) -> set[str]:
        query = sa.select(table.c.activity).where(table.c.case_id == held.id, *where)
        return {found.activity for found in firm.runtime.read(lambda tx, _: tx.all(query), SYSTEM)}

    def ask(tx: Transaction, actor: Actor) -> tuple[Execution, dict[str, Any]]:
        found = library.at_rest(tx, held.id, held.process, held.bindings, held.state)
        return found, found.state()

    engine, saved = firm.runtime.read(ask, SYSTEM)
    assert engine.ended is told.ended is (held.status != "running")
    entered = {token["id"]: token for token in saved["tokens"] if token["entered"]}
    opened = {each.activity: each for each in engine.open_activities()}
    assert told.standing == {activity: opened[activity].element for activity in entered}
    for scope in saved["scopes"]:
        kept = {name: from_json(value) for name, value in scope["values"].items() if name not in COUNTS}
        # A variable that begins as null is not a change, so the log does not tell of it.
        known = told.variables.get(scope["id"], {})
        assert {name: known.get(name) for name in kept | known.keys()} == kept | dict.fromkeys(
            known.keys() - kept
        )
    waits = {activity: each.waits for activity, each in opened.items()}
    assert rows(jobs.subscriptions) == {each for each in waits if waits[each] in ("message", "signal")}
    timers = rows(jobs.jobs, jobs.jobs.c.kind == "timer", jobs.jobs.c.state == "waiting")
    assert timers == {each for each in waits if waits[each] == "timer"}
    assert rows(tasks, tasks.c.state.in_(OPEN)) == {each for each in waits if waits[each] == "user"}
    assert event_log.broken_at(case.log) is None


@pytest.mark.parametrize("steps", [1, 1000])
@pytest.mark.parametrize("seed", range(4))
def test_log_state_and_tables_agree_after_each_step(
    firm: Office, monkeypatch: pytest.MonkeyPatch, seed: int, steps: int
) -> None:
    """`steps`: automatic steps of one transaction; with 1 a case is interrupted wherever it can be."""
    run, chance = Execution.run, random.Random(seed)
    monkeypatch.setattr(Execution, "run", lambda execution: run(execution, steps))
    firm.deploy(EVERYTHING)
    desk = firm.as_("spec")
    case = desk.start("everything", bad=bool(seed % 2))
    agree(firm, case)
    for _ in range(80):
        move = chance.random()
        if move < 0.05:
            firm.later(hours=1)
        elif move < 0.1:
            firm.runtime.do(signals.throw, SYSTEM, "strike", {"why": "rain"})
            firm.settle()
        else:
            task = chance.choice(desk.inbox())
            if task.assignee is None:
                firm.runtime.do(user_tasks.claim, desk.actor, task.id)
            with firm.counted() as statements:
                firm.runtime.do(user_tasks.complete, desk.actor, task.id, {})
            assert len(statements) <= MOST_STATEMENTS, "\n".join(statements)
            firm.settle()
        agree(firm, case)
        if case.status != "running":
            break
    assert (case.status, firm.incidents()) == ("completed", [])
