"""How the house does at this moment, in figures for whoever watches over it. No case and no person is named.

Not here: what one process counts of itself (measures.py)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from runtime.identity import SYSTEM, Actor, require
from runtime.store.db import Transaction
from runtime.store.jobs import incidents, jobs

Figure = tuple[str, str, float]
LATE = dt.timedelta(minutes=1)  # after which a job that is due is late


def figures(tx: Transaction, actor: Actor) -> list[Figure]:
    """(name, what it is, value); for the runtime itself, or who may operate cases."""
    if actor is not SYSTEM:
        require(actor, "operate", "case")
    waiting = sa.and_(jobs.c.state == "waiting", jobs.c.worker_id.is_(None))

    def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).select_from(table).where(*where).scalar_subquery()

    row = tx.first(
        sa.select(
            count(jobs, waiting, jobs.c.due_at <= tx.now).label("due"),
            count(jobs, waiting, jobs.c.due_at <= tx.now - LATE).label("late"),
            count(jobs, jobs.c.worker_id.is_not(None)).label("held"),
            sa.select(sa.func.min(jobs.c.due_at)).where(waiting).scalar_subquery().label("earliest"),
            count(jobs, jobs.c.state == "kept").label("kept"),
            count(incidents, incidents.c.resolved_at.is_(None)).label("incidents"),
        )
    )
    assert row is not None
    lateness = (tx.now - row.earliest).total_seconds() if row.earliest is not None else 0.0
    return [
        ("jobs_due", "Jobs that are due and nobody's yet", row.due),
        ("jobs_late", "Jobs that have been due for a minute or more", row.late),
        ("jobs_held", "Jobs that a worker has in hand", row.held),
        ("jobs_lateness_seconds", "For how long the oldest of them has been due", max(lateness, 0.0)),
        ("messages_kept", "Messages that nobody waits for yet", row.kept),
        ("incidents_open", "Incidents that need a person", row.incidents),
    ]
