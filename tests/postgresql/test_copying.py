"""An embedded installation is carried over to PostgreSQL, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from runtime import cli, doctor
from runtime.bootstrap import Runtime
from runtime.commands import user_tasks
from runtime.queries import search
from runtime.settings import Settings
from runtime.store import copying, db, migrate
from runtime.store.db import metadata
from tests import conftest
from tests.databases import Databases
from tests.office import Office


@pytest.fixture(scope="module")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo department in a file of SQLite."""
    return conftest.demo_department(Databases(None), tmp_path_factory.mktemp("embedded"))


@pytest.fixture
def embedded(embedded_home: Path, tmp_path: Path, still_clock: None) -> Iterator[Office]:
    with Databases(None).copied(embedded_home, tmp_path / "embedded") as home:
        runtime = Runtime(Settings(home=home, demo=True))
        office = Office(runtime)
        # Something is open, something waits, something is done.
        office.as_("liyang").start(
            "stock_correction",
            component="QY-P60-265", warehouse="SH", difference="surplus", pieces=1, reason="count",
        )  # fmt: skip
        yield office
        runtime.close()


def rows(engine: sa.Engine) -> dict[str, copying.Content]:
    with engine.connect() as connection:
        return {table.name: copying._content(connection, table) for table in metadata.sorted_tables}


def test_an_installation_goes_on_where_it_was(embedded: Office, empty_database: str, tmp_path: Path) -> None:
    before = rows(embedded.runtime.engine)
    told: list[tuple[str, int, int]] = []
    target = db.connect(empty_database)
    copied = copying.copy(embedded.runtime.engine, target, lambda *of: told.append(of))
    assert copied == before == rows(target) == rows(embedded.runtime.engine)
    assert sum(content.rows for content in copied.values()) > 1000
    assert {table for table, done, of in told if done == of} == set(copied)
    target.dispose()

    moved = Office(Runtime(Settings(home=tmp_path, demo=True)))
    assert moved.runtime.engine.dialect.name == "postgresql"
    assert list(doctor.examine(moved.runtime.engine, moved.runtime.house)) == []
    chenjie = moved.as_("chenjie")
    (task,) = [row for row in chenjie.inbox() if row.element == "review_correction"]
    # Search has its words again.
    assert task.case in [row.id for row in moved.runtime.read(search.find, chenjie.actor, "更正").cases]
    moved.runtime.do(user_tasks.complete, chenjie.actor, task.id, {"correction_decision": "approve"})
    moved.settle()
    assert moved.case(task.case).status == "completed"
    # New rows count on from the old ones.
    assert moved.as_("liyang").start(
        "stock_correction", component="QY-P60-265", warehouse="SH", difference="surplus", pieces=1, reason="x"
    ).row.id == max(row.row.id for row in moved.cases_of("stock_correction"))  # fmt: skip
    moved.runtime.close()


def test_and_back(embedded: Office, empty_database: str, tmp_path: Path) -> None:
    middle, back = db.connect(empty_database), db.connect(f"sqlite:///{tmp_path / 'back.db'}")
    first = copying.copy(embedded.runtime.engine, middle)
    assert copying.copy(middle, back) == first
    middle.dispose()
    back.dispose()


def test_a_database_with_tables_is_left_alone(embedded: Office, empty_database: str) -> None:
    target = db.connect(empty_database)
    with target.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (a integer)")
    with pytest.raises(copying.TargetInUse, match="theirs"):
        copying.copy(embedded.runtime.engine, target)
    assert sa.inspect(target).get_table_names() == ["theirs"]
    target.dispose()


def test_a_database_of_another_version_is_not_copied(empty_database: str, tmp_path: Path) -> None:
    old, target = db.connect(f"sqlite:///{tmp_path / 'old.db'}"), db.connect(empty_database)
    migrate.upgrade(old, "0001")
    with pytest.raises(copying.SourceBehind):
        copying.copy(old, target)
    old.dispose()
    target.dispose()


def test_what_postgresql_cannot_keep_is_named_and_nothing_is_copied(
    embedded: Office, empty_database: str
) -> None:
    with embedded.runtime.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET contact = 'a' || char(0) WHERE id = 1")
    target = db.connect(empty_database)
    with pytest.raises(copying.CannotBeKept, match="customers"):
        copying.copy(embedded.runtime.engine, target)
    assert {name for name, content in rows(target).items() if content.rows} == set()
    target.dispose()


def test_the_command_copies_and_says_what(
    embedded: Office, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GUICHENG_DATABASE_URL")
    monkeypatch.setenv("GUICHENG_HOME", str(embedded.runtime.settings.home))
    told = CliRunner().invoke(cli.main, ["db", "copy", "--to", empty_database], env={"LANG": "C"})
    assert told.exit_code == 0, told.output
    assert "copied and compared" in told.output
    again = CliRunner().invoke(cli.main, ["db", "copy", "--to", empty_database], env={"LANG": "C"})
    assert again.exit_code != 0
    assert "must be empty" in again.output
