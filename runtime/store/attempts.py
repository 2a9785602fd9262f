"""How often somebody tried something of which only so much is allowed: one row a key and window of time.

All processes of an installation count here, on whatever machine they run. Not here: what is limited, and
to how much (commands/attempts.py, web/security.py). A key is a digest: neither an address nor what
somebody typed as their name stands here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from runtime.store import db
from runtime.store.db import Instant, Transaction, metadata

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("until", Instant, nullable=False, index=True),  # db.forget_over
)


def made(tx: Transaction, keys: Sequence[str]) -> dict[str, int]:
    """How often each was tried within its window; without those that were not."""
    found = sa.select(attempts.c.key, attempts.c.tries)
    return {row.key: row.tries for row in tx.all(found.where(attempts.c.key.in_(keys), attempts.c.until > tx.now))}


def note(tx: Transaction, key: str, seconds: int) -> int:
    """Once more; how often within its window, which begins with the first and is so many seconds long."""
    end = sa.literal(tx.now + dt.timedelta(seconds=seconds), Instant)
    over = attempts.c.until <= tx.now
    tries: int = tx.scalar(
        db.upsert(tx, attempts)
        .values(key=key, tries=1, until=end)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "tries": sa.case((over, 1), else_=attempts.c.tries + 1),
                "until": sa.case((over, end), else_=attempts.c.until),
            },
        )
        .returning(attempts.c.tries)
    )
    if tries == 1:
        db.forget_over(tx, attempts)
    return tries
