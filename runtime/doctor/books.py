"""Stock and reservations: every figure that is kept is the sum of what it is made from.

Not here: orders, plans, receipts and their amounts (documents.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.catalogue import components, warehouses
from runtime.ledger.demand import demand, demand_series
from runtime.ledger.operations import effects
from runtime.ledger.receipts import receipt_lines, receipts
from runtime.ledger.remedies import sales_remedy_lines, sales_replacements, sales_return_lines, sales_returns
from runtime.ledger.safety import OPEN, stock_alerts
from runtime.ledger.sales import allocations, sales_order_lines, sales_orders
from runtime.ledger.shipments import shipment_lines, shipments
from runtime.ledger.stock import stock_balances, stock_movements
from runtime.store.db import Transaction

SOME = 500  # rows that are read at a time


def _sums(amount: sa.ColumnElement[int], *by: sa.ColumnElement[int]) -> sa.Subquery:
    total = sa.func.sum(amount).label("pieces")
    return sa.select(*(each.label(f"by{n}") for n, each in enumerate(by)), total).group_by(*by).subquery()


def _balances(
    tx: Transaction, kept: sa.ColumnElement[int], sums: sa.Subquery
) -> Iterator[tuple[str, int, int]]:
    """(place, kept, sum) of each component in each warehouse where they differ."""
    balance = stock_balances.c
    total = sa.func.coalesce(sums.c.pieces, 0)
    here = sa.and_(sums.c.by0 == balance.component_id, sums.c.by1 == balance.warehouse_id)
    query = (
        sa.select(components.c.sku, warehouses.c.code, kept.label("kept"), total.label("total"))
        .select_from(stock_balances)
        .join(components, components.c.id == balance.component_id)
        .join(warehouses, warehouses.c.id == balance.warehouse_id)
        .outerjoin(sums, here)
        .where(kept != total)
        .order_by(components.c.sku, warehouses.c.code)
    )
    for row in tx.execute(query.execution_options(yield_per=SOME)):
        yield f"stock_balances/{row.sku}/{row.code}", int(row.kept), int(row.total)
    nowhere = (
        sa.select(sums)
        .outerjoin(stock_balances, here)
        .where(balance.component_id.is_(None), sums.c.pieces != 0)
    )
    for row in tx.execute(nowhere.execution_options(yield_per=SOME)):
        yield f"stock_balances/{row.by0}/{row.by1}", 0, int(row.pieces)


@invariant("books")
def stock_is_its_movements(tx: Transaction) -> Iterator[Problem]:
    """The stock of each component in each warehouse is the sum of its movements."""
    moved = stock_movements.c
    sums = _sums(moved.quantity, moved.component_id, moved.warehouse_id)
    for place, kept, total in _balances(tx, stock_balances.c.on_hand, sums):
        yield Problem(
            "stock_differs", "{kept} pieces are in stock, the movements come to {total}", place,
            {"kept": kept, "total": total},
        )  # fmt: skip


@invariant("books")
def reserved_is_its_allocations(tx: Transaction) -> Iterator[Problem]:
    """What is reserved of each component in each warehouse is the sum of what confirmed sales orders hold."""
    lines = (
        sa.select(sales_order_lines.c.component_id, allocations.c.warehouse_id, allocations.c.quantity)
        .join(allocations, allocations.c.order_line_id == sales_order_lines.c.id)
        .join(sales_orders, sales_orders.c.id == sales_order_lines.c.order_id)
        .where(sales_orders.c.state == "confirmed")
        .subquery()
    )
    sums = (
        sa.select(
            lines.c.component_id.label("by0"),
            lines.c.warehouse_id.label("by1"),
            sa.func.sum(lines.c.quantity).label("pieces"),
        )
        .group_by(lines.c.component_id, lines.c.warehouse_id)
        .subquery()
    )
    for place, kept, total in _balances(tx, stock_balances.c.reserved, sums):
        yield Problem(
            "reserved_differs", "{kept} pieces are reserved, the orders hold {total}", place,
            {"kept": kept, "total": total},
        )  # fmt: skip


@invariant("books")
def allocations_fit(tx: Transaction) -> Iterator[Problem]:
    """Only confirmed sales orders hold pieces, and no line more than is still to be shipped."""
    wrong = (
        sa.select(
            sales_orders.c.number,
            sales_orders.c.state,
            allocations.c.quantity,
            (sales_order_lines.c.quantity - sales_order_lines.c.shipped).label("agreed"),
        )
        .join(sales_order_lines, sales_order_lines.c.id == allocations.c.order_line_id)
        .join(sales_orders, sales_orders.c.id == sales_order_lines.c.order_id)
        .where(
            sa.or_(
                sales_orders.c.state != "confirmed",
                allocations.c.quantity > sales_order_lines.c.quantity - sales_order_lines.c.shipped,
            )
        )
    )
    for row in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "allocation_unfit", "The order is {state} and holds {held} of {agreed} pieces",
            f"sales_orders/{row.number}", {"state": row.state, "held": row.quantity, "agreed": row.agreed},
        )  # fmt: skip


def _posted(kind: str) -> sa.Select[tuple[str | None, int, int]]:
    """(document, component, pieces) of the movements of a kind."""
    moved = stock_movements.c
    return (
        sa.select(moved.document, moved.component_id, sa.func.sum(moved.quantity).label("pieces"))
        .where(moved.kind == kind)
        .group_by(moved.document, moved.component_id)
    )


def _of(kind: str) -> list[tuple[sa.Table, Any, Any, Any, Any]]:
    """Tables of documents that move stock that way: (table, its lines' component, pieces, how to them, which)."""
    line, back = shipment_lines.c, sales_return_lines.c
    sent = shipment_lines.c.shipment_id == shipments.c.id
    if kind == "receipt":
        put = receipt_lines.c
        return [(receipts, put.component_id, put.stored, put.receipt_id == receipts.c.id, sa.true())]
    if kind == "issue":
        again, remedy = sales_remedy_lines.c, sales_replacements.c.remedy_id
        return [
            (shipments, line.component_id, -line.quantity, sent, sa.true()),
            (sales_replacements, again.component_id, -again.quantity, again.remedy_id == remedy, sa.true()),
        ]
    # Of deliveries before goods_return was a process, all came back uninspected.
    inspected = sa.exists().where(
        sales_returns.c.shipment_id == shipments.c.id, sales_returns.c.remedy_id.is_(None)
    )
    returned = shipments.c.return_reason.is_not(None)
    stored = back.good + sa.case((sales_returns.c.disposition == "release", back.bad), else_=0)
    return [
        (shipments, line.component_id, line.quantity, sent, sa.and_(returned, sa.not_(inspected))),
        (sales_returns, back.component_id, stored, back.return_id == sales_returns.c.id, sa.true()),
    ]


def _wanted(kind: str) -> sa.CompoundSelect[Any]:
    """(document, component, pieces) that the documents of the books say were moved."""
    return sa.union_all(
        *(
            sa.select(table.c.public_id.label("document"), component, sa.func.sum(pieces).label("pieces"))
            .join(component.table, way)
            .where(which)
            .group_by(table.c.public_id, component)
            .having(sa.func.sum(pieces) != 0)
            for table, component, pieces, way, which in _of(kind)
        )
    )


@invariant("books")
def documents_moved_stock(tx: Transaction) -> Iterator[Problem]:
    """What each receipt and return put into stock, and each shipment and replacement took out, is a movement of as
    many pieces."""
    for kind in ("receipt", "issue", "return"):
        posted, wanted = _posted(kind).subquery(), _wanted(kind).subquery()
        same = sa.and_(posted.c.document == wanted.c.document, posted.c.component_id == wanted.c.component_id)
        query = (
            sa.select(
                sa.func.coalesce(wanted.c.document, posted.c.document).label("document"),
                sa.func.coalesce(wanted.c.pieces, 0).label("wanted"),
                sa.func.coalesce(posted.c.pieces, 0).label("posted"),
            )
            .select_from(wanted.outerjoin(posted, same, full=True))
            .where(sa.func.coalesce(wanted.c.pieces, 0) != sa.func.coalesce(posted.c.pieces, 0))
        )
        for row in tx.execute(query.execution_options(yield_per=SOME)):
            yield Problem(
                "movement_differs", "The document says {wanted} pieces ({kind}), its movements come to {posted}",
                f"stock_movements/{row.document}",
                {"wanted": int(row.wanted), "kind": kind, "posted": int(row.posted)},
            )  # fmt: skip


@invariant("books")
def one_alert(tx: Transaction) -> Iterator[Problem]:
    """At most one alert is open for each component."""
    twice = (
        sa.select(components.c.sku, sa.func.count().label("count"))
        .join(stock_alerts, stock_alerts.c.component_id == components.c.id)
        .where(OPEN)
        .group_by(components.c.sku)
        .having(sa.func.count() > 1)
    )
    for row in tx.execute(twice.execution_options(yield_per=SOME)):
        yield Problem(
            "alerts_twice",
            "{count} alerts are open for this component",
            f"components/{row.sku}",
            {"count": row.count},
        )


@invariant("books")
def demand_in_series(tx: Transaction) -> Iterator[Problem]:
    """Each day of the demand history lies within its imported series."""
    outside = (
        sa.select(demand.c.component_id, demand.c.day)
        .outerjoin(demand_series, demand_series.c.component_id == demand.c.component_id)
        .where(
            sa.or_(
                demand_series.c.component_id.is_(None),
                demand.c.day < demand_series.c.first_day,
                demand.c.day > demand_series.c.last_day,
            )
        )
    )
    for row in tx.execute(outside.execution_options(yield_per=SOME)):
        yield Problem(
            "demand_outside",
            "The day {day} is outside of the imported series",
            f"demand/{row.component_id}",
            {"day": row.day},
        )


@invariant("books")
def effects_once(tx: Transaction) -> Iterator[Problem]:
    """Each idempotency key stands in the books once, and ends with the operation that it is for."""
    # Not by the index that should keep it unique: that may be what is broken.
    key = sa.func.coalesce(effects.c.key, "")
    twice = sa.select(key.label("key")).group_by(key).having(sa.func.count() > 1)
    for row in tx.execute(twice.execution_options(yield_per=SOME)):
        yield Problem("effect_twice", "The key stands in the books more than once", f"effects/{row.key}")
    strange = sa.select(effects.c.key, effects.c.topic).where(
        effects.c.key.not_like(sa.literal("%/") + effects.c.topic)
    )
    for row in tx.execute(strange.execution_options(yield_per=SOME)):
        yield Problem(
            "effect_misnamed",
            "The key is not one of the operation {topic}",
            f"effects/{row.key}",
            {"topic": row.topic},
        )
