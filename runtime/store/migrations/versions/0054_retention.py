"""Records on people that are kept long enough: runs, what is held back, tombstones; two books that let go of them."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only
from runtime.store import db

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

ERASABLE = ("employments", "leave_entitlements")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("run", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("due_by", sa.Date(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.Column("underway", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("proposed_by <> approved_by", name=op.f("ck_erasures_two_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "erased_rows",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("erasure_id", db.Id, nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("row_id", db.Id, nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_erased_rows_erasure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erased_rows")),
    )
    op.create_index("ix_erased_rows_erasure_id", "erased_rows", ["erasure_id"])
    op.create_index("ix_erased_rows_row", "erased_rows", ["table_name", "row_id"])
    op.create_table(
        "retention_holds",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_holds")),
    )
    op.create_index("ix_retention_holds_person", "retention_holds", ["person"])
    op.create_table(
        "retention_runs",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_by", sa.Date(), nullable=False),
        sa.Column("figures", db.Tagged(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("ended_at", db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
        sa.UniqueConstraint("number", name=op.f("uq_retention_runs_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_retention_runs_public_id")),
    )
    op.create_index(
        "uq_retention_runs_gathered",
        "retention_runs",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'gathered'"),
        postgresql_where=sa.text("state = 'gathered'"),
    )
    op.create_table(
        "retention_items",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("run_id", db.Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("held", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["retention_runs.id"], name=op.f("fk_retention_items_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_items")),
    )
    op.create_index("ix_retention_items_run_id", "retention_items", ["run_id"])
    dialect = op.get_bind().dialect.name
    for table in ERASABLE:
        triggers = ("no_update", "no_delete") if dialect == "sqlite" else ("no_change", "no_truncate")
        for trigger in triggers:
            op.execute(f"DROP TRIGGER {table}_{trigger}{'' if dialect == 'sqlite' else f' ON {table}'}")
        for statement in append_only.statements(table, dialect, erasable=True):
            op.execute(statement)
