"""A database that is busy, full or away: a clear error, nothing lost, and it goes on by itself afterwards."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.commands import cases, messages, user_tasks
from runtime.errors import GuichengError
from runtime.identity import SYSTEM
from runtime.settings import Settings
from runtime.store import db, outages
from runtime.worker import Worker
from tests.diagrams import bpmn, element, end, field, form_data, properties, start, timer, user
from tests.office import Office
from web.app import create_app

OWN_KEY = "${execution.processBusinessKey}"
FIELDS = ["text", *(f"line{number}" for number in range(40))]
LETTER = bpmn(
    "letter",
    start(),
    user("write", form_data(*(field(name) for name in FIELDS)), candidateGroups="specialist"),
    timer("rest", "timeDuration", "PT1H"),
    user("send", candidateGroups="specialist"),
    end(),
)


@pytest.fixture
def writing(firm: Office) -> Office:
    firm.deploy(LETTER)
    return firm


def complete(office: Office, text: str = "…") -> None:
    spec = office.as_("spec")
    office.runtime.do(user_tasks.complete, spec.actor, spec.find("write").id, dict.fromkeys(FIELDS, text))


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Another program writes all the while."""
    other = sqlite3.connect(home / "guicheng.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def full(runtime: Runtime) -> Iterator[None]:
    """Not a page more than there are."""

    def limit(connection: sqlite3.Connection, pages: int) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    def checkout(connection: sqlite3.Connection, *rest: object) -> None:
        limit(connection, 1)  # it is never less than what is in use

    def widen(connection: sqlite3.Connection, *rest: object) -> None:
        limit(connection, 1_000_000)

    # None rests outside the pool (lending.py) meanwhile: each is handed out by it.
    runtime.engine.dispose()
    sa.event.listen(runtime.engine, "checkout", checkout)
    try:
        yield
    finally:
        sa.event.remove(runtime.engine, "checkout", checkout)
        sa.event.listen(runtime.engine, "checkout", widen)
        runtime.engine.dispose()


@contextmanager
def away(runtime: Runtime, home: Path) -> Iterator[None]:
    """The folder is gone, as when its volume is not mounted."""
    runtime.engine.dispose()
    hidden = home.with_name("elsewhere")
    os.rename(home, hidden)
    try:
        yield
    finally:
        os.rename(hidden, home)


def test_whoever_waits_too_long_for_the_one_writer_is_told_so(
    writing: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "SQLITE", (*db.SQLITE, "busy_timeout=200"))
    monkeypatch.setattr("runtime.bootstrap.PATIENCE", 0.5)
    case = writing.as_("spec").start("letter")
    runtime = Runtime(Settings(home=tmp_path / "home"))
    impatient = Office(runtime)
    with held(tmp_path / "home"):
        with pytest.raises(outages.Busy):
            complete(impatient)
        # Reading goes on meanwhile.
        assert [row.element for row in impatient.as_("spec").inbox()] == ["write"]
    complete(impatient)
    assert case.row.version > 1
    runtime.close()


def test_a_full_disk_is_told_and_nothing_is_half_done(writing: Office) -> None:
    spec = writing.as_("spec")
    case = spec.start("letter")
    before = case.row
    with full(writing.runtime):
        with pytest.raises(outages.Full):
            complete(writing, "x" * 250)
        assert case.row == before
        assert [row.element for row in spec.inbox()] == ["write"]
    complete(writing, "x" * 250)
    assert case.variables["text"] == "x" * 250


def test_a_worker_goes_on_once_there_is_room_again(writing: Office) -> None:
    spec = writing.as_("spec")
    names = []
    for number in range(3):
        names.append(spec.start("letter").id)
        spec.do("write", names[-1], **dict.fromkeys(FIELDS, f"{number}" * 250))
    worker = Worker(writing.runtime)
    with full(writing.runtime):
        clock.shift(dt.timedelta(hours=2))
        for _ in range(3):
            with suppress(outages.Full):
                worker.drain()
    clock.shift(dt.timedelta(hours=2))
    worker.drain()
    assert sorted(row.case for row in spec.inbox() if row.element == "send") == sorted(names)
    assert writing.incidents() == []


def test_a_database_that_is_away_is_told_and_comes_back(writing: Office, tmp_path: Path) -> None:
    spec = writing.as_("spec")
    case = spec.start("letter")
    task = spec.find("write").id
    with away(writing.runtime, tmp_path / "home"):
        with pytest.raises(outages.Away):
            writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})
        with pytest.raises(outages.Away):
            spec.inbox()
    writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})
    assert case.variables["text"] == "…"


def test_a_page_says_that_the_database_is_away(writing: Office, tmp_path: Path) -> None:
    page = create_app(writing.runtime).test_client()
    with page.session_transaction() as session:
        session["person"], session["epoch"] = writing.as_("spec").actor.public_id, 0
    with away(writing.runtime, tmp_path / "home"):
        told = page.get("/inbox", headers={"Accept-Language": "en"})
        assert told.status_code == 503
        assert "cannot be reached at this moment" in told.text
        assert page.get("/inbox", headers={"Accept": "application/json"}).json["error"] == "database.away"
    # Whoever was signed in still is.
    assert page.get("/inbox").status_code == 200


def test_thirty_two_at_one_task(writing: Office) -> None:
    spec = writing.as_("spec")
    case = spec.start("letter")
    task = spec.find("write").id
    told = together(
        32, lambda n: writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": str(n)})
    )
    assert told.count("done") == 1
    assert set(told) == {"done", "user_task.already_completed"}
    assert [row.kind for row in case.log].count("task_completed") == 1


def test_thirty_two_claim_one_task(writing: Office) -> None:
    people = [writing.as_("spec").actor, writing.as_("spec2").actor]
    writing.as_("spec").start("letter")
    task = writing.as_("spec").find("write").id
    told = together(32, lambda n: writing.runtime.do(user_tasks.claim, people[n % 2], task))
    # To claim what one has already is no news.
    assert set(told) == {"done", "user_task.taken"}
    assert told.count("done") == 16


def together(many: int, act: Callable[[int], object]) -> list[str]:
    """What each of them was told who did it at the same time: "done", or the code of the error."""
    told: list[str] = []
    gate = threading.Barrier(many)

    def one(number: int) -> None:
        gate.wait()
        try:
            act(number)
            told.append("done")
        except GuichengError as error:
            told.append(error.code)
        except BaseException as error:
            told.append(repr(error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_thirty_two_bring_one_message(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "post",
            start(),
            element("receiveTask", "letter_comes", properties(correlation_key=OWN_KEY), messageRef="m"),
            end(),
            before='<message id="m" name="letter"/>',
        )
    )
    spec = firm.as_("spec").actor
    case = firm.case(firm.runtime.do(cases.start, spec, "post", {}, "K").case)
    told = together(32, lambda n: firm.runtime.do(messages.correlate, SYSTEM, "letter", "K", {"text": str(n)}))
    assert sorted(set(told)) == ["done", "message.nobody_waits"]
    assert told.count("done") == 1
    assert [row.kind for row in case.log].count("message_received") == 1
