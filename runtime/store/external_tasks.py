"""What external workers are to do: one row each time that an element waits for one.

To a worker it is what a user task is to a person: open until somebody has done it. No job, since
jobs are what the house's own workers run. Not here: rights, retries, what becomes of the case
(commands/external_tasks.py).

A lock is a worker's name, the account that it signed in with and an end; what is told without
holding it counts for nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Transaction, metadata

OPEN = "state = 'open'"

external_tasks = sa.Table(
    "external_tasks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("process", sa.String(128), nullable=False),
    sa.Column("element", sa.String(128), nullable=False),
    sa.Column("activity", sa.String(64), nullable=False, index=True),
    sa.Column("topic", sa.String(255), nullable=False),
    # the priority, negative: what goes first is the smaller, as with ids, so that one index gives the order
    sa.Column("rank", sa.Integer, nullable=False, server_default="0"),
    # open | failed (no retries left: its incident opens it again) | done | ended (withdrawn)
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("worker", sa.String(128)),
    sa.Column("actor_id", sa.ForeignKey("people.id")),  # the account of whoever holds the lock
    sa.Column("locked_until", Instant),
    sa.Column("available_at", Instant, nullable=False),  # later than now: the pause after a failure
    sa.Column("retries", sa.Integer),  # that its worker has left; NULL: nobody has said yet
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("details", sa.Text),
    # whom the house has delivered to, where it is to several: a mail's mark → "sent" | "refused", as JSON
    sa.Column("delivered", sa.JSON(none_as_null=True)),
    sa.Column("created_at", Instant, nullable=False),
    # take: the oldest of a topic
    sa.Index(
        "ix_external_tasks_topic",
        "topic",
        "id",
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    ),
    # take: the most urgent of a topic
    sa.Index(
        "ix_external_tasks_rank",
        "topic",
        "rank",
        "id",
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    ),
)

# When somebody last asked for work of a topic, so that operators see whether anybody does.
topics = sa.Table(
    "external_topics",
    metadata,
    sa.Column("topic", sa.String(255), primary_key=True),
    sa.Column("worker", sa.String(128), nullable=False),
    sa.Column("fetched_at", Instant, nullable=False),
)

_OPEN = sa.text(OPEN)  # in the statement's text: SQLite takes a partial index only where it reads its condition


def get(tx: Transaction, public_id: str) -> Any:
    return tx.first(sa.select(external_tasks).where(external_tasks.c.public_id == public_id))


def _free(now: dt.datetime) -> sa.ColumnElement[bool]:
    task = external_tasks.c
    unlocked = sa.or_(task.locked_until.is_(None), task.locked_until <= now)
    return sa.and_(_OPEN, task.available_at <= now, unlocked)


def take(
    tx: Transaction,
    seconds: Mapping[str, int],
    worker: str,
    actor_id: int | None,
    most: int,
    *,
    by_priority: bool,
) -> list[Any]:
    """Lock up to `most` open tasks of some topics, each for so many seconds: the oldest first, or (`by_priority`)
    the most urgent. Their rows, as they are then."""
    for topic in sorted(seconds):
        note_fetch(tx, topic, worker)
    found = [row for topic in sorted(seconds) for row in _available(tx, topic, most, by_priority=by_priority)]
    found.sort(key=lambda row: (row.rank if by_priority else 0, row.id))
    ids = {row.id: row.topic for row in found[:most]}
    for topic, length in seconds.items():
        mine = [task for task, of in ids.items() if of == topic]
        if mine:
            tx.execute(
                sa.update(external_tasks)
                .where(external_tasks.c.id.in_(mine))
                .values(worker=worker, actor_id=actor_id, locked_until=tx.now + dt.timedelta(seconds=length))
            )
    taken = {row.id: row for row in tx.all(sa.select(external_tasks).where(external_tasks.c.id.in_(ids)))}
    return [taken[task] for task in ids]


def _available(tx: Transaction, topic: str, limit: int, *, by_priority: bool) -> list[Any]:
    task = external_tasks.c
    order = (task.rank, task.id) if by_priority else (task.id,)
    return list(
        tx.all(
            sa.select(task.id, task.rank, task.topic)
            .where(task.topic == topic, _free(tx.now))
            .order_by(*order)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def any_available(tx: Transaction, wanted: Sequence[str]) -> bool:
    task = external_tasks.c
    for topic in wanted:
        if tx.scalar(sa.select(task.id).where(task.topic == topic, _free(tx.now)).limit(1)) is not None:
            return True
    return False


def change(tx: Transaction, task: int, worker: str, actor_id: int | None, /, **columns: Any) -> bool:
    """Change an open task if this worker still holds it; whether it did."""
    mine = sa.and_(external_tasks.c.worker == worker, external_tasks.c.actor_id.is_not_distinct_from(actor_id))
    return (
        tx.execute(
            sa.update(external_tasks)
            .where(external_tasks.c.id == task, _OPEN, mine, external_tasks.c.locked_until > tx.now)
            .values(**columns)
        ).rowcount
        == 1
    )


def end(tx: Transaction, activities: Sequence[str]) -> None:
    """These activities wait for no worker any more."""
    if activities:
        tx.execute(
            sa.update(external_tasks)
            .where(
                external_tasks.c.activity.in_(activities), external_tasks.c.state.in_(("open", "failed"))
            )
            .values(state="ended", locked_until=None)
        )


def end_of_case(tx: Transaction, case_id: int) -> None:
    """The case is over: whoever works for it works in vain."""
    held = sa.select(external_tasks.c.activity).where(external_tasks.c.case_id == case_id)
    end(tx, [row.activity for row in tx.all(held)])


def reopen(tx: Transaction, activity: str) -> bool:
    """What had no retries left may be fetched again, as if it had never failed; False if there is none."""
    changed = tx.execute(
        sa.update(external_tasks)
        .where(external_tasks.c.activity == activity, external_tasks.c.state == "failed")
        .values(state="open", retries=None, failures=0, available_at=tx.now)
    )
    return bool(changed.rowcount)


def fetched(tx: Transaction, topic: str) -> Any:
    """Who last asked for work of a topic, or None."""
    return tx.first(sa.select(topics).where(topics.c.topic == topic))


def note_fetch(tx: Transaction, topic: str, worker: str) -> None:
    tx.alone(f"topic {topic}")
    given = {"worker": worker, "fetched_at": tx.now}
    changed = tx.execute(sa.update(topics).where(topics.c.topic == topic).values(given))
    if not changed.rowcount:
        tx.execute(sa.insert(topics).values(topic=topic, **given))
