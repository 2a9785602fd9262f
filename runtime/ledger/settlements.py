"""Settlement of delivered sales orders, what was paid of it, and the sales facts that reports count.

Facts and payments are written once, for ever. Of each settlement: outstanding = amount − credits − paid; below
zero we owe the customer a refund. Not here: later payments and refunds (payments.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Invalid
from runtime.ids import public_id
from runtime.ledger import append_only, documents, periods
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.remedies import sales_credit_lines, sales_credits
from runtime.ledger.sales import NEXT, lines_of, sales_orders
from runtime.store.db import Exact, Id, metadata
from runtime.store.prepared import Prepared

settlements = sa.Table(
    "settlements",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("order_id", sa.ForeignKey("sales_orders.id"), nullable=False, unique=True),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("paid", Exact, nullable=False),  # payments less refunds, so far
    sa.Column("outstanding", Exact, nullable=False, server_default="0"),
    sa.Column("invoice", sa.String(100)),
    sa.Column("settled_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date),  # NULL: at once
    sa.Column("by", sa.String(32), nullable=False),
    # The case that collects what is outstanding; NULL: none, or one that began before that was kept.
    sa.Column("collected_in", sa.String(32)),
    # queries/named.py: by how it begins
    sa.Index("ix_settlements_invoice", "invoice", postgresql_ops={"invoice": "varchar_pattern_ops"}),
)

sales_payments = sa.Table(
    "sales_payments",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("settlement_id", sa.ForeignKey("settlements.id"), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("paid_on", sa.Date, nullable=False),
    sa.Column("posting_date", sa.Date, nullable=False),  # in the period that was open
    sa.Column("reference", sa.String(100), nullable=False),  # of the bank; by it the same payment is known again
    sa.Column("by", sa.String(32), nullable=False),
    sa.UniqueConstraint("settlement_id", "kind", "reference"),
    sa.CheckConstraint("kind IN ('payment', 'refund')", name="kind"),
    sa.CheckConstraint("amount > 0", name="amount"),
)
append_only.protect(sales_payments)
periods.guard(sales_payments, "paid_on")

sales_facts = sa.Table(
    "sales_facts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("settlement_id", sa.ForeignKey("settlements.id"), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("settled_on", sa.Date, nullable=False),
    sa.Column("posting_date", sa.Date, nullable=False),  # in the period that was open
    sa.Column("credit_id", sa.ForeignKey("sales_credits.id")),  # of a correction: quantity and amount below zero
    sa.Index(
        "uq_sales_facts_sold",
        "settlement_id",
        "component_id",
        unique=True,
        sqlite_where=sa.text("credit_id IS NULL"),
        postgresql_where=sa.text("credit_id IS NULL"),
    ),
    sa.Index(
        "uq_sales_facts_credited",
        "credit_id",
        "component_id",
        unique=True,
        sqlite_where=sa.text("credit_id IS NOT NULL"),
        postgresql_where=sa.text("credit_id IS NOT NULL"),
    ),
    # reports: sales of a period
    sa.Index("ix_sales_facts_posting_date", "posting_date"),
)
append_only.protect(sales_facts)
periods.guard(sales_facts, "settled_on")
_CREDITED = Prepared(sa.select(sales_credits).where(sales_credits.c.order_id == sa.bindparam("b_order")))


class AmountMismatch(Invalid):
    """Order {order} comes to {expected} CNY; {amount} CNY were to be settled and {paid} CNY paid."""

    code = "settlement.amount_mismatch"


class PaidBeyondCredit(Invalid):
    """Of order {order} {credited} CNY were credited, so at most {most} CNY are to be paid, not {paid}."""

    code = "settlement.paid_beyond_credit"


class Settled(TypedDict):
    settlement: str
    settlement_number: str
    outstanding: Decimal
    due_on: dt.date


@operation("sales.settle", errors=("amount_mismatch",))
def settle(
    call: Call,
    order: str,
    amount: Money,
    paid: Money,
    by: Person,
    invoice: str | None = None,
    reference: str | None = None,
    due_on: dt.date | None = None,
) -> Settled:
    """Settle a delivered order once and count it as sold, and what was credited of it before as not sold.

    amount: what the order comes to, in CNY; paid: what is paid by now, at most that less what was credited; the rest
    is due by `due_on` (default: today). BPMN error: amount_mismatch."""
    tx = call.tx
    row = documents.get(tx, sales_orders, order)
    documents.require_state(row, "delivered")
    if amount != row.amount or paid > amount:
        raise refuse(
            "amount_mismatch", AmountMismatch(order=row.number, expected=row.amount, amount=amount, paid=paid)
        )
    credited = _CREDITED.rows(tx, b_order=row.id)
    most = amount - sum((credit.amount for credit in credited), Decimal(0))
    if paid > most:
        wrong = PaidBeyondCredit(order=row.number, credited=amount - most, most=most, paid=paid)
        raise refuse("amount_mismatch", wrong)
    settlement = public_id()
    number = documents.next_number(tx, "ST", call.today.year)
    due = due_on or call.today
    settlement_id = documents.add(
        tx,
        settlements,
        public_id=settlement,
        number=number,
        case=call.case,
        at=call.now,
        order_id=row.id,
        amount=amount,
        paid=paid,
        outstanding=most - paid,
        invoice=invoice,
        settled_on=call.today,
        due_on=due,
        by=by,
    )
    if paid:
        enter_payment(call, settlement_id, "payment", paid, call.today, reference or invoice or number, by)
    periods.post(
        tx,
        sales_facts,
        [
            {
                "settlement_id": settlement_id,
                "customer_id": row.customer_id,
                "component_id": line.component_id,
                "quantity": line.quantity,
                "settled_on": call.today,
                "amount": (line.quantity * line.price).quantize(Decimal("0.01"), ROUND_HALF_UP),
            }
            for line in lines_of(tx, row.id)
            if line.quantity
        ],
    )
    if credited:
        ids = [credit.id for credit in credited]
        tx.execute(
            sa.update(sales_credits).where(sales_credits.c.id.in_(ids)).values(settlement_id=settlement_id)
        )
        count_credit(call, settlement_id, row.customer_id, ids)
    documents.change(tx, sales_orders, row, "settled", NEXT)
    return {
        "settlement": settlement,
        "settlement_number": number,
        "outstanding": most - paid,
        "due_on": due,
    }


def enter_payment(
    call: Call, settlement_id: int, kind: str, amount: Decimal, paid_on: dt.date, reference: str, by: str
) -> dict[str, Any]:
    """A row of sales_payments; its public id and number."""
    payment, number = public_id(), documents.next_number(call.tx, "PM", call.today.year)
    row = {
        "public_id": payment,
        "number": number,
        "case": call.case,
        "at": call.now,
        "settlement_id": settlement_id,
        "kind": kind,
        "amount": amount,
        "paid_on": paid_on,
        "reference": reference.strip(),
        "by": by,
    }
    periods.post(call.tx, sales_payments, [row])
    return {"payment": payment, "payment_number": number}


def count_credit(call: Call, settlement_id: int, customer_id: int, credits: Sequence[int]) -> None:
    """Correct the sales facts by what was credited: further facts below zero, of today."""
    lines = call.tx.all(sa.select(sales_credit_lines).where(sales_credit_lines.c.credit_id.in_(credits)))
    periods.post(
        call.tx,
        sales_facts,
        [
            {
                "settlement_id": settlement_id,
                "customer_id": customer_id,
                "component_id": line.component_id,
                "quantity": -line.quantity,
                "amount": -line.amount,
                "settled_on": call.today,
                "credit_id": line.credit_id,
            }
            for line in lines
        ],
    )
