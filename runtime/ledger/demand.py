"""Demand history: an imported series of pieces a day per component, for forecasts.

Never stock movements, and never made from them. Only days with demand are rows; the
series' first and last day say which days had none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from runtime.store.db import Transaction, metadata

demand_series = sa.Table(
    "demand_series",
    metadata,
    sa.Column("component_id", sa.ForeignKey("components.id"), primary_key=True),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
)

demand = sa.Table(
    "demand",
    metadata,
    sa.Column("component_id", sa.ForeignKey("components.id"), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("pieces", sa.BigInteger, nullable=False),
    sa.CheckConstraint("pieces > 0", name="pieces"),
)


@dataclass(frozen=True)
class Demand:
    """Pieces a day over a window: mean and sample standard deviation, to four places."""

    mean: Decimal
    deviation: Decimal
    days: int


@dataclass(frozen=True)
class Series:
    """`pieces[n]` were wanted on the n-th day after `first_day`."""

    component_id: int
    first_day: dt.date
    pieces: Sequence[int]


def load(tx: Transaction, series: Collection[Series], source: str) -> int:
    """Import whole series of components that have none yet; how many days."""
    tx.insert(
        demand_series,
        [
            {
                "component_id": one.component_id,
                "first_day": one.first_day,
                "last_day": one.first_day + dt.timedelta(days=len(one.pieces) - 1),
                "source": source,
            }
            for one in series
            if one.pieces
        ],
    )
    tx.insert(
        demand,
        [
            {
                "component_id": one.component_id,
                "day": one.first_day + dt.timedelta(days=number),
                "pieces": pieces,
            }
            for one in series
            for number, pieces in enumerate(one.pieces)
            if pieces
        ],
    )
    return sum(len(one.pieces) for one in series)


def daily(
    tx: Transaction, today: dt.date, window: int, components: Collection[int] | None = None
) -> dict[int, Demand]:
    """Component id → its demand over the last `window` days of history before `today`.

    A component without two days of history is absent. Sums are integers, so exact."""
    yesterday = today - dt.timedelta(days=1)
    chosen = sa.select(demand_series).where(demand_series.c.first_day < yesterday)
    if components is not None:
        chosen = chosen.where(demand_series.c.component_id.in_(set(components)))
    windows = {}
    for series in tx.all(chosen):
        end = min(series.last_day, yesterday)
        start = max(series.first_day, end - dt.timedelta(days=window - 1))
        windows[series.component_id] = (start, end)
    if not windows:
        return {}
    earliest = min(start for start, _ in windows.values())
    rows = tx.all(
        sa.select(demand.c.component_id, demand.c.day, demand.c.pieces).where(
            demand.c.day >= earliest, demand.c.day < today, demand.c.component_id.in_(windows)
        )
    )
    totals = {component: [0, 0] for component in windows}
    for row in rows:
        start, end = windows[row.component_id]
        if start <= row.day <= end:
            totals[row.component_id][0] += row.pieces
            totals[row.component_id][1] += row.pieces * row.pieces
    return {
        component: _of(totals[component], (end - start).days + 1)
        for component, (start, end) in windows.items()
        if end > start
    }


def _of(totals: Sequence[int], days: int) -> Demand:
    total, squares = totals
    # (n·Σx² − (Σx)²) / (n·(n−1)) stays an integer fraction until the one division.
    variance = Decimal(days * squares - total * total) / (days * (days - 1))
    four = Decimal("0.0001")
    return Demand((Decimal(total) / days).quantize(four), variance.sqrt().quantize(four), days)
