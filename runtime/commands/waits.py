"""What a move leaves behind for later: timers, subscriptions, messages and signals on their way.

Folded first, so that what begins and ends in one move is never written, then written
in as few statements as there are tables. Not here: running it (triggers.py)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runtime import household
from runtime.engine import ports
from runtime.engine.execution import Execution
from runtime.ids import public_id
from runtime.store import deployments, external_tasks, jobs
from runtime.store.db import Transaction
from runtime.values import Value


@dataclass(frozen=True)
class Thrown:
    """A message that leaves a case. `key` None: for this very case; kept until `expires_at`."""

    activity: str
    name: str
    key: str | None
    payload: Mapping[str, Value]
    expires_at: dt.datetime
    priority: int = 0


@dataclass
class Waits:
    """Timers and subscriptions that a move of `case` (its public id) sets and ends, folded to what must be
    written."""

    case: str
    timers: dict[str, ports.TimerSet] = field(default_factory=dict)
    subscriptions: dict[str, tuple[ports.Subscribed, str]] = field(default_factory=dict)
    external: dict[str, ports.ExternalOpened] = field(default_factory=dict)
    external_ended: list[str] = field(default_factory=list)
    put_off: dict[str, ports.PutOff] = field(default_factory=dict)
    timers_ended: list[str] = field(default_factory=list)  # and jobs of savepoints
    subscriptions_ended: list[str] = field(default_factory=list)

    def fold(self, happenings: Iterable[ports.Happening]) -> None:
        """Of all that happened, in order, what begins or ends a wait."""
        for happening in happenings:
            act = _FOLDED.get(type(happening))
            if act is not None:
                act(self, happening)

    def set_timer(self, timer: ports.TimerSet) -> None:
        self.timers[timer.activity] = timer

    def subscribe(self, wait: ports.Subscribed) -> None:
        # Without a key a message can only mean this very case. A signal means everybody.
        key = "" if wait.kind == "signal" else wait.key if wait.key is not None else self.case
        self.subscriptions[wait.activity] = (wait, key)

    def hand_out(self, task: ports.ExternalOpened) -> None:
        self.external[task.activity] = task

    def set_savepoint(self, stop: ports.PutOff) -> None:
        self.put_off[stop.activity] = stop

    def end(self, wait: ports.WaitEnded) -> None:
        # One that began in this very move was never written.
        held: dict[str, tuple[dict[str, Any], list[str]]] = {
            "timer": (self.timers, self.timers_ended),
            "job": (self.put_off, self.timers_ended),
            "external": (self.external, self.external_ended),
        }
        begun, ended = held.get(wait.kind, (self.subscriptions, self.subscriptions_ended))
        if begun.pop(wait.activity, None) is None:
            ended.append(wait.activity)

    def keep_time(self, tx: Transaction, execution: Execution, elements: Collection[str]) -> None:
        """Timers of these elements that this move has ended and begun again are due when they would have been, where
        that is sooner. One that was over already begins anew."""
        begun = {timer.element: timer for timer in self.timers.values() if timer.element in elements}
        if not begun:
            return
        ended, self.timers_ended = self.timers_ended, []
        for row in jobs.end_all(tx, ended):
            timer = begun.get(row.element)
            if timer is not None and row.due_at < timer.due:
                execution.hasten(timer.activity, row.due_at)
                self.timers[timer.activity] = replace(timer, due=row.due_at)

    def write(self, tx: Transaction, case_id: int, fired: str = "") -> None:
        """`fired`: whose timer's job is done already."""
        jobs.end(tx, [activity for activity in self.timers_ended if activity != fired])
        jobs.unsubscribe(tx, self.subscriptions_ended)
        external_tasks.end(tx, self.external_ended)
        tx.insert(
            external_tasks.external_tasks,
            [
                {
                    "public_id": public_id(),
                    "case_id": case_id,
                    "process": task.process,
                    "element": task.element,
                    "activity": task.activity,
                    "topic": task.topic,
                    "rank": -task.priority,
                    "state": "open",
                    "available_at": tx.now,
                    "created_at": tx.now,
                }
                for task in self.external.values()
            ],
        )
        tx.insert(
            jobs.subscriptions,
            [
                {
                    "activity": wait.activity,
                    "case_id": case_id,
                    "element": wait.element,
                    "kind": wait.kind,
                    "name": wait.name,
                    "key": key,
                }
                for wait, key in self.subscriptions.values()
            ],
        )
        # A signal is not kept for those who begin to wait later.
        begun = [(wait.name, key) for wait, key in self.subscriptions.values() if wait.kind == "message"]
        if jobs.wake_kept(tx, begun):
            household.house(tx).waking.call(tx)

    def rows(self, case_id: int, now: dt.datetime, sequence: int, steps: int) -> list[dict[str, Any]]:
        """A row of jobs for each timer and savepoint. `sequence`: of the case's last event; `steps`: those
        that the case has made without waiting, savepoints aside."""
        behind = [
            {
                **job("async", f"async:{put.activity}:{sequence}", case_id, now),
                "element": put.element,
                "activity": put.activity,
                "priority": put.priority,
                "payload": {"steps": steps},
                # What was begun before goes before what it has caused, in the same moment too.
                "due_at": put.since - dt.timedelta.resolution if put.since else now,
            }
            for put in self.put_off.values()
        ]
        return behind + [
            {
                **job("timer", f"timer:{timer.activity}:{timer.due.isoformat()}", case_id, now),
                "element": timer.element,
                "activity": timer.activity,
                "priority": timer.priority,
                "due_at": timer.due,
            }
            for timer in self.timers.values()
        ]



_FOLDED: dict[type[ports.Happening], Callable[[Waits, Any], None]] = {
    ports.TimerSet: Waits.set_timer,
    ports.Subscribed: Waits.subscribe,
    ports.ExternalOpened: Waits.hand_out,
    ports.PutOff: Waits.set_savepoint,
    ports.WaitEnded: Waits.end,
}


def job(kind: str, key: str, case_id: int | None, now: dt.datetime) -> dict[str, Any]:
    """A row of jobs that is due at once; every column, so that all kinds go into one statement."""
    return {
        "kind": kind,
        "state": "waiting",
        "key": key,
        "case_id": case_id,
        "element": "",
        "activity": "",
        "correlation": None,
        "receivers": None,
        "public_id": None,
        "expires_at": None,
        "payload": None,
        "priority": 0,
        "due_at": now,
        "created_at": now,
    }


def broadcast(
    tx: Transaction,
    signals: Sequence[tuple[str, Mapping[str, Value], int]],
    cause: str,
    thrower: int | None = None,
) -> None:
    """Signals (name, payload, priority) go to every other case that waits now, and start what they start.

    A job for each of them, of this transaction; `cause` makes them unique."""
    if not signals:
        return
    begins = deployments.started_by_signals(tx, [name for name, *_ in signals])
    rows = []
    for number, (name, payload, priority) in enumerate(signals):
        own = f"{cause}:{number}"
        jobs.throw_signal(tx, name, dict(payload), own, thrower, priority)
        rows += [
            {
                **job("begin", f"{own}:{_digest(start.process, start.element)}", None, tx.now),
                "element": start.element,
                "receivers": start.process,
                "payload": dict(payload),
                "priority": priority,
            }
            for start in begins
            if start.name == name
        ]
    tx.insert(jobs.jobs, rows)


def _digest(*parts: str) -> str:
    """Short enough for a key, whatever ids a diagram has."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def departures(
    case: Any,
    messages: Sequence[Thrown],
    resumes: ports.Interrupted | None,
    steps: int,
    sequence: int,
    now: dt.datetime,
) -> list[dict[str, Any]]:
    """Messages leave as jobs of this transaction; so does the rest of a run that was
    interrupted (None: it was not)."""
    rows = [
        {
            **job("message", f"message:{case.public_id}:{sequence}:{number}", case.id, now),
            "element": message.name,
            "activity": message.activity,
            "correlation": message.key if message.key is not None else case.public_id,
            "public_id": public_id(),
            "expires_at": message.expires_at,
            "payload": dict(message.payload),
            "priority": message.priority,
        }
        for number, message in enumerate(messages)
    ]
    if resumes:
        key = f"continue:{case.public_id}:{sequence}"
        about = {"payload": {"steps": steps}, "priority": resumes.priority}
        rows.append({**job("continue", key, case.id, now), **about})
    return rows
