"""Absences that began: the claims of who is away were given back, and that is done once.

Not here: what is given back (user_tasks.give_back), the leaves themselves, which are of the books (ledger/leave.py)."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import sqlalchemy as sa

from runtime.store.db import Instant, Transaction, metadata
from runtime.store.prepared import Prepared, listed, numbered, size

absences = sa.Table(
    "absences",
    metadata,
    sa.Column("leave", sa.String(32), primary_key=True),  # its public id
    sa.Column("freed_at", Instant, nullable=False),
)


def freed(tx: Transaction, leaves: Collection[str]) -> frozenset[str]:
    """Those of the leaves of which it was done."""
    if not leaves:
        return frozenset()
    return frozenset(leave for (leave,) in _freed(size(leaves)).all(tx, **numbered("b_", leaves)))


@lru_cache
def _freed(number: int) -> Prepared:
    return Prepared(sa.select(absences.c.leave).where(absences.c.leave.in_(listed("b_", number))))


def note(tx: Transaction, leaves: Collection[str]) -> None:
    """It was done of these."""
    tx.insert(absences, [{"leave": leave, "freed_at": tx.now} for leave in sorted(leaves)])
