"""Shipments: pieces of an order leave for a customer, in as many parts as it takes, and arrive.

Not here: choosing and reserving the pieces (sales.py), what comes back after an inspection (returns.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, counting, documents, stock
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.sales import NEXT, lines_of, move, release, sales_order_lines, sales_orders
from runtime.store.db import Id, Transaction, metadata
from runtime.store.prepared import Prepared

shipments = sa.Table(
    "shipments",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("order_id", sa.ForeignKey("sales_orders.id"), nullable=False, index=True),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), nullable=False),
    sa.Column("carrier", sa.String(200), nullable=False),
    sa.Column("tracking", sa.String(200), nullable=False),
    sa.Column("shipped_on", sa.Date, nullable=False),
    sa.Column("delivered_on", sa.Date),
    sa.Column("on_time", sa.Boolean),
    sa.Column("signed_by", sa.String(200)),
    sa.Column("return_reason", sa.Text),
    # queries/named.py: by how it begins
    sa.Index("ix_shipments_tracking", "tracking", postgresql_ops={"tracking": "varchar_pattern_ops"}),
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
_ORDER = Prepared(sa.select(sales_orders).where(sales_orders.c.id == sa.bindparam("b_order")).with_for_update())


class NotAllocated(Conflict):
    """Nothing of order {order} is reserved in warehouse {warehouse}, so it cannot be shipped from there."""

    code = "sales.not_allocated"


class ReservedLost(Conflict):
    """{wanted} pieces of {component} are reserved for order {order}; warehouse {warehouse} has only {on_hand} left."""

    code = "sales.reserved_lost"


class DeliveredBeforeShipped(Invalid):
    """Shipment {shipment} left on {shipped_on}; it cannot have arrived on {delivered_on}."""

    code = "shipment.delivered_before_shipped"


class NotYetDelivered(Invalid):
    """Shipment {shipment} cannot have arrived on {delivered_on}: that day has not come yet."""

    code = "shipment.not_yet_delivered"


class Shipped(TypedDict):
    shipment: str
    shipment_number: str


class Delivered(TypedDict):
    on_time: bool


@operation("sales.ship", errors=("not_allocated", "reserved_lost"))
def ship(call: Call, order: str, warehouse: str, carrier: str, tracking: str, shipped_on: dt.date) -> Shipped:
    """Issue the order's reserved pieces from the warehouse; below safety stock this warns at once. What is not reserved
    stays to be shipped.

    BPMN errors: not_allocated, unless something is reserved there; reserved_lost, if so much is not there any more."""
    tx = call.tx
    row = documents.get(tx, sales_orders, order)
    documents.require_state(row, "confirmed")
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    lines = [line for line in lines_of(tx, row.id) if line.allocated and line.warehouse_id == place.id]
    if not lines:
        raise refuse("not_allocated", NotAllocated(order=row.number, warehouse=warehouse))
    there = stock.balances(tx, [line.component_id for line in lines], [place.id])
    for line in lines:
        on_hand = there[line.component_id, place.id].on_hand
        if on_hand < line.allocated:
            lost = ReservedLost(
                wanted=line.allocated, component=line.sku, order=row.number, warehouse=warehouse, on_hand=on_hand
            )
            raise refuse("reserved_lost", counting.untold(tx, lost))
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
            {"shipment_id": shipment_id, "component_id": line.component_id, "quantity": line.allocated}
            for line in lines
        ],
    )
    documents.update_rows(
        tx, sales_order_lines, [{"row_id": line.id, "shipped": line.allocated} for line in lines]
    )
    move(tx, row)
    postings = [stock.Posting(line.component_id, place.id, -line.allocated) for line in lines]
    stock.post(call, "issue", postings, document=shipment, moved_on=shipped_on)
    return {"shipment": shipment, "shipment_number": number}


@operation("sales.record_delivery", errors=("delivered_before_shipped",))
def record_delivery(
    call: Call, shipment: str, delivered_on: dt.date, signed_by: str | None = None
) -> Delivered:
    """Note the arrival; on time means not later than was promised to the customer.

    BPMN error: delivered_before_shipped, also of a day that has not come."""
    tx = call.tx
    row = documents.get(tx, shipments, shipment)
    if delivered_on > call.today:
        raise refuse("delivered_before_shipped", NotYetDelivered(shipment=row.number, delivered_on=delivered_on))
    if delivered_on < row.shipped_on:
        raise refuse(
            "delivered_before_shipped",
            DeliveredBeforeShipped(shipment=row.number, shipped_on=row.shipped_on, delivered_on=delivered_on),
        )
    order = _order(tx, row)
    on_time = delivered_on <= order.promised
    documents.require_state(order, "confirmed", "shipped")
    tx.execute(
        sa.update(shipments)
        .where(shipments.c.id == row.id)
        .values(delivered_on=delivered_on, signed_by=signed_by, on_time=on_time)
    )
    move(tx, order)
    return {"on_time": on_time}


@operation("sales.take_back")
def take_back(call: Call, shipment: str, reason: str) -> None:
    """Post all of a shipment back into its warehouse uninspected; its order is returned and not settled. For
    orders whose delivery began before goods_return was a process."""
    tx = call.tx
    row = documents.get(tx, shipments, shipment)
    refused(tx, row, reason)
    lines = tx.all(sa.select(shipment_lines).where(shipment_lines.c.shipment_id == row.id))
    postings = [stock.Posting(line.component_id, row.warehouse_id, line.quantity) for line in lines]
    stock.post(call, "return", postings, document=shipment, reason=reason)


def refused(tx: Transaction, sent: Any, reason: str) -> None:
    """The customer did not take a shipment: the order is returned if that was all of it, else it shrinks by it."""
    order = _order(tx, sent)
    tx.execute(sa.update(shipments).where(shipments.c.id == sent.id).values(return_reason=reason))
    lines = lines_of(tx, order.id)
    back = {line.component_id: int(line.quantity) for line in pieces_of(tx, sent.id)}
    if all(line.quantity == line.shipped == back.get(line.component_id, 0) for line in lines if line.quantity):
        documents.change(tx, sales_orders, order, "returned", NEXT, end_reason=reason)
        return
    gone = [
        {"row_id": line.id, "quantity": -back[line.component_id], "shipped": -back[line.component_id]}
        for line in lines
        if line.component_id in back
    ]
    documents.update_rows(tx, sales_order_lines, gone)
    amount = documents.amount_of(
        (line.quantity - back.get(line.component_id, 0), line.price) for line in lines
    )
    move(tx, order, amount=amount)


def pieces_of(tx: Transaction, shipment_id: int) -> list[Any]:
    """A shipment's lines with each component's sku and names."""
    return list(
        tx.all(
            sa.select(shipment_lines, catalogue.components.c.sku, catalogue.components.c.names)
            .join(catalogue.components)
            .where(shipment_lines.c.shipment_id == shipment_id)
            .order_by(shipment_lines.c.id)
        )
    )


def _order(tx: Transaction, shipment: Any) -> Any:
    return _ORDER.first(tx, b_order=shipment.order_id)
