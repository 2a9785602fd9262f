"""What a company brings in from Excel: dry runs, control totals, who approved, and how it agreed afterwards."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("file", db.Tagged(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("controls", db.Tagged(), nullable=False),
        sa.Column("totals", db.Tagged(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.String(length=32), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.String(length=32), nullable=True),
        sa.Column("reviewed_at", db.Instant(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("taken_at", db.Instant(timezone=True), nullable=True),
        sa.Column("reconciliation", db.Tagged(), nullable=True),
        sa.CheckConstraint("reviewed_by <> imported_by", name=op.f("ck_imports_two_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("number", name=op.f("uq_imports_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_imports_public_id")),
    )
    op.create_index(
        "uq_imports_taken",
        "imports",
        ["kind", "sha256"],
        unique=True,
        sqlite_where=sa.text("state = 'taken'"),
        postgresql_where=sa.text("state = 'taken'"),
    )
