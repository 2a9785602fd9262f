"""Due work: timers, retries, messages and signals on their way; one row a job.

Not here: what a job does (commands/triggers.py). A job is claimed with a lease and
finished in the transaction that does its work, fenced by its attempt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Tagged, Transaction, metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    # timer | retry | continue | message | signal | begin (by a signal) | start (by a timer)
    sa.Column("kind", sa.String(12), nullable=False),
    # waiting | done | ended | failed; messages also kept | expired | dropped
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),  # idempotency
    sa.Column("case_id", sa.ForeignKey("cases.id")),
    sa.Column("element", sa.String(128), nullable=False, server_default=""),
    sa.Column("activity", sa.String(64), nullable=False, server_default=""),
    # messages: the key; `element` is the name of the message or signal
    sa.Column("correlation", sa.String(255)),
    # signals: the activities that waited when it was thrown, or the process that it starts
    sa.Column("receivers", sa.Text),
    sa.Column("public_id", sa.String(32)),  # messages, since people are shown them
    sa.Column("expires_at", Instant),  # messages: how long one that nobody takes is kept; NULL: for ever
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),  # the greater first
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("leased_until", Instant),
    sa.Column("payload", Tagged),
    sa.Column("error", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    # claim_due: only what waits, oldest first
    sa.Index(
        "ix_jobs_due",
        "due_at",
        "id",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    # _priorities, claim_due: the oldest that is due of each priority
    sa.Index(
        "ix_jobs_priority",
        "priority",
        "due_at",
        "id",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    sa.Index("ix_jobs_activity", "activity"),
    # wake_kept: a message that came before its receiver
    sa.Index(
        "ix_jobs_kept",
        "element",
        "correlation",
        sqlite_where=sa.text("state = 'kept'"),
        postgresql_where=sa.text("state = 'kept'"),
    ),
    sa.Index("ix_jobs_case", "case_id", "state"),
    sa.Index("ix_jobs_public_id", "public_id", unique=True),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("activity", sa.String(64), primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("element", sa.String(128), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False, server_default="message"),  # message | signal
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("key", sa.String(255), nullable=False),  # "" of a signal
    # receivers of a message, or of a signal
    sa.Index("ix_subscriptions_kind_name_key", "kind", "name", "key"),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), index=True),
    sa.Column("job_id", sa.ForeignKey("jobs.id"), index=True),
    sa.Column("element", sa.String(128), nullable=False),
    sa.Column("activity", sa.String(64), nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("resolved_at", Instant),
)

UNDELIVERED = ("kept", "expired", "failed")  # of messages
LEASE = dt.timedelta(minutes=2)
# In the statement's text: SQLite takes a partial index only where it reads its condition.
_WAITING = jobs.c.state == sa.literal_column("'waiting'")
ATTEMPTS = 3


def next_due(tx: Transaction) -> dt.datetime | None:
    """When the earliest waiting job can be claimed: when due, or when another worker's lease is over."""
    when = sa.case((jobs.c.leased_until > jobs.c.due_at, jobs.c.leased_until), else_=jobs.c.due_at)
    return tx.scalar(sa.select(sa.func.min(when, type_=Instant())).where(jobs.c.state == "waiting"))


def claim_due(tx: Transaction, limit: int = 10) -> list[Any]:
    """Take up to `limit` due jobs for the length of a lease: the greatest priority first, of these the oldest."""
    due: list[int] = []
    for priority in _priorities(tx):
        rows = tx.all(
            sa.select(jobs.c.id)
            .where(
                _WAITING,
                jobs.c.priority == priority,
                jobs.c.due_at <= tx.now,
                sa.or_(jobs.c.leased_until.is_(None), jobs.c.leased_until <= tx.now),
            )
            .order_by(jobs.c.due_at, jobs.c.id)
            .limit(limit - len(due))
            .with_for_update(skip_locked=True)
        )
        due += [row.id for row in rows]
        if len(due) == limit:
            break
    if not due:
        return []
    rows = tx.all(
        sa.update(jobs)
        .where(jobs.c.id.in_(due))
        .values(leased_until=tx.now + LEASE, attempts=jobs.c.attempts + 1)
        .returning(*jobs.c)
    )
    return sorted(rows, key=lambda row: (-row.priority, row.due_at, row.id))


def _priorities(tx: Transaction) -> list[int]:
    """The priorities of waiting jobs, the greatest first; nearly always 0 alone.

    One look into the index for each, and then one for the due jobs of each. An index cannot give both what is
    due and the most urgent of it: a hundred thousand timers of next year would be walked through, or as many
    due jobs sorted, at every claim."""
    greatest = sa.select(sa.func.max(jobs.c.priority).label("priority")).where(_WAITING).cte(recursive=True)
    below = (
        sa.select(sa.func.max(jobs.c.priority))
        .where(_WAITING, jobs.c.priority < greatest.c.priority)
        .scalar_subquery()
    )
    steps = greatest.union_all(sa.select(below).where(greatest.c.priority.is_not(None)))
    found = tx.connection.execute(sa.select(steps.c.priority)).scalars()
    return sorted((number for number in found if number is not None), reverse=True)


def finish(tx: Transaction, job: Any, state: str = "done") -> bool:
    """End a claimed job; False when its lease was lost or it ended meanwhile."""
    return (
        tx.execute(
            sa.update(jobs)
            .where(jobs.c.id == job.id, jobs.c.state == "waiting", jobs.c.attempts == job.attempts)
            .values(state=state, leased_until=None)
        ).rowcount
        == 1
    )


def postpone(tx: Transaction, job: Any, due_at: dt.datetime, error: str) -> None:
    """Try a claimed job again at `due_at`; nothing happens when its lease was lost."""
    tx.execute(
        sa.update(jobs)
        .where(jobs.c.id == job.id, jobs.c.state == "waiting", jobs.c.attempts == job.attempts)
        .values(due_at=due_at, leased_until=None, error=error)
    )


def end(tx: Transaction, activities: Sequence[str]) -> None:
    """The waits of these activities are over: their timers will not fire."""
    if activities:
        tx.execute(
            sa.update(jobs)
            .where(
                jobs.c.activity.in_(activities),
                jobs.c.state == "waiting",
                jobs.c.kind.in_(("timer", "retry")),
            )
            .values(state="ended", leased_until=None)
        )


def unsubscribe(tx: Transaction, activities: Sequence[str]) -> None:
    if activities:
        tx.execute(sa.delete(subscriptions).where(subscriptions.c.activity.in_(activities)))


def wake_kept(tx: Transaction, waits: Sequence[tuple[str, str]]) -> None:
    """Messages that came before these (name, key) receivers are delivered now."""
    if waits:
        tx.alone(*(_meeting(name, key) for name, key in waits))
        tx.execute(
            sa.update(jobs)
            .where(
                _still_kept(tx),
                sa.or_(*(sa.and_(jobs.c.element == name, jobs.c.correlation == key) for name, key in waits)),
            )
            .values(**_again(tx))
        )


def wake_starters(tx: Transaction, names: Sequence[str]) -> None:
    """Messages that came before there was a process that they start are delivered now."""
    if names:
        tx.execute(sa.update(jobs).where(_still_kept(tx), jobs.c.element.in_(names)).values(**_again(tx)))


def _still_kept(tx: Transaction) -> sa.ColumnElement[bool]:
    """What has expired is not taken, whether the worker has marked it yet or not."""
    return sa.and_(jobs.c.state == "kept", sa.or_(jobs.c.expires_at.is_(None), jobs.c.expires_at > tx.now))


def _again(tx: Transaction) -> dict[str, Any]:
    return {"state": "waiting", "due_at": tx.now, "leased_until": None, "attempts": 0}


def expire(tx: Transaction) -> None:
    """Messages that nobody took in their time are kept no longer; they are still shown."""
    tx.execute(
        sa.update(jobs).where(jobs.c.state == "kept", jobs.c.expires_at <= tx.now).values(state="expired")
    )


def deliver(tx: Transaction, message: Any, expires_at: dt.datetime) -> bool:
    """Look for the receiver of a kept, expired or failed message again; False if it is none any more."""
    changed = tx.execute(
        sa.update(jobs)
        .where(jobs.c.id == message.id, jobs.c.state.in_(UNDELIVERED))
        .values(**_again(tx), expires_at=expires_at)
    )
    return changed.rowcount == 1


def drop(tx: Transaction, message: Any) -> bool:
    """Nobody is to have this message any more; False if it is on its way or was delivered."""
    changed = tx.execute(
        sa.update(jobs)
        .where(jobs.c.id == message.id, jobs.c.state.in_(UNDELIVERED))
        .values(state="dropped", leased_until=None)
    )
    return changed.rowcount == 1


def keep_again(tx: Transaction, job: Any) -> None:
    """Nobody waits for this message yet: it stays until somebody does or its time is over, and is shown."""
    tx.execute(sa.update(jobs).where(jobs.c.id == job.id).values(state="kept", leased_until=None))


def throw_signal(
    tx: Transaction, name: str, payload: Any, cause: str, thrower: int | None = None, priority: int = 0
) -> None:
    """A job for each case that waits for this signal now, in one statement; not for the thrower's own
    (`thrower`), which has had it. `cause` makes the jobs of this throw unique.

    The activities are noted, since one that begins to wait later must not get it."""
    wait = subscriptions.c
    waiting = (
        sa.select(
            sa.literal("signal"),
            sa.literal("waiting"),
            sa.literal(f"{cause}:") + sa.cast(wait.case_id, sa.String),
            wait.case_id,
            sa.literal(name),
            sa.func.aggregate_strings(wait.activity, " "),
            sa.literal(payload, Tagged),
            sa.literal(priority),
            sa.literal(tx.now, Instant),
            sa.literal(tx.now, Instant),
        )
        .where(wait.kind == "signal", wait.name == name)
        .where(sa.true() if thrower is None else wait.case_id != thrower)
        .group_by(wait.case_id)
        .order_by(wait.case_id)
    )
    columns = ["kind", "state", "key", "case_id", "element", "receivers", "payload", "priority", "due_at"]
    tx.execute(sa.insert(jobs).from_select([*columns, "created_at"], waiting))


def still_waiting(tx: Transaction, case_id: int, activities: Sequence[str]) -> list[Any]:
    """Those of these subscriptions of a case that are still there."""
    return list(
        tx.all(
            sa.select(subscriptions)
            .where(subscriptions.c.case_id == case_id, subscriptions.c.activity.in_(activities))
            .order_by(subscriptions.c.activity)
        )
    )


def _meeting(name: str, key: str) -> str:
    """Where a message and its receiver find one another. Each looks for the other and then leaves its
    own trace; two that do so at once would both find nobody."""
    return f"message {name} {key}"


def receivers(tx: Transaction, name: str, key: str) -> list[Any]:
    """Who waits for a message now; whoever begins to wait meanwhile finds it when it is kept."""
    tx.alone(_meeting(name, key))
    return list(
        tx.all(
            sa.select(subscriptions)
            .where(
                subscriptions.c.kind == "message", subscriptions.c.name == name, subscriptions.c.key == key
            )
            .order_by(subscriptions.c.activity)
        )
    )
