"""A person who completes a task withdraws its timer while a worker is about to fire it: one waits for the other,
never each for the other."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.commands import user_tasks
from runtime.store import jobs
from runtime.worker import Worker
from tests.diagrams import bpmn, end, flow, start, timer, user
from tests.office import Office

GUARDED = bpmn(
    "guarded",
    start(),
    user("work", candidateGroups="specialist"),
    timer("late", "timeDuration", "PT1H", "boundaryEvent", attachedToRef="work"),
    end(),
    end("too_late"),
    flow("begun", "work"),
    flow("work", "ended"),
    flow("late", "too_late"),
)


def waits_for_a_lock(office: Office) -> bool:
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with office.runtime.engine.connect() as connection:
        return bool(connection.execute(waiting).scalar())


def until(holds: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")


def test_a_person_and_a_worker_at_one_timer_do_not_wait_for_one_another(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(GUARDED)
    case = firm.as_("spec").start("guarded")
    task = firm.as_("spec").find("work")
    clock.shift(dt.timedelta(hours=2))
    broken: list[Any] = []
    sa.event.listen(firm.runtime.engine, "handle_error", lambda context: broken.append(context.original_exception))
    worker = threading.Thread(target=Worker(firm.runtime).drain)
    end_waits = jobs.end

    def meanwhile(tx: Any, activities: Any) -> None:
        """The person holds the case, and is about to withdraw the timer: now the worker comes for it."""
        if activities and not worker.ident:
            worker.start()
            until(lambda: waits_for_a_lock(firm))
        end_waits(tx, activities)

    monkeypatch.setattr(jobs, "end", meanwhile)
    actor = firm.as_("spec").actor
    firm.runtime.do(user_tasks.claim, actor, task.id)
    firm.runtime.do(user_tasks.complete, actor, task.id, {})
    worker.join(30)
    assert broken == []
    assert case.status == "completed" and case.row.end_event == "ended"
    assert firm.incidents() == []
