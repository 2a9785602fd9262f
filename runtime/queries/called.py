"""The cases that a case called: title, with whom each is, and whether it ended.

A case calls another by the message that begins it, if that process sends a message which the caller's diagram waits
for: a stocktake its count sheets. Whoever sees the caller is told this much of them, also where they may not open
them; not at which step they stand, since that tells what was found in them (a sheet that is counted again). Not of
confidential ones. Not here: where an open case waits, as lists say it (standing.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from runtime import access, library
from runtime.bpmn.model import SENDING
from runtime.identity import Actor
from runtime.queries.standing import Holder, holders
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.jobs import jobs
from runtime.store.purges import PURGED

MOST = 100  # of one case; the open ones first, then the newest


@dataclass(frozen=True)
class Called:
    """`id` is "" where the reader may not open it; `holders`: with whom it is, each once, while it is open."""

    id: str
    title: Mapping[str, str]
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True)
class Calls:
    """`more`: how many there are beside the first MOST."""

    first: list[Called] = field(default_factory=list)
    more: int = 0


def called(tx: Transaction, actor: Actor, case: Any) -> Calls:
    """`case`: the caller's row, which the actor sees, of a confidential one all. No statement where the diagram calls
    nothing, else at most three."""
    processes = _calls(tx, case)
    if not processes:
        return Calls()
    rows = tx.all(
        sa.select(
            *(cases.c[name] for name in ("id", "public_id", "title", "status", "started_at", "ended_at")),
            access.case_visible(actor).label("seen"),
            sa.func.count().over().label("all"),
        )
        .join(jobs, sa.and_(jobs.c.key == cases.c.cause, jobs.c.kind == "message"))
        .where(
            jobs.c.case_id == case.id,
            jobs.c.state == "done",
            # Found by what began them, never among all cases of such a process.
            (cases.c.process + "").in_(processes),
            cases.c.confidential.is_(False),
            cases.c.status != PURGED,
        )
        .order_by(cases.c.ended_at.is_not(None), cases.c.id.desc())
        .limit(MOST)
    )
    held = holders(tx, [row.id for row in rows if row.ended_at is None])
    first = [
        Called(
            row.public_id if row.seen else "", row.title, row.status, row.started_at, row.ended_at,
            held.get(row.id, ()),
        )
        for row in rows
    ]  # fmt: skip
    return Calls(first, rows[0].all - len(first) if rows else 0)


def _calls(tx: Transaction, case: Any) -> list[str]:
    """The processes that answer, by a message, what the case waits for."""
    waited = {
        node.trigger.name
        for resource in case.bindings.values()
        for node in library.process(tx, resource).walk()
        if node.trigger is not None and node.trigger.kind == "message"
        if node.kind not in SENDING and node.kind != "startEvent"
    }
    return sorted({process for process, name in library.answers(tx) if name in waited})
