"""Copies of an installation: whole while people work, carried away, brought back; nothing is lost by it."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runtime import backup, cli, clock, doctor
from runtime.bootstrap import Runtime
from runtime.commands import cases, purge, user_tasks
from runtime.identity import SYSTEM
from runtime.queries import inbox
from runtime.settings import Settings
from runtime.store import migrate
from tests.diagrams import bpmn, end, start, user
from tests.office import Office

# It looks into the file of SQLite, and damages it.
pytestmark = pytest.mark.embedded

SIMPLE = bpmn(
    "simple",
    start(),
    user("ask", candidateGroups="specialist"),
    user("more", candidateGroups="specialist"),
    end(),
)
Run = Callable[..., Result]


@pytest.fixture
def run(firm: Office, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")

    def call(*words: object, given: str = "") -> Result:
        return CliRunner().invoke(cli.main, [str(word) for word in words], input=given)

    return call


def whole(home: Path) -> list[str]:
    """What the doctor finds in the installation of a folder."""
    runtime = Runtime(Settings(home=home))
    runtime.load()
    found = [
        f"{each.invariant.name} {each.problem}" for each in doctor.examine(runtime.engine, runtime.house)
    ]
    runtime.close()
    return found


def completed(database: Path) -> set[str]:
    """Public ids of the tasks that are completed in a database file."""
    connection = sqlite3.connect(database)
    try:
        return {
            row[0] for row in connection.execute("SELECT public_id FROM user_tasks WHERE state = 'completed'")
        }
    finally:
        connection.close()


def installation(firm: Office) -> backup.Installation:
    return backup.Installation(firm.runtime.engine, firm.runtime.settings.home)


def test_a_copy_made_while_people_work_is_whole_and_holds_what_was_done_before(
    firm: Office, tmp_path: Path
) -> None:
    firm.deploy(SIMPLE)
    spec = firm.as_("spec").actor
    for _ in range(30):
        firm.runtime.do(cases.start, spec, "simple", {})
    done: list[str] = []
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            for row in firm.runtime.read(inbox.todo, spec, limit=1).rows:
                with suppress(user_tasks.TaskAlreadyCompleted):  # the other one was faster
                    firm.runtime.do(user_tasks.complete, spec, row.id, {})
                    done.append(row.id)
            firm.runtime.do(cases.start, spec, "simple", {})

    people = [threading.Thread(target=work) for _ in range(2)]
    for person in people:
        person.start()
    acknowledged: list[set[str]] = []
    moved: list[int] = []

    def told(copied: int, total: int) -> None:
        moved.append(len(done))

    try:
        while len(done) < 5:
            stopping.wait(0.01)
        for number in range(3):
            acknowledged.append(set(done))
            backup.save(installation(firm), tmp_path / f"copy{number}.db", progress=told)
    finally:
        stopping.set()
        for person in people:
            person.join()
    assert moved
    for number, before in enumerate(acknowledged):
        home = tmp_path / f"home{number}"
        home.mkdir()
        (tmp_path / f"copy{number}.db").rename(home / "guicheng.db")
        assert before <= completed(home / "guicheng.db")
        assert whole(home) == []


def test_writers_go_on_while_a_copy_is_made(firm: Office, tmp_path: Path) -> None:
    """The copy stands still at its moment: whoever commits meanwhile neither waits for it nor is in it."""
    firm.deploy(SIMPLE)
    spec, started = firm.as_("spec").actor, []

    def told(done: int, total: int) -> None:
        if len(started) < 20:
            started.append(firm.runtime.do(cases.start, spec, "simple", {}).case)

    about = backup.save(installation(firm), tmp_path / "copy.db", progress=told)
    assert started and about.counts["cases"] == 0


def test_a_backup_says_what_is_in_it_and_is_for_its_owner_alone(
    firm: Office, run: Run, tmp_path: Path
) -> None:
    firm.deploy(SIMPLE)
    firm.as_("spec").start("simple")
    file = tmp_path / "copy.db"
    done = run("backup", file)
    assert done.exit_code == 0, done.output
    assert "cases: 1, running: 1, open tasks: 1, people: 9" in done.stdout
    assert "secret that signs cookies is not in it" in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy.db"]


def test_a_file_that_is_there_is_not_replaced_unless_asked(firm: Office, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("precious")
    refused = run("backup", file)
    assert (refused.exit_code, file.read_text()) == (1, "precious")
    assert "--force" in refused.stderr
    assert run("backup", file, "--force").exit_code == 0
    assert file.read_bytes().startswith(b"SQLite format 3")


def test_the_secret_goes_along_only_when_asked_and_comes_back(firm: Office, run: Run, tmp_path: Path) -> None:
    home, file = firm.runtime.settings.home, tmp_path / "copy.db"
    secret = firm.runtime.secret()
    assert run("backup", file).exit_code == 0
    assert secret not in file.read_bytes() and not (tmp_path / "copy.db.secret").exists()
    assert run("backup", file, "--force", "--with-secret").exit_code == 0
    assert stat.S_IMODE((tmp_path / "copy.db.secret").stat().st_mode) == 0o600
    (home / "secret").write_text("another")
    firm.runtime.close()
    assert run("restore", file, "--yes").exit_code == 0
    assert (home / "secret").read_bytes() == secret
    assert [path.read_text() for path in home.glob("secret.before-restore-*")] == ["another"]


def test_what_was_there_before_a_restore_is_kept(firm: Office, run: Run, tmp_path: Path) -> None:
    home, file = firm.runtime.settings.home, tmp_path / "copy.db"
    firm.deploy(SIMPLE)
    firm.as_("spec").start("simple")
    assert run("backup", file).exit_code == 0
    firm.as_("spec").do("ask")
    firm.runtime.close()
    done = run("restore", file, given="y\n")
    assert done.exit_code == 0, done.output
    assert len(completed(home / "guicheng.db")) == 0 and whole(home) == []
    (before,) = home.glob("guicheng.db.before-restore-*")
    assert len(completed(before)) == 1
    assert stat.S_IMODE((home / "guicheng.db").stat().st_mode) == 0o600


def test_a_restore_that_is_cut_off_before_it_is_whole_has_changed_nothing(
    firm: Office, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else records on people that were erased since the backup would be back, and nothing would erase them again."""
    home, file = firm.runtime.settings.home, tmp_path / "copy.db"
    firm.deploy(SIMPLE)
    firm.as_("spec").start("simple")
    assert run("backup", file).exit_code == 0
    firm.as_("spec").do("ask")
    firm.runtime.close()
    before = sorted(path.name for path in home.iterdir() if not path.name.endswith(("-wal", "-shm")))

    def cut_off(*_: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patched:
        patched.setattr(purge, "repeat", cut_off)
        assert run("restore", file, "--yes").exit_code != 0
    assert sorted(path.name for path in home.iterdir()) == before
    assert len(completed(home / "guicheng.db")) == 1 and whole(home) == []


def test_nothing_is_replaced_without_a_yes(firm: Office, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    assert run("backup", file).exit_code == 0
    firm.runtime.close()
    before = (firm.runtime.settings.home / "guicheng.db").read_bytes()
    assert run("restore", file, given="n\n").exit_code == 1
    assert (firm.runtime.settings.home / "guicheng.db").read_bytes() == before


def test_a_restore_is_refused_while_somebody_works(firm: Office, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    assert run("backup", file).exit_code == 0
    firm.settle()  # an office keeps its connections open, as a server does
    refused = run("restore", file, "--yes")
    assert refused.exit_code == 1 and "Stop every process" in refused.stderr
    assert list(firm.runtime.settings.home.glob("*before-restore*")) == []
    firm.deploy(SIMPLE)
    firm.as_("spec").start("simple")
    assert whole(firm.runtime.settings.home) == []


@pytest.mark.parametrize("damage", ["cut", "page", "other"])
def test_a_damaged_backup_replaces_nothing(firm: Office, run: Run, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "copy.db"
    assert run("backup", file).exit_code == 0
    raw = bytearray(file.read_bytes())
    if damage == "cut":
        raw = raw[: len(raw) // 2]
    elif damage == "page":
        raw[8192:12288] = os.urandom(4096)
    else:
        raw = bytearray(b"PK\x03\x04 something else")
    file.write_bytes(bytes(raw))
    firm.runtime.close()
    before = (firm.runtime.settings.home / "guicheng.db").read_bytes()
    refused = run("restore", file, "--yes")
    assert refused.exit_code == 2 and str(file) in refused.stderr
    assert (firm.runtime.settings.home / "guicheng.db").read_bytes() == before


def test_a_backup_of_a_newer_version_is_refused(firm: Office, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    assert run("backup", file).exit_code == 0
    connection = sqlite3.connect(file)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    firm.runtime.close()
    refused = run("restore", file, "--yes")
    assert refused.exit_code == 1 and "9999" in refused.stderr


def test_a_copy_that_cannot_be_finished_leaves_nothing(firm: Office, tmp_path: Path) -> None:
    def told(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup.save(installation(firm), tmp_path / "copy.db", progress=told)
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == []


def test_an_installation_is_brought_to_another_machine(
    firm: Office, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(SIMPLE)
    firm.as_("spec").start("simple")
    assert run("backup", tmp_path / "copy.db").exit_code == 0
    new = tmp_path / "new"
    monkeypatch.setenv("GUICHENG_HOME", str(new))
    # Nothing says here what was erased of records on people meanwhile: nobody comes back unless told so.
    refused = run("restore", tmp_path / "copy.db", "--yes")
    assert refused.exit_code == 1 and "--without-tombstones" in refused.stderr and list(new.glob("*")) == []
    done = run("restore", tmp_path / "copy.db", "--yes", "--without-tombstones")
    assert done.exit_code == 0 and "are back" in done.stderr
    assert whole(new) == [] and migrate.known(str(migrate.head()))
    assert "simple" in run("tasks", "--as", "spec").stdout


def test_what_was_purged_since_the_backup_is_purged_again_with_it(firm: Office, run: Run, tmp_path: Path) -> None:
    firm.deploy(
        SIMPLE.replace('isExecutable="true"', 'isExecutable="true" camunda:historyTimeToLive="30"'),
    )
    spec = firm.as_("spec")
    case = spec.start("simple").id
    for step in ("ask", "more"):
        spec.do(step, case)
    file = tmp_path / "copy.db"
    assert run("backup", file).exit_code == 0
    firm.later(days=31)
    assert firm.runtime.do(purge.purge, SYSTEM, [firm.case(case).row.id]) == 1
    firm.runtime.close()
    home = firm.runtime.settings.home

    def status() -> str:
        with closing(sqlite3.connect(home / "guicheng.db")) as connection:
            return str(connection.execute("SELECT status FROM cases").fetchone()[0])

    assert run("restore", file, "--yes", "--keep").exit_code == 0 and status() == "completed"
    clock.shift(dt.timedelta(seconds=1))  # what was there is kept under the second in which it was replaced
    again = run("restore", file, "--yes")
    assert again.exit_code == 0 and "1 cases were erased" in again.output and status() == "purged"
    assert whole(home) == []
