"""A PostgreSQL that is stopped, killed or cut off in the middle: told, nothing lost, and it goes on by itself."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.commands import user_tasks
from runtime.identity import SYSTEM
from runtime.store import db, outages, waking
from runtime.worker import Worker
from tests.databases import Server
from tests.diagrams import bpmn, end, field, form_data, start, timer, user
from tests.office import Office

LETTER = bpmn(
    "letter",
    start(),
    user("write", form_data(field("text")), candidateGroups="specialist"),
    timer("rest", "timeDuration", "PT1H"),
    user("send", assignee="${superior_of(initiator)}"),
    end(),
)


@pytest.fixture
def writing(firm: Office) -> Office:
    firm.deploy(LETTER)
    return firm


def complete(office: Office, text: str = "…") -> None:
    spec = office.as_("spec")
    office.runtime.do(user_tasks.complete, spec.actor, spec.find("write").id, {"text": text})


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_database_that_is_away_is_told_and_comes_back(writing: Office, restarted: Server, how: str) -> None:
    spec = writing.as_("spec")
    case = spec.start("letter")
    task = spec.find("write").id
    getattr(restarted, how)()
    with pytest.raises(outages.Away):
        writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})
    with pytest.raises(outages.Away):
        spec.inbox()
    restarted.start()
    writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})
    assert case.variables["text"] == "…"


def test_a_restart_between_two_steps_is_noticed_by_nobody(writing: Office, restarted: Server) -> None:
    case = writing.as_("spec").start("letter")
    restarted.stop()
    restarted.start()
    complete(writing)
    assert case.variables["text"] == "…"


def test_a_worker_goes_on_after_a_restart(writing: Office, restarted: Server) -> None:
    case = writing.as_("spec").start("letter")
    complete(writing)
    worker = Worker(writing.runtime)
    worker.start()
    try:
        restarted.kill()
        clock.shift(dt.timedelta(hours=2))
        time.sleep(0.5)
        restarted.start()
        # What was claimed by a commit that nobody answered is anybody's after a while.
        clock.shift(dt.timedelta(minutes=3))
        until = time.monotonic() + 60
        while time.monotonic() < until and not writing.as_("sup").inbox():
            time.sleep(0.1)
    finally:
        worker.stop()
    assert [row.element for row in writing.as_("sup").inbox()] == ["send"]
    assert case.status == "running" and writing.incidents() == []


def test_listeners_hear_again_after_a_restart(writing: Office, restarted: Server) -> None:
    port, woken = waking.of(writing.runtime.engine), threading.Event()
    close = port.listen(woken.set)
    try:
        assert woken.wait(10)
        woken.clear()
        restarted.stop()
        restarted.start()
        # It looks for what it may have missed, and then hears again.
        assert woken.wait(10)
        woken.clear()
        writing.runtime.do(lambda tx, actor: port.call(tx), SYSTEM)
        assert woken.wait(10)
    finally:
        close()


def test_a_connection_cut_before_any_statement_of_a_step_costs_nothing(writing: Office) -> None:
    """Each statement of a completion in turn meets a dead connection; all of it is run again on another."""
    spec, engine = writing.as_("spec"), writing.runtime.engine
    seen = {"statements": 0, "cut": -1}

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen["statements"] += 1
        if seen["statements"] - 1 == seen["cut"]:
            seen["cut"] = -1
            process = cursor.connection.info.backend_pid
            with psycopg.connect(**_address(engine), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [process])

    sa.event.listen(engine, "before_cursor_execute", before)
    try:
        number = 0
        while True:
            case = writing.as_("spec").start("letter")
            task = spec.find("write", case.id).id
            seen.update(statements=0, cut=number)
            writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": str(number)})
            if seen["cut"] != -1:
                break  # it has no more statements than that
            assert case.variables["text"] == str(number)
            assert [entry.kind for entry in case.log].count("task_completed") == 1
            number += 1
    finally:
        sa.event.remove(engine, "before_cursor_execute", before)
    assert number >= 5
    assert writing.incidents() == []


def test_a_connection_cut_at_the_commit_is_told_as_unsure(writing: Office) -> None:
    spec, engine = writing.as_("spec"), writing.runtime.engine
    spec.start("letter")
    task = spec.find("write").id

    def cut(connection: sa.Connection) -> None:
        process = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        with psycopg.connect(**_address(engine), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [process])

    sa.event.listen(engine, "commit", cut)
    try:
        with pytest.raises(outages.Unsure):
            writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})
    finally:
        sa.event.remove(engine, "commit", cut)
    # This time it was not stored, and can be done again.
    writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})


def test_whoever_waits_for_a_lock_too_long_is_told(writing: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.bootstrap.PATIENCE", 0.0)
    spec = writing.as_("spec")
    case = spec.start("letter")
    task = spec.find("write").id
    with psycopg.connect(**_address(writing.runtime.engine)) as other:
        other.execute("SELECT 1 FROM cases WHERE public_id = %s FOR UPDATE", [case.id])
        began = time.monotonic()
        with pytest.raises(outages.Busy):
            writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})
        assert time.monotonic() - began >= db.WAIT
    writing.runtime.do(user_tasks.complete, spec.actor, task, {"text": "…"})


def _address(engine: sa.Engine) -> dict[str, Any]:
    return dict(engine.dialect.create_connect_args(engine.url)[1])
