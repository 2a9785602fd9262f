"""What customers pay after an order was settled, in as many parts as they like, and what we pay back to them.

A payment is entered once and never changed. Not here: the settlement and what was paid with it (settlements.py),
what is owed over all orders (receivables.py)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime import i18n
from runtime.errors import Conflict, Invalid
from runtime.ledger import catalogue, documents
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.remedies import sales_credits
from runtime.ledger.sales import sales_orders
from runtime.ledger.settlements import enter_payment, sales_payments, settlements
from runtime.store.cases import cases
from runtime.store.jobs import subscriptions
from runtime.store.prepared import Prepared

_HELD = Prepared(sa.select(settlements).where(settlements.c.number == sa.bindparam("b_number")).with_for_update())
_ORDER = Prepared(
    sa.select(sales_orders.c.number, catalogue.customers.c.code)
    .join(catalogue.customers, catalogue.customers.c.id == sales_orders.c.customer_id)
    .where(sales_orders.c.id == sa.bindparam("b_order"))
)
_ENTERED = Prepared(
    sa.select(sales_payments)
    .where(sales_payments.c.settlement_id == sa.bindparam("b_settlement"))
    .order_by(sales_payments.c.id)
)


class NoSuchSettlement(Invalid):
    """There is no settlement {settlement}."""

    code = "payment.no_such_settlement"


class CollectedElsewhere(Conflict):
    """Settlement {settlement} is being collected already: enter its payments in “{title}”."""

    code = "payment.collected_elsewhere"


class NothingPaid(Invalid):
    """A payment is more than nothing."""

    code = "payment.nothing_paid"


class Overpaid(Conflict):
    """Of settlement {settlement} {outstanding} CNY are outstanding; {amount} CNY would be too much."""

    code = "payment.overpaid"


class PaymentKnown(Conflict):
    """The payment {reference} of settlement {settlement} is entered already, as {number}."""

    code = "payment.known"


class PaidLater(Invalid):
    """Nothing was paid on {paid_on} yet: today is {today}."""

    code = "payment.in_the_future"


class NothingToRefund(Conflict):
    """The customer has paid no more of settlement {settlement} than is owed."""

    code = "payment.nothing_to_refund"


class Receivable(TypedDict):
    settlement: str
    order_number: str
    customer: str
    settled: Decimal
    credited: Decimal
    paid: Decimal
    outstanding: Decimal
    due_on: dt.date
    overdue_days: int
    payments: list[dict[str, Any]]


class Paid(TypedDict):
    payment: str
    payment_number: str
    outstanding: Decimal


class Refunded(TypedDict):
    payment: str
    payment_number: str
    amount: Decimal


@operation("payments.receivable", errors=("no_such_settlement", "collected_elsewhere"))
def receivable(call: Call, settlement_number: str, collect: bool = False) -> Receivable:
    """What is outstanding of a settlement, in CNY, and what was paid of it: number, paid_on, amount, reference.

    collect: the case collects it from now on. overdue_days: 0 until the day after it was due. BPMN errors:
    no_such_settlement; collected_elsewhere, while another case collects it."""
    tx, row = call.tx, _settlement(call, settlement_number)
    if collect and row.collected_in != call.case:
        _require_alone(call, row)
        tx.execute(sa.update(settlements).where(settlements.c.id == row.id).values(collected_in=call.case))
    order = _ORDER.first(tx, b_order=row.order_id)
    assert order is not None
    return {
        "settlement": row.public_id,
        "order_number": order.number,
        "customer": order.code,
        "settled": row.amount,
        "credited": row.amount - row.paid - row.outstanding,
        "paid": row.paid,
        "outstanding": row.outstanding,
        "due_on": row.due_on or row.settled_on,
        "overdue_days": max((call.today - (row.due_on or row.settled_on)).days, 0) if row.outstanding > 0 else 0,
        "payments": [
            {
                "payment_number": each.number,
                "kind": each.kind,
                "paid_on": each.paid_on,
                "amount": each.amount,
                "reference": each.reference,
            }
            for each in _ENTERED.rows(tx, b_settlement=row.id)
        ],
    }


@operation("payments.enter", errors=("bad_payment",))
def enter(
    call: Call, settlement_number: str, amount: Money, paid_on: dt.date, reference: str, by: Person
) -> Paid:
    """A customer has paid a part of a settlement, or all of it; outstanding is what is left, in CNY.

    BPMN error: bad_payment, if it is nothing, more than is outstanding, of a day to come, or known by its
    reference already."""
    row = _settlement(call, settlement_number)
    if not amount:
        raise refuse("bad_payment", NothingPaid())
    if amount > max(row.outstanding, Decimal(0)):
        outstanding = max(row.outstanding, Decimal(0))
        raise refuse("bad_payment", Overpaid(settlement=row.number, outstanding=outstanding, amount=amount))
    made = _once(call, row, "payment", amount, paid_on, reference, by)
    return {"outstanding": row.outstanding - amount, **made}  # type: ignore[typeddict-item]


@operation("payments.refund", errors=("bad_payment", "same_person"))
def refund(call: Call, settlement_number: str, paid_on: dt.date, reference: str, by: Person) -> Refunded:
    """Pay back what a customer has paid beyond what is owed after credits; amount: how much, in CNY.

    BPMN errors: bad_payment, if there is nothing to pay back, it is of a day to come, or known by its reference
    already; same_person, if whoever approved the last credit pays it out."""
    row = _settlement(call, settlement_number)
    if row.outstanding >= 0:
        raise refuse("bad_payment", NothingToRefund(settlement=row.number))
    approved = sales_credits.c
    last = call.tx.scalar(
        sa.select(approved.by).where(approved.settlement_id == row.id).order_by(approved.id.desc()).limit(1)
    )
    if last == by:
        raise refuse("same_person", documents.SamePerson())
    made = _once(call, row, "refund", -row.outstanding, paid_on, reference, by)
    return {"amount": -row.outstanding, **made}  # type: ignore[typeddict-item]


def _require_alone(call: Call, row: Any) -> None:
    """No other case that still runs collects it. One that began before it was kept, waits for what changes it."""
    running = sa.select(cases.c.title).where(cases.c.status == "running", cases.c.public_id != call.case)
    waits = sa.select(subscriptions.c.case_id).where(
        subscriptions.c.name == "receivable_changed", subscriptions.c.key == row.number
    )
    collects = sa.or_(cases.c.public_id == (row.collected_in or ""), cases.c.id.in_(waits))
    other = call.tx.first(running.where(collects).limit(1))
    if other is not None:
        title = i18n.label(i18n.DEFAULT, dict(other.title))
        raise refuse("collected_elsewhere", CollectedElsewhere(settlement=row.number, title=title))


def _settlement(call: Call, number: str) -> Any:
    """Held until the transaction ends: of two payments at once the second sees the first."""
    row = _HELD.first(call.tx, b_number=number.strip())
    if row is None:
        raise refuse("no_such_settlement", NoSuchSettlement(settlement=number))
    return row


def _once(
    call: Call, row: Any, kind: str, amount: Decimal, paid_on: dt.date, reference: str, by: str
) -> dict[str, Any]:
    tx, entered = call.tx, sales_payments.c
    if paid_on > call.today:
        raise refuse("bad_payment", PaidLater(paid_on=paid_on, today=call.today))
    known = tx.scalar(
        sa.select(entered.number).where(
            entered.settlement_id == row.id, entered.kind == kind, entered.reference == reference.strip()
        )
    )
    if known is not None:
        raise refuse("bad_payment", PaymentKnown(reference=reference, settlement=row.number, number=known))
    made = enter_payment(call, row.id, kind, amount, paid_on, reference, by)
    signed = amount if kind == "payment" else -amount
    tx.execute(
        sa.update(settlements)
        .where(settlements.c.id == row.id)
        .values(paid=row.paid + signed, outstanding=row.outstanding - signed)
    )
    return made
