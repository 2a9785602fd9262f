"""A backup of PostgreSQL made while people work and cases are erased is brought back whole, and people go on in it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from runtime import cli
from runtime.bootstrap import Runtime
from runtime.commands import purge, user_tasks
from runtime.identity import SYSTEM
from runtime.queries import inbox
from runtime.store.purges import purged_cases
from runtime.store.user_tasks import user_tasks as tasks
from tests.commands.test_old_installations import findings
from tests.commands.test_purge import errand
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
    names = set(_databases(server))
    run("restore", str(file), "--yes")
    (kept,) = set(_databases(server)) - names
    back = Office(Runtime(settings))
    assert before <= completed(back) and findings(back) == []
    spec = back.as_("spec")
    while tasks_left := spec.inbox():
        spec.do(tasks_left[0].element, tasks_left[0].case)
    assert {case.status for case in back.cases_of("errand")} <= {"completed", "purged"}
    assert findings(back) == []
    back.runtime.close()
    server.drop(kept)


def _databases(server: Server) -> list[Any]:
    engine = sa.create_engine(server.url("postgres").replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = list(connection.execute(sa.text("SELECT datname FROM pg_database")).scalars())
    engine.dispose()
    return found
