"""A backup of PostgreSQL made while people work and cases are erased is brought back whole, and people go on in it."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.engine import make_url

from runtime import cli, clock
from runtime.bootstrap import Runtime
from runtime.commands import purge, user_tasks
from runtime.identity import SYSTEM
from runtime.ledger import kept
from runtime.queries import inbox
from runtime.settings import Settings
from runtime.store.purges import purged_cases
from runtime.store.user_tasks import user_tasks as tasks
from tests.commands.test_old_installations import findings
from tests.commands.test_purge import errand
from tests.commands.test_retention import Archive, id_of
from tests.commands.test_retention import erased as erased_by_two
from tests.databases import Server
from tests.office import Office
from tests.store.leaving import tools


def completed(office: Office) -> set[str]:
    query = sa.select(tasks.c.public_id).where(tasks.c.state == "completed")
    return set(office.runtime.read(lambda tx, actor: tx.connection.execute(query).scalars().all(), SYSTEM))


def erased(office: Office) -> int:
    counted = sa.select(sa.func.count()).select_from(purged_cases)
    return int(office.runtime.read(lambda tx, actor: tx.scalar(counted), SYSTEM))


def test_what_was_done_before_a_backup_is_there_after_it_was_brought_back(
    firm: Office, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = firm.runtime.settings
    monkeypatch.setenv("GUICHENG_HOME", str(settings.home))
    monkeypatch.setenv("GUICHENG_PG_BIN", str(tools()))

    def run(*words: str) -> None:
        done = CliRunner().invoke(cli.main, list(words))
        assert done.exit_code == 0, done.output

    firm.deploy(errand())
    spec = firm.as_("spec")
    for _ in range(40):
        spec.start("errand", note="x")
    for _ in range(5):
        spec.do("ask")
    firm.later(days=31)
    done: list[str] = []
    enough = threading.Event()

    def work() -> None:
        actor = firm.as_("spec").actor
        for row in firm.runtime.read(inbox.todo, actor, limit=40).rows:
            firm.runtime.do(user_tasks.complete, actor, row.id, {})
            done.append(row.id)
            if len(done) == 3:
                enough.set()

    person = threading.Thread(target=work)
    person.start()
    assert enough.wait(60)
    before = set(done)
    # Erasing and copying at once.
    going = [each.id for each in firm.runtime.read(purge.look, SYSTEM, 0)[0]]
    eraser = threading.Thread(target=lambda: firm.runtime.do(purge.purge, SYSTEM, going))
    eraser.start()
    file = tmp_path / "monday.dump"
    run("backup", str(file))
    eraser.join()
    person.join()
    assert erased(firm) == 5 and findings(firm) == []

    firm.runtime.close()
    # What is undone has a name of its own, and is there until somebody drops it.
    names = set(server.names())
    run("restore", str(file), "--yes")
    (kept,) = set(server.names()) - names
    back = Office(Runtime(settings))
    assert before <= completed(back) and findings(back) == []
    spec = back.as_("spec")
    while tasks_left := spec.inbox():
        spec.do(tasks_left[0].element, tasks_left[0].case)
    assert {case.status for case in back.cases_of("errand")} <= {"completed", "purged"}
    assert findings(back) == []
    back.runtime.close()
    server.drop(kept)


def test_what_was_erased_since_a_backup_is_erased_again_and_what_is_old_is_kept_if_asked(
    office: Office, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, beside, file = office.runtime.settings, tmp_path / "tombstones", tmp_path / "monday.dump"
    given = {"HOME": settings.home, "PG_BIN": tools(), "TOMBSTONES": beside, "LANGUAGE": "en"}
    for name, value in given.items():
        monkeypatch.setenv(f"GUICHENG_{name}", str(value))
    names = set(server.names())

    def run(*words: str) -> Any:
        clock.shift(dt.timedelta(seconds=1))
        return CliRunner().invoke(cli.main, list(words))

    def now_there(query: Any) -> Any:
        runtime = Runtime(settings)
        runtime.load()
        try:
            return runtime.read(lambda tx, actor: tx.scalar(query), SYSTEM)
        finally:
            runtime.close()

    table = kept.BY_TABLE["leaves"].table
    Archive(office).put(table)
    office.deploy(errand("chore", "1"))
    office.as_("liyang").start("chore", note="x")
    office.as_("liyang").do("ask")
    assert run("backup", str(file)).exit_code == 0
    whose, liyang = sa.select(table.c.person), id_of(office, "liyang")
    of_purged = sa.select(sa.func.count()).select_from(purged_cases)
    erased_by_two(office)
    office.later(days=3)
    assert run("purge").exit_code == 0
    office.runtime.close()
    try:
        # What stands here tells what was erased; the details of old cases stay, as asked.
        done = run("restore", str(file), "--yes", "--keep")
        assert done.exit_code == 0 and "1 records on people were erased again" in done.output, done.output
        assert now_there(whose).startswith("#") and now_there(of_purged) == 0
        done = run("restore", str(file), "--yes")
        assert done.exit_code == 0 and "cases were erased" in done.output and now_there(of_purged) > 0
        # A new machine: nothing stands there, and only the file tells.
        (aside, *_) = sorted(tmp_path.glob("tombstones.before-restore-*"))
        server.drop(str(make_url(Settings().url()).database))
        beside.unlink()
        refused = run("restore", str(file), "--yes")
        assert refused.exit_code == 1 and "--without-tombstones" in refused.stderr
        done = run("restore", str(file), "--yes", "--tombstones", str(aside))
        assert done.exit_code == 0 and now_there(whose).startswith("#")
        beside.unlink()
        server.drop(str(make_url(Settings().url()).database))
        done = run("restore", str(file), "--yes", "--without-tombstones")
        assert done.exit_code == 0 and now_there(whose) == liyang
    finally:
        for left in set(server.names()) - names:
            server.drop(left)
