"""The tables of customers' issues, their remedies and what carries those out, with their lifecycles.

Not here: what is done with them (issues.py, returns.py, credits.py, replacements.py)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from runtime.ledger import catalogue, documents
from runtime.store.db import Exact, Id, Instant, Tagged, Transaction, metadata

sales_issues = sa.Table(
    "sales_issues",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), unique=True),  # None: of a delivery before there were remedies
    sa.Column("state", sa.String(16), nullable=False, server_default="solved"),
    sa.Column("order_id", sa.ForeignKey("sales_orders.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("evidence", Tagged),  # list of files
    sa.Column("resolution", sa.Text),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("closed_at", Instant),
)

sales_remedies = sa.Table(
    "sales_remedies",
    metadata,
    *documents.columns(),
    sa.Column("issue_id", sa.ForeignKey("sales_issues.id"), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # replace | refund | return | none
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("proposal", sa.Text),
    sa.Column("amount", Exact, nullable=False),  # what it comes to, CNY
    sa.Column("proposed_by", sa.String(32), nullable=False),
    sa.Column("decided_by", sa.String(32)),
    sa.Column("comment", sa.Text),
    sa.UniqueConstraint("issue_id", "round"),
)

sales_remedy_lines = sa.Table(
    "sales_remedy_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("remedy_id", sa.ForeignKey("sales_remedies.id"), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("remedy_id", "component_id"),
    sa.CheckConstraint("quantity > 0", name="quantity"),
)

# Goods that came back: good ones into stock at once, the others wait in quarantine until somebody disposes of them.
sales_returns = sa.Table(
    "sales_returns",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("shipment_id", sa.ForeignKey("shipments.id"), nullable=False, index=True),
    sa.Column("remedy_id", sa.ForeignKey("sales_remedies.id"), unique=True),  # None: the customer refused all of it
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("photos", Tagged),  # list of files
    sa.Column("inspected_by", sa.String(32), nullable=False),
    sa.Column("disposition", sa.String(16)),  # of what is in quarantine: release | write_off
    sa.Column("disposed_by", sa.String(32)),
)

sales_return_lines = sa.Table(
    "sales_return_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("return_id", sa.ForeignKey("sales_returns.id"), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("good", sa.BigInteger, nullable=False),
    sa.Column("bad", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("return_id", "component_id"),
    sa.CheckConstraint("good >= 0 AND bad >= 0 AND good + bad > 0", name="pieces"),
)

# What a customer is given back. It never changes a settlement: it has facts of its own.
sales_credits = sa.Table(
    "sales_credits",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("order_id", sa.ForeignKey("sales_orders.id"), nullable=False, index=True),
    sa.Column("remedy_id", sa.ForeignKey("sales_remedies.id"), nullable=False, unique=True),
    sa.Column("settlement_id", sa.ForeignKey("settlements.id")),  # None until the order is settled
    sa.Column("amount", Exact, nullable=False),
    sa.Column("by", sa.String(32), nullable=False),
    sa.CheckConstraint("amount > 0", name="amount"),
)

sales_credit_lines = sa.Table(
    "sales_credit_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("credit_id", sa.ForeignKey("sales_credits.id"), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False),  # pieces that came back; 0 of a refund alone
    sa.Column("amount", Exact, nullable=False),
    sa.UniqueConstraint("credit_id", "component_id"),
    sa.CheckConstraint("quantity >= 0 AND amount >= 0", name="not_negative"),
)

sales_replacements = sa.Table(
    "sales_replacements",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("remedy_id", sa.ForeignKey("sales_remedies.id"), nullable=False, unique=True),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), nullable=False),
    sa.Column("carrier", sa.String(200), nullable=False),
    sa.Column("tracking", sa.String(200), nullable=False),
    sa.Column("shipped_on", sa.Date, nullable=False),
)

# A remedy that did not help is followed by another one of the same issue: open → open.
NEXT = {"open": {"open", "solved"}}
REMEDY_NEXT = {"proposed": {"approved", "rejected"}}


def approved(tx: Transaction, remedy: str, *kinds: str) -> tuple[Any, int]:
    """The remedy's row, held, and its order. Raises NotPossibleNow unless it is approved and of one of the kinds."""
    row = documents.get(tx, sales_remedies, remedy)
    documents.require_state(row, "approved")
    if row.kind not in kinds:
        raise documents.NotPossibleNow(document=remedy, state=row.kind)
    order = tx.scalar(sa.select(sales_issues.c.order_id).where(sales_issues.c.id == row.issue_id))
    assert order is not None
    return row, order


def lines_of(tx: Transaction, remedy_id: int) -> list[Any]:
    """What a remedy is about: component_id, sku, names, quantity."""
    return list(
        tx.all(
            sa.select(sales_remedy_lines, catalogue.components.c.sku, catalogue.components.c.names)
            .join(catalogue.components)
            .where(sales_remedy_lines.c.remedy_id == remedy_id)
            .order_by(sales_remedy_lines.c.id)
        )
    )
