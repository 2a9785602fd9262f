"""What became of a matter after its case was over: a leave that was granted, and then taken back or cut short.

Not here: how the case itself ended (inbox.outcome), who may see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import access
from runtime.identity import Actor
from runtime.ledger.leave import leaves
from runtime.store.cases import cases
from runtime.store.db import Transaction

WITHDRAWN, ENDED_EARLY = "withdrawn", "ended_early"


@dataclass(frozen=True)
class Since:
    """`kind`: withdrawn | ended_early, then `last_day` is the last that was taken. `case` and its `title` are of the
    case that did it: "" and {} where the reader may not see it."""

    kind: str
    at: dt.datetime
    last_day: dt.date | None
    case: str
    title: Mapping[str, str]


def since(tx: Transaction, actor: Actor, over: Collection[str]) -> dict[str, Since]:
    """Public id of a case → what became of what it granted, of those of which something did.

    Nothing of a leave that its own case took back: how that ended says it."""
    if not over:
        return {}
    seen = sa.and_(cases.c.public_id == leaves.c.ended_by, access.case_visible(actor))
    rows = tx.all(
        sa.select(leaves.c.case, leaves.c.state, leaves.c.ended_at, leaves.c.last_day, cases.c.public_id, cases.c.title)
        .select_from(leaves)
        .outerjoin(cases, seen)
        .where(leaves.c.case.in_(list(over)), leaves.c.ended_by.is_not(None), leaves.c.ended_by != leaves.c.case)
    )
    return {
        row.case: Since(
            WITHDRAWN if row.state == "withdrawn" else ENDED_EARLY,
            row.ended_at,
            None if row.state == "withdrawn" else row.last_day,
            row.public_id or "",
            row.title or {},
        )
        for row in rows
    }
