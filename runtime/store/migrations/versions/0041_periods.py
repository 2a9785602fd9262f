"""Periods that are closed, and a posting date of every posting: of those that are there, the day itself."""

import re

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only, periods
from runtime.store import db

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

DAY = {"stock_movements": "business_date", "budget_entries": "business_date", "sales_facts": "settled_on"}


def _with_posting_date(table: str, day: str) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.add_column(table, sa.Column("posting_date", sa.Date()))
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        op.execute(f"UPDATE {table} SET posting_date = {day}")
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        op.alter_column(table, "posting_date", nullable=False)
        return
    # SQLite adds no column that must be filled, and the table refuses changes. Nothing refers to it, so it is
    # made anew as it was, with the column after the day that it is about.
    made = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one()
    indexes = bind.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (table,)
    ).all()
    columns = [row[1] for row in bind.exec_driver_sql(f"PRAGMA table_info({table})")]
    named = ", ".join(f'"{column}"' for column in columns)
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER {table}_no_{verb}")
    for name, _ in indexes:
        op.execute(f"DROP INDEX {name}")
    op.execute(f"ALTER TABLE {table} RENAME TO former_{table}")
    anew, count = re.subn(rf'("?{day}"? DATE NOT NULL,)', r"\1 posting_date DATE NOT NULL,", made)
    assert count == 1, made
    bind.exec_driver_sql(anew)
    bind.exec_driver_sql(
        f"INSERT INTO {table} ({named}, posting_date) SELECT {named}, {day} FROM former_{table}"
    )
    op.execute(f"DROP TABLE former_{table}")
    for _, statement in indexes:
        bind.exec_driver_sql(statement)
    for statement in append_only.statements(table, "sqlite"):
        op.execute(statement)


def upgrade() -> None:
    op.create_table(
        "period_closings",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("prepared_by", sa.String(length=32), nullable=True),
        sa.Column("closed_by", sa.String(length=32), nullable=True),
        sa.Column("closed_at", db.Instant(timezone=True), nullable=True),
        sa.Column("allowed_by", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("items", db.Tagged(), nullable=True),
        sa.Column("last_postings", db.Tagged(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_closings")),
        sa.UniqueConstraint("number", name=op.f("uq_period_closings_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_period_closings_public_id")),
    )
    for name, column, which in (
        ("uq_period_closings_closed", "period", "state = 'closed'"),
        ("uq_period_closings_preparing", "state", "state = 'preparing'"),
    ):
        op.create_index(
            name,
            "period_closings",
            [column],
            unique=True,
            sqlite_where=sa.text(which),
            postgresql_where=sa.text(which),
        )
    dialect = op.get_bind().dialect.name
    for statement in periods.seals(dialect):
        op.execute(statement)
    for table, day in DAY.items():
        _with_posting_date(table, day)
        for statement in periods.guards(table, dialect):
            op.execute(statement)
    op.drop_index("ix_sales_facts_settled_on", "sales_facts")
    op.create_index("ix_sales_facts_posting_date", "sales_facts", ["posting_date"])
