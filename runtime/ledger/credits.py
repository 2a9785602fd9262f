"""Credits: what a customer is given back, linked to the order and, once there is one, to its settlement.

A settlement and its facts are never changed: a credit has facts of its own, on the day that it is posted.
Not here: paying out what a credit leaves overpaid (payments.py)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.ids import public_id
from runtime.ledger import budgets, credited, documents, remedies
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation
from runtime.ledger.remedies import sales_credit_lines, sales_credits
from runtime.ledger.sales import sales_orders
from runtime.ledger.settlements import count_credit, settlements


class NothingToCredit(Conflict):
    """What the remedy is about has been credited already."""

    code = "credit.nothing_left"


class Credited(TypedDict):
    credit: str
    number: str
    amount: Decimal
    after_settlement: bool
    refund_due: Decimal
    settlement_number: str | None


@operation("credits.post")
def post(call: Call, remedy: str, by: Person) -> Credited:
    """Credit what an approved refund or return comes to; after settlement it corrects the sales facts at once,
    before it when the order is settled. amount in CNY; refund_due: what was paid beyond what is owed by now. Raises
    NothingToCredit."""
    tx = call.tx
    row, order_id = remedies.approved(tx, remedy, "refund", "return")
    order = tx.first(sa.select(sales_orders).where(sales_orders.c.id == order_id).with_for_update())
    held = credited.held(tx, order_id)
    lines = remedies.lines_of(tx, row.id)
    # Of a return the pieces have come back by now, so what they come to is told by the line alone.
    worth = [held[line.sku].creditable(line.quantity) for line in lines]
    amounts = worth if row.kind == "return" else _shares(min(row.amount, sum(worth, Decimal(0))), worth)
    total = sum(amounts, Decimal(0))
    if not total:
        raise NothingToCredit()
    settled = tx.first(sa.select(settlements).where(settlements.c.order_id == order_id).with_for_update())
    credit, number = public_id(), documents.next_number(tx, "CN", call.today.year)
    credit_id = documents.add(
        tx,
        sales_credits,
        public_id=credit,
        number=number,
        case=call.case,
        at=call.now,
        order_id=order_id,
        remedy_id=row.id,
        settlement_id=settled.id if settled else None,
        amount=total,
        by=by,
    )
    tx.insert(
        sales_credit_lines,
        [
            {
                "credit_id": credit_id,
                "component_id": line.component_id,
                "quantity": line.quantity if row.kind == "return" else 0,
                "amount": amount,
            }
            for line, amount in zip(lines, amounts, strict=True)
            if amount
        ],
    )
    if budgets.committed_for(tx, remedy):
        budgets.actual(call, "compensation", total, remedy)
        budgets.give_back(call, remedy)
    refund_due = Decimal(0)
    if settled is not None:
        assert order is not None
        count_credit(call, settled.id, order.customer_id, [credit_id])
        left = settled.outstanding - total
        tx.execute(sa.update(settlements).where(settlements.c.id == settled.id).values(outstanding=left))
        refund_due = max(-left, Decimal(0))
        # Whoever waits for the customer's payment has less to wait for, or nothing.
        call.send("receivable_changed", settled.number, {})
    return {
        "credit": credit,
        "number": number,
        "amount": total,
        "after_settlement": settled is not None,
        "refund_due": refund_due,
        "settlement_number": settled.number if settled else None,
    }


def _shares(amount: Decimal, worth: list[Decimal]) -> list[Decimal]:
    """The amount over the lines by what each is worth, to the fen and none lost."""
    whole, left, shares = sum(worth, Decimal(0)), amount, []
    for number, one in enumerate(worth, 1):
        share = left if number == len(worth) else (amount * one / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
        shares.append(min(share, left))
        left -= shares[-1]
    return shares
