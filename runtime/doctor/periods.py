"""Closed periods: in order, by somebody, with a reason for what was left open; nothing came into them afterwards.

Not here: how a posting is dated (ledger/periods.py)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger import periods
from runtime.ledger.periods import CLOSED, POSTINGS, period_closings
from runtime.store.db import Transaction


@invariant("books")
def postings_are_in_open_periods(tx: Transaction) -> Iterator[Problem]:
    """Every posting stands on its own day, or on the first day that was open when it was written."""
    closings = tx.all(sa.select(period_closings).where(CLOSED).order_by(period_closings.c.opens))
    for table, day in POSTINGS.items():
        # Between two closings the same days were open.
        marks = [(0, None), *((row.last_postings.get(table.name, 0), row.opens) for row in closings)]
        for (first, opens), last in pairwise([*marks, (None, None)]):
            own = table.c[day]
            right = own if opens is None else sa.case((own < opens, sa.literal(opens, sa.Date())), else_=own)
            query = sa.select(table.c.id, table.c.posting_date, right.label("right")).where(
                table.c.id > first, table.c.posting_date != right
            )
            if last[0] is not None:
                query = query.where(table.c.id <= last[0])
            for row in tx.execute(query.execution_options(yield_per=500)):
                yield Problem(
                    "posted_elsewhere", "It is posted to {day}; the first open day was {right}",
                    f"{table.name}/{row.id}",
                    {"day": row.posting_date.isoformat(), "right": row.right.isoformat()},
                )  # fmt: skip


@invariant("books")
def periods_close_in_order(tx: Transaction) -> Iterator[Problem]:
    """Periods are closed one after another, and what stays open in one was allowed by a second person for a reason."""
    former = None
    for row in tx.all(sa.select(period_closings).where(CLOSED).order_by(period_closings.c.period)):
        where = f"period_closings/{row.number}"
        if former is not None and row.period != periods.following(former):
            yield Problem(
                "period_left_out", "{period} was closed after {former}", where,
                {"period": row.period, "former": former},
            )  # fmt: skip
        if row.opens != periods.first_day(periods.following(row.period)) or row.closed_by is None:
            yield Problem("closing_not_whole", "It does not say who closed it, or until when", where, {})
        if row.items and (row.allowed_by in (None, row.closed_by) or not row.reason):
            yield Problem(
                "left_open_alone", "{count} items stayed open that no second person allowed", where,
                {"count": len(row.items)},
            )  # fmt: skip
        former = row.period
