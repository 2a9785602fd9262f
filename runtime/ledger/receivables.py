"""What customers owe over all their orders, and whether a further order is within their credit: only then, or when
somebody above has released it, is it confirmed.

Not here: how far that reaches (rules/credit_check.yaml), single payments (payments.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime import i18n
from runtime.engine.ports import BpmnError
from runtime.errors import Conflict
from runtime.ledger import catalogue, documents
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.remedies import sales_credits
from runtime.ledger.sales import NEXT, sales_order_lines, sales_orders
from runtime.ledger.settlements import settlements
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared, listed, numbered, size


@dataclass(frozen=True)
class Standing:
    """Of one customer, in CNY. receivable: shipped or settled and not paid · overdue: of that, what is settled and
    past its day, the oldest by so many days · underway: confirmed and not shipped · paid_orders: how many were
    settled and are paid."""

    receivable: Decimal
    overdue: Decimal
    overdue_days: int
    underway: Decimal
    paid_orders: int


class BeyondCredit(Conflict):
    """Order {order} is beyond the customer's credit ({verdict}); somebody above must release it."""

    code = "sales.beyond_credit"


class Checked(TypedDict):
    within: bool
    credit_verdict: str
    credit_limit: Decimal
    receivable: Decimal
    overdue: Decimal
    overdue_days: int
    underway: Decimal
    exposure: Decimal


@operation("sales.check_credit", errors=("rule_refused",))
def check_credit(call: Call, order: str, amount: Money | None = None) -> Checked:
    """Whether an order is within its customer's credit, by the rule credit_check; all in CNY.

    amount: what the order would come to; default: what it does. exposure: what the customer owes, what is underway
    and this order. credit_verdict: within | over_limit | overdue."""
    return weigh(call, documents.get(call.tx, sales_orders, order), amount)


@operation("sales.confirm", errors=("beyond_credit", "same_person", "rule_refused"))
def confirm(call: Call, order: str, released_by: Person | None = None) -> None:
    """The order is right and ours to deliver.

    released_by: who allowed it though it is beyond the customer's credit. BPMN errors: beyond_credit, if it is and
    nobody did; same_person, if whoever recorded the order did. The superior of whoever recorded it is told by an
    issue, if the customer is blocked by now."""
    row = documents.get(call.tx, sales_orders, order)
    told: list[tuple[str, str]] = []
    try:
        values = release(call, row, row.amount, released_by)
    except BpmnError as refused:
        if refused.code != "beyond_credit" or call.catches("beyond_credit"):
            raise
        # Its diagram is from before credit was asked for: the order was taken, and whoever is above decides what
        # becomes of it.
        values = {}
        issue = i18n.say(
            i18n.DEFAULT, "Sales order {order} was taken by a case from before credit was asked for. {why}",
            order=row.number, why=refused.message,
        )  # fmt: skip
        told.append((issue, i18n.say(i18n.DEFAULT, "The order is confirmed beyond the customer's credit.")))
    [buyer] = _BUYER.rows(call.tx, b_customer=row.customer_id)
    if not buyer.active:
        # Blocked since it was recorded, or its diagram is from before orders of blocked customers were refused.
        issue = i18n.say(
            i18n.DEFAULT, "Sales order {order} was taken though customer {customer} is blocked for new orders.",
            order=row.number, customer=catalogue.name(buyer),
        )  # fmt: skip
        told.append((issue, i18n.say(i18n.DEFAULT, "The order is confirmed for a customer who is blocked.")))
    if told:
        _tell_superior(call, row, told)
    documents.change(call.tx, sales_orders, row, "confirmed", NEXT, **values)


def _tell_superior(call: Call, order: Any, why: list[tuple[str, str]]) -> None:
    """why: what is the matter, and what comes of it; of each reason."""
    issue, impact = ("\n".join(texts) for texts in zip(*why, strict=True))
    wanted = i18n.say(i18n.DEFAULT, "Let it stay, or have it reduced or cancelled by a change of the order.")
    payload: dict[str, Any] = {
        "issue_key": order.number,
        "issue_text": issue,
        "impact": impact,
        "wanted": wanted,
        "wanted_from": "superior",
        "urgency": "urgent",
        "raised_by": order.recorded_by,
        "origin": order.number,
    }
    call.send("issue_raised", order.number, payload)


def release(call: Call, order: Any, amount: Decimal, by: str | None) -> dict[str, str | None]:
    """What is kept of an order's credit when it comes to `amount`; refused as `confirm` says."""
    found = weigh(call, order, amount)
    if found["within"]:
        return {"credit_verdict": "within", "credit_released_by": None}
    if by is None:
        raise refuse("beyond_credit", BeyondCredit(order=order.number, verdict=found["credit_verdict"]))
    if by == order.recorded_by:
        raise refuse("same_person", documents.SamePerson())
    return {"credit_verdict": found["credit_verdict"], "credit_released_by": by}


def weigh(call: Call, order: Any, amount: Decimal | None = None) -> Checked:
    """`check_credit` for other books; `order` is its row, held."""
    wanted = order.amount if amount is None else amount
    found = standing(call.tx, order.customer_id, call.today, order.id)
    facts: Mapping[str, Any] = {
        "receivable": found.receivable,
        "overdue_days": found.overdue_days,
        "underway": found.underway,
        "amount": wanted,
        "paid_orders": found.paid_orders,
    }
    decision = call.decide("credit_check", facts)
    return {
        "within": decision["verdict"] == "within",
        "credit_verdict": str(decision["verdict"]),
        "credit_limit": Decimal(decision["credit_limit"]),
        "receivable": found.receivable,
        "overdue": found.overdue,
        "overdue_days": found.overdue_days,
        "underway": found.underway,
        "exposure": found.receivable + found.underway + wanted,
    }


_OF_CUSTOMER = sales_orders.c.customer_id == sa.bindparam("b_customer")
_OPEN_LINES = Prepared(
    sa.select(sales_orders.c.id, sales_order_lines.c.quantity, sales_order_lines.c.shipped, sales_order_lines.c.price)
    .join(sales_order_lines, sales_order_lines.c.order_id == sales_orders.c.id)
    .where(
        _OF_CUSTOMER,
        sales_orders.c.state.in_([sa.literal(state) for state in ("confirmed", "shipped", "delivered")]),
    )
)
_OUTSTANDING = sa.type_coerce(settlements.c.outstanding, sa.BigInteger)
_BUYER = Prepared(sa.select(catalogue.customers).where(catalogue.customers.c.id == sa.bindparam("b_customer")))
_UNPAID = Prepared(
    sa.select(settlements.c.outstanding, settlements.c.due_on, settlements.c.settled_on)
    .join(sales_orders, sales_orders.c.id == settlements.c.order_id)
    .where(_OF_CUSTOMER, _OUTSTANDING > 0)
)
_PAID = Prepared(
    sa.select(sa.func.count().label("orders"))
    .select_from(settlements)
    .join(sales_orders, sales_orders.c.id == settlements.c.order_id)
    .where(_OF_CUSTOMER, _OUTSTANDING <= 0)
)


@cache
def _credited(number: int) -> Prepared:
    return Prepared(
        sa.select(sales_credits.c.amount).where(
            sales_credits.c.settlement_id.is_(None), sales_credits.c.order_id.in_(listed("b_", number))
        )
    )


def standing(tx: Transaction, customer_id: int, today: dt.date, without: int | None = None) -> Standing:
    """What a customer owes apart from one order (inner id)."""
    receivable, underway, overdue = Decimal(0), Decimal(0), Decimal(0)
    rows = _OPEN_LINES.rows(tx, b_customer=customer_id)
    for row in rows:
        if row.id != without:
            receivable += documents.amount_of([(row.shipped, row.price)])
            underway += documents.amount_of([(row.quantity - row.shipped, row.price)])
    others = {row.id for row in rows if row.shipped} - {without}
    if others:
        credited = _credited(size(others)).all(tx, **numbered("b_", others))
        receivable -= sum((amount for (amount,) in credited), Decimal(0))
    days = 0
    for row in _UNPAID.rows(tx, b_customer=customer_id):
        receivable += row.outstanding
        since = row.due_on or row.settled_on
        if since < today:
            overdue += row.outstanding
            days = max(days, (today - since).days)
    paid = _PAID.first(tx, b_customer=customer_id)
    return Standing(receivable, overdue, days, underway, paid.orders)
