"""Leaving: the last day, who takes over, and the hand-over."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leavings",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("receiver", sa.String(length=32), nullable=True),
        sa.Column("new_superior", sa.String(length=32), nullable=True),
        sa.Column("handover", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("ended_at", db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leavings")),
        sa.UniqueConstraint("number", name=op.f("uq_leavings_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_leavings_public_id")),
    )
    op.create_index(op.f("ix_leavings_person"), "leavings", ["person"], unique=False)
