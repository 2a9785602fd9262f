"""What external workers do with their tasks: fetch and lock, complete, fail, raise a BPMN error, hold on, give back.

A worker is whoever may `work` on a `topic`; of a task whose topic is not theirs they learn nothing.
Everything that is told of a task is fenced by its lock: the worker's name, the account behind it and
the lock's end. As in Camunda 7, except that a lock that has run out counts for nothing even while
nobody else has taken the task. Not here: waiting for work (bootstrap.Runtime.fetch)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime import access, household, library
from runtime.bpmn.model import Node
from runtime.bpmn.retry_cycle import delays
from runtime.commands import advance, retries
from runtime.commands.user_tasks import hold_files
from runtime.commands.world import sentence
from runtime.engine import timers
from runtime.engine.execution import Execution
from runtime.errors import Conflict, Failed, Forbidden, Invalid, NotFound
from runtime.identity import Actor
from runtime.store import cases, external_tasks
from runtime.store.db import Transaction
from runtime.store.event_log import Event
from runtime.values import Value

LONGEST_LOCK = 24 * 60 * 60  # seconds
LONGEST_PAUSE = 366 * 24 * 60 * 60
MOST_TASKS = 100  # of one fetch
MOST_TOPICS = 100
LONGEST = {"worker": 128, "code": 255, "message": 2000, "details": 20_000}


class NotYourTopic(Forbidden):
    """Your role may not work on the topic {topic}."""

    code = "external_task.not_your_topic"


class NoSuchExternalTask(NotFound):
    """There is no such external task, or its topic is not yours."""

    code = "external_task.unknown"


class ExternalTaskOver(Conflict):
    """This external task is not open any more: it was done or withdrawn meanwhile."""

    code = "external_task.over"


class NotYourLock(Conflict):
    """This external task is not locked by {worker}."""

    code = "external_task.not_your_lock"


class LockExpired(Conflict):
    """The lock of this external task ended at {until}; another worker may have it now."""

    code = "external_task.lock_expired"


class NotInRange(Invalid):
    """{what} must be a whole number from {least} to {most}."""

    code = "external_task.not_in_range"


class NotOfLength(Invalid):
    """{what} must be text of {least} to {most} characters."""

    code = "external_task.not_of_length"


class ExternalTaskFailed(Failed):
    """{worker} could not do {topic}: {reason}"""

    code = "external_task.failed"


@dataclass(frozen=True)
class Wanted:
    """A topic that a worker asks for, and for how many seconds it locks what it gets.

    `variables`: the names that it wants; None: all that it may see."""

    topic: str
    seconds: int
    variables: Sequence[str] | None = None


@dataclass(frozen=True)
class Locked:
    """A task as its worker gets it. `key`: the business key, None where the worker may not see it."""

    id: str
    topic: str
    worker: str
    locked_until: dt.datetime
    priority: int
    retries: int | None
    error: str | None
    created_at: dt.datetime
    case: str
    key: str | None
    process: str
    element: str
    activity: str
    variables: Mapping[str, Value]


def check_wanted(
    actor: Actor, worker: str, wanted: Sequence[Wanted], most: int
) -> None:
    """Raises NotYourTopic, NotInRange, NotOfLength before anything is looked up."""
    _length("worker", worker)
    _range("maxTasks", most, 1, MOST_TASKS)
    _range("topics", len({each.topic for each in wanted}), 1, MOST_TOPICS)
    for each in wanted:
        _range("lockDuration", each.seconds, 1, LONGEST_LOCK)
        if not access.works_on(actor, each.topic):
            raise NotYourTopic(topic=each.topic)


def fetch_and_lock(
    tx: Transaction,
    actor: Actor,
    worker: str,
    wanted: Sequence[Wanted],
    most: int = 1,
    *,
    by_priority: bool = False,
) -> list[Locked]:
    """Lock up to `most` open tasks of the wanted topics, the oldest or (`by_priority`) the most urgent first.

    Raises NotYourTopic, NotInRange, NotOfLength."""
    check_wanted(actor, worker, wanted, most)
    by_topic = {each.topic: each for each in wanted}
    seconds = {topic: each.seconds for topic, each in by_topic.items()}
    taken = external_tasks.take(tx, seconds, worker, actor.id or None, most, by_priority=by_priority)
    seen = _Seen(tx, actor)
    return [
        Locked(
            id=row.public_id,
            topic=row.topic,
            worker=worker,
            locked_until=row.locked_until,
            priority=-row.rank,
            retries=row.retries,
            error=row.error,
            created_at=row.created_at,
            process=row.process,
            element=row.element,
            activity=row.activity,
            **seen.of(row, by_topic[row.topic].variables),
        )
        for row in taken
    ]


class _Seen:
    """What a worker sees of the cases of its tasks; each case is read once.

    Of a case that it may not see whole, a worker is given what its diagram gives it: the input parameters."""

    def __init__(self, tx: Transaction, actor: Actor) -> None:
        self.tx, self.actor = tx, actor
        self.cases: dict[int, tuple[Any, Execution, bool]] = {}

    def of(self, task: Any, names: Sequence[str] | None) -> dict[str, Any]:
        if task.case_id not in self.cases:
            row = cases.by_id(self.tx, task.case_id)
            case = library.at_rest(self.tx, row.id, row.process, row.bindings, row.state)
            whole = not row.confidential or access.sees_case(self.tx, self.actor, row.id)
            self.cases[row.id] = (row, case, whole)
        case, execution, whole = self.cases[task.case_id]
        variables = execution.variables(task.activity, local=not whole)
        if names is not None:
            variables = {name: variables[name] for name in names if name in variables}
        return {
            "case": case.public_id,
            "key": case.business_key if whole else None,
            "variables": variables,
        }


def complete(
    tx: Transaction,
    actor: Actor,
    task: str,
    worker: str,
    variables: Mapping[str, Value],
    local: Mapping[str, Value] | None = None,
) -> None:
    """It is done: `variables` are written to the case, `local` are seen by its output parameters only.

    Raises NoSuchExternalTask, ExternalTaskOver, NotYourLock, LockExpired, NotAValue, NotYourFile."""
    row, case = _held(tx, actor, task)
    _change(tx, actor, row, worker, state="done", locked_until=None)
    hold_files(tx, actor, case.id, {**variables, **(local or {})})
    advance.move(
        tx,
        actor,
        case,
        lambda execution: execution.deliver(row.activity, variables, local or {}),
        [_entry("external_completed", row, worker)],
    )


def bpmn_error(
    tx: Transaction,
    actor: Actor,
    task: str,
    worker: str,
    code: str,
    message: str = "",
    variables: Mapping[str, Value] | None = None,
) -> None:
    """It cannot be done for a reason of the business: a BPMN error at its element. One that nothing catches
    is an incident; who tries it again hands the task out anew. Raises as `complete`."""
    _length("code", code)
    _length("message", message, least=0)
    row, case = _held(tx, actor, task)
    _change(tx, actor, row, worker, state="done", locked_until=None, error=f"{code}: {message}")
    hold_files(tx, actor, case.id, variables or {})
    advance.move(
        tx,
        actor,
        case,
        lambda execution: execution.throw(row.activity, code, message, variables or {}),
        [_entry("external_error", row, worker, code=code, message=message)],
    )


def failure(
    tx: Transaction,
    actor: Actor,
    task: str,
    worker: str,
    message: str,
    details: str = "",
    retries_left: int | None = None,
    pause: int = 0,
) -> None:
    """It could not be done: tried again after `pause` seconds while there are `retries_left`, then an incident.

    Without `retries_left` the diagram's retry time cycle counts, else the house's. The element's error
    definitions are asked first. Raises NoSuchExternalTask, ExternalTaskOver, NotYourLock, LockExpired."""
    _length("message", message)
    _length("details", details, least=0)
    if retries_left is not None:
        _range("retries", retries_left, 0, 2**31 - 1)
    _range("retryTimeout", pause, 0, LONGEST_PAUSE)
    row, case = _held(tx, actor, task)
    node = library.process(tx, case.bindings[row.process]).node(row.element)
    left, again_at = _again(tx, row, node, retries_left, pause)
    _change(
        tx, actor, row, worker,
        worker=None, actor_id=None, locked_until=None, error=message, details=details, retries=left,
        failures=row.failures + 1, available_at=again_at, state="open" if left else "failed",
    )  # fmt: skip
    entry = _entry("external_failed", row, worker, message=message, retries=left)
    if node.errors:
        taken = []
        advance.move(
            tx, actor, case, lambda execution: taken.append(execution.fail(row.activity, message, details)), [entry]
        )
        if any(taken):
            return
    else:
        advance.note(tx, actor, case, [entry])
    if left:
        household.house(tx).opened.call(tx)
    else:
        reason = sentence(ExternalTaskFailed(worker=worker, topic=row.topic, reason=message))
        retries.raise_incident(tx, case.id, None, row.element, reason, row.activity)


def _again(
    tx: Transaction, row: Any, node: Node, retries_left: int | None, pause: int
) -> tuple[int, dt.datetime]:
    """How many tries are left, and when the next one may begin."""
    if retries_left is not None:
        return retries_left, tx.now + dt.timedelta(seconds=pause)
    pauses = delays(node.retry_cycle)
    pauses = retries.DELAYS if pauses is None else pauses
    if row.failures >= len(pauses):
        return 0, tx.now
    zone = household.house(tx).zone
    return len(pauses) - row.failures, timers.later(tx.now, pauses[row.failures], zone)


def extend_lock(tx: Transaction, actor: Actor, task: str, worker: str, seconds: int) -> dt.datetime:
    """Hold on to it for so many seconds from now; until when that is. Raises as `complete`."""
    _range("newDuration", seconds, 1, LONGEST_LOCK)
    row, _ = _held(tx, actor, task)
    until = tx.now + dt.timedelta(seconds=seconds)
    _change(tx, actor, row, worker, locked_until=until)
    return until


def hold(tx: Transaction, actor: Actor, task: str, worker: str, seconds: int, **noted: Any) -> dt.datetime:
    """Hold on to it for so many seconds from now, and write columns of its own that move no case; until when
    that is. Raises as `complete`."""
    row = external_tasks.get(tx, task)
    until = tx.now + dt.timedelta(seconds=seconds)
    _change(tx, actor, row, worker, locked_until=until, **noted)
    return until


def unlock(tx: Transaction, actor: Actor, task: str, worker: str) -> None:
    """Give it back: anybody may fetch it at once. Raises as `complete`."""
    row, _ = _held(tx, actor, task)
    _change(tx, actor, row, worker, worker=None, actor_id=None, locked_until=None)
    household.house(tx).opened.call(tx)


def _held(tx: Transaction, actor: Actor, task: str) -> tuple[Any, Any]:
    """The task and its case; the case first, as everything that moves it does, so that none waits for another."""
    row = external_tasks.get(tx, task)
    if row is None or not access.works_on(actor, row.topic):
        raise NoSuchExternalTask()
    case = cases.by_id(tx, row.case_id)
    # Whoever moved the case meanwhile may have changed it.
    return external_tasks.get(tx, task), case


def _change(tx: Transaction, actor: Actor, row: Any, worker: str, /, **columns: Any) -> None:
    if external_tasks.change(tx, row.id, worker, actor.id or None, **columns):
        return
    if row.state != "open":
        raise ExternalTaskOver()
    if row.worker != worker or row.actor_id != (actor.id or None) or row.locked_until is None:
        raise NotYourLock(worker=worker)
    raise LockExpired(until=row.locked_until.isoformat())


def _entry(kind: str, row: Any, worker: str, **detail: Any) -> Event:
    about = {"topic": row.topic, "worker": worker, **detail}
    return Event(kind, row.process, row.element, row.activity, about)


def _range(what: str, number: int, least: int, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise NotInRange(what=what, least=least, most=most)


def _length(what: str, text: str, least: int = 1) -> None:
    if not isinstance(text, str) or not least <= len(text) <= LONGEST[what]:
        raise NotOfLength(what=what, least=least, most=LONGEST[what])
