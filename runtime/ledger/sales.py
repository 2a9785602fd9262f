"""Sales orders: what a customer ordered, and the pieces reserved for what is still to be shipped of it.

Of each line: quantity = shipped + open. What is reserved lies in one warehouse. Not here: confirmation, which asks
for credit (receivables.py), reserving (allocations.py), shipping (shipments.py), changes (order_changes.py),
settlement (settlements.py)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.ids import public_id
from runtime.ledger import catalogue, documents, stock
from runtime.ledger.inputs import Money, Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Exact, Id, Transaction, metadata
from runtime.store.prepared import Prepared, listed, numbered, size

sales_orders = sa.Table(
    "sales_orders",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False, index=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("promised", sa.Date, nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("recorded_by", sa.String(32), nullable=False),
    sa.Column("end_reason", sa.Text),
    # What the rule of credit said of it, and who released it all the same; NULL: confirmed before that was asked.
    sa.Column("credit_verdict", sa.String(16)),
    sa.Column("credit_released_by", sa.String(32)),
    sa.Column("reference", sa.String(64)),  # its number in the system that it was taken over from
    sa.Index(
        "uq_sales_orders_reference",
        "customer_id",
        "reference",
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    ),
    # queries/named.py: by how it begins
    sa.Index("ix_sales_orders_reference", "reference", postgresql_ops={"reference": "varchar_pattern_ops"}),
    # positions.py: what is committed
    sa.Index(
        "ix_sales_orders_confirmed",
        "id",
        sqlite_where=sa.text("state = 'confirmed'"),
        postgresql_where=sa.text("state = 'confirmed'"),
    ),
)

sales_order_lines = sa.Table(
    "sales_order_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("sales_orders.id"), nullable=False, index=True),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False, index=True),
    sa.Column("ordered", sa.BigInteger, nullable=False),  # pieces the customer wanted
    sa.Column("quantity", sa.BigInteger, nullable=False),  # pieces agreed: fewer after a partial delivery
    sa.Column("price", Exact, nullable=False),  # CNY a piece
    sa.Column("shipped", sa.BigInteger, nullable=False, server_default="0"),  # and not refused by the customer
    sa.UniqueConstraint("order_id", "component_id"),
    sa.CheckConstraint("quantity >= 0 AND quantity <= ordered", name="quantity"),
    sa.CheckConstraint("shipped >= 0 AND shipped <= quantity", name="shipped"),
)

# Pieces of a warehouse held for an order until they are shipped or released.
allocations = sa.Table(
    "sales_allocations",
    metadata,
    sa.Column("order_line_id", sa.ForeignKey("sales_order_lines.id"), primary_key=True),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.CheckConstraint("quantity > 0", name="quantity"),
)

# An order is corrected with the customer until it is confirmed: recorded → recorded. While anything of it is still
# to be shipped it is confirmed; then shipped until the last part of it has arrived.
NEXT = {
    "recorded": {"recorded", "confirmed", "refused", "cancelled"},
    "confirmed": {"confirmed", "shipped", "delivered", "returned", "cancelled"},
    "shipped": {"shipped", "delivered", "returned"},
    "delivered": {"delivered", "settled", "returned"},
}


class SalesLine(TypedDict):
    component: str
    quantity: Pieces
    price: Money


class Recorded(TypedDict):
    order: str
    number: str
    amount: Decimal


class Progress(TypedDict):
    order_state: str
    open_total: int
    shipped_total: int
    amount: Decimal
    address: str
    promised: dt.date
    lines: list[dict[str, Any]]


@operation("sales.record_order", errors=("bad_lines", "customer_blocked"))
def record_order(
    call: Call,
    customer: str,
    lines: list[SalesLine],
    address: str,
    promised: dt.date,
    recorded_by: Person,
    order: str | None = None,
    taken: bool = True,
) -> Recorded:
    """Record a customer's order, or the correction of one that is not confirmed yet.

    taken: it is about to be confirmed; False: it is only recorded to be asked about or refused.
    BPMN errors: bad_lines; customer_blocked, if it is to be taken from one who is blocked. A diagram that does not
    catch it is from before it was thrown: the order is recorded, and `sales.confirm` tells the superior."""
    documents.check_lines(lines)
    tx = call.tx
    buyer = catalogue.by_code(tx, catalogue.customers, customer)
    if taken and not buyer.active and call.catches("customer_blocked"):
        raise refuse("customer_blocked", catalogue.CustomerBlocked(customer=catalogue.name(buyer)))
    found = catalogue.components_by_sku(tx, [line["component"] for line in lines])
    catalogue.require_listed(found.values())
    amount = documents.typed_amount((line["quantity"], line["price"]) for line in lines)
    values: dict[str, Any] = {
        "customer_id": buyer.id,
        "address": address,
        "promised": promised,
        "amount": amount,
        "recorded_by": recorded_by,
    }
    if order is None:
        order, number = public_id(), documents.next_number(tx, "SO", call.today.year)
        order_id = documents.add(
            tx,
            sales_orders,
            public_id=order,
            number=number,
            case=call.case,
            at=call.now,
            state="recorded",
            **values,
        )
    else:
        row = documents.get(tx, sales_orders, order)
        order_id, number = row.id, row.number
        documents.change(tx, sales_orders, row, "recorded", NEXT, **values)
        tx.execute(sa.delete(sales_order_lines).where(sales_order_lines.c.order_id == order_id))
    tx.insert(
        sales_order_lines,
        [
            {
                "order_id": order_id,
                "component_id": found[line["component"]].id,
                "price": line["price"],
                "ordered": line["quantity"],
                "quantity": line["quantity"],
            }
            for line in lines
        ],
    )
    return {"order": order, "number": number, "amount": amount}


@operation("sales.refuse")
def refuse_order(call: Call, order: str, reason: str) -> None:
    """We do not take the order."""
    row = documents.get(call.tx, sales_orders, order)
    documents.change(call.tx, sales_orders, row, "refused", NEXT, end_reason=reason)


@operation("sales.cancel")
def cancel(call: Call, order: str, reason: str) -> None:
    """Give up what is not shipped of an order, all of it if nothing is; what was reserved for it is free again."""
    row = documents.get(call.tx, sales_orders, order)
    documents.require_state(row, "recorded", "confirmed")
    release(call.tx, row.id)
    give_up(call.tx, row, reason)


@operation("sales.progress")
def progress(call: Call, order: str) -> Progress:
    """What is still to be shipped of an order and what was; pieces, CNY.

    lines: component, component_name, quantity, shipped and price of each."""
    row = documents.get(call.tx, sales_orders, order)
    lines = lines_of(call.tx, row.id)
    underway = row.state == "confirmed"
    return {
        "order_state": row.state,
        "open_total": sum(left(line) for line in lines) if underway else 0,
        "shipped_total": 0 if row.state in ("cancelled", "returned") else sum(line.shipped for line in lines),
        "amount": row.amount,
        "address": row.address,
        "promised": row.promised,
        "lines": [shown(line) for line in lines],
    }


def left(line: Any) -> int:
    """Pieces of an order's line that are still to be shipped."""
    return int(line.quantity - line.shipped)


def shown(line: Any) -> dict[str, Any]:
    """A line of `lines_of` as forms show it."""
    return {
        "component": line.sku,
        "component_name": catalogue.name(line),
        "quantity": line.quantity,
        "shipped": line.shipped,
        "price": line.price,
    }


def give_up(tx: Transaction, row: Any, reason: str | None) -> None:
    """Cut an order, with nothing reserved, to what is shipped of it."""
    lines = lines_of(tx, row.id)
    if not any(line.shipped for line in lines):
        # What the customer wanted stays to be read.
        documents.change(tx, sales_orders, row, "cancelled", NEXT, end_reason=reason)
        return
    resize(tx, row, lines, {line.id: line.shipped for line in lines}, end_reason=reason)


def resize(tx: Transaction, row: Any, lines: list[Any], agreed: dict[int, int], **values: Any) -> Decimal:
    """Set the pieces of an order's lines (row id → pieces), its amount and its state; the amount, in CNY."""
    changed = [
        {"row_id": line.id, "quantity": agreed[line.id] - line.quantity}
        for line in lines
        if agreed[line.id] != line.quantity
    ]
    documents.update_rows(tx, sales_order_lines, changed)
    amount = documents.amount_of((agreed[line.id], line.price) for line in lines)
    move(tx, row, amount=amount, **values)
    return amount


_SUMS = Prepared(
    sa.select(sa.func.sum(sales_order_lines.c.quantity), sa.func.sum(sales_order_lines.c.shipped)).where(
        sales_order_lines.c.order_id == sa.bindparam("b_order")
    )
)


def move(tx: Transaction, row: Any, **values: Any) -> None:
    """Take a confirmed order to the state that its lines and shipments say."""
    sums = _SUMS.one(tx, b_order=row.id)
    assert sums is not None
    agreed, shipped = sums
    if agreed > shipped:
        state = "confirmed"
    elif not shipped:
        state = "cancelled"
    else:
        state = "shipped" if _on_the_way(tx, row.id) else "delivered"
    documents.change(tx, sales_orders, row, state, NEXT, **values)


def _on_the_way(tx: Transaction, order_id: int) -> bool:
    return _underway().one(tx, b_order=order_id) is not None


@cache
def _underway() -> Prepared:
    # Shipments build on orders, so they are named here, not imported.
    sent = metadata.tables["shipments"].c
    left = sa.select(sent.id).where(sent.order_id == sa.bindparam("b_order"))
    return Prepared(left.where(sent.delivered_on.is_(None), sent.return_reason.is_(None)).limit(1))


_LINES = Prepared(
    sa.select(
        sales_order_lines,
        catalogue.components.c.sku,
        catalogue.components.c.names,
        sa.func.coalesce(allocations.c.quantity, 0).label("allocated"),
        allocations.c.warehouse_id,
    )
    .join(catalogue.components)
    .outerjoin(allocations)
    .where(sales_order_lines.c.order_id == sa.bindparam("b_order"))
    .order_by(sales_order_lines.c.id)
)


def lines_of(tx: Transaction, order_id: int) -> list[Any]:
    """The order's lines with sku, names, and `allocated` pieces in `warehouse_id`."""
    return _LINES.rows(tx, b_order=order_id)


def release(tx: Transaction, order_id: int) -> None:
    """Free what is reserved for an order."""
    held = [line for line in lines_of(tx, order_id) if line.allocated]
    for warehouse in sorted({line.warehouse_id for line in held}):
        stock.reserve(
            tx,
            warehouse,
            {line.component_id: -line.allocated for line in held if line.warehouse_id == warehouse},
        )
    if held:
        ids = [line.id for line in held]
        _freeing(size(ids)).run(tx, **numbered("b_", ids))


@cache
def _freeing(number: int) -> Prepared:
    return Prepared(sa.delete(allocations).where(allocations.c.order_line_id.in_(listed("b_", number))))
