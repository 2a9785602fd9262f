"""What is going on when the fault comes: six acts, each in one short story, and how the story ends.

A count of stock that corrects the books, asks a rule, waits for a message and an hour, and tells
another case; a deployment and the publishing of a rule beside it. `told` is all that it left behind,
without what a clock or chance gives. Not here: dying (dying.py), databases (tests/databases.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import orjson
import sqlalchemy as sa

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.commands import advance, cases, drafts, messages, user_tasks
from runtime.commands.deploy import Judged, Source, check_sources, known
from runtime.errors import Conflict
from runtime.identity import SYSTEM, Actor
from runtime.ledger import inventory, stock
from runtime.queries import history, people
from runtime.store import event_log, jobs
from runtime.store import user_tasks as user_task_rows
from runtime.store.cases import by_id
from runtime.store.cases import cases as case_table
from runtime.store.db import Transaction
from runtime.store.deployments import resources
from runtime.store.user_tasks import user_tasks as tasks
from runtime.values import to_json
from runtime.worker import Worker
from tests.diagrams import bpmn, element, end, field, flow, form_data, properties, service, start, timer, user

PART, PLACE = "QY-P60-265", "SH"
LIMITS = "approval_limits"
COUNTED = bpmn(
    "counted",
    start(),
    user("count", form_data(field("found", "long")), candidateGroups="supervisor"),
    timer("late", "timeDuration", "P2D", "boundaryEvent", attachedToRef="count"),
    user("ask_again", candidateGroups="supervisor"),
    service(
        "correct", "inventory.correct", component=PART, warehouse=PLACE, quantity="${found}",
        reason="counted", approved_by="${count_by}", drafted_by="${initiator}",
    ),
    element(
        "businessRuleTask", "judge",
        "<extensionElements><camunda:inputOutput><camunda:inputParameter name='amount'>${found * 1000}"
        "</camunda:inputParameter></camunda:inputOutput></extensionElements>",
        camunda__decisionRef=LIMITS, camunda__resultVariable="limit",
    ),
    element("parallelGateway", "fork"),
    element("receiveTask", "goods_come", properties(correlation_key="${execution.processBusinessKey}"),
            messageRef="goods"),
    timer("an_hour", "timeDuration", "PT1H"),
    element("parallelGateway", "both"),
    element("intermediateThrowEvent", "tell", properties(correlation_key="${execution.processBusinessKey}")
            + '<messageEventDefinition messageRef="counted_it"/>'),
    end(),
    flow("begun", "count"), flow("count", "correct"), flow("late", "ask_again"), flow("ask_again", "correct"),
    flow("correct", "judge"), flow("judge", "fork"), flow("fork", "goods_come"), flow("fork", "an_hour"),
    flow("goods_come", "both"), flow("an_hour", "both"), flow("both", "tell"), flow("tell", "ended"),
    before='<message id="goods" name="goods"/><message id="counted_it" name="counted_it"/>',
)  # fmt: skip
HEARD = bpmn(
    "heard",
    element("startEvent", "heard_it", '<messageEventDefinition messageRef="counted_it"/>'),
    user("hear", candidateGroups="supervisor"),
    end(),
    before='<message id="counted_it" name="counted_it"/>',
)
# What is deployed while the fault comes: a new version of one, and two that are new.
SECOND = HEARD.replace('name="hear"', 'name="listen"')
DAILY = bpmn(
    "daily",
    timer("morning", "timeCycle", "0 0 8 * * ?", "startEvent"),
    user("look", candidateGroups="specialist"),
    end(),
)
CALLING = bpmn("calling", start(), element("callActivity", "call", calledElement="heard_twice"), end())
CALLED = bpmn("heard_twice", start(), user("hear_twice", candidateGroups="specialist"), end())
KEY = "COUNT-1"
A_LEASE = dt.timedelta(minutes=3)


def person(runtime: Runtime, username: str) -> Actor:
    actor = runtime.read(people.by_username, SYSTEM, username)
    assert actor is not None
    return actor


def found(runtime: Runtime, query: Any) -> list[Any]:
    return runtime.read(lambda tx, actor: list(tx.all(query)), SYSTEM)


_judged: dict[tuple[str, ...], Judged] = {}


def judged(runtime: Runtime, *texts: str) -> Judged:
    """Judging takes seconds and writes nothing: once a process, and those that it forks have it too."""
    if texts not in _judged:
        _judged[texts] = _judge(runtime, texts)
    return _judged[texts]


def _judge(runtime: Runtime, texts: tuple[str, ...]) -> Judged:
    sources = [Source(f"file{number}.bpmn", text) for number, text in enumerate(texts)]
    checked, problems = check_sources(sources, runtime.read(known, SYSTEM))
    return Judged(sources, checked, problems)


def prepare(runtime: Runtime) -> None:
    """The two diagrams are deployed, and a draft of the limits lies there."""
    runtime.take(SYSTEM, judged(runtime, COUNTED, HEARD), "cli")
    [rule] = found(runtime, sa.select(resources).where(resources.c.key == LIMITS))
    runtime.do(drafts.save_rule, person(runtime, "linxi"), LIMITS, rule.content.replace("500000", "2000"), 1)


# --- the acts: each gives what is then done, as somebody does who may have done it before -----------


def begin(runtime: Runtime) -> Callable[[], None]:
    actor = person(runtime, "liyang")
    known = found(runtime, sa.select(case_table).where(case_table.c.business_key == KEY))
    return lambda: None if known else _do(runtime, cases.start, actor, "counted", {}, KEY)


def complete(runtime: Runtime) -> Callable[[], None]:
    return _complete(runtime, "count", "chenjie", {"found": 3})


def _complete(runtime: Runtime, element: str, who: str, answers: Mapping[str, Any]) -> Callable[[], None]:
    actor = person(runtime, who)
    [task] = found(runtime, sa.select(tasks).where(tasks.c.element == element))
    return lambda: _do(runtime, user_tasks.complete, actor, task.public_id, answers)


def complete_in_two(runtime: Runtime) -> Callable[[], None]:
    """As nobody may write it: the task in one transaction, the case in another. The test of the tests."""
    actor = person(runtime, "chenjie")
    [task] = found(runtime, sa.select(tasks).where(tasks.c.element == "count"))

    def act() -> None:
        runtime.do(_only_the_task, actor, task)
        runtime.do(_only_the_case, actor, task)

    return act


def _only_the_task(tx: Transaction, actor: Actor, task: Any) -> None:
    user_task_rows.change(tx, task.id, task.version, task.state, "completed", completed_by=actor.id)


def _only_the_case(tx: Transaction, actor: Actor, task: Any) -> None:
    case = by_id(tx, task.case_id)
    given = {"found": 3, "count_by": actor.public_id}
    advance.move(tx, actor, case, lambda execution: execution.complete(task.activity, given), [])


def message(runtime: Runtime) -> Callable[[], None]:
    def act() -> None:
        runtime.do(messages.send, SYSTEM, "goods", KEY, {"pieces": 4}, "R1")
        Worker(runtime).drain()

    return act


def an_hour_later(runtime: Runtime) -> Callable[[], None]:
    clock.shift(dt.timedelta(hours=1))
    return lambda: _ignored(Worker(runtime).drain())


def deploy(runtime: Runtime) -> Callable[[], None]:
    passed = judged(runtime, SECOND, DAILY, CALLED, CALLING)
    assert not passed.errors, passed.problems
    return lambda: _ignored(runtime.take(SYSTEM, passed, "cli"))


def publish(runtime: Runtime) -> Callable[[], None]:
    drafted = found(runtime, sa.select(resources).where(resources.c.key == LIMITS, resources.c.state == "draft"))
    for draft in drafted:
        runtime.do(drafts.note_proven, SYSTEM, LIMITS, draft.public_id, draft.sha256)

    def act() -> None:
        for draft in drafted:
            _do(runtime, drafts.publish_rule, SYSTEM, LIMITS, draft.public_id)

    return act


def review(runtime: Runtime) -> Callable[[], None]:
    """A review of all components, a few in each transaction, to its end."""
    inventory.PART = 20
    known = found(runtime, sa.select(case_table).where(case_table.c.process == "review"))

    def act() -> None:
        if not known:
            runtime.do(lambda tx, actor: advance.begin(tx, actor, "review", variables={}), SYSTEM)
        Worker(runtime).drain()

    return act


def _do(runtime: Runtime, command: Any, actor: Actor, *given: Any) -> None:
    # That it was done before is told kindly.
    with suppress(Conflict):
        runtime.do(command, actor, *given)


def _ignored(result: object) -> None:
    """What an act gives back is not the point here."""


ACTS: Mapping[str, Callable[[Runtime], Callable[[], None]]] = {
    "deploy": deploy,
    "publish": publish,
    "start": begin,
    "complete": complete,
    "message": message,
    "timer": an_hour_later,
}
PLANTED = {"complete_in_two": complete_in_two}
# No part of the story: what is done in many transactions (test_review_in_parts.py).
APART = {"review": review}
STORY = ("start", "complete", "message", "timer")


def finish(runtime: Runtime, act: str) -> None:
    """Whatever is left to do, `act` once more first: nobody who did it has heard that it is done."""
    ACTS[act](runtime)()
    for step in STORY[STORY.index(act) + 1 if act in STORY else 0 :]:
        ACTS[step](runtime)()
    _complete(runtime, "hear", "chenjie", {})()
    if act == "deploy":
        _do(runtime, cases.start, person(runtime, "liyang"), "calling", {})
        _complete(runtime, "hear_twice", "liyang", {})()
        clock.shift(dt.timedelta(days=1))
        Worker(runtime).drain()


# --- what it left behind ------------------------------------------------------------------------------

_ID = re.compile(r"\b[0-9a-f]{32}\b|\b[A-Za-z0-9_-]{22}\b")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)?")


def told(runtime: Runtime) -> list[str]:
    """Everything that the story left, one line each, in an order that is the same each time; ids are
    numbered as they appear, moments left out: both are another's each time."""
    lines: list[Any] = []
    for case in found(runtime, sa.select(case_table).order_by(case_table.c.process, case_table.c.id)):
        lines.append(["case", case.process, case.status, case.end_event, case.business_key, case.title])
        log = runtime.read(lambda tx, actor, case=case: event_log.of_case(tx, case.id), SYSTEM)
        assert event_log.broken_at(log) is None
        lines += [
            ["event", row.sequence, row.kind, row.element, row.activity, row.payload] for row in log
        ]
        lines.append(["variables", history.rebuild(log).variables])
        wanted = tasks.c.case_id == case.id
        for row in found(runtime, sa.select(tasks).where(wanted).order_by(tasks.c.id)):
            lines.append(["task", row.element, row.state, row.completed_by, row.activity])
        work = jobs.jobs
        for row in found(runtime, sa.select(work).where(work.c.case_id == case.id).order_by(work.c.id)):
            lines.append(["job", row.kind, row.state, row.element, row.activity, row.error])
        decided = event_log.decisions
        for row in found(runtime, sa.select(decided).where(decided.c.case_id == case.id).order_by(decided.c.id)):
            lines.append(["decision", row.element, row.rule, row.version, row.decision])
    for row in found(runtime, sa.select(stock.stock_movements).order_by(stock.stock_movements.c.id)):
        lines.append(["movement", row.kind, row.component_id, row.warehouse_id, row.quantity, row.case])
    for row in found(runtime, sa.select(stock.stock_balances).order_by(sa.text("1, 2"))):
        lines.append(["balance", row.component_id, row.warehouse_id, row.on_hand, row.reserved])
    own = resources.c
    for row in found(runtime, sa.select(resources).order_by(own.kind, own.key, own.version, own.id)):
        lines.append(["resource", row.kind, row.key, row.version, row.state, row.sha256])
    others = jobs.jobs.c.case_id.is_(None)
    for row in found(runtime, sa.select(jobs.jobs).where(others).order_by(jobs.jobs.c.id)):
        lines.append(["job", row.kind, row.state, row.element, row.activity, row.correlation])
    for row in found(runtime, sa.select(jobs.incidents)):
        lines.append(["incident", row.element, row.reason])
    return _without_chance(lines)


def _without_chance(lines: list[Any]) -> list[str]:
    seen: dict[str, str] = {}
    texts = [orjson.dumps(to_json(line), default=str).decode() for line in lines]
    numbered = (_ID.sub(lambda id: seen.setdefault(id[0], f"id {len(seen)}"), text) for text in texts)
    return [_MOMENT.sub("…", text) for text in numbered]
