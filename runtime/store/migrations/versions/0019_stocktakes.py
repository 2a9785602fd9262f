"""Stocktakes with sheets and lines; surplus and loss as kinds of movement."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only
from runtime.store import db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KINDS = (
    "(kind IN ('opening', 'receipt', 'return', 'surplus') AND quantity > 0)"
    " OR (kind IN ('issue', 'loss') AND quantity < 0)"
    " OR (kind = 'correction' AND quantity <> 0)"
)
MOVEMENTS = "stock_movements"


def upgrade() -> None:
    _more_kinds()

    def columns() -> list[sa.Column[Any]]:
        return [
            sa.Column("id", db.Id, nullable=False),
            sa.Column("public_id", sa.String(32), nullable=False),
            sa.Column("case", sa.String(32), nullable=False),
            sa.Column("at", db.Instant(), nullable=False),
        ]

    op.create_table(
        "stocktakes",
        *columns(),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("opened_by", sa.String(32)),
        sa.Column("surplus", db.Exact()),
        sa.Column("loss", db.Exact()),
        sa.Column("explained_by", sa.String(32)),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("recount_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_stocktakes"),
        sa.UniqueConstraint("public_id", name="uq_stocktakes_public_id"),
        sa.UniqueConstraint("number", name="uq_stocktakes_number"),
    )
    op.create_table(
        "stocktake_sheets",
        *columns(),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stocktake_id", db.Id, nullable=False),
        sa.Column("warehouse_id", db.Id, nullable=False),
        sa.Column("excluded", db.Tagged(), nullable=False),
        sa.Column("counting_case", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_stocktake_sheets"),
        sa.UniqueConstraint("public_id", name="uq_stocktake_sheets_public_id"),
        sa.UniqueConstraint("number", name="uq_stocktake_sheets_number"),
        sa.ForeignKeyConstraint(["stocktake_id"], ["stocktakes.id"], name="fk_stocktake_sheets_stocktake_id"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"], name="fk_stocktake_sheets_warehouse_id"),
    )
    op.create_index("ix_stocktake_sheets_stocktake_id", "stocktake_sheets", ["stocktake_id"])
    open_ = sa.text("state = 'open'")
    op.create_index(
        "ix_stocktake_sheets_open", "stocktake_sheets", ["id"], sqlite_where=open_, postgresql_where=open_
    )
    op.create_table(
        "stocktake_lines",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("sheet_id", db.Id, nullable=False),
        sa.Column("component_id", db.Id, nullable=False),
        sa.Column("abc_class", sa.String(1), nullable=False),
        sa.Column("unit_price", db.Exact(), nullable=False),
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, server_default="open"),
        sa.Column("why", sa.String(8)),
        sa.Column("counted", sa.BigInteger()),
        sa.Column("counted_by", sa.String(32)),
        sa.Column("counted_at", db.Instant()),
        sa.Column("first_counted", sa.BigInteger()),
        sa.Column("first_counted_by", sa.String(32)),
        sa.Column("note", sa.Text()),
        sa.Column("variance", sa.BigInteger()),
        sa.Column("within", sa.Boolean()),
        sa.Column("cause", sa.String(20)),
        sa.Column("cause_note", sa.Text()),
        sa.Column("replaced", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_stocktake_lines"),
        sa.UniqueConstraint("sheet_id", "component_id", name="uq_stocktake_lines_sheet_id_component_id"),
        sa.ForeignKeyConstraint(["sheet_id"], ["stocktake_sheets.id"], name="fk_stocktake_lines_sheet_id"),
        sa.ForeignKeyConstraint(["component_id"], ["components.id"], name="fk_stocktake_lines_component_id"),
        sa.CheckConstraint("book >= 0 AND counted >= 0", name="ck_stocktake_lines_pieces"),
    )
    op.create_index("ix_stocktake_lines_component_id", "stocktake_lines", ["component_id"])


def _more_kinds() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {MOVEMENTS} DROP CONSTRAINT ck_stock_movements_kind")
        op.execute(f"ALTER TABLE {MOVEMENTS} ADD CONSTRAINT ck_stock_movements_kind CHECK ({KINDS})")
        return
    # SQLite changes no constraint in place. Nothing refers to the table, so it is made anew.
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER {MOVEMENTS}_no_{verb}")
    op.execute("DROP INDEX ix_stock_movements_component")
    op.execute(f"ALTER TABLE {MOVEMENTS} RENAME TO former_movements")
    op.create_table(
        MOVEMENTS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.String(100)),
        sa.Column("document", sa.String(32)),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(32)),
        sa.Column("reason", sa.Text()),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.CheckConstraint(KINDS, name="ck_stock_movements_kind"),
        sa.ForeignKeyConstraint(["component_id"], ["components.id"], name="fk_stock_movements_component_id"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"], name="fk_stock_movements_warehouse_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movements"),
        sa.UniqueConstraint("public_id", name="uq_stock_movements_public_id"),
    )
    op.execute(f"INSERT INTO {MOVEMENTS} SELECT * FROM former_movements")
    op.execute("DROP TABLE former_movements")
    op.create_index("ix_stock_movements_component", MOVEMENTS, ["component_id", "id"])
    for statement in append_only.statements(MOVEMENTS, "sqlite"):
        op.execute(statement)
