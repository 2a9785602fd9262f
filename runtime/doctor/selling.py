"""Sales orders on their way: what left of them, how they were changed, whether they were within credit, what is paid.

Not here: their amounts and numbers (documents.py), what they moved in stock (books.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger import documents
from runtime.ledger.order_changes import sales_order_changes
from runtime.ledger.remedies import sales_credits
from runtime.ledger.sales import sales_order_lines, sales_orders
from runtime.ledger.settlements import sales_payments, settlements
from runtime.ledger.shipments import shipment_lines, shipments
from runtime.store.db import Transaction

SOME = 500  # rows that are read at a time
GONE = ("shipped", "delivered", "settled", "returned")  # nothing of the order is still to be shipped


@invariant("books")
def lines_are_their_shipments(tx: Transaction) -> Iterator[Problem]:
    """Of each line of a sales order as many pieces are shipped as its shipments have that the customer took; all, once
    the order is no longer confirmed."""
    line, order, sent = sales_order_lines.c, sales_orders.c, shipments.c
    # An order of which everything was refused keeps what it was.
    counted = sa.or_(sent.return_reason.is_(None), order.state == "returned")
    sums = (
        sa.select(
            sent.order_id, shipment_lines.c.component_id, sa.func.sum(shipment_lines.c.quantity).label("pieces")
        )
        .join(shipments, sent.id == shipment_lines.c.shipment_id)
        .join(sales_orders, order.id == sent.order_id)
        .where(counted)
        .group_by(sent.order_id, shipment_lines.c.component_id)
        .subquery()
    )
    pieces = sa.func.coalesce(sums.c.pieces, 0)
    wrong = (
        sa.select(order.number, line.shipped, line.quantity, pieces.label("sent"))
        .join(sales_order_lines, line.order_id == order.id)
        .outerjoin(sums, sa.and_(sums.c.order_id == order.id, sums.c.component_id == line.component_id))
        .where(
            sa.or_(line.shipped != pieces, sa.and_(order.state.in_(GONE), line.shipped != line.quantity)),
        )
    )
    for row in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "shipped_differs", "{shipped} of {quantity} pieces are shipped, the shipments come to {sent}",
            f"sales_orders/{row.number}",
            {"shipped": int(row.shipped), "quantity": int(row.quantity), "sent": int(row.sent)},
        )  # fmt: skip


@invariant("books")
def credit_is_released_by_others(tx: Transaction) -> Iterator[Problem]:
    """A sales order beyond its customer's credit was released by somebody who did not record it."""
    order = sales_orders.c
    wrong = sa.select(order.number, order.credit_verdict).where(
        order.credit_verdict.is_not(None),
        order.credit_verdict != "within",
        sa.or_(order.credit_released_by.is_(None), order.credit_released_by == order.recorded_by),
    )
    for row in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "credit_not_released", "The credit was {verdict}, and nobody else released the order",
            f"sales_orders/{row.number}", {"verdict": row.credit_verdict},
        )  # fmt: skip


@invariant("books")
def payments_are_counted(tx: Transaction) -> Iterator[Problem]:
    """What is paid of each settlement is its payments less its refunds, and what is outstanding the amount less that
    and what was credited."""
    paid = _sums(
        sales_payments.c.settlement_id,
        sa.case(
            (sales_payments.c.kind == "refund", -_raw(sales_payments.c.amount)), else_=_raw(sales_payments.c.amount)
        ),
    )
    given = _sums(sales_credits.c.settlement_id, _raw(sales_credits.c.amount))
    settled = settlements.c
    received, credited = sa.func.coalesce(paid.c.total, 0), sa.func.coalesce(given.c.total, 0)
    left = _raw(settled.amount) - received - credited
    wrong = (
        sa.select(
            settled.number,
            _raw(settled.paid).label("paid"),
            _raw(settled.outstanding).label("outstanding"),
            received.label("received"),
            left.label("left"),
        )
        .outerjoin(paid, paid.c.of == settled.id)
        .outerjoin(given, given.c.of == settled.id)
        .where(sa.or_(_raw(settled.paid) != received, _raw(settled.outstanding) != left))
    )
    for row in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "payments_differ",
            "{paid} is paid and {outstanding} outstanding, by the payments and credits it is {received} and {left}",
            f"settlements/{row.number}",
            {name: f"{int(getattr(row, name)) / 10_000:.2f}" for name in ("paid", "outstanding", "received", "left")},
        )  # fmt: skip


@invariant("books")
def changes_are_their_lines(tx: Transaction) -> Iterator[Problem]:
    """Each change of a sales order comes to what its lines say, before and after, and undoes nothing that had left."""
    for row in tx.execute(sa.select(sales_order_changes).execution_options(yield_per=SOME)):
        sums = {
            name: documents.amount_of((line["quantity"], line["price"]) for line in told["lines"])
            for name, told in (("before", row.before), ("after", row.after))
        }
        undone = any(line["quantity"] < line["shipped"] for line in row.after["lines"])
        if undone or sums != {"before": row.amount_before, "after": row.amount_after}:
            yield Problem(
                "change_differs", "It says {before} and {after}, its lines say otherwise, or undo what had left",
                f"sales_order_changes/{row.number}",
                {"before": f"{row.amount_before:.2f}", "after": f"{row.amount_after:.2f}"},
            )  # fmt: skip


def _raw(column: Any) -> sa.ColumnElement[int]:
    """An amount in ten-thousandths, as it is stored."""
    return sa.type_coerce(column, sa.BigInteger)


def _sums(of: Any, amount: Any) -> Any:
    return sa.select(of.label("of"), sa.func.sum(amount).label("total")).group_by(of).subquery()
