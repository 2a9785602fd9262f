"""Killed in the middle of work and started again: every completed step is there, none is repeated."""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.bootstrap import Runtime
from runtime.folders import ROOT
from runtime.identity import SYSTEM
from runtime.ledger import reading, stock
from runtime.settings import Settings
from runtime.store import event_log
from runtime.store.cases import cases
from runtime.store.event_log import events
from runtime.store.user_tasks import OPEN, user_tasks
from runtime.worker import Worker

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("GUICHENG_CRASHES", "5"))


def live_a_while(home: Path, seconds: float) -> list[str]:
    """Start the work, kill it with SIGKILL, and give what it said it had done."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.at_work", str(home)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    first = child.stdout.readline()  # it is at work
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read()
    assert child.wait() == -signal.SIGKILL, "it ended by itself"
    said = (first + rest).splitlines(keepends=True)
    return [line.strip() for line in said if line.endswith("\n")]


def read(runtime: Runtime, query: Any) -> list[Any]:
    return runtime.read(lambda tx, actor: list(tx.all(query)), SYSTEM)


def test_nothing_done_is_lost_and_nothing_happens_twice(seeded: Path) -> None:
    chance = random.Random(20260309)
    said: list[str] = []
    for _ in range(ROUNDS):
        said += live_a_while(seeded, chance.uniform(0.0, 0.4))
    assert len(said) > ROUNDS

    runtime = Runtime(Settings(home=seeded, demo=True))
    runtime.load()
    Worker(runtime).drain()
    mine = sa.select(cases).where(cases.c.process == "stock_correction")
    rows = read(runtime, mine)
    by_id = {row.public_id: row for row in rows}

    # Everything that was said to be done is done.
    completed = {
        row.public_id for row in read(runtime, sa.select(user_tasks).where(user_tasks.c.state == "completed"))
    }
    for what, key in (line.split() for line in said):
        assert key in (by_id if what == "started" else completed), f"{what} {key} was lost"

    # Each case's log holds, and nothing stands in it twice.
    for row in rows:
        log = read(runtime, sa.select(events).where(events.c.case_id == row.id).order_by(events.c.sequence))
        assert event_log.broken_at(log) is None
        done = collections.Counter(
            (entry.kind, entry.activity) for entry in log if entry.kind in ("left", "task_completed")
        )
        assert not [step for step, times in done.items() if times > 1]

    # One movement for each correction that ended, and the balance is their sum.
    moved = collections.Counter(
        row.case for row in read(runtime, sa.select(stock.stock_movements)) if row.case in by_id
    )
    ended = {row.public_id for row in rows if row.status == "completed"}
    assert moved == dict.fromkeys(ended, 1)
    assert runtime.read(lambda tx, actor: reading.imbalances(tx), SYSTEM) == []

    # What is open belongs to a case that lives, and every living case has something open.
    waiting = read(runtime, sa.select(user_tasks.c.case_id).where(user_tasks.c.state.in_(OPEN)))
    alive = {row.id for row in rows if row.status == "running"}
    assert {row.case_id for row in waiting} >= alive
    runtime.close()
