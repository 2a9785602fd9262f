"""Due work: timers, retries, messages and signals on their way; one row a job.

Not here: what a job does (commands/triggers.py). A worker holds what it has claimed for as long as
its heart beats (workers.py), and finishes it in the transaction that does its work, fenced by
worker and attempt: what was given to somebody else meanwhile is not finished twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from runtime import values
from runtime.store.db import Id, Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared, listed, numbered, size

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    # timer | retry | continue (a long run) | async (a savepoint) | message | signal | begin (by a signal) |
    # start (by a timer)
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
    sa.Column("worker_id", sa.ForeignKey("workers.id")),  # who holds it
    sa.Column("payload", Tagged),
    sa.Column("error", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    # claim_due, next_due: only what waits and nobody holds, by priority and then the oldest first
    sa.Index(
        "ix_jobs_due",
        "priority",
        "due_at",
        "id",
        sqlite_where=sa.text("state = 'waiting' AND worker_id IS NULL"),
        postgresql_where=sa.text("state = 'waiting' AND worker_id IS NULL"),
    ),
    # holders, give_back
    sa.Index(
        "ix_jobs_worker",
        "worker_id",
        sqlite_where=sa.text("worker_id IS NOT NULL"),
        postgresql_where=sa.text("worker_id IS NOT NULL"),
    ),
    # expire
    sa.Index(
        "ix_jobs_expiring",
        "expires_at",
        sqlite_where=sa.text("state = 'kept'"),
        postgresql_where=sa.text("state = 'kept'"),
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
    # retried | skipped | corrected | closed by a person; NULL: it is open, or ended with its step
    sa.Column("resolution", sa.String(12)),
    sa.Column("resolved_by", sa.ForeignKey("people.id")),
    sa.Column("note", sa.Text),  # why, in the words of whoever did it
)

UNDELIVERED = ("kept", "expired", "failed")  # of messages
ATTEMPTS = 3
# A value in the statement's text: SQLite takes a partial index only where it reads the condition there.
_WAITING = jobs.c.state == sa.literal_column("'waiting'")
_KEPT = jobs.c.state == sa.literal_column("'kept'")
_FREE = sa.and_(_WAITING, jobs.c.worker_id.is_(None))
_HELD = sa.and_(jobs.c.id == sa.bindparam("job"), _WAITING, jobs.c.attempts == sa.bindparam("attempt"))
_FINISH = Prepared(
    sa.update(jobs)
    .where(_HELD, jobs.c.worker_id == sa.bindparam("worker"))
    .values(state=sa.bindparam("end"), worker_id=None)
)
_OF_A_WAIT: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{kind}'") for kind in ("timer", "retry", "async")]
_END = Prepared(
    sa.update(jobs)
    .where(
        jobs.c.activity == sa.bindparam("b_activity"),
        _WAITING,
        jobs.c.kind.in_(_OF_A_WAIT),
    )
    .values(state=sa.literal_column("'ended'"), worker_id=sa.null())
)
_UNSUBSCRIBE = Prepared(sa.delete(subscriptions).where(subscriptions.c.activity == sa.bindparam("b_activity")))
# The next part of an operation that was begun before (waits.py).
_NEXT_PART = sa.and_(jobs.c.kind == sa.literal_column("'async'"), jobs.c.due_at < jobs.c.created_at)
_CANDIDATES = Prepared(
    sa.select(jobs.c.id, sa.or_(jobs.c.attempts > sa.literal_column("0"), _NEXT_PART).label("alone"))
    .where(_FREE, jobs.c.priority == sa.bindparam("level"), jobs.c.due_at <= sa.bindparam("now", type_=Instant))
    .order_by(jobs.c.due_at, jobs.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
# From one priority to the next lower by the index, however many jobs each has; for each its earliest job.
_LEVELS = Prepared(
    sa.text(
        """
        WITH RECURSIVE level (priority) AS (
          SELECT max(priority) FROM jobs WHERE state = 'waiting' AND worker_id IS NULL
          UNION ALL
          SELECT (SELECT max(jobs.priority) FROM jobs
                  WHERE state = 'waiting' AND worker_id IS NULL AND jobs.priority < level.priority)
          FROM level WHERE level.priority IS NOT NULL)
        SELECT priority, (SELECT due_at FROM jobs
                          WHERE state = 'waiting' AND worker_id IS NULL AND jobs.priority = level.priority
                          ORDER BY due_at LIMIT 1) AS due_at
        FROM level WHERE priority IS NOT NULL
        """
    ).columns(priority=sa.Integer, due_at=Instant)
)
_FIRST_EXPIRY = Prepared(
    sa.select(jobs.c.expires_at)
    .where(_KEPT, jobs.c.expires_at.is_not(None))
    .order_by(jobs.c.expires_at)
    .limit(1)
)
_EXPIRE = Prepared(
    sa.update(jobs)
    .where(_KEPT, jobs.c.expires_at <= sa.bindparam("now", type_=Instant))
    .values(state=sa.literal_column("'expired'"))
)


# What a job carries is read when it is run: one that cannot be read must not keep others from being claimed.
_UNREAD = [
    sa.type_coerce(column, sa.Text).label("payload") if column is jobs.c.payload else column for column in jobs.c
]


def read(job: Any) -> Any:
    """A claimed job with what it carries. Raises if that cannot be read."""
    held = job._asdict() if hasattr(job, "_asdict") else dict(vars(job))
    text = held["payload"]
    return SimpleNamespace(**{**held, "payload": values.loads(text) if isinstance(text, str) else text})


def next_due(tx: Transaction) -> dt.datetime | None:
    """When there is something to do for whoever holds nothing: the earliest job that is free, or the end
    of a kept message's time."""
    found = [at for _, at in _LEVELS.all(tx)] + [at for (at,) in _FIRST_EXPIRY.all(tx)]
    return min(found, default=None)


def claim_due(tx: Transaction, worker: int, limit: int = 10) -> list[Any]:
    """Take up to `limit` due jobs for this worker, by priority and then the oldest first.

    One that was tried before comes alone: it may be what ended the worker that held it, and others
    must not go down with it. So does the next part of an operation over very many: it takes long, and
    there will be another."""
    due: list[list[int]] = []
    for level, first in _LEVELS.all(tx):
        if first <= tx.now and len(due) < limit:
            due += _CANDIDATES.all(tx, level=level, now=tx.now, most=limit - len(due))
    others = next((number for number, (_, alone) in enumerate(due) if alone), len(due))
    taken = [job for job, _ in due[: max(others, 1)]]
    if not taken:
        return []
    rows = _taking(size(taken)).rows(tx, b_worker=worker, **numbered("b_", taken))
    return sorted(rows, key=lambda row: (-row.priority, row.due_at, row.id))


@lru_cache
def _taking(number: int) -> Prepared:
    return Prepared(
        sa.update(jobs)
        .where(jobs.c.id.in_(listed("b_", number)))
        .values(worker_id=sa.bindparam("b_worker"), attempts=jobs.c.attempts + 1)
        .returning(*_UNREAD)
    )


def keep_starts(tx: Transaction, process: str, elements: Sequence[str], keys: Sequence[str]) -> set[str]:
    """Of the waiting starts of a process by its timers (`elements`) only those of these keys; which of them are there.

    One that is due is still done, unless the diagram no longer has it."""
    # No key and no element is empty.
    held, wanted = [*elements] or [""], [*keys] or [""]
    numbers = {**numbered("b_element_", held), **numbered("b_key_", wanted)}
    _ending_starts(size(held), size(wanted)).run(tx, b_process=process, b_now=tx.now, **numbers)
    there = dict(_of_keys(size(wanted)).all(tx, **numbered("b_key_", wanted)))
    # One that a version in between had ended is wanted again.
    if ended := [key for key, state in there.items() if state == "ended"]:
        tx.execute(
            sa.update(jobs)
            .where(jobs.c.key.in_(ended), jobs.c.state == "ended")
            .values(state="waiting", attempts=0, worker_id=None)
        )
    return set(there)


@lru_cache
def _ending_starts(elements: int, keys: int) -> Prepared:
    return Prepared(
        sa.update(jobs)
        .where(
            jobs.c.kind == "start",
            _WAITING,
            jobs.c.activity == sa.bindparam("b_process"),
            jobs.c.key.not_in(listed("b_key_", keys)),
            sa.or_(
                sa.and_(jobs.c.attempts == 0, jobs.c.due_at > sa.bindparam("b_now")),
                jobs.c.element.not_in(listed("b_element_", elements)),
            ),
        )
        .values(state="ended")
    )


@lru_cache
def _of_keys(number: int) -> Prepared:
    return Prepared(sa.select(jobs.c.key, jobs.c.state).where(jobs.c.key.in_(listed("b_key_", number))))


def finish(tx: Transaction, job: Any, state: str = "done") -> bool:
    """End a claimed job; False when it is no longer this worker's or ended meanwhile."""
    return _FINISH.run(tx, job=job.id, attempt=job.attempts, worker=job.worker_id, end=state) == 1


def postpone(tx: Transaction, job: Any, due_at: dt.datetime, error: str) -> None:
    """Try a claimed job again at `due_at`; nothing happens when it is no longer this worker's."""
    tx.execute(
        sa.update(jobs)
        .where(
            jobs.c.id == job.id,
            _WAITING,
            jobs.c.attempts == job.attempts,
            jobs.c.worker_id == job.worker_id,
        )
        .values(due_at=due_at, worker_id=None, error=error)
    )


def wait_on(tx: Transaction, job: Any, due_at: dt.datetime) -> None:
    """A job that was finished in this transaction was not due yet: it waits on, as if it had not been tried."""
    tx.execute(
        sa.update(jobs)
        .where(jobs.c.id == job.id)
        .values(state="waiting", due_at=due_at, attempts=job.attempts - 1, worker_id=None)
    )


def put_back(tx: Transaction, untouched: Sequence[Any]) -> None:
    """Jobs that this worker claimed and has not begun are anybody's, as if they had not been claimed."""
    for job in untouched:
        tx.execute(
            sa.update(jobs)
            .where(_HELD, jobs.c.worker_id == job.worker_id)
            .values(worker_id=None, attempts=jobs.c.attempts - 1),
            {"job": job.id, "attempt": job.attempts},
        )


def take_from(tx: Transaction, worker: int) -> int:
    """What a dead worker held is anybody's; how many jobs. What its transaction still holds is left to it."""
    held = (
        sa.select(jobs.c.id).where(jobs.c.worker_id == worker).order_by(jobs.c.id).with_for_update(skip_locked=True)
    )
    ids = [row.id for row in tx.all(held)]
    if ids:
        tx.execute(sa.update(jobs).where(jobs.c.id.in_(ids)).values(worker_id=None))
    return len(ids)


def holds(tx: Transaction, worker: int) -> bool:
    return tx.scalar(sa.select(jobs.c.id).where(jobs.c.worker_id == worker).limit(1)) is not None


def end(tx: Transaction, activities: Sequence[str]) -> None:
    """The waits of these activities are over: their timers will not fire."""
    if activities:
        _END.each(tx, [{"b_activity": activity} for activity in activities])


def end_all(tx: Transaction, activities: Sequence[str]) -> list[Any]:
    """As `end`, and element and due_at of the timers among them that waited."""
    if not activities:
        return []
    ended = sa.update(jobs).where(jobs.c.activity.in_(activities), _WAITING, jobs.c.kind.in_(_OF_A_WAIT))
    told = (jobs.c.element, jobs.c.due_at, jobs.c.kind)
    rows = tx.all(ended.values(state="ended", worker_id=None).returning(*told))
    return [row for row in rows if row.kind == "timer"]


def unsubscribe(tx: Transaction, activities: Sequence[str]) -> None:
    if activities:
        _UNSUBSCRIBE.each(tx, [{"b_activity": activity} for activity in activities])


def wake_kept(tx: Transaction, waits: Sequence[tuple[str, str]]) -> bool:
    """Messages that came before these (name, key) receivers are delivered now; whether there were any."""
    if not waits:
        return False
    tx.alone(*(_meeting(name, key) for name, key in waits))
    given = {f"b_{part}{n}": text for n, pair in enumerate(waits) for part, text in zip("nk", pair, strict=True)}
    return _waking(len(waits)).run(tx, b_now=tx.now, **given) > 0


@lru_cache(maxsize=50)
def _waking(number: int) -> Prepared:
    # One look-up a pair: of pairs joined by OR, SQLite looks through all messages that are kept.
    now = sa.bindparam("b_now", type_=Instant)
    of_pair = [
        sa.select(jobs.c.id).where(
            _still_kept(now),
            jobs.c.element == sa.bindparam(f"b_n{n}"),
            jobs.c.correlation == sa.bindparam(f"b_k{n}"),
        )
        for n in range(number)
    ]
    return Prepared(sa.update(jobs).where(jobs.c.id.in_(sa.union_all(*of_pair))).values(**_again(now)))


def wake_starters(tx: Transaction, names: Sequence[str]) -> None:
    """Messages that came before there was a process that they start are delivered now."""
    if names:
        tx.execute(sa.update(jobs).where(_still_kept(tx.now), jobs.c.element.in_(names)).values(**_again(tx.now)))


def _still_kept(now: Any) -> sa.ColumnElement[bool]:
    """What has expired is not taken, whether the worker has marked it yet or not."""
    return sa.and_(_KEPT, sa.or_(jobs.c.expires_at.is_(None), jobs.c.expires_at > now))


def _again(now: Any) -> dict[str, Any]:
    return {"state": "waiting", "due_at": now, "worker_id": None, "attempts": 0}


def expire(tx: Transaction) -> None:
    """Messages that nobody took in their time are kept no longer; they are still shown."""
    _EXPIRE.run(tx, now=tx.now)


def end_of_case(tx: Transaction, case_id: int) -> None:
    """The case is over: what waits for it waits no longer. Messages that it has sent go on."""
    tx.execute(
        sa.update(jobs)
        .where(jobs.c.case_id == case_id, jobs.c.state.in_(("waiting", "failed")), jobs.c.kind != "message")
        .values(state="ended", worker_id=None)
    )
    tx.execute(sa.delete(subscriptions).where(subscriptions.c.case_id == case_id))


def deliver(tx: Transaction, message: Any, expires_at: dt.datetime) -> bool:
    """Look for the receiver of a kept, expired or failed message again; False if it is none any more."""
    changed = tx.execute(
        sa.update(jobs)
        .where(jobs.c.id == message.id, jobs.c.state.in_(UNDELIVERED))
        .values(**_again(tx.now), expires_at=expires_at)
    )
    return changed.rowcount == 1


def drop(tx: Transaction, message: Any) -> bool:
    """Nobody is to have this message any more; False if it is on its way or was delivered."""
    changed = tx.execute(
        sa.update(jobs)
        .where(jobs.c.id == message.id, jobs.c.state.in_(UNDELIVERED))
        .values(state="dropped", worker_id=None)
    )
    return changed.rowcount == 1


def keep_again(tx: Transaction, job: Any) -> None:
    """Nobody waits for this message yet: it stays until somebody does or its time is over, and is shown."""
    tx.execute(sa.update(jobs).where(jobs.c.id == job.id).values(state="kept", worker_id=None))


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
    return _RECEIVERS.rows(tx, b_name=name, b_key=key)


_RECEIVERS = Prepared(
    sa.select(subscriptions)
    .where(
        subscriptions.c.kind == "message",
        subscriptions.c.name == sa.bindparam("b_name"),
        subscriptions.c.key == sa.bindparam("b_key"),
    )
    .order_by(subscriptions.c.activity)
)
