"""Imports from Excel: a second person behind each, and the books have what was taken in.

Not here: people who came by one, whose days of employment appraisals.py looks at."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.demand import demand, demand_series
from runtime.ledger.imports import imports
from runtime.ledger.stock import stock_movements
from runtime.store.db import Transaction


@invariant("books")
def imports_are_approved_by_another(tx: Transaction) -> Iterator[Problem]:
    """What was taken in from Excel had no problem left, was approved by somebody else than its importer, and each
    difference from the control totals was explained."""
    own = imports.c
    for row in tx.all(sa.select(imports).where(own.state.in_(("approved", "taken"))).order_by(own.id)):
        differs = any(row.totals.get(measure) != given for measure, given in row.controls.items())
        if row.problems or row.reviewed_by in (None, row.imported_by) or (differs and not row.explanation):
            yield Problem("not_approved", "Nobody else approved it as it is", f"imports/{row.number}", {})


@invariant("books")
def imported_stock_is_in_the_books(tx: Transaction) -> Iterator[Problem]:
    """Opening stock that was taken in from Excel is a movement for each of its rows; other imports moved nothing."""
    own, movement = imports.c, stock_movements.c
    posted = (
        sa.select(
            movement.document,
            sa.func.count().label("rows"),
            sa.func.sum(movement.quantity).label("pieces"),
        )
        .where(movement.kind == "opening")
        .group_by(movement.document)
        .subquery()
    )
    query = (
        sa.select(own.number, own.state, own.totals, posted.c.rows, posted.c.pieces)
        .outerjoin(posted, posted.c.document == own.public_id)
        .where(own.kind == "opening")
        .order_by(own.id)
    )
    for row in tx.all(query):
        there = (int(row.rows or 0), int(row.pieces or 0))
        wanted = (row.totals["count"], row.totals["quantity"]) if row.state == "taken" else (0, 0)
        if there != wanted:
            yield Problem(
                "differs_from_import", "{rows} rows with {pieces} pieces are in the books", f"imports/{row.number}",
                {"rows": there[0], "pieces": there[1]},
            )  # fmt: skip


@invariant("books")
def imported_demand_is_in_the_books(tx: Transaction) -> Iterator[Problem]:
    """Past demand that was taken in from Excel is the history of its components, to the piece; other imports brought
    none, and no day lies outside of its component's history."""
    own, series, day = imports.c, demand_series.c, demand.c
    brought = (
        sa.select(series.source, sa.func.sum(day.pieces).label("pieces"))
        .join(demand, day.component_id == series.component_id)
        .group_by(series.source)
        .subquery()
    )
    query = (
        sa.select(own.number, own.state, own.totals, brought.c.pieces)
        .outerjoin(brought, brought.c.source == own.public_id)
        .where(sa.or_(own.kind == "demand", brought.c.source.is_not(None)))
        .order_by(own.id)
    )
    for row in tx.all(query):
        there = int(row.pieces or 0)
        if there != (row.totals["quantity"] if row.state == "taken" else 0):
            yield Problem(
                "differs_from_import", "{rows} rows with {pieces} pieces are in the books", f"imports/{row.number}",
                {"rows": 0, "pieces": there},
            )  # fmt: skip
    outside = (
        sa.select(day.component_id)
        .outerjoin(demand_series, series.component_id == day.component_id)
        .where(sa.or_(series.component_id.is_(None), day.day < series.first_day, day.day > series.last_day))
        .distinct()
    )
    for component in tx.connection.execute(outside).scalars():
        yield Problem("outside_history", "Demand lies outside of its history", f"components/{component}", {})
