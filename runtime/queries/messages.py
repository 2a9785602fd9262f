"""Messages that found no receiver: kept until somebody waits, expired, or fitting several cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import access
from runtime.identity import SYSTEM, Actor, require
from runtime.store import jobs
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.event_log import events
from runtime.values import Value

SENTENCES = {"kept": "kept", "expired": "expired", "failed": "could not be delivered"}


@dataclass(frozen=True)
class Message:
    """`case`, `title` and `element` tell who sent it, and are empty for one from outside.

    `key` and `payload` are None where the reader may not see what its case holds; the same
    goes for the payload of a message from outside, unless they may send messages."""

    id: str
    name: str
    key: str | None
    state: str  # kept | expired | failed
    since: dt.datetime
    until: dt.datetime | None
    case: str
    title: Mapping[str, str]
    process: str
    element: str
    payload: Mapping[str, Value] | None


def listing(tx: Transaction, actor: Actor, limit: int = 200) -> list[Message]:
    """Oldest first. Needs the right to operate cases."""
    require(actor, "operate", "case")
    job = jobs.jobs
    # What threw it: the step stands in its case's log.
    thrower = (
        sa.select(events.c.element)
        .where(
            events.c.case_id == job.c.case_id,
            events.c.activity == job.c.activity,
            events.c.kind.in_(("message_sent", "operated")),
        )
        .order_by(events.c.sequence)
        .limit(1)
        .correlate(job)
        .scalar_subquery()
    )
    rows = tx.all(
        sa.select(
            job,
            cases.c.public_id.label("case"),
            cases.c.title,
            cases.c.process,
            thrower.label("thrower"),
            access.case_visible(actor, fully=True).label("fully"),
            sa.func.coalesce(cases.c.confidential, False).label("confidential"),
        )
        .outerjoin(cases, cases.c.id == job.c.case_id)
        .where(job.c.kind == "message", job.c.state.in_(jobs.UNDELIVERED))
        .order_by(job.c.id)
        .limit(limit)
    )
    sends = actor is SYSTEM or actor.may("send", "message")
    found = []
    for row in rows:
        seen = bool(row.fully) if row.case else sends
        late = row.state == "kept" and row.expires_at is not None and row.expires_at <= tx.now
        # Without a key of its own a message means its very case.
        key = "" if row.correlation == row.case else row.correlation or ""
        found.append(
            Message(
                row.public_id or "", row.element, None if row.confidential and not seen else key,
                "expired" if late else row.state, row.created_at, row.expires_at,
                row.case or "", row.title or {}, row.process or "", row.thrower or "",
                (row.payload or {}) if seen else None,
            )
        )  # fmt: skip
    return found
