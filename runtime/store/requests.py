"""Requests that their senders named by an idempotency key, and what came of each: so that asking again does nothing.

Not here: what is asked (commands/requests.py). Neither the key nor what was asked stands here, only digests."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from runtime.store import db
from runtime.store.db import Instant, Transaction, metadata

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("key", sa.String(100), primary_key=True),  # who asks, and a digest of the key
    sa.Column("asked", sa.String(64), nullable=False),  # a digest of what was asked
    sa.Column("case_id", sa.ForeignKey("cases.id")),  # that it started or moved, if it was one
    sa.Column("until", Instant, nullable=False, index=True),  # db.forget_over
)


def find(tx: Transaction, key: str) -> Any:
    """What was asked under this key, or None. From here on whoever asks under it waits for this transaction."""
    tx.alone(f"request {key}")
    return tx.first(sa.select(requests).where(requests.c.key == key, requests.c.until > tx.now))


def keep(tx: Transaction, key: str, asked: str, case_id: int | None, time: dt.timedelta) -> None:
    """It was done, after `find` found nothing."""
    tx.execute(sa.delete(requests).where(requests.c.key == key))
    tx.insert(requests, [{"key": key, "asked": asked, "case_id": case_id, "until": tx.now + time}])
    db.forget_over(tx, requests)
