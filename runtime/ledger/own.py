"""What a form offers that is the reader's own: their leaves, and nobody else's.

Not here: what everybody may choose from (reading.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping

import sqlalchemy as sa

from runtime.ledger.leave import COUNTS, leaves
from runtime.store.db import Transaction

Options = dict[str, list[dict[str, str]]]


def own_leaves(tx: Transaction, person: str, today: dt.date) -> list[dict[str, str]]:
    """Those that are asked for or granted and not over, the next one first: number and days."""
    mine = sa.and_(leaves.c.person == person, leaves.c.state.in_(COUNTS), leaves.c.last_day >= today)
    return [
        {"value": row.number, "label": f"{row.number} · {row.first_day} – {row.last_day}"}
        for row in tx.all(sa.select(leaves).where(mine).order_by(leaves.c.first_day, leaves.c.id))
    ]


SOURCES: Mapping[str, Callable[[Transaction, str, dt.date], list[dict[str, str]]]] = {"own_leaves": own_leaves}


def options(
    tx: Transaction, sources: Collection[str], person: str, today: dt.date, held: Mapping[str, Collection[str]]
) -> Options:
    """Of each of these that is one's own: source → [{value, label}]; what is `held` (source → codes) stays readable
    by its code when it is on offer no more."""
    found: Options = {}
    for source in SOURCES.keys() & {*sources, *held}:
        offered = SOURCES[source](tx, person, today) if source in sources else []
        known = {each["value"] for each in offered}
        found[source] = offered + [
            {"value": code, "label": code} for code in sorted(held.get(source, ())) if code not in known
        ]
    return found
