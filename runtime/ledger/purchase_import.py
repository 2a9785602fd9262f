"""Open purchase orders from Excel: what suppliers still owe, as plan, contract and order of our own.

Of each order only what is still to come stands in the books: what arrived before is opening stock, what was paid before
stays in the old system. Plan, contract and order are the same, drafted by the importer and decided by the reviewer;
the amount is committed like any other. Each order is handed to whoever follows it up (message
purchase_order_taken_over). Not here: the way in (imports.py), what becomes of the order (orders.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ids import public_id
from runtime.ledger import budgets, catalogue, documents, plans
from runtime.ledger.import_kinds import KINDS, Column, Compared, Finding, Hands, Kind, Row, Rows, SheetOf
from runtime.ledger.import_orders import MOST_ROWS, Orders
from runtime.ledger.operations import Call
from runtime.ledger.orders import contracts, order_lines, orders
from runtime.store.db import Transaction

TAKEN_OVER = "purchase_order_taken_over"
SHEET = SheetOf(
    "purchase_orders",
    "Open purchase orders",
    (
        Column("contract_no", "Contract no.", "text", "As the supplier knows it.", "HT-2025-118", must=True),
        Column("supplier", "Supplier", "code", "A supplier's code.", "S01", must=True),
        Column("component", "Component no.", "code", "As it is listed here.", "LJ-M60-295", must=True),
        Column(
            "ordered", "Ordered", "pieces", "Whole pieces, as they were ordered.", "300", must=True, more_than_zero=True
        ),
        Column("arrived", "Arrived", "pieces", "Of these; empty is 0. They are opening stock.", "120"),
        Column("price", "Price", "money", "CNY a piece, as it was agreed.", "212.50", must=True, more_than_zero=True),
        Column("signed_on", "Signed on", "date", "The day of the contract.", "2026-02-10", must=True),
        Column("expected", "Expected on", "date", "When the rest is to arrive.", "2026-04-20", must=True),
        Column("paid", "Paid in advance", "money", "CNY for the rest; kept as a note of the contract.", "0"),
    ),
    ("contract_no", "supplier", "component"),
    must=True,
    most=MOST_ROWS,
)  # fmt: skip


ORDERS = Orders(
    SHEET.key, "supplier", "contract_no", "arrived", ("signed_on", "expected"), catalogue.suppliers
)


def judge(call: Call, rows: Rows) -> Iterator[Finding]:
    """What is wrong with open orders, contracts of a day to come, and more than the budget has left."""
    both = sa.select(catalogue.suppliers.c.code, contracts.c.contract_no)
    known = {
        (row.code, row.contract_no) for row in call.tx.all(both.select_from(contracts).join(catalogue.suppliers))
    }  # fmt: skip
    yield from ORDERS.judge(call.tx, rows, known, "unknown_supplier")
    listed = ORDERS.rows(rows)
    for row in listed:
        if row["signed_on"] is not None and row["signed_on"] > call.today:
            yield Finding("in_the_future", SHEET.key, row, "signed_on", row.cells["signed_on"])
    wanted = sum((ORDERS.amount(row) for row in listed), Decimal(0))
    left = budgets.left(call.tx, "purchasing", call.today)
    if wanted and budgets.is_frozen(call.tx, "purchasing", call.today):
        yield Finding("budget_frozen", SHEET.key, None, None, f"{wanted}")
    elif left is not None and wanted > left:
        yield Finding("over_budget", SHEET.key, None, None, f"{wanted} > {left:.2f}")


def take(call: Call, rows: Rows, document: str, hands: Hands) -> None:
    """An order a contract, and a message to whoever follows it up."""
    listed = rows["purchase_orders"]
    found = catalogue.components_by_sku(call.tx, [row["component"] for row in listed])
    suppliers = {row.code: row for row in call.tx.all(sa.select(catalogue.suppliers))}
    for mine in ORDERS.by_order(rows).values():
        _take_order(call, mine, suppliers[mine[0]["supplier"]], found, hands)


def _take_order(
    call: Call, mine: Sequence[Row], supplier: Any, found: Mapping[str, Any], hands: Hands
) -> None:
    tx, head, year = call.tx, mine[0], call.today.year
    amount = documents.amount_of((ORDERS.left(row), row["price"]) for row in mine)
    made = {"case": call.case, "at": call.now}
    plan_id = documents.add(
        tx, plans.plans, public_id=(plan := public_id()), number=(plan_number := documents.next_number(tx, "PP", year)),
        state="ordered", drafter=hands.importer, decided_by=hands.reviewer, amount=amount,
        reason=f"期初接续：{head['contract_no']}", **made,
    )  # fmt: skip
    tx.insert(
        plans.purchase_plan_lines,
        [
            {
                "plan_id": plan_id, "component_id": found[row["component"]].id, "quantity": ORDERS.left(row),
                "need_by": row["expected"], "est_price": row["price"],
            }
            for row in mine
        ],
    )  # fmt: skip
    contract_id = documents.add(
        tx, contracts, public_id=public_id(), plan_id=plan_id, supplier_id=supplier.id, contract_no=head["contract_no"],
        terms="\n".join(map(_told, mine)), signed_on=head["signed_on"], **made,
    )  # fmt: skip
    order, number = public_id(), documents.next_number(tx, "PO", year)
    order_id = documents.add(
        tx, orders, public_id=order, number=number, state="open", contract_id=contract_id, plan_id=plan_id,
        supplier_id=supplier.id, amount=amount, promised=head["expected"], eta=head["expected"], **made,
    )  # fmt: skip
    tx.insert(
        order_lines,
        [
            {
                "order_id": order_id, "component_id": found[row["component"]].id, "quantity": ORDERS.left(row),
                "price": row["price"],
            }
            for row in mine
        ],
    )  # fmt: skip
    try:
        budgets.commit(call, "purchasing", amount, order, under=plan)
    except BpmnError as refused:
        # Whoever spent the budget meanwhile was first: the import goes back as with anything else that no longer fits.
        raise BpmnError("books_moved", refused.message) from refused
    shown = [
        {"component": row["component"], "quantity": ORDERS.left(row), "price": row["price"]} for row in mine
    ]
    told: dict[str, Any] = {
        "order": order, "order_number": number, "order_amount": amount, "eta": head["expected"],
        "supplier": supplier.code, "contract_lines": shown, "plan": plan, "plan_number": plan_number,
    }  # fmt: skip
    call.send(TAKEN_OVER, number, told)


def compare(tx: Transaction, rows: Rows, document: str) -> list[Compared]:
    """The orders of these contracts, beside the file."""
    numbers = {row["contract_no"] for row in ORDERS.rows(rows)}
    query = (
        sa.select(
            catalogue.suppliers.c.code, contracts.c.contract_no, catalogue.components.c.sku, order_lines.c.quantity,
            order_lines.c.price, orders.c.promised,
        )
        .select_from(order_lines)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .join(contracts, contracts.c.id == orders.c.contract_id)
        .join(catalogue.suppliers, catalogue.suppliers.c.id == orders.c.supplier_id)
        .join(catalogue.components, catalogue.components.c.id == order_lines.c.component_id)
        .where(contracts.c.contract_no.in_(numbers))
    )  # fmt: skip
    books = {
        (row.code, row.contract_no, row.sku): (row.quantity, row.price, row.promised) for row in tx.all(query)
    }
    return ORDERS.compare(tx, rows, books, "expected")


def _told(row: Row) -> str:
    """What the old system knew of a line, for the contract's terms."""
    paid = f"，已预付 {row['paid']:.2f} 元" if row["paid"] else ""
    return f"期初接续：{row['component']} 订 {row['ordered']} 件，已到 {row['arrived'] or 0} 件{paid}。"


KINDS["purchase_orders"] = Kind(
    "purchase_orders", "Open purchase orders", (SHEET,), "purchase_orders", ("count", "quantity", "amount"),
    ("admin", "purchasing"), judge, ORDERS.totals, ORDERS.lines, take, compare,
)  # fmt: skip
