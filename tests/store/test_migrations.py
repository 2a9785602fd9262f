"""A migrated database is the one that the code describes, down to what the database itself refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import runtime.bootstrap  # noqa: F401  every table is declared once everything is imported
from runtime.store import db, migrate


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    engine = db.connect(f"sqlite:///{tmp_path / 'new.db'}")
    migrate.upgrade(engine)
    return engine


def objects(engine: sa.Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return {(row.type, row.name) for row in rows if row.name != "alembic_version"}


def test_a_migrated_database_is_what_the_code_describes(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_indexes_and_triggers_are_the_same_as_of_tables_made_by_the_code(engine: sa.Engine, tmp_path: Path) -> None:
    direct = db.connect(f"sqlite:///{tmp_path / 'direct.db'}")
    db.metadata.create_all(direct)
    assert objects(engine) == objects(direct)


def test_an_upgrade_of_an_up_to_date_database_changes_nothing(engine: sa.Engine) -> None:
    before = objects(engine)
    migrate.upgrade(engine)
    assert objects(engine) == before
    assert migrate.current(engine)


def test_a_new_file_is_not_up_to_date(tmp_path: Path) -> None:
    assert not migrate.current(db.connect(f"sqlite:///{tmp_path / 'empty.db'}"))
