"""Open sales orders from Excel: what customers still wait for, as confirmed orders of our own.

Of each order only what is still to be shipped stands in the books: what left before is the old system's to settle.
Each is held against the customer's credit like any other; what is beyond it the reviewer of the import releases. An
order goes on in a case of sales_order (message sales_order_taken_over): reserved, shipped, delivered, settled – with
what was paid in advance already filled in. Not here: the way in (imports.py), what becomes of the order (sales.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime.ids import public_id
from runtime.ledger import catalogue, documents, receivables
from runtime.ledger.import_kinds import KINDS, Column, Compared, Finding, Hands, Kind, Row, Rows, SheetOf
from runtime.ledger.import_orders import MOST_ROWS, Orders
from runtime.ledger.operations import Call
from runtime.ledger.sales import sales_order_lines, sales_orders
from runtime.store.db import Transaction

TAKEN_OVER = "sales_order_taken_over"
SHEET = SheetOf(
    "sales_orders",
    "Open sales orders",
    (
        Column("reference", "Order no.", "text", "As the customer knows it.", "XS-2025-204", must=True, most=64),
        Column("customer", "Customer", "code", "A customer's code.", "K01", must=True),
        Column("component", "Component no.", "code", "As it is listed here.", "LJ-M60-295", must=True),
        Column(
            "ordered", "Ordered", "pieces", "Whole pieces, as they were ordered.", "300", must=True, more_than_zero=True
        ),
        Column("delivered", "Delivered", "pieces", "Of these; empty is 0. The old system settles them.", "120"),
        Column("price", "Price", "money", "CNY a piece, as it was agreed.", "268.00", must=True, more_than_zero=True),
        Column("address", "Address", "text", "Where the rest is delivered.", "苏州市示例路 8 号", must=True, most=500),
        Column("promised", "Promised for", "date", "When the rest is to be there.", "2026-04-20", must=True),
        Column("warehouse", "Warehouse", "code", "Where it is shipped from.", "SH", must=True),
        Column("paid", "Paid in advance", "money", "CNY for the rest.", "0"),
    ),
    ("reference", "customer", "component"),
    must=True,
    most=MOST_ROWS,
)  # fmt: skip
ORDERS = Orders(
    SHEET.key, "customer", "reference", "delivered", ("address", "promised", "warehouse"), catalogue.customers
)


def judge(call: Call, rows: Rows) -> Iterator[Finding]:
    """What is wrong with open orders, and warehouses that nothing can be shipped from."""
    tx = call.tx
    both = sa.select(catalogue.customers.c.code, sales_orders.c.reference).select_from(sales_orders)
    known = {
        (row.code, row.reference)
        for row in tx.all(both.join(catalogue.customers).where(sales_orders.c.reference.is_not(None)))
    }
    yield from ORDERS.judge(tx, rows, known, "unknown_customer")
    places = {row.code: row.active for row in tx.all(sa.select(catalogue.warehouses))}
    for row in ORDERS.rows(rows):
        place = row["warehouse"]
        if place is not None and not places.get(place):
            problem = "closed" if place in places else "unknown_warehouse"
            yield Finding(problem, SHEET.key, row, "warehouse", place)


def take(call: Call, rows: Rows, document: str, hands: Hands) -> None:
    """An order each, confirmed, and a message to whoever ships it."""
    found = catalogue.components_by_sku(call.tx, [row["component"] for row in ORDERS.rows(rows)])
    customers = {row.code: row for row in call.tx.all(sa.select(catalogue.customers))}
    for mine in ORDERS.by_order(rows).values():
        _take_order(call, mine, customers[mine[0]["customer"]], found, hands)


def _take_order(
    call: Call, mine: Sequence[Row], customer: Any, found: Mapping[str, Any], hands: Hands
) -> None:
    tx, head = call.tx, mine[0]
    amount = documents.amount_of((ORDERS.left(row), row["price"]) for row in mine)
    order, number = public_id(), documents.next_number(tx, "SO", call.today.year)
    order_id = documents.add(
        tx, sales_orders, public_id=order, number=number, case=call.case, at=call.now, state="recorded",
        customer_id=customer.id, address=head["address"], promised=head["promised"], amount=amount,
        recorded_by=hands.importer, reference=head["reference"],
    )  # fmt: skip
    tx.insert(
        sales_order_lines,
        [
            {
                "order_id": order_id, "component_id": found[row["component"]].id, "ordered": ORDERS.left(row),
                "quantity": ORDERS.left(row), "price": row["price"],
            }
            for row in mine
        ],
    )  # fmt: skip
    # What is beyond their credit was promised before: the second person of the import is who releases it.
    receivables.confirm(call, order, hands.reviewer)
    told: dict[str, Any] = {
        "order": order, "order_number": number, "order_amount": amount, "customer": customer.code,
        "address": head["address"], "promised": head["promised"], "warehouse": head["warehouse"],
        "paid": sum((row["paid"] or Decimal(0) for row in mine), Decimal(0)),
    }  # fmt: skip
    call.send(TAKEN_OVER, number, told)


def compare(tx: Transaction, rows: Rows, document: str) -> list[Compared]:
    """The orders with these numbers, beside the file."""
    numbers = {row["reference"] for row in ORDERS.rows(rows)}
    query = (
        sa.select(
            catalogue.customers.c.code, sales_orders.c.reference, catalogue.components.c.sku,
            sales_order_lines.c.quantity, sales_order_lines.c.price, sales_orders.c.promised,
        )
        .select_from(sales_order_lines)
        .join(sales_orders, sales_orders.c.id == sales_order_lines.c.order_id)
        .join(catalogue.customers, catalogue.customers.c.id == sales_orders.c.customer_id)
        .join(catalogue.components, catalogue.components.c.id == sales_order_lines.c.component_id)
        .where(sales_orders.c.reference.in_(numbers))
    )  # fmt: skip
    books = {
        (row.code, row.reference, row.sku): (row.quantity, row.price, row.promised) for row in tx.all(query)
    }
    return ORDERS.compare(tx, rows, books, "promised")


KINDS["sales_orders"] = Kind(
    "sales_orders", "Open sales orders", (SHEET,), "sales_orders", ("count", "quantity", "amount"),
    ("admin", "supervisor"), judge, ORDERS.totals, ORDERS.lines, take, compare,
)  # fmt: skip
