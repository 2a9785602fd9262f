"""Incidents: what needed a person, tried again by one who may operate cases."""

from __future__ import annotations

import sqlalchemy as sa

from runtime import library
from runtime.errors import Conflict, NotFound
from runtime.identity import Actor, require
from runtime.ids import public_id
from runtime.store import external_tasks, jobs
from runtime.store.db import Transaction


class NoSuchIncident(NotFound):
    """There is no such incident."""

    code = "incident.unknown"


class IncidentResolved(Conflict):
    """This incident has been dealt with already."""

    code = "incident.resolved"


def retry(tx: Transaction, actor: Actor, incident: str) -> None:
    """Try the step or job behind an incident again, soon. Raises IncidentResolved."""
    require(actor, "operate", "case")
    row = tx.first(sa.select(jobs.incidents).where(jobs.incidents.c.public_id == incident))
    if row is None:
        raise NoSuchIncident()
    resolved = tx.execute(
        sa.update(jobs.incidents)
        .where(jobs.incidents.c.id == row.id, jobs.incidents.c.resolved_at.is_(None))
        .values(resolved_at=tx.now)
    )
    if not resolved.rowcount:
        raise IncidentResolved()
    if row.job_id is not None:
        tx.execute(
            sa.update(jobs.jobs)
            .where(jobs.jobs.c.id == row.job_id, jobs.jobs.c.state == "failed")
            .values(state="waiting", attempts=0, worker_id=None, due_at=tx.now)
        )
    elif row.activity and external_tasks.reopen(tx, row.activity):
        tx.after_commit(library.house(tx).bell.ring)
    elif row.activity:
        tx.insert(
            jobs.jobs,
            [
                {
                    "kind": "retry", "state": "waiting", "key": f"retry:{row.activity}:{public_id()}",
                    "case_id": row.case_id, "element": row.element, "activity": row.activity,
                    "due_at": tx.now, "payload": {"attempt": 0}, "created_at": tx.now,
                }
            ],
        )  # fmt: skip
    library.house(tx).waking.call(tx)
