"""External tasks: whether there is something to fetch, and which topics wait for whom.

Not here: fetching (commands/external_tasks.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import library
from runtime.identity import Actor, require
from runtime.store import external_tasks
from runtime.store.db import Transaction

LATELY = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Topic:
    """How many tasks of a topic are open, how many of them somebody holds, since when the oldest waits; who
    last asked for work, and when. `names`: what the drawings call its work; `served`: whether that was lately."""

    topic: str
    open: int
    locked: int
    failed: int
    oldest: dt.datetime
    worker: str
    fetched_at: dt.datetime | None
    served: bool
    names: tuple[Mapping[str, str], ...] = ()


def worth_fetching(tx: Transaction, actor: Actor, wanted: Sequence[str]) -> bool:
    """Whether fetching would find something, or operators should see that somebody asked. Rights are
    checked where it is fetched."""
    if external_tasks.any_available(tx, wanted):
        return True
    for topic in wanted:
        last = external_tasks.fetched(tx, topic)
        # Not with each poll: that would be a write a second by every worker that has nothing to do.
        if last is None or last.fetched_at < tx.now - LATELY / 5:
            return True
    return False


def topics(tx: Transaction, actor: Actor) -> list[Topic]:
    """Those with open tasks, the one that waits longest first. Needs the right to operate cases."""
    require(actor, "operate", "case")
    task, last = external_tasks.external_tasks.c, external_tasks.topics.c
    held = sa.and_(task.state == "open", task.locked_until > tx.now)
    rows = tx.all(
        sa.select(
            task.topic,
            sa.func.count().label("open"),
            sa.func.sum(sa.case((held, 1), else_=0)).label("locked"),
            sa.func.sum(sa.case((task.state == "failed", 1), else_=0)).label("failed"),
            sa.func.min(task.created_at).label("oldest"),
            sa.func.max(last.worker).label("worker"),
            sa.func.max(last.fetched_at).label("fetched_at"),
        )
        .select_from(external_tasks.external_tasks)
        .outerjoin(external_tasks.topics, last.topic == task.topic)
        .where(task.state.in_(("open", "failed")))
        .group_by(task.topic)
        .order_by(sa.func.min(task.created_at), task.topic)
    )
    names = _names(tx)
    return [
        Topic(
            row.topic, row.open, row.locked, row.failed, row.oldest, row.worker or "", row.fetched_at,
            row.fetched_at is not None and row.fetched_at >= tx.now - LATELY, tuple(names.get(row.topic, ())),
        )
        for row in rows
    ]  # fmt: skip


def _names(tx: Transaction) -> dict[str, list[Mapping[str, str]]]:
    """Topic → what its waiting elements are called where they are drawn now, each once."""
    task = external_tasks.external_tasks.c
    waiting = sa.select(task.topic, task.process, task.element).where(task.state.in_(("open", "failed"))).distinct()
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in tx.all(waiting.order_by(task.topic, task.process, task.element)):
        drawn = library.newest(tx, "bpmn", row.process)
        node = library.nodes(tx, drawn.id).get(row.element) if drawn else None
        names = (node and node.names) or {"en": row.element}
        if names not in found.setdefault(row.topic, []):
            found[row.topic].append(names)
    return found
