"""Demand history: an imported series of pieces a day per component, for forecasts.

Never stock movements, and never made from them. Only days with demand are rows; the
series' first and last day say which days had none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import sqlalchemy as sa

from runtime.ledger.catalogue import found_among, those, way
from runtime.store.db import Transaction, metadata
from runtime.store.prepared import Prepared

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

_FOUR = Decimal("0.0001")


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
    how, given = (None, {}) if components is None else (way(components), those(components))
    windows = {}
    for component, first_day, last_day in _series(how).all(tx, b_yesterday=yesterday, **given):
        end = min(last_day, yesterday)
        windows[component] = (max(first_day, end - dt.timedelta(days=window - 1)), end)
    totals = {}
    if windows:
        days = {"b_yesterday": yesterday, "b_begun": yesterday - dt.timedelta(days=window - 1), "b_today": today}
        rows = _totals(tx.connection.dialect.name, how, window).all(tx, **days, **given)
        totals = {component: (int(total), int(squares)) for component, total, squares in rows}
    return {
        component: _of(totals.get(component, (0, 0)), (end - start).days + 1)
        for component, (start, end) in windows.items()
        if end > start
    }


@lru_cache
def _series(how: int | None) -> Prepared:
    series = demand_series.c
    chosen = sa.select(series.component_id, series.first_day, series.last_day)
    chosen = chosen.where(series.first_day < sa.bindparam("b_yesterday"))
    return Prepared(chosen if how is None else chosen.where(found_among(series.component_id, how)))


@lru_cache
def _totals(dialect: str, how: int | None, window: int) -> Prepared:
    series, yesterday = demand_series.c, sa.bindparam("b_yesterday", type_=sa.Date)
    # Before a series there are no rows, and after it neither: only how long ago the window began differs.
    begun = sa.case(
        (series.last_day < yesterday, _days_before(dialect, series.last_day, window - 1)),
        else_=sa.bindparam("b_begun", type_=sa.Date),
    )
    found = (
        sa.select(
            series.component_id,
            sa.func.sum(demand.c.pieces).label("total"),
            sa.func.sum(demand.c.pieces * demand.c.pieces).label("squares"),
        )
        .join(demand, series.component_id == demand.c.component_id)
        .where(demand.c.day >= begun, demand.c.day < sa.bindparam("b_today"))
        .group_by(series.component_id)
    )
    # Of the series, so that each is looked up once and its days are found by their index.
    return Prepared(found if how is None else found.where(found_among(series.component_id, how)))


def _days_before(dialect: str, day: sa.ColumnElement[dt.date], days: int) -> sa.ColumnElement[dt.date]:
    if dialect == "postgresql":
        return day - sa.literal(days)
    return sa.func.date(day, f"-{days} days", type_=sa.Date)


def _of(totals: Sequence[int], days: int) -> Demand:
    total, squares = totals
    # (n·Σx² − (Σx)²) / (n·(n−1)) stays an integer fraction until the one division.
    variance = Decimal(days * squares - total * total) / (days * (days - 1))
    return Demand((Decimal(total) / days).quantize(_FOUR), variance.sqrt().quantize(_FOUR), days)
