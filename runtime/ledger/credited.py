"""What a customer has of an order after returns, replacements and credits. Reads only.

Not here: writing any of these (returns.py, replacements.py, credits.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa

from runtime.ledger import catalogue
from runtime.ledger.remedies import (
    sales_credit_lines,
    sales_credits,
    sales_issues,
    sales_remedies,
    sales_remedy_lines,
    sales_replacements,
    sales_return_lines,
    sales_returns,
)
from runtime.ledger.sales import lines_of
from runtime.ledger.shipments import shipments
from runtime.store.db import Transaction


@dataclass(frozen=True)
class Held:
    """Of one component of an order: pieces the customer has now, and what of the line's value (CNY) is not
    credited yet. price: CNY a piece."""

    component_id: int
    name: str
    price: Decimal
    pieces: int
    left: Decimal

    def creditable(self, pieces: int) -> Decimal:
        """What these pieces come to, and at most what is left, in CNY."""
        return min((pieces * self.price).quantize(Decimal("0.01"), ROUND_HALF_UP), self.left)


def held(tx: Transaction, order_id: int) -> Mapping[str, Held]:
    """SKU → what the customer has of it."""
    back, again, credited = _returned(tx, order_id), _replaced(tx, order_id), _credited(tx, order_id)
    found = {}
    for line in lines_of(tx, order_id):
        value = (line.shipped * line.price).quantize(Decimal("0.01"), ROUND_HALF_UP)
        found[line.sku] = Held(
            line.component_id,
            catalogue.name(line),
            line.price,
            line.shipped - back.get(line.component_id, 0) + again.get(line.component_id, 0),
            value - credited.get(line.component_id, Decimal(0)),
        )
    return found


def _returned(tx: Transaction, order_id: int) -> dict[int, int]:
    line = sales_return_lines.c
    rows = tx.all(
        sa.select(line.component_id, sa.func.sum(line.good + line.bad).label("pieces"))
        .join(sales_returns, sales_returns.c.id == line.return_id)
        .join(shipments, shipments.c.id == sales_returns.c.shipment_id)
        .where(shipments.c.order_id == order_id)
        .group_by(line.component_id)
    )
    return {row.component_id: int(row.pieces) for row in rows}


def _replaced(tx: Transaction, order_id: int) -> dict[int, int]:
    line = sales_remedy_lines.c
    rows = tx.all(
        sa.select(line.component_id, sa.func.sum(line.quantity).label("pieces"))
        .join(sales_replacements, sales_replacements.c.remedy_id == line.remedy_id)
        .join(sales_remedies, sales_remedies.c.id == line.remedy_id)
        .join(sales_issues, sales_issues.c.id == sales_remedies.c.issue_id)
        .where(sales_issues.c.order_id == order_id)
        .group_by(line.component_id)
    )
    return {row.component_id: int(row.pieces) for row in rows}


def _credited(tx: Transaction, order_id: int) -> dict[int, Decimal]:
    line = sales_credit_lines.c
    rows = tx.all(
        sa.select(line.component_id, line.amount)
        .join(sales_credits, sales_credits.c.id == line.credit_id)
        .where(sales_credits.c.order_id == order_id)
    )
    found: dict[int, Decimal] = {}
    for row in rows:
        found[row.component_id] = found.get(row.component_id, Decimal(0)) + row.amount
    return found
