"""Past demand from Excel: what customers wanted of each component on each day, for forecasts and safety stock.

A component's series runs from the first to the last day that the file names; days between them that it does not name
had no demand. It comes in once, whole: later days come from sales. Not here: the way in (imports.py), what is made
of it (demand.py, safety.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from runtime.ledger import catalogue, demand, inventory
from runtime.ledger.import_kinds import (
    KINDS,
    Column,
    Compared,
    Finding,
    Hands,
    Kind,
    Line,
    Row,
    Rows,
    SheetOf,
    Total,
)
from runtime.ledger.operations import Call
from runtime.store.db import Transaction
from runtime.workbooks import MOST_ROWS

SHEET = SheetOf(
    "demand",
    "Past demand",
    (
        Column("component", "Component no.", "code", "As it is listed here.", "LJ-M60-295", must=True),
        Column(
            "day", "Day", "date",
            "A day before today. Days between the first and the last had none if they are left out.", "2026-03-31",
            must=True,
        ),
        Column(
            "quantity", "Quantity", "pieces", "Whole pieces that were wanted that day, delivered or not; 0 counts too.",
            "12", must=True,
        ),
    ),
    ("component", "day"),
    must=True,
    most=MOST_ROWS,
)  # fmt: skip


OLDEST = 10  # years: a day mistyped long ago would make every day since then one without demand


def judge(call: Call, rows: Rows) -> Iterator[Finding]:
    """Components that nobody knows or that have a history, and days that are not over or too long ago."""
    first = dt.date(call.today.year - OLDEST, 1, 1)
    listed = _components(call.tx)
    known = set(call.tx.connection.execute(sa.select(demand.demand_series.c.component_id)).scalars())
    for row in _rows(rows):
        sku, day = row["component"], row["day"]
        if sku is not None and sku not in listed:
            yield Finding("unknown_component", SHEET.key, row, "component", sku)
        elif sku is not None and listed[sku] in known:
            yield Finding("in_books", SHEET.key, row, "component", sku)
        if day is not None and day >= call.today:
            yield Finding("in_the_future", SHEET.key, row, "day", day.isoformat())
        if day is not None and day < first:
            yield Finding("odd_date", SHEET.key, row, "day", day.isoformat())


def totals(tx: Transaction, rows: Rows) -> list[Total]:
    """Rows and pieces of each month, which is how other systems report them."""
    found: dict[str, list[Row]] = {}
    for row in _rows(rows):
        found.setdefault(_month(row["day"]) if row["day"] else row.cells.get("day", ""), []).append(row)
    return [
        Total(month, len(mine), sum(row["quantity"] or 0 for row in mine))
        for month, mine in sorted(found.items())
    ]


def lines(tx: Transaction, rows: Rows) -> list[Line]:
    return [
        Line(
            SHEET.key, row.number, str(row["component"] or ""), row["day"].isoformat() if row["day"] else "",
            row["quantity"],
        )
        for row in _rows(rows)
    ]  # fmt: skip


def take(call: Call, rows: Rows, document: str, hands: Hands) -> None:
    """A series each; what the components need is reviewed with it at once."""
    listed = _components(call.tx)
    series = [_series(listed[sku], mine) for sku, mine in _by_component(rows).items()]
    demand.load(call.tx, series, document)
    inventory.review(call, [one.component_id for one in series])


def _series(component: int, mine: Sequence[Row]) -> demand.Series:
    days: dict[dt.date, int] = {row["day"]: row["quantity"] for row in mine}
    first, last = min(days), max(days)
    span = (last - first).days + 1
    return demand.Series(component, first, [days.get(first + dt.timedelta(days=n), 0) for n in range(span)])


def compare(tx: Transaction, rows: Rows, document: str) -> list[Compared]:
    """Pieces of each month, and how many components have a history of this file."""
    series, day = demand.demand_series.c, demand.demand.c
    taken = sa.select(series.component_id).where(series.source == document)
    found: dict[str, int] = {}
    for row in tx.all(sa.select(day.day, day.pieces).where(day.component_id.in_(taken))):
        found[_month(row.day)] = found.get(_month(row.day), 0) + row.pieces
    months = [
        Compared(total.what, "pieces", total.quantity or 0, found.pop(total.what, 0)) for total in totals(tx, rows)
    ]
    months += [Compared(month, "pieces", 0, pieces) for month, pieces in sorted(found.items())]
    count = tx.scalar(sa.select(sa.func.count()).select_from(taken.subquery())) or 0
    return [Compared("components", "rows", len(_by_component(rows)), count), *months]


def _rows(rows: Rows) -> Sequence[Row]:
    return rows.get(SHEET.key, ())


def _by_component(rows: Rows) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in _rows(rows):
        found.setdefault(row["component"], []).append(row)
    return found


def _components(tx: Transaction) -> dict[str, int]:
    return {row.sku: row.id for row in tx.all(sa.select(catalogue.components.c.sku, catalogue.components.c.id))}


def _month(day: dt.date) -> str:
    return f"{day:%Y-%m}"


KINDS["demand"] = Kind(
    "demand", "Past demand", (SHEET,), "demand", ("count", "quantity"), ("admin", "analyst", "supervisor"),
    judge, totals, lines, take, compare,
)  # fmt: skip
