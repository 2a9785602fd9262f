"""Tables that the database itself keeps from being changed or deleted, on SQLite and PostgreSQL.

The triggers are made with the table. Of one that holds records on people a row can be deleted while a tombstone
is underway that names it (store/erasures.py), and in no other way. Not here: which tables (each book says so
itself)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import DDL, event

# On PostgreSQL, for a trigger before a change.
REFUSE_CHANGE = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
    "USING ERRCODE = 'restrict_violation'; END $$"
)
_NAMED = (
    "SELECT 1 FROM erased_rows JOIN erasures ON erasures.id = erased_rows.erasure_id "
    "WHERE erased_rows.table_name = {table} AND erased_rows.row_id = OLD.id AND erasures.underway"
)
LET_GO = (
    "CREATE OR REPLACE FUNCTION let_go_of_what_is_named() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN IF EXISTS ({_NAMED.format(table='TG_TABLE_NAME')}) THEN RETURN OLD; END IF; "
    "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
)


def statements(table: str, dialect: str, *, erasable: bool = False) -> list[str]:
    """What makes a table append-only; migrations that rebuild a table run them again. `erasable`: but for what a
    tombstone names."""
    unless = f"WHEN NOT EXISTS ({_NAMED.format(table=repr(table))}) " if erasable else ""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"{unless if verb == 'DELETE' else ''}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        REFUSE_CHANGE,
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE{'' if erasable else ' OR DELETE'} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        *(
            [
                LET_GO,
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION let_go_of_what_is_named()",
            ]
            if erasable
            else []
        ),
    ]


def protect(table: sa.Table, *, erasable: bool = False) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of the table's rows from the moment it is created; `erasable`: but for
    what a tombstone names."""
    for dialect in ("sqlite", "postgresql"):
        for statement in statements(table.name, dialect, erasable=erasable):
            # A percent sign is a parameter to DDL.
            event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))
