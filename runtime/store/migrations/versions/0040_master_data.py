"""Changes of master data by two persons, their history, and warehouses that are closed."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only
from runtime.store import db

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("warehouses", sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_table(
        "master_changes",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("before", db.Tagged(), nullable=False),
        sa.Column("after", db.Tagged(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("proposed_by", sa.String(length=32), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", db.Instant(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_master_changes")),
        sa.UniqueConstraint("number", name=op.f("uq_master_changes_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_master_changes_public_id")),
    )
    op.create_index("ix_master_changes_subject", "master_changes", ["kind", "subject"], unique=False)
    op.create_table(
        "master_history",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("change_id", db.Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("before", db.Tagged(), nullable=False),
        sa.Column("after", db.Tagged(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("proposed_by <> approved_by", name=op.f("ck_master_history_two_persons")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["master_changes.id"], name=op.f("fk_master_history_change_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_master_history")),
        sa.UniqueConstraint("change_id", name=op.f("uq_master_history_change_id")),
    )
    op.create_index("ix_master_history_subject", "master_history", ["kind", "subject", "id"], unique=False)
    for statement in append_only.statements("master_history", op.get_bind().dialect.name):
        op.execute(statement)
