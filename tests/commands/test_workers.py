"""Workers: what one holds is nobody else's while it lives, and anybody's within seconds after it has died."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import clock, worker
from runtime.commands import advance, triggers
from runtime.identity import SYSTEM
from runtime.store import event_log, jobs, workers
from runtime.worker import Worker
from tests.diagrams import bpmn, end, start, timer, user
from tests.office import Office
from tests.queries_seen import asked, scans

NAP = bpmn("nap", start(), timer("rest", "timeDuration", "PT1H"), end())


def naps(office: Office, count: int) -> list[Any]:
    office.deploy(NAP)
    return [office.as_("spec").start("nap") for _ in range(count)]


def rows(office: Office, table: sa.Table) -> list[Any]:
    return office.runtime.read(lambda tx, actor: list(tx.all(sa.select(table))), SYSTEM)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock that nothing moves, moved by hand."""
    at = [1000.0]
    monkeypatch.setattr(clock, "seconds", lambda: at[0])
    return at


def test_what_a_silent_worker_held_is_done_by_another_within_seconds(
    firm: Office, seconds: list[float]
) -> None:
    (case,) = naps(firm, 1)
    clock.shift(dt.timedelta(hours=2))
    (held,) = firm.claim()
    other = Worker(firm.runtime)
    other.drain()
    assert case.status == "running"
    seconds[0] += worker.SILENT
    assert other.drain() == 1
    assert case.status == "completed"
    # The first was not dead but late: it does nothing more.
    firm.runtime.do(lambda tx, actor: triggers.run(tx, held), SYSTEM)
    assert [entry.kind for entry in case.log].count("timer_fired") == 1
    assert held.worker_id not in {row.id for row in rows(firm, workers.workers)}


def test_a_worker_whose_heart_beats_keeps_what_it_holds_however_long_it_takes(
    firm: Office, seconds: list[float]
) -> None:
    naps(firm, 1)
    clock.shift(dt.timedelta(hours=2))
    (held,) = firm.claim()
    other = Worker(firm.runtime)
    for _ in range(20):
        seconds[0] += worker.BEAT
        firm.runtime.do(lambda tx, actor: workers.beat(tx, held.worker_id), SYSTEM)
        assert other.drain() == 0


def test_a_heart_beats_while_something_is_held_and_rests_after_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BEAT", 0.01)
    beats, enough = [0], threading.Event()

    def beat() -> None:
        beats[0] += 1
        if beats[0] % 3 == 0:
            enough.set()

    heart = worker.Heart(beat)
    for _ in range(2):
        with heart.beating():
            assert enough.wait(30)
            thread = heart._thread
        assert thread is not None
        thread.join(30)
        assert heart._thread is None
        last = beats[0]
        enough.clear()
    assert beats[0] == last >= 6


@pytest.mark.parametrize("jump", [dt.timedelta(days=1), dt.timedelta(hours=-1)])
def test_a_clock_that_jumps_makes_nobody_look_dead(firm: Office, seconds: list[float], jump: dt.timedelta) -> None:
    naps(firm, 1)
    clock.shift(dt.timedelta(hours=2))
    firm.claim()
    other = Worker(firm.runtime)
    other.drain()
    clock.shift(jump)
    seconds[0] += worker.BEAT
    assert other.drain() == 0
    assert [row.worker_id for row in rows(firm, jobs.jobs) if row.state == "waiting"] != [None]


def test_a_worker_killed_on_this_machine_is_known_to_be_dead_at_once(firm: Office, seconds: list[float]) -> None:
    (case,) = naps(firm, 1)
    clock.shift(dt.timedelta(hours=2))
    (held,) = firm.claim()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    def named(process: int) -> None:
        name = f"{worker._machine()}:{process}"
        table = workers.workers
        firm.runtime.do(
            lambda tx, actor: tx.execute(sa.update(table).where(table.c.id == held.worker_id).values(name=name)),
            SYSTEM,
        )

    named(os.getpid())
    assert Worker(firm.runtime).drain() == 0
    named(gone.pid)
    assert Worker(firm.runtime).drain() == 1
    assert case.status == "completed"


def test_a_worker_that_is_stopped_gives_back_what_it_has_not_begun(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps(firm, 12)
    clock.shift(dt.timedelta(hours=2))
    stopped = Worker(firm.runtime)
    stopped._size = 12
    monkeypatch.setattr(worker, "HOLD", -1.0)  # one job a transaction
    fire = triggers.KINDS["timer"]

    def and_stop(tx: Any, job: Any) -> None:
        fire(tx, job)
        stopped._stopping.set()

    monkeypatch.setitem(triggers.KINDS, "timer", and_stop)
    assert stopped.drain() == 1
    waiting = [row for row in rows(firm, jobs.jobs) if row.state == "waiting"]
    assert [(row.worker_id, row.attempts) for row in waiting] == [(None, 0)] * 11


def test_one_poisoned_job_fails_alone_and_the_others_of_its_transaction_stand(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = naps(firm, 8)
    clock.shift(dt.timedelta(hours=2))
    bad, fire = cases[3].row.id, triggers.KINDS["timer"]

    def fail(tx: Any, job: Any) -> None:
        fire(tx, job)
        if job.case_id == bad:
            raise RuntimeError("poisoned")

    monkeypatch.setitem(triggers.KINDS, "timer", fail)
    firm.worker._size = 8
    firm.settle()
    assert [case.status for case in cases] == ["completed"] * 3 + ["running"] + ["completed"] * 4
    (waiting,) = [row for row in rows(firm, jobs.jobs) if row.state == "waiting"]
    assert (waiting.attempts, waiting.error) == (1, "RuntimeError: poisoned")


def test_what_ends_each_worker_that_begins_it_is_an_incident_and_others_go_on(firm: Office) -> None:
    """A worker that is killed has no time to count a failure: the claims themselves are counted."""
    bad, good = naps(firm, 2)
    clock.shift(dt.timedelta(hours=2))
    for number in range(2 * jobs.ATTEMPTS):
        held = firm.claim()
        # At first both were held; then what was begun before comes alone.
        assert len(held) == (2 if number == 0 else 1)
        if any(job.case_id == good.row.id for job in held) and number:
            firm.runtime.do(lambda tx, actor, job=held[0]: triggers.run(tx, job), SYSTEM)
        firm.take_away(held)
    while good.status == "running" or not firm.incidents():
        held = firm.claim()
        for job in held:
            if job.case_id == bad.row.id and job.attempts <= 2 * jobs.ATTEMPTS:
                firm.take_away([job])
                continue
            try:
                firm.runtime.do(lambda tx, actor, job=job: triggers.run(tx, job), SYSTEM)
            except triggers.EndsWorkers as error:
                firm.runtime.do(lambda tx, actor, job=job, error=error: triggers.failed(tx, job, error), SYSTEM)
    assert (bad.status, good.status) == ("running", "completed")
    (told,) = firm.incidents()
    assert told.startswith("rest: job.ends_workers")


def test_an_idle_worker_asks_and_writes_nothing(firm: Office) -> None:
    firm.deploy(bpmn("later", start(), timer("rest", "timeDuration", "P9D"), user("wake", candidateGroups="hr"), end()))
    firm.as_("spec").start("later")
    said: list[str] = []
    sa.event.listen(firm.runtime.engine, "before_cursor_execute", lambda c, cursor, text, *more: said.append(text))
    assert firm.worker._look() == worker.LONGEST_SLEEP
    assert firm.worker.drain() == 0
    questions = [text for text in said if not text.startswith(("BEGIN", "PRAGMA"))]
    assert len(questions) == 10 and all(text.split()[0] in ("SELECT", "WITH") for text in questions)


def test_what_an_idle_worker_asks_goes_through_no_tasks_and_no_leaves(firm: Office) -> None:
    """It is asked again and again, in a house of years."""
    firm.deploy(bpmn("ask", start(), user("wake", assignee="${initiator}"), end()))
    firm.as_("spec").start("ask")
    with asked(firm.runtime.engine) as said:
        assert firm.worker._look() == worker.LONGEST_SLEEP
    assert any("meant_for_id" in statement for statement, _ in said)
    assert scans(firm.runtime.engine, said, "user_tasks", "leaves", "cases") == []


def test_of_a_thousand_timers_due_at_once_each_fires_once(firm: Office) -> None:
    firm.deploy(NAP)

    def begin(tx: Any, actor: Any) -> None:
        for _ in range(500):
            advance.begin(tx, SYSTEM, "nap", variables={})

    for _ in range(2):
        firm.runtime.do(begin, SYSTEM)
    clock.shift(dt.timedelta(hours=2))
    crew = [Worker(firm.runtime) for _ in range(2)]
    threads = [threading.Thread(target=each.drain) for each in crew]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    firm.settle()
    assert [case.status for case in firm.cases_of("nap")] == ["completed"] * 1000
    fired = sa.select(sa.func.count(), sa.func.count(event_log.events.c.case_id.distinct())).where(
        event_log.events.c.kind == "timer_fired"
    )
    assert tuple(firm.runtime.read(lambda tx, actor: tx.first(fired), SYSTEM)) == (1000, 1000)
