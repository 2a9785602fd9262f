"""One case with all that the tables hold of it: what the invariants of cases are asked about.

Not here: what must hold (cases, waits, logs)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from runtime import library
from runtime.engine.execution import Execution, OpenActivity
from runtime.store import states
from runtime.store.db import Transaction
from runtime.store.external_tasks import external_tasks
from runtime.store.jobs import incidents, jobs, subscriptions
from runtime.store.user_tasks import OPEN, user_tasks

UNFINISHED = ("waiting", "failed", "kept")  # of jobs


@dataclass
class Seen:
    """`row`: of cases. Only what is open of the rest: tasks, jobs that are not finished, incidents."""

    tx: Transaction
    row: Any
    tasks: list[Any]
    jobs: list[Any]
    subscriptions: list[Any]
    incidents: list[Any]
    external: list[Any]

    @property
    def place(self) -> str:
        return f"cases/{self.row.public_id}"

    @property
    def running(self) -> bool:
        return bool(self.row.status == "running")

    @cached_property
    def _loaded(self) -> Execution | Exception:
        try:
            definition = library.definition(self.tx, self.row.process, self.row.bindings)
            stored = states.load(self.tx, self.row.id, self.row.state)
            stored.verify()
            return Execution.restore(definition, stored.data, fetch=stored.fetch)
        except Exception as error:  # whatever it is, the case does not load
            return error

    @property
    def failure(self) -> Exception | None:
        """Why the state does not load."""
        return self._loaded if isinstance(self._loaded, Exception) else None

    @property
    def execution(self) -> Execution | None:
        return None if isinstance(self._loaded, Exception) else self._loaded

    @cached_property
    def open(self) -> dict[str, OpenActivity]:
        """Activity → where a token is; empty if the state does not load."""
        found = self.execution.open_activities() if self.execution else []
        return {each.activity: each for each in found}

    def waiting(self, *kinds: str) -> dict[str, OpenActivity]:
        return {activity: each for activity, each in self.open.items() if each.waits in kinds}

    def jobs_of(self, kind: str, state: str = "waiting") -> dict[str, list[Any]]:
        """Activity → its jobs."""
        found = defaultdict(list)
        for job in self.jobs:
            if (job.kind, job.state) == (kind, state):
                found[job.activity].append(job)
        return found

    def watched(self, kind: str) -> set[str]:
        """Activities whose job of this kind failed for good, with an incident that is still open."""
        known = {incident.job_id for incident in self.incidents}
        return {
            job.activity for job in self.jobs if (job.kind, job.state) == (kind, "failed") and job.id in known
        }


def look(tx: Transaction, rows: Sequence[Any]) -> Iterator[Seen]:
    """These cases, in their order; six statements for all of them together."""
    ids = [row.id for row in rows]
    tasks = _by_case(tx, user_tasks, ids, user_tasks.c.state.in_(OPEN))
    work = _by_case(tx, jobs, ids, jobs.c.state.in_(UNFINISHED))
    waits = _by_case(tx, subscriptions, ids, sa.true())
    open_incidents = _by_case(tx, incidents, ids, incidents.c.resolved_at.is_(None))
    external = _by_case(tx, external_tasks, ids, external_tasks.c.state.in_(("open", "failed")))
    for row in rows:
        own = row.id
        yield Seen(tx, row, tasks[own], work[own], waits[own], open_incidents[own], external[own])


def _by_case(
    tx: Transaction, table: sa.Table, ids: Sequence[int], which: sa.ColumnElement[bool]
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in tx.all(sa.select(table).where(table.c.case_id.in_(ids), which)):
        found[row.case_id].append(row)
    return found
