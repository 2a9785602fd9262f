"""A migrated database is the one that the code describes, down to what the database itself refuses."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import runtime.cli  # noqa: F401  every table is declared once everything is imported
from runtime import clock
from runtime.ledger import leave
from runtime.store import db, deployments, jobs, migrate, requests, search, user_tasks
from tests.databases import Databases

OBJECTS = {
    "sqlite": """
        SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'
        UNION SELECT 'without rowid', name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'
        UNION SELECT 'of some rows', name || substr(sql, instr(sql, ' WHERE ')) FROM sqlite_master
            WHERE type = 'index' AND sql LIKE '% WHERE %'
    """,
    "postgresql": """
        SELECT CAST(relkind AS text) AS type, relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION SELECT 'constraint', conname FROM pg_constraint WHERE contype <> 'n'
            AND connamespace = 'public'::regnamespace
    """,
}


@pytest.fixture
def old(empty_database: str) -> Iterator[sa.Engine]:
    """A database without tables."""
    engine = db.connect(empty_database)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(old: sa.Engine) -> sa.Engine:
    migrate.upgrade(old)
    return old


def objects(engine: sa.Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(OBJECTS[engine.dialect.name])
        return {(row.type, row.name) for row in rows if not row.name.startswith("alembic_version")}


def plain(name: str | None, kind: str, *_: object) -> bool:
    """Not the virtual table of search, nor the tables that SQLite keeps it in."""
    return kind != "table" or not str(name).startswith(search.NAME)


def test_a_migrated_database_is_what_the_code_describes(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": plain})
        assert compare_metadata(context, db.metadata) == []


def test_indexes_and_triggers_are_the_same_as_of_tables_made_by_the_code(
    engine: sa.Engine, databases: Databases, tmp_path: Path
) -> None:
    with databases.empty(tmp_path / "direct") as url:
        direct = db.connect(url)
        db.metadata.create_all(direct)
        assert objects(engine) == objects(direct)
        direct.dispose()


def test_an_upgrade_of_an_up_to_date_database_changes_nothing(engine: sa.Engine) -> None:
    before = objects(engine)
    migrate.upgrade(engine)
    assert objects(engine) == before
    assert migrate.current(engine)


def test_a_new_database_is_not_up_to_date(old: sa.Engine) -> None:
    assert not migrate.current(old)


# 0044 lets the rows that refer to shipments step aside meanwhile.
MADE_ANEW_WITH_CARE = {"shipments"}


@pytest.mark.embedded
def test_no_table_that_others_refer_to_is_made_anew(old: sa.Engine) -> None:
    """SQLite refuses to drop it as soon as one row refers to it: such an upgrade goes well while it is empty."""
    dropped = set()

    def note(connection: sa.Connection, cursor: Any, statement: str, *_: object) -> None:
        found = re.match(r'\s*DROP TABLE "?(\w+)"?', statement)
        if found:
            tables = [row[0] for row in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            referring = [
                table
                for table in tables
                for row in cursor.execute(f"PRAGMA foreign_key_list({table})")
                if row[2] == found[1] and table not in (found[1], f"_alembic_tmp_{found[1]}")
            ]
            dropped.update({found[1]} if referring else ())

    sa.event.listen(old, "before_cursor_execute", note)
    migrate.upgrade(old)
    assert dropped == MADE_ANEW_WITH_CARE


def test_what_waited_before_the_signals_came_still_waits(old: sa.Engine) -> None:
    migrate.upgrade(old, "0001")
    with old.begin() as connection:
        for statement in (
            "INSERT INTO start_events (process, element, kind, name) VALUES ('refund', 'came', 'message', 'paid')",
            "INSERT INTO jobs (id, kind, state, key, element, due_at, created_at) VALUES "
            "(1, 'message', 'kept', 'm', 'paid', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')",
            "INSERT INTO incidents (public_id, job_id, element, reason, created_at) VALUES "
            "('i', 1, 'paid', 'no', '2026-01-01T00:00:00.000000Z')",
        ):
            connection.exec_driver_sql(statement)
    migrate.upgrade(old)
    with old.connect() as connection:
        (start,) = connection.execute(sa.select(deployments.starts)).all()
        (message,) = connection.execute(sa.select(jobs.jobs)).all()
        assert connection.exec_driver_sql("SELECT job_id FROM incidents").scalar() == 1
    assert (start.process, start.kind, start.name) == ("refund", "message", "paid")
    # It was kept without an end, and can be dealt with by its id.
    assert message.state == "kept" and message.expires_at is None and len(message.public_id) == 32


def test_what_people_were_asked_before_the_inbox_was_sorted_is_sorted_and_found(old: sa.Engine) -> None:
    migrate.upgrade(old, "0002")
    at = "2026-01-01T00:00:00.000000Z"
    with old.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO cases (id, public_id, process, bindings, title, status, confidential, version, state, "
            "sequence, chain, started_at) VALUES "
            f"(1, 'c', 'leave', '{{}}', '{{\"en\":\"Trip\"}}', 'running', FALSE, 1, '', 1, '', '{at}')"
        )
        for number, (state, due) in enumerate((("ready", f"'{at}'"), ("ready", "NULL"), ("completed", "NULL"))):
            connection.exec_driver_sql(
                "INSERT INTO user_tasks (id, public_id, case_id, process, element, activity, names, state, excluded, "
                f"priority, created_at, due_at) VALUES ({number}, 't{number}', 1, 'called', 'ask', 'a{number}', "
                f"'{{}}', '{state}', '[]', 70, '{at}', {due})"
            )
            connection.exec_driver_sql(
                f"INSERT INTO user_task_candidates (task_id, who, created_at) VALUES ({number}, 'group:hr', '{at}')"
            )
    migrate.upgrade(old)
    with old.connect() as connection:
        rows = connection.execute(sa.select(user_tasks.candidates).order_by(user_tasks.candidates.c.task_id)).all()
        fits = search.matches(connection.dialect.name, search.has("trip"))
        assert connection.execute(sa.select(search.case_search.c.rowid).where(fits)).scalars().all() == [1]
    assert [(row.ready, row.rank, row.process, row.due_by.year) for row in rows if row.element == "ask"] == [
        (True, -70, "leave", 2026),
        (True, -70, "leave", 9999),
        (False, -70, "leave", 9999),
    ]


def test_a_start_that_was_named_before_is_known_by_its_name_for_a_week(old: sa.Engine) -> None:
    migrate.upgrade(old, "0015")
    person, key, asked = "a" * 32, "b" * 64, "c" * 64
    at = {1: clock.now() - dt.timedelta(days=2), 2: clock.now() - dt.timedelta(days=8), 3: clock.now()}
    causes = {1: f"asked:{person}:{key}:{asked}", 2: f"asked:{person}:{asked}:{key}", 3: "message:bank:77"}
    with old.begin() as connection:
        for number, began in at.items():
            moment = f"{began.isoformat(timespec='microseconds')[:-6]}Z"
            connection.exec_driver_sql(
                "INSERT INTO cases (id, public_id, process, bindings, title, status, confidential, version, state, "
                "sequence, chain, started_at, cause) VALUES "
                f"({number}, 'c{number}', 'leave', '{{}}', '{{}}', 'running', FALSE, 1, '', 1, '', '{moment}', "
                f"'{causes[number]}')"
            )
    migrate.upgrade(old)
    with old.connect() as connection:
        (row,) = connection.execute(sa.select(requests.requests)).all()
    assert (row.key, row.asked, row.case_id) == (f"{person}:{key}", asked, 1)
    assert row.until == at[1] + dt.timedelta(days=7)


def test_leaves_that_were_taken_back_before_are_known_to_be_by_which_case(old: sa.Engine) -> None:
    migrate.upgrade(old, "0062")
    at = "2026-03-09T01:00:00.000000Z"
    with old.begin() as connection:
        for number, state in ((1, "withdrawn"), (2, "granted")):
            connection.exec_driver_sql(
                'INSERT INTO leaves (id, public_id, "case", at, number, person, kind, first_day, starts_at_noon, '
                f"last_day, ends_at_noon, workdays, state) VALUES ({number}, 'l{number}', 'c{number}', '{at}', "
                f"'LV-2026-000{number}', 'p', 'personal', '2026-03-16', FALSE, '2026-03-16', FALSE, '1', '{state}')"
            )
        connection.exec_driver_sql(
            "INSERT INTO cases (id, public_id, process, bindings, title, status, confidential, version, state, "
            "sequence, chain, started_at, ended_at, end_event) VALUES (1, 'w', 'leave_withdrawal', '{}', "
            "'{\"zh_Hans\":\"撤回请假 LV-2026-0001\"}', 'completed', TRUE, 1, '', 1, '', "
            f"'{at}', '{at}', 'leave_taken_back')"
        )
    migrate.upgrade(old)
    with old.connect() as connection:
        found = connection.execute(sa.select(leave.leaves).order_by(leave.leaves.c.number)).all()
    assert [(row.ended_by, row.ended_at) for row in found] == [
        ("w", dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)),
        (None, None),
    ]
