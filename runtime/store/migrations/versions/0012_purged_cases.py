"""Tombstones of cases whose details were erased."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purged_cases",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("case_id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("started_at", db.Instant(), nullable=False),
        sa.Column("ended_at", db.Instant(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("purged_at", db.Instant(), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_purged_cases_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_purged_cases"),
        sa.UniqueConstraint("case_id", name="uq_purged_cases_case_id"),
    )
