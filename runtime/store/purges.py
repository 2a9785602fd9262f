"""What is left of cases whose details were erased: one tombstone each, chained over the installation.

A tombstone holds where the case's own log ended and by which hash; each one's `link` is over
the one before it, so that none can be taken away, changed or put between. Not here: erasing
(commands/purge.py)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Transaction, metadata

PURGED = "purged"  # cases.status of a case that is only a tombstone

purged_cases = sa.Table(
    "purged_cases",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False, unique=True),
    sa.Column("public_id", sa.String(32), nullable=False),
    sa.Column("process", sa.String(128), nullable=False),
    sa.Column("outcome", sa.String(12), nullable=False),  # the status that it had
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),  # of its last event
    sa.Column("chain", sa.String(64), nullable=False),  # hash of its last event
    sa.Column("purged_at", Instant, nullable=False),
    sa.Column("link", sa.String(64), nullable=False),
)
LINKED = [column.name for column in purged_cases.c if column.name not in ("id", "case_id", "link")]


def link(previous: str, row: dict[str, Any]) -> str:
    """The chain's next hash: over the previous one and everything that is told of the case."""
    told = [row[name] for name in LINKED]
    parts = [
        each.astimezone(dt.UTC).isoformat() if isinstance(each, dt.datetime) else str(each) for each in told
    ]
    return hashlib.sha256("\x1f".join([previous, *parts]).encode()).hexdigest()


def newest(tx: Transaction) -> str:
    """The chain's end; "" where nothing was purged."""
    return tx.scalar(sa.select(purged_cases.c.link).order_by(purged_cases.c.id.desc()).limit(1)) or ""


def bury(tx: Transaction, cases: list[Any]) -> str:
    """A tombstone for each of these rows of cases, in order; the chain's new end."""
    tx.alone("purged_cases")
    end, rows = newest(tx), []
    for case in cases:
        row = {
            "case_id": case.id,
            "public_id": case.public_id,
            "process": case.process,
            "outcome": case.status,
            "started_at": case.started_at,
            "ended_at": case.ended_at,
            "sequence": case.sequence,
            "chain": case.chain,
            "purged_at": tx.now,
        }
        end = row["link"] = link(end, row)
        rows.append(row)
    tx.insert(purged_cases, rows)
    return end


def tombstones(tx: Transaction) -> Iterator[Any]:
    """All of them in order, some at a time."""
    yield from tx.execute(
        sa.select(purged_cases).order_by(purged_cases.c.id).execution_options(yield_per=500)
    )
