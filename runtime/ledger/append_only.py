"""Tables that the database itself keeps from being changed or deleted, on SQLite and PostgreSQL.

The triggers are made with the table. Not here: which tables (each book says so itself)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import DDL, event

# On PostgreSQL, for a trigger before a change.
REFUSE_CHANGE = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
    "USING ERRCODE = 'restrict_violation'; END $$"
)


def statements(table: str, dialect: str) -> list[str]:
    """What makes a table append-only; migrations that rebuild a table run them again."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        REFUSE_CHANGE,
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


def protect(table: sa.Table) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of the table's rows from the moment it is created."""
    for dialect in ("sqlite", "postgresql"):
        for statement in statements(table.name, dialect):
            # A percent sign is a parameter to DDL.
            event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))
