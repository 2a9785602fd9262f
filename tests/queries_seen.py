"""What a block of code asks of the database, and how the database goes about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def asked(engine: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements of the block with their parameters, without what opens and closes transactions."""
    said: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            said.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def plan(engine: sa.Engine, statement: str, parameters: Any) -> list[str]:
    """How the database goes about it, line by line. PostgreSQL is told to look through tables only where
    there is no other way, since the tests' tables are small."""
    if isinstance(parameters, list):
        parameters = parameters[0]
    if statement.startswith("NOTIFY"):
        return []
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            return [str(row.detail) for row in rows]
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [str(row[0]).strip() for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


def scans(engine: sa.Engine, said: list[tuple[str, Any]], *tables: str) -> list[str]:
    """Lines of plans that go through a whole table, or a whole index of it, of these."""
    found = []
    for statement, parameters in said:
        for line in plan(engine, statement, parameters):
            words = line.removeprefix("->").split()
            # "SCAN user_tasks …" and "Seq Scan on user_tasks user_tasks_1 …"
            of = words[1] if words[0] == "SCAN" else words[3] if words[:2] == ["Seq", "Scan"] else ""
            if of in tables:
                found.append(line)
    return found
