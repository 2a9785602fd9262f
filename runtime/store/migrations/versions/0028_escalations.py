"""Issues that staff raise with a superior or another department."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("wanted_from", sa.String(length=16), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=True),
        sa.Column("files", db.Tagged(), nullable=True),
        sa.Column("raised_by", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=True),
        sa.Column("answers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.Column("answered_at", db.Instant(timezone=True), nullable=True),
        sa.Column("closed_at", db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("number", name=op.f("uq_escalations_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_escalations_public_id")),
    )
    op.create_index(op.f("ix_escalations_raised_by"), "escalations", ["raised_by"], unique=False)
