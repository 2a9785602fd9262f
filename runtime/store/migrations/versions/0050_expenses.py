"""Expenses that people had for the department."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "expense_claims",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("receipts", db.Tagged(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("approved_at", db.Instant(timezone=True), nullable=True),
        sa.Column("paid_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_expense_claims_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_claims")),
        sa.UniqueConstraint("number", name=op.f("uq_expense_claims_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_expense_claims_public_id")),
    )
    op.create_index("ix_expense_claims_person", "expense_claims", ["person"])
