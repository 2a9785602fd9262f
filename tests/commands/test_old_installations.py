"""What earlier versions left is brought to this one: it is whole, and its cases are finished."""

from __future__ import annotations

import datetime as dt
import lzma
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime import clock, doctor
from runtime.bootstrap import Runtime
from runtime.commands import cases, external_tasks, incidents, signals
from runtime.commands.deliveries import Ways
from runtime.commands.external_tasks import Wanted
from runtime.delivery import MailServer
from runtime.identity import SYSTEM
from runtime.outbox import Outbox
from runtime.queries import incidents as incident_queries
from runtime.settings import Settings
from runtime.store import jobs, migrate
from runtime.store.external_tasks import external_tasks as external
from tests.conftest import START
from tests.delivery.servers import Post, running
from tests.office import Case, Office
from tests.store.leaving import GOLDEN, LARGE

# They are kept as files of SQLite; over PostgreSQL: tests/postgresql/test_old_installations.py.
pytestmark = pytest.mark.embedded

EARLY, LATE = sorted(GOLDEN.glob("*.sql.xz")), sorted(GOLDEN.glob("*.db.xz"))


def findings(office: Office) -> list[str]:
    found = doctor.examine(office.runtime.engine, office.runtime.house)
    return [f"{each.invariant.name}: {each.problem}" for each in found]


def restored(dump: Path, home: Path) -> None:
    """The file of an installation as it was left."""
    home.mkdir()
    content = lzma.decompress(dump.read_bytes())
    if dump in LATE:
        (home / "guicheng.db").write_bytes(content)
        return
    connection = sqlite3.connect(home / "guicheng.db")
    connection.executescript(content.decode())
    connection.close()


def come_to(dump: Path) -> None:
    """The time at which its people go on, a little after they left."""
    clock.shift(dt.timedelta(minutes=65) if dump in EARLY else dt.timedelta(days=4, minutes=65))


@pytest.fixture(params=[*EARLY, *LATE], ids=lambda path: path.name[:4])
def old(request: pytest.FixtureRequest, tmp_path: Path, still_clock: None) -> Iterator[Office]:
    restored(request.param, tmp_path / "home")
    come_to(request.param)
    runtime = Runtime(Settings(home=tmp_path / "home"))
    runtime.upgrade()
    yield Office(runtime)
    runtime.close()


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    with running(server):
        yield server


def test_there_is_one_of_each_released_format() -> None:
    assert [path.name[:4] for path in EARLY] == ["0001", "0002"]
    # A release adds its own: python3 -m tests.store.leaving (docs/developers.md).
    assert LATE and LATE[-1].name[:4] <= str(migrate.head())
    assert [path.name[:4] for path in sorted(GOLDEN.glob("*.dump.xz"))] == [path.name[:4] for path in LATE]


def test_an_old_installation_is_whole_once_it_is_upgraded(old: Office) -> None:
    assert findings(old) == []


def test_what_an_old_case_waits_for_still_comes(old: Office, post: Post) -> None:
    if old.cases_of("ways"):
        finish(old, post)
    else:
        finish_early(old)
    assert old.incidents() == [] and findings(old) == []
    assert clock.now() > START


def finish_early(old: Office) -> None:
    """The one case of the first formats."""
    (case,) = old.cases_of("waits")
    assert case.status == "running" and case.variables["sum"] == 42 and case.variables["note"] == "备注"
    waits = set(case.state.standing.values())
    spec = old.as_("spec")
    for element in ("ask", "stumble", "each", "within", "late"):
        spec.do(element, case.id)
    assert findings(old) == []
    if "hear" in waits:
        old.runtime.do(signals.throw, SYSTEM, "strike", {}, "")
        old.settle()
    old.message("paid", case.id)
    assert set(case.state.standing.values()) == {"sleep"}
    old.later(hours=24)
    assert case.status == "completed"


def finish(old: Office, post: Post) -> None:
    """Everything that tests/store/leaving.py left, by people, workers, messages and time."""
    do, spec = old.runtime.do, old.as_("spec")
    old.runtime.ways = Ways(mail=MailServer.read(post.address, "none", "", "", "office@firm.example"))
    first, second = old.cases_of("ways")
    assert (first.variables["text"], second.row.version) == (LARGE, 1)
    # What was in the hands of a worker that is gone is anybody's once that is seen.
    held = sa.select(jobs.jobs).where(jobs.jobs.c.worker_id.is_not(None))
    old.take_away(old.runtime.read(lambda tx, actor: tx.all(held), SYSTEM))
    old.settle()
    assert Outbox(old.runtime).drain() == 2
    # Of the first case one had got theirs.
    assert sorted(to for to, _ in post.got) == ["spec2@firm.example", "spec2@firm.example", "spec@firm.example"]
    _work_outside(old)
    for case in (first, second):
        old.message("paid", case.id)
    while tasks := spec.inbox():
        spec.do(tasks[0].element, tasks[0].case)
    assert {_standing(case) for case in (first, second)} <= {("sleep", "stumble"), ("stumble",)}
    old.later(hours=25)
    for each in old.runtime.read(incident_queries.listing, SYSTEM):
        do(incidents.skip, SYSTEM, each.id, "it never could be done")
    old.settle()
    while tasks := spec.inbox():
        spec.do(tasks[0].element, tasks[0].case)
    for process in ("ways", "everything", "short", "weekly"):
        assert {case.status for case in old.cases_of(process)} <= {"completed", "purged"}, process
    # Who lost an answer then is told it now.
    (last,) = [case for case in old.cases_of("short") if case.status == "completed" and _keyed(old, case)]
    assert do(cases.start, spec.actor, "short", {}, "", "another key").case == last.id
    before = len(old.cases_of("everything")[0].log)
    do(signals.throw, SYSTEM, "strike", {"why": "rain"}, "siren-1", "one key")
    old.settle()
    assert len(old.cases_of("everything")[0].log) == before


def _standing(case: Case) -> tuple[str, ...]:
    return tuple(sorted(set(case.state.standing.values())))


def _keyed(old: Office, case: Case) -> bool:
    kept = sa.text("SELECT count(*) FROM requests WHERE case_id = :id")
    return bool(old.runtime.read(lambda tx, actor: tx.scalar(kept, {"id": case.row.id}), SYSTEM))


def _work_outside(old: Office) -> None:
    """External workers do what is theirs: one had locked a task before, one of them had given up."""
    do, buyer = old.runtime.do, old.as_("buyer").actor
    (given_up,) = [each for each in old.runtime.read(incident_queries.listing, SYSTEM) if each.element == "broken"]
    do(incidents.retry, SYSTEM, given_up.id)
    locked = sa.select(external.c.public_id).where(external.c.worker == "w1", external.c.topic == "billing.post")
    mine = old.runtime.read(lambda tx, actor: tx.scalar(locked), SYSTEM)
    do(external_tasks.complete, buyer, mine, "w1", {})
    wanted = [Wanted(f"billing.{topic}", 60) for topic in ("send", "post", "broken")]
    found = do(external_tasks.fetch_and_lock, buyer, "w2", wanted, 10)
    assert len(found) == 5
    for task in found:
        # With it the condition that both cases wait for holds.
        do(external_tasks.complete, buyer, task.id, "w2", {"n": 9})
    old.settle()
