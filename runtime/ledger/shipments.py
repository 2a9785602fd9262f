"""Shipments: pieces leave for a customer and arrive.

Not here: choosing and reserving the pieces (sales.py), what comes back after an inspection (returns.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, documents, stock
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.sales import NEXT, lines_of, release, sales_orders
from runtime.store.db import Id, Transaction, metadata

shipments = sa.Table(
    "shipments",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("order_id", sa.ForeignKey("sales_orders.id"), nullable=False, unique=True),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), nullable=False),
    sa.Column("carrier", sa.String(200), nullable=False),
    sa.Column("tracking", sa.String(200), nullable=False),
    sa.Column("shipped_on", sa.Date, nullable=False),
    sa.Column("delivered_on", sa.Date),
    sa.Column("on_time", sa.Boolean),
    sa.Column("signed_by", sa.String(200)),
    sa.Column("return_reason", sa.Text),
)

shipment_lines = sa.Table(
    "shipment_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("shipment_id", sa.ForeignKey("shipments.id"), nullable=False, index=True),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.CheckConstraint("quantity > 0", name="quantity"),
)

class NotFullyAllocated(Conflict):
    """Not all of order {order} is reserved in warehouse {warehouse}, so it cannot be shipped from there."""

    code = "sales.not_allocated"


class DeliveredBeforeShipped(Invalid):
    """Shipment {shipment} left on {shipped_on}; it cannot have arrived on {delivered_on}."""

    code = "shipment.delivered_before_shipped"


class Shipped(TypedDict):
    shipment: str
    shipment_number: str


class Delivered(TypedDict):
    on_time: bool


@operation("sales.ship", errors=("not_allocated",))
def ship(call: Call, order: str, warehouse: str, carrier: str, tracking: str, shipped_on: dt.date) -> Shipped:
    """Issue the order's reserved pieces from the warehouse; below safety stock this warns at once.

    BPMN error: not_allocated, unless all of the order is reserved there."""
    tx = call.tx
    row = documents.get(tx, sales_orders, order)
    documents.require_state(row, "confirmed")
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    lines = [line for line in lines_of(tx, row.id) if line.quantity]
    if any(line.allocated != line.quantity or line.warehouse_id != place.id for line in lines):
        raise refuse("not_allocated", NotFullyAllocated(order=row.number, warehouse=warehouse))
    release(tx, row.id)
    shipment = public_id()
    number = documents.next_number(tx, "SH", call.today.year)
    shipment_id = documents.add(
        tx,
        shipments,
        public_id=shipment,
        number=number,
        case=call.case,
        at=call.now,
        order_id=row.id,
        warehouse_id=place.id,
        carrier=carrier,
        tracking=tracking,
        shipped_on=shipped_on,
    )
    tx.insert(
        shipment_lines,
        [
            {"shipment_id": shipment_id, "component_id": line.component_id, "quantity": line.quantity}
            for line in lines
        ],
    )
    documents.change(tx, sales_orders, row, "shipped", NEXT)
    postings = [stock.Posting(line.component_id, place.id, -line.quantity) for line in lines]
    stock.post(call, "issue", postings, document=shipment, moved_on=shipped_on)
    return {"shipment": shipment, "shipment_number": number}


@operation("sales.record_delivery", errors=("delivered_before_shipped",))
def record_delivery(
    call: Call, shipment: str, delivered_on: dt.date, signed_by: str | None = None
) -> Delivered:
    """Note the arrival; on time means not later than was promised to the customer.

    BPMN error: delivered_before_shipped."""
    tx = call.tx
    row = documents.get(tx, shipments, shipment)
    if delivered_on < row.shipped_on:
        raise refuse(
            "delivered_before_shipped",
            DeliveredBeforeShipped(shipment=row.number, shipped_on=row.shipped_on, delivered_on=delivered_on),
        )
    order = _order(tx, row)
    on_time = delivered_on <= order.promised
    documents.change(tx, sales_orders, order, "delivered", NEXT)
    tx.execute(
        sa.update(shipments)
        .where(shipments.c.id == row.id)
        .values(delivered_on=delivered_on, signed_by=signed_by, on_time=on_time)
    )
    return {"on_time": on_time}


@operation("sales.take_back")
def take_back(call: Call, shipment: str, reason: str) -> None:
    """Post all of a shipment back into its warehouse uninspected; its order is returned and not settled. For
    orders whose delivery began before goods_return was a process."""
    tx = call.tx
    row = documents.get(tx, shipments, shipment)
    documents.change(tx, sales_orders, _order(tx, row), "returned", NEXT, end_reason=reason)
    tx.execute(sa.update(shipments).where(shipments.c.id == row.id).values(return_reason=reason))
    lines = tx.all(sa.select(shipment_lines).where(shipment_lines.c.shipment_id == row.id))
    postings = [stock.Posting(line.component_id, row.warehouse_id, line.quantity) for line in lines]
    stock.post(call, "return", postings, document=shipment, reason=reason)


def _order(tx: Transaction, shipment: Any) -> Any:
    return tx.first(sa.select(sales_orders).where(sales_orders.c.id == shipment.order_id).with_for_update())
