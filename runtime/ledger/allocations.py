"""Reserving stock for sales orders, and what is known of the pieces that are missing.

Not here: what is reserved, and freeing it (sales.py), shipping it (shipments.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.ledger import catalogue, documents, stock
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.orders import order_lines, orders
from runtime.ledger.sales import allocations, left, lines_of, release, resize, sales_orders
from runtime.store.db import Transaction


class NothingAllocated(Conflict):
    """There is nothing in stock for order {order}, so there is no part to deliver."""

    code = "sales.nothing_allocated"


class ShortLine(TypedDict):
    """Pieces of one line that are missing, and where others are: `wanted` is still to be shipped, `elsewhere` is free
    in other warehouses, `on_order` is yet to come from suppliers, the first of it on `next_arrival`."""

    component: str
    component_name: str
    wanted: int
    missing: int
    elsewhere: int
    on_order: int
    next_arrival: dt.date | None


class ReservedLine(TypedDict):
    """Pieces of one component that wait in the warehouse for an order."""

    component: str
    component_name: str
    quantity: int


class Allocated(TypedDict):
    reserved_lines: list[ReservedLine]
    short: bool
    short_lines: list[ShortLine]
    allocated_total: int


class Partial(TypedDict):
    amount: Decimal


@operation("sales.allocate")
def allocate(call: Call, order: str, warehouse: str) -> Allocated:
    """Reserve what the warehouse has free for what is still to be shipped of an order; tried again, it tops up.

    `reserved_lines`: what is reserved now. `short_lines` has of each line that is short component, component_name,
    and in pieces what is `wanted` and `missing`, what is free `elsewhere` and what is `on_order`, the first of it on
    `next_arrival`."""
    tx = call.tx
    row = documents.get(tx, sales_orders, order)
    documents.require_state(row, "confirmed")
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    release(tx, row.id)
    lines = [line for line in lines_of(tx, row.id) if left(line)]
    held = stock.balances(tx, [line.component_id for line in lines], [place.id])
    taken: list[tuple[Any, int]] = []
    for line in lines:
        balance = held.get((line.component_id, place.id))
        free = max(balance.on_hand - balance.reserved, 0) if balance else 0
        taken.append((line, min(left(line), free)))
    tx.insert(
        allocations,
        [
            {"order_line_id": line.id, "warehouse_id": place.id, "quantity": pieces}
            for line, pieces in taken
            if pieces
        ],
    )
    stock.reserve(tx, place.id, {line.component_id: pieces for line, pieces in taken if pieces})
    short = [(line, left(line) - pieces) for line, pieces in taken if pieces < left(line)]
    return {
        "reserved_lines": [
            {"component": line.sku, "component_name": catalogue.name(line), "quantity": pieces}
            for line, pieces in taken
            if pieces
        ],
        "short": bool(short),
        "short_lines": _short_lines(tx, place.id, short) if short else [],
        "allocated_total": sum(pieces for _, pieces in taken),
    }


@operation("sales.accept_partial", errors=("nothing_allocated",))
def accept_partial(call: Call, order: str, cut: bool = True) -> Partial:
    """Deliver what is reserved for a confirmed order; what is missing is given up (`cut`), or follows later.

    BPMN error: nothing_allocated."""
    tx = call.tx
    row = documents.get(tx, sales_orders, order)
    documents.require_state(row, "confirmed")
    lines = lines_of(tx, row.id)
    if not any(line.allocated for line in lines):
        raise refuse("nothing_allocated", NothingAllocated(order=row.number))
    if not cut:
        return {"amount": row.amount}
    return {"amount": resize(tx, row, lines, {line.id: line.shipped + line.allocated for line in lines})}


def _short_lines(tx: Transaction, place: int, short: list[tuple[Any, int]]) -> list[ShortLine]:
    components = {line.component_id for line, _ in short}
    elsewhere, coming = _free_elsewhere(tx, place, components), _coming(tx, components)
    return [
        {
            "component": line.sku,
            "component_name": catalogue.name(line),
            "wanted": left(line),
            "missing": missing,
            "elsewhere": elsewhere.get(line.component_id, 0),
            "on_order": coming[line.component_id][0] if line.component_id in coming else 0,
            "next_arrival": coming[line.component_id][1] if line.component_id in coming else None,
        }
        for line, missing in short
    ]


def _free_elsewhere(tx: Transaction, place: int, components: Collection[int]) -> dict[int, int]:
    """Component id → pieces that are free in the other warehouses that are not closed."""
    held = stock.stock_balances.c
    rows = tx.all(
        sa.select(held.component_id, sa.func.sum(held.on_hand - held.reserved).label("pieces"))
        .join(catalogue.warehouses, catalogue.warehouses.c.id == held.warehouse_id)
        .where(
            held.component_id.in_(components),
            held.warehouse_id != place,
            held.on_hand > held.reserved,
            catalogue.warehouses.c.active,
        )
        .group_by(held.component_id)
    )
    return {row.component_id: int(row.pieces) for row in rows}


def _coming(tx: Transaction, components: Collection[int]) -> dict[int, tuple[int, dt.date]]:
    """Component id → pieces of open purchase orders that have not arrived, and when the first are expected."""
    line = order_lines.c
    pieces = line.quantity - line.cancelled - line.accepted
    rows = tx.all(
        sa.select(line.component_id, sa.func.sum(pieces).label("pieces"), sa.func.min(orders.c.eta).label("eta"))
        .join(orders)
        .where(orders.c.state == "open", line.component_id.in_(components), pieces > 0)
        .group_by(line.component_id)
    )
    return {row.component_id: (int(row.pieces), row.eta) for row in rows}
