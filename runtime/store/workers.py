"""Workers: one row each, with the beats of its heart, so that others see when one has died.

A worker beats while it holds jobs and not while it is idle. Others count the beats and look
at no clock but their own, so that a wrong or jumping clock makes nobody look dead.
Not here: what it holds (jobs.py), who watches (worker.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Transaction, metadata
from runtime.store.prepared import Prepared

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(255), nullable=False),  # machine:process
    sa.Column("beats", sa.BigInteger, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sqlite_autoincrement=True,  # an id is never given twice: jobs are fenced by it
)
FORGOTTEN = dt.timedelta(days=1)
_BEAT = Prepared(
    sa.update(workers)
    .where(workers.c.id == sa.bindparam("worker"))
    .values(beats=workers.c.beats + 1, seen_at=sa.bindparam("at", type_=Instant))
)
_HELD = sa.table("jobs", sa.column("worker_id"))
_HOLDING = sa.select(_HELD.c.worker_id).where(_HELD.c.worker_id.is_not(None))
_PULSES = Prepared(
    sa.select(workers.c.id, workers.c.name, workers.c.beats).where(workers.c.id.in_(_HOLDING.distinct()))
)


def enter(tx: Transaction, name: str) -> int:
    """A new worker; its id. Those of long ago are forgotten."""
    over = (workers.c.seen_at < tx.now - FORGOTTEN, workers.c.id.not_in(_HOLDING))
    tx.execute(sa.delete(workers).where(*over))
    row = {"name": name[:255], "beats": 0, "started_at": tx.now, "seen_at": tx.now}
    return int(tx.execute(sa.insert(workers).values(**row)).inserted_primary_key[0])  # type: ignore[index]


def beat(tx: Transaction, worker: int) -> bool:
    """The worker lives; False if it was taken for dead and forgotten."""
    return _BEAT.run(tx, worker=worker, at=tx.now) == 1


def forget(tx: Transaction, worker: int) -> None:
    """It is dead and holds nothing."""
    tx.execute(sa.delete(workers).where(workers.c.id == worker))


def pulses(tx: Transaction) -> list[Any]:
    """Id, name and beats so far of each worker that holds jobs."""
    return _PULSES.rows(tx)
