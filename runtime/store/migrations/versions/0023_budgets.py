"""Budgets by year and line, and what is committed against them."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only
from runtime.store import db

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_entries",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=True),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('commit', 'release', 'actual', 'allow', 'use')", name=op.f("ck_budget_entries_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_entries")),
        sa.UniqueConstraint("public_id", name=op.f("uq_budget_entries_public_id")),
    )
    op.create_index("ix_budget_entries_document", "budget_entries", ["document"], unique=False)
    op.create_index("ix_budget_entries_year", "budget_entries", ["year", "line"], unique=False)
    op.create_table(
        "budgets",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("drafter", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
        sa.UniqueConstraint("number", name=op.f("uq_budgets_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_budgets_public_id")),
    )
    op.create_index(
        "uq_budgets_approved",
        "budgets",
        ["year"],
        unique=True,
        sqlite_where=sa.text("state = 'approved'"),
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_table(
        "budget_lines",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("budget_id", db.Id, nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("frozen", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budgets.id"], name=op.f("fk_budget_lines_budget_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_lines")),
        sa.UniqueConstraint("budget_id", "line", name=op.f("uq_budget_lines_budget_id_line")),
    )
    for statement in append_only.statements("budget_entries", op.get_bind().dialect.name):
        op.execute(statement)
