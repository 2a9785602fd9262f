"""Anomalies of stock, as they were reported and handled."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_anomalies",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("component_id", db.Id, nullable=False),
        sa.Column("warehouse_id", db.Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("actual", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("evidence", db.Tagged(), nullable=True),
        sa.Column("reported_by", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=True),
        sa.Column("handling", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("handled_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_stock_anomalies_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouses.id"], name=op.f("fk_stock_anomalies_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_anomalies")),
        sa.UniqueConstraint("number", name=op.f("uq_stock_anomalies_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_stock_anomalies_public_id")),
    )
