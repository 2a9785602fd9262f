"""What a move leaves behind for later: timers, subscriptions, messages on their way.

Folded first, so that what begins and ends in one move is never written, then written
in as few statements as there are tables. Not here: running it (triggers.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.engine import ports
from runtime.store import jobs
from runtime.store.db import Transaction
from runtime.values import Value


@dataclass
class Waits:
    """Timers and subscriptions that a move sets and ends, folded to what must be written."""

    timers: dict[str, ports.TimerSet] = field(default_factory=dict)
    subscriptions: dict[str, tuple[ports.Subscribed, str]] = field(default_factory=dict)
    ended: dict[str, list[str]] = field(default_factory=lambda: {"timer": [], "message": []})

    def set_timer(self, timer: ports.TimerSet) -> None:
        self.timers[timer.activity] = timer

    def subscribe(self, wait: ports.Subscribed, case: str) -> None:
        # Without a key a message can only mean this very case.
        self.subscriptions[wait.activity] = (wait, wait.key if wait.key is not None else case)

    def end(self, wait: ports.WaitEnded) -> None:
        # One that began in this very move was never written.
        begun = self.timers.pop(wait.activity, None) or self.subscriptions.pop(wait.activity, None)
        if begun is None:
            self.ended[wait.kind].append(wait.activity)

    def write(self, tx: Transaction, case_id: int) -> None:
        jobs.end(tx, self.ended["timer"])
        jobs.unsubscribe(tx, self.ended["message"])
        tx.insert(
            jobs.subscriptions,
            [
                {
                    "activity": wait.activity,
                    "case_id": case_id,
                    "element": wait.element,
                    "name": wait.name,
                    "key": key,
                }
                for wait, key in self.subscriptions.values()
            ],
        )
        jobs.wake_kept(tx, [(wait.name, key) for wait, key in self.subscriptions.values()])

    def rows(self, case_id: int, now: dt.datetime) -> list[dict[str, Any]]:
        """A row of jobs for each timer."""
        return [
            {
                **job("timer", f"timer:{timer.activity}:{timer.due.isoformat()}", case_id, now),
                "element": timer.element,
                "activity": timer.activity,
                "due_at": timer.due,
            }
            for timer in self.timers.values()
        ]


def job(kind: str, key: str, case_id: int, now: dt.datetime) -> dict[str, Any]:
    """A row of jobs that is due at once; every column, so that all kinds go into one statement."""
    return {
        "kind": kind,
        "state": "waiting",
        "key": key,
        "case_id": case_id,
        "element": "",
        "activity": "",
        "correlation": None,
        "payload": None,
        "due_at": now,
        "created_at": now,
    }


def departures(
    case: Any,
    messages: list[tuple[str, str, str | None, Mapping[str, Value]]],
    resumes: bool,
    sequence: int,
    now: dt.datetime,
) -> list[dict[str, Any]]:
    """Messages (activity, name, key, payload) leave as jobs of this transaction; so does the rest of
    an interrupted run (`resumes`)."""
    rows = [
        {
            **job("message", f"message:{case.public_id}:{sequence}:{number}", case.id, now),
            "element": name,
            "activity": activity,
            "correlation": key,
            "payload": dict(payload),
        }
        for number, (activity, name, key, payload) in enumerate(messages)
    ]
    if resumes:
        rows.append(job("continue", f"continue:{case.public_id}:{sequence}", case.id, now))
    return rows
