"""What due work does: a timer is due, a message or signal arrives, a step is tried again, a process starts.

Each function runs one claimed job in one transaction and finishes the job in it:
what it did and that it is done commit together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from runtime import household, library
from runtime.commands import advance, retries
from runtime.commands.world import BoundWorld
from runtime.engine import execution as engine
from runtime.engine import starts
from runtime.engine.errors import ActivityNotFound, NotDue, NotParked, NotWaiting
from runtime.engine.execution import Execution
from runtime.errors import Failed
from runtime.identity import SYSTEM
from runtime.store import cases, deployments, jobs
from runtime.store.db import Transaction
from runtime.store.event_log import Event


class AmbiguousMessage(Failed):
    """Message {name} with key {key} fits {count} waiting cases; it was given to none of them."""

    code = "message.ambiguous"


class RunsAway(Failed):
    """{process} has made {steps} automatic steps without waiting for anybody or anything."""

    code = "case.runs_away"


class EndsWorkers(Failed):
    """This was begun {times} times, and each time the worker ended before it was done."""

    code = "job.ends_workers"


def run(tx: Transaction, job: Any) -> None:
    """Do a claimed job. A job that is no longer wanted is done, not an error."""
    if job.attempts > 2 * jobs.ATTEMPTS:
        raise EndsWorkers(times=job.attempts - 1)
    _hold_case(tx, job)
    # The fence: if it was given to somebody else, they are at it.
    if not jobs.finish(tx, job):
        return
    # What a timer or a retry was for may have been withdrawn meanwhile; nothing was written then.
    # A message is never over: another receiver may come.
    gone = () if job.kind == "message" else (ActivityNotFound, NotWaiting, NotParked)
    with suppress(*gone):
        KINDS[job.kind](tx, jobs.read(job))


def _hold_case(tx: Transaction, job: Any) -> None:
    """The case before its job: so does a person whose step withdraws the job. In two orders, each would hold what
    the other waits for. A message is withdrawn by nobody, and goes to another case."""
    if job.case_id is not None and job.kind not in ("message", "begin", "start"):
        tx.memo["case", job.case_id] = cases.by_id(tx, job.case_id)


def _open_case(tx: Transaction, job: Any) -> Any:
    case = tx.memo.pop(("case", job.case_id), None) or cases.by_id(tx, job.case_id)
    return case if case.status == "running" else None


def timer_due(tx: Transaction, job: Any) -> None:
    case = _open_case(tx, job)
    if case is not None:
        entry = Event("timer_fired", case.process, job.element, job.activity, {"due": job.due_at})
        try:
            advance.move(
                tx, SYSTEM, case, lambda execution: execution.fire(job.activity), [entry], fired=job.activity
            )
        except NotDue:
            # The clock that said so was put back since.
            jobs.wait_on(tx, job, job.due_at)


def retry(tx: Transaction, job: Any) -> None:
    case = _open_case(tx, job)
    if case is not None:
        attempt = int(job.payload["attempt"])
        entry = Event("retried", case.process, job.element, job.activity, {"attempt": attempt})
        advance.move(
            tx,
            SYSTEM,
            case,
            lambda execution: execution.retry(job.activity),
            [entry],
            {job.activity: attempt},
        )


def resume(tx: Transaction, job: Any) -> None:
    """The rest of an interrupted run."""
    _go_on(tx, job, lambda execution: execution.run())


def proceed(tx: Transaction, job: Any) -> None:
    """What lies behind a savepoint."""
    _go_on(tx, job, lambda execution: execution.proceed(job.activity))


def _go_on(tx: Transaction, job: Any, act: Callable[[Execution], None]) -> None:
    """A case that never waits is stopped; whoever operates may let it go on."""
    case = _open_case(tx, job)
    if case is None:
        return
    # A job of an earlier version does not say.
    steps = int((job.payload or {}).get("steps", engine.LIMIT))
    if steps >= household.house(tx).most_steps:
        incidents = sa.select(sa.func.count()).where(jobs.incidents.c.job_id == job.id)
        if not tx.scalar(incidents):
            tx.execute(sa.update(jobs.jobs).where(jobs.jobs.c.id == job.id).values(state="failed"))
            reason = retries.sentence(RunsAway(process=case.process, steps=steps))
            retries.raise_incident(tx, case.id, job.id, job.element or case.process, reason, job.activity)
            return
        steps = 0
    entry = Event("resumed", case.process, job.element, job.activity)
    advance.move(tx, SYSTEM, case, act, [entry], steps=steps)


def message_arrived(tx: Transaction, job: Any) -> None:
    """To the one case that waits for it, else to the process it starts, else kept until somebody waits."""
    receivers = jobs.receivers(tx, job.element, job.correlation or "")
    if len(receivers) > 1:
        raise AmbiguousMessage(name=job.element, key=job.correlation, count=len(receivers))
    if receivers:
        advance.receive(tx, SYSTEM, receivers[0], job.element, job.payload or {})
        return
    start = deployments.started_by(tx, "message", job.element)
    if start is None:
        jobs.keep_again(tx, job)
        return
    known = tx.scalar(sa.select(cases.cases.c.id).where(cases.cases.c.cause == job.key))
    if known is None:
        advance.begin(
            tx,
            SYSTEM,
            start.process,
            start_event=start.element,
            variables=job.payload or {},
            business_key=_business_key(tx, job),
            cause=job.key,
        )


def _business_key(tx: Transaction, job: Any) -> str:
    """Of the case that a message starts: its correlation key, unless that only means the sender."""
    key = job.correlation or ""
    sender = cases.get(tx, key) if job.case_id is not None else None
    return "" if sender is not None and sender.id == job.case_id else key


def signal_arrived(tx: Transaction, job: Any) -> None:
    """To those activities of the case that waited when it was thrown and still do; all in one move."""
    case = _open_case(tx, job)
    waiting = jobs.still_waiting(tx, job.case_id, job.receivers.split()) if case is not None else []
    if not waiting:
        return
    entries = [
        Event("signal_received", case.process, wait.element, wait.activity, {"name": job.element})
        for wait in waiting
    ]
    activities = [wait.activity for wait in waiting]
    advance.move(tx, SYSTEM, case, lambda execution: execution.signal(activities, job.payload or {}), entries)


def begin_by_signal(tx: Transaction, job: Any) -> None:
    """A signal start event: start the case, unless the newest version no longer has it."""
    held = {(start.element, start.kind) for start in deployments.starts_of(tx, job.receivers)}
    if (job.element, "signal") in held:
        advance.begin(
            tx, SYSTEM, job.receivers, start_event=job.element, variables=job.payload or {}, cause=job.key
        )


def start_due(tx: Transaction, job: Any) -> None:
    """A timer start event: start the case, and set the next one."""
    row = library.newest(tx, "bpmn", job.payload["process"])
    if row is None:
        return
    process = row.key
    advance.begin(tx, SYSTEM, process, start_event=job.element, variables={}, cause=job.key)
    schedule_starts(tx, process)


def schedule_starts(tx: Transaction, process: str) -> None:
    """One waiting job for each timer start event of the newest version of a process.

    Missed rounds are not made up for: the next one is later than now."""
    row = library.newest(tx, "bpmn", process)
    definition = library.definition(tx, process, library.bind(tx, process))
    world = BoundWorld(tx, "", SYSTEM)
    dues = starts.next_due(
        definition, tx.now, since=row.created_at, zone=world.zone, functions=world.functions(None)
    )
    wanted = {f"start:{process}:{element}:{due.isoformat()}": (element, due) for element, due in dues.items()}
    held = [start.element for start in deployments.starts_of(tx, process) if start.kind == "timer"]
    known = jobs.keep_starts(tx, process, held, list(wanted))
    tx.insert(
        jobs.jobs,
        [
            {
                "kind": "start",
                "state": "waiting",
                "key": key,
                "element": element,
                "activity": process,
                "payload": {"process": process},
                "priority": starts.start_priority(
                    definition, element, now=tx.now, functions=world.functions(None)
                ),
                "due_at": due,
                "created_at": tx.now,
            }
            for key, (element, due) in wanted.items()
            if key not in known
        ],
    )


def reschedule_starts(tx: Transaction) -> None:
    """The business calendar has changed: what is started by it may be due on another day."""
    for process in deployments.started_by_time(tx):
        schedule_starts(tx, process)
    household.house(tx).waking.call(tx)


def failed(tx: Transaction, job: Any, error: BaseException) -> None:
    """A job's transaction was rolled back: try again later, or keep an incident."""
    reason = retries.sentence(error)
    if job.attempts >= jobs.ATTEMPTS:
        _hold_case(tx, job)
        if jobs.finish(tx, job, "failed"):
            retries.raise_incident(tx, job.case_id, job.id, job.element, reason, job.activity)
            if job.kind == "start":
                # The next round comes all the same.
                schedule_starts(tx, job.activity)
    else:
        pause = retries.DELAYS[min(job.attempts, len(retries.DELAYS)) - 1]
        jobs.postpone(tx, job, tx.now + pause, reason[:2000])


KINDS: Mapping[str, Callable[[Transaction, Any], None]] = {
    "timer": timer_due,
    "retry": retry,
    "continue": resume,
    "async": proceed,
    "message": message_arrived,
    "signal": signal_arrived,
    "begin": begin_by_signal,
    "start": start_due,
}
