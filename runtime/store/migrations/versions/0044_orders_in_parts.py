"""Sales orders go in parts, are changed, and are paid in parts; whether they were within the customer's credit."""

import datetime as dt
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

from runtime.ids import public_id
from runtime.ledger import append_only
from runtime.store import db

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

CHILDREN = ("shipment_lines", "sales_return_lines", "sales_returns")  # each before what it refers to


def _shipments_in_parts() -> None:
    """One order has several shipments."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("uq_shipments_order_id", "shipments", type_="unique")
    else:
        # SQLite drops no constraint in place, and no table that others refer to: their rows step aside.
        for child in CHILDREN:
            op.execute(f"CREATE TEMPORARY TABLE kept_{child} AS SELECT * FROM {child}")
            op.execute(f"DELETE FROM {child}")
        made = op.get_bind().execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'shipments'")).scalar_one()
        unique = 'CONSTRAINT uq_shipments_order_id UNIQUE (order_id), '
        head, columns = made.split("(", 1)
        text = " ".join(columns.split())
        assert unique in text, text
        op.execute(f"{head.replace('shipments', 'in_parts')}({text.replace(unique, '')}")
        op.execute("INSERT INTO in_parts SELECT * FROM shipments")
        op.execute("DROP TABLE shipments")
        op.execute("ALTER TABLE in_parts RENAME TO shipments")
        for child in reversed(CHILDREN):
            op.execute(f"INSERT INTO {child} SELECT * FROM kept_{child}")
            op.execute(f"DROP TABLE kept_{child}")
    op.create_index(op.f("ix_shipments_order_id"), "shipments", ["order_id"], unique=False)


def _payments_so_far() -> None:
    """What was paid with each settlement is its first payment; what is left of it is outstanding."""
    tables = sa.MetaData()
    settlements = sa.Table(
        "settlements", tables, sa.Column("id", db.Id), sa.Column("case", sa.String), sa.Column("at", db.Instant),
        sa.Column("number", sa.String), sa.Column("amount", db.Exact), sa.Column("paid", db.Exact),
        sa.Column("invoice", sa.String), sa.Column("settled_on", sa.Date), sa.Column("by", sa.String),
        sa.Column("outstanding", db.Exact),
    )  # fmt: skip
    credits = sa.Table(
        "sales_credits", tables, sa.Column("settlement_id", db.Id), sa.Column("amount", db.Exact)
    )
    payments = sa.Table(
        "sales_payments", tables, sa.Column("public_id", sa.String), sa.Column("case", sa.String),
        sa.Column("at", db.Instant), sa.Column("number", sa.String), sa.Column("settlement_id", db.Id),
        sa.Column("kind", sa.String), sa.Column("amount", db.Exact), sa.Column("paid_on", sa.Date),
        sa.Column("reference", sa.String), sa.Column("by", sa.String),
    )  # fmt: skip
    numbers = sa.Table(
        "document_numbers", tables, sa.Column("prefix", sa.String), sa.Column("year", sa.Integer),
        sa.Column("last", sa.Integer),
    )  # fmt: skip
    bind = op.get_bind()
    credited: dict[int, Any] = defaultdict(int)
    for row in bind.execute(sa.select(credits).where(credits.c.settlement_id.is_not(None))):
        credited[row.settlement_id] += row.amount
    last: dict[int, int] = defaultdict(int)
    rows, left = [], []
    for row in bind.execute(sa.select(settlements).order_by(settlements.c.id)):
        outstanding = row.amount - credited[row.id] - row.paid
        if outstanding:
            left.append({"of": row.id, "still": outstanding})
        if not row.paid:
            continue
        settled_on: dt.date = row.settled_on
        last[settled_on.year] += 1
        rows.append(
            {
                "public_id": public_id(),
                "case": row.case,
                "at": row.at,
                "number": f"PM-{settled_on.year}-{last[settled_on.year]:04d}",
                "settlement_id": row.id,
                "kind": "payment",
                "amount": row.paid,
                "paid_on": settled_on,
                "reference": row.invoice or row.number,
                "by": row.by,
            }
        )
    if rows:
        bind.execute(sa.insert(payments), rows)
        bind.execute(
            sa.insert(numbers), [{"prefix": "PM", "year": year, "last": number} for year, number in last.items()]
        )
    if left:
        bind.execute(
            sa.update(settlements)
            .where(settlements.c.id == sa.bindparam("of"))
            .values(outstanding=sa.bindparam("still")),
            left,
        )


def upgrade() -> None:
    op.add_column("sales_orders", sa.Column("credit_verdict", sa.String(length=16), nullable=True))
    op.add_column("sales_orders", sa.Column("credit_released_by", sa.String(length=32), nullable=True))
    # A constraint that comes with its column needs no new table on SQLite either.
    op.execute(
        "ALTER TABLE sales_order_lines ADD COLUMN shipped BIGINT DEFAULT '0' NOT NULL"
        " CONSTRAINT ck_sales_order_lines_shipped CHECK (shipped >= 0 AND shipped <= quantity)"
    )
    op.execute(
        "UPDATE sales_order_lines SET shipped = quantity WHERE order_id IN"
        " (SELECT id FROM sales_orders WHERE state IN ('shipped', 'delivered', 'settled', 'returned'))"
    )
    _shipments_in_parts()
    op.add_column("settlements", sa.Column("outstanding", db.Exact(), server_default="0", nullable=False))
    op.add_column("settlements", sa.Column("due_on", sa.Date(), nullable=True))
    op.create_table(
        "sales_payments",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("settlement_id", db.Id, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('payment', 'refund')", name=op.f("ck_sales_payments_kind")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sales_payments_amount")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlements.id"], name=op.f("fk_sales_payments_settlement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_payments")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_payments_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_payments_public_id")),
        sa.UniqueConstraint(
            "settlement_id", "kind", "reference", name=op.f("uq_sales_payments_settlement_id_kind_reference")
        ),
    )
    _payments_so_far()
    for statement in append_only.statements("sales_payments", op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "sales_order_changes",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", db.Id, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", db.Tagged(), nullable=False),
        sa.Column("after", db.Tagged(), nullable=False),
        sa.Column("amount_before", db.Exact(), nullable=False),
        sa.Column("amount_after", db.Exact(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('amend', 'cancel')", name=op.f("ck_sales_order_changes_kind")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_orders.id"], name=op.f("fk_sales_order_changes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order_changes")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_order_changes_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_order_changes_public_id")),
    )
    op.create_index(op.f("ix_sales_order_changes_order_id"), "sales_order_changes", ["order_id"], unique=False)
