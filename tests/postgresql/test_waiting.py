"""Whoever waits for work hears what other processes commit, without looking again and again."""

from __future__ import annotations

import queue

import pytest

from runtime import bootstrap, outbox
from runtime.bootstrap import Runtime
from runtime.identity import SYSTEM
from runtime.store import external_tasks
from tests.commands.test_external_tasks import BILL, fetch, robot, waiting
from tests.office import Office


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the bell can wake anybody in time."""
    for name in ("LOOK_AGAIN", "LONGEST_WAIT"):
        monkeypatch.setattr(bootstrap, name, 600.0)


def test_an_external_worker_is_woken_by_what_another_process_commits(firm: Office, patient: None) -> None:
    firm.deploy(BILL)
    desk = robot(firm)
    fetch(desk)
    neighbour = Office(Runtime(firm.runtime.settings))
    found = waiting(desk, 600.0)
    case = neighbour.as_("spec").start("bill")
    assert [task.case for task in found.result(timeout=120)] == [case.id]
    neighbour.runtime.close()


def test_the_outbox_looks_when_another_process_has_written_something_to_deliver(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LONGEST_SLEEP", 600.0)
    firm.deploy(BILL)
    looks = queue.Queue[bool]()
    neighbour = Runtime(firm.runtime.settings)
    at_work = outbox.Outbox(neighbour)

    def look() -> int:
        looks.put(neighbour.read(lambda tx, actor: external_tasks.any_available(tx, ["billing.send"]), SYSTEM))
        return 0

    monkeypatch.setattr(at_work, "drain", look)
    at_work.start()
    try:
        # It hears: from here on nothing but what is committed wakes it.
        neighbour.bell.wait(0, 60.0)
        firm.as_("spec").start("bill")
        while not looks.get(timeout=60):
            pass
    finally:
        at_work.stop()
        neighbour.close()
