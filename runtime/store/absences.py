"""Absences that began and are not over: the claims of who is away were given back, and that is done once.

Not here: what is given back (user_tasks.give_back), the leaves themselves, which are of the books (ledger/leave.py)."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from runtime.store.db import Instant, Transaction, metadata

absences = sa.Table(
    "absences",
    metadata,
    sa.Column("leave", sa.String(32), primary_key=True),  # its public id
    sa.Column("freed_at", Instant, nullable=False),
)


def note(tx: Transaction, leaves: Collection[str]) -> None:
    """It was done of these."""
    tx.insert(absences, [{"leave": leave, "freed_at": tx.now} for leave in sorted(leaves)])


def forget(tx: Transaction, leaves: Collection[str]) -> None:
    """These are over."""
    if leaves:
        one = sa.delete(absences).where(absences.c.leave == sa.bindparam("b_leave"))
        tx.execute(one, [{"b_leave": leave} for leave in sorted(leaves)])
