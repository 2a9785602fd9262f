"""Feedback from the market and from customers."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("component_id", db.Id, nullable=True),
        sa.Column("customer_id", db.Id, nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("files", db.Tagged(), nullable=True),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("heard_on", sa.Date(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("handled_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["component_id"], ["components.id"], name=op.f("fk_feedback_component_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_feedback_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("number", name=op.f("uq_feedback_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_feedback_public_id")),
    )
    op.create_index(op.f("ix_feedback_component_id"), "feedback", ["component_id"], unique=False)
    op.create_index(op.f("ix_feedback_customer_id"), "feedback", ["customer_id"], unique=False)
    op.create_index(op.f("ix_feedback_heard_on"), "feedback", ["heard_on"], unique=False)
