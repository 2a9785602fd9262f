"""A timer costs nothing until it is due: what a worker asks reads as little beside a heap of them as alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import runtime.cli  # noqa: F401  every table is declared once everything is imported
from runtime.store import db, jobs, migrate, workers

NOW = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
MANY = 1_000_000
TIMERS = """
    INSERT INTO jobs (kind, state, key, element, activity, due_at, created_at)
    SELECT 'timer', 'waiting', :name || n, 'wait', :name || n, CAST(:due AS timestamptz) + n * interval '1 second',
        CAST(:due AS timestamptz) FROM generate_series(1, :many) AS n"""


@pytest.fixture
def tx(empty_database: str) -> Iterator[db.Transaction]:
    engine = db.connect(empty_database)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        future = {"name": "later", "due": NOW + dt.timedelta(days=1), "many": MANY}
        connection.execute(sa.text(TIMERS), future)
        connection.execute(sa.text(TIMERS), {"name": "now", "due": NOW - dt.timedelta(hours=1), "many": 3})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE jobs")
    with engine.begin() as connection:
        yield db.Transaction(connection, NOW)
    engine.dispose()


def pages(tx: db.Transaction, ask: Callable[[], Any]) -> list[tuple[int, str]]:
    """The pages that each statement of `ask` reads, as PostgreSQL counts them, and how."""
    said: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        said.append((statement, parameters))

    sa.event.listen(tx.connection.engine, "before_cursor_execute", note)
    ask()
    sa.event.remove(tx.connection.engine, "before_cursor_execute", note)
    found = []
    for statement, parameters in said:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
            plan = tx.connection.exec_driver_sql(explained, parameters or None).scalar()[0]["Plan"]
            found.append((plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], str(plan)))
    return found


def test_a_million_timers_that_are_not_due_cost_a_worker_nothing(tx: db.Transaction) -> None:
    worker = workers.enter(tx, "here:1")
    asked = pages(tx, lambda: jobs.next_due(tx))
    claimed: list[Any] = []
    asked += pages(tx, lambda: claimed.extend(jobs.claim_due(tx, worker, 10)))
    assert [job.key for job in claimed] == ["now1", "now2", "now3"]
    assert len(asked) >= 3
    for read, how in asked:
        assert "'Seq Scan'" not in how, how
        assert read < 40, how
