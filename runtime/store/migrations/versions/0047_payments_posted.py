"""A posting date of every payment: of those that are there, the day on which it was paid."""

import re

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only, periods

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TABLE = "sales_payments"


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.add_column(TABLE, sa.Column("posting_date", sa.Date()))
        op.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
        op.execute(f"UPDATE {TABLE} SET posting_date = paid_on")
        op.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER")
        op.alter_column(TABLE, "posting_date", nullable=False)
    else:
        # SQLite adds no column that must be filled. Nothing refers to the table, so it is made anew.
        made = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (TABLE,)).scalar_one()
        indexes = bind.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (TABLE,)
        ).all()
        named = ", ".join(f'"{row[1]}"' for row in bind.exec_driver_sql(f"PRAGMA table_info({TABLE})"))
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {TABLE}_no_{verb}")
        for name, _ in indexes:
            op.execute(f"DROP INDEX {name}")
        op.execute(f"ALTER TABLE {TABLE} RENAME TO former_{TABLE}")
        anew, count = re.subn(r'("?paid_on"? DATE NOT NULL,)', r"\1 posting_date DATE NOT NULL,", made)
        assert count == 1, made
        bind.exec_driver_sql(anew)
        bind.exec_driver_sql(f"INSERT INTO {TABLE} ({named}, posting_date) SELECT {named}, paid_on FROM former_{TABLE}")
        op.execute(f"DROP TABLE former_{TABLE}")
        for _, statement in indexes:
            bind.exec_driver_sql(statement)
        for statement in append_only.statements(TABLE, "sqlite"):
            op.execute(statement)
    for statement in periods.guards(TABLE, bind.dialect.name):
        op.execute(statement)
