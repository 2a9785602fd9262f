"""A storm of timers that are all due at once, and workers that are killed with `kill -9` at random.

`python -m tests.soak.timers HOME` is one worker. At the end the doctor looks, and a count in plain SQL that knows
nothing of ours: each timer fired once, each case ended once, nothing is left."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.commands import advance
from runtime.doctor import examine
from runtime.identity import SYSTEM
from runtime.settings import Settings
from runtime.worker import Worker
from tests.benchmarks.measuring import ROOT
from tests.diagrams import bpmn, end, start, timer
from tests.soak.soaking import Options, Round, databases, seeds, soak

NAP = bpmn("nap", start(), timer("rest", "timeDuration", "PT9H"), end())
AWAY = dt.timedelta(hours=10)
AT_ONCE = 500  # cases begun in one transaction
WORKERS = 2
LIFE = (0.3, 10.0)  # seconds after which the next one is killed, once somebody holds jobs

TWICE = "SELECT count(*) FROM (SELECT case_id FROM events WHERE kind = '{}' GROUP BY case_id HAVING count(*) > 1) t"
COUNTS = {
    "cases that have not ended": "SELECT count(*) FROM cases WHERE status <> 'completed'",
    "timers that fired twice": TWICE.format("timer_fired"),
    "cases that ended twice": TWICE.format("ended"),
    "cases whose timer never fired":
        "SELECT count(*) FROM cases WHERE NOT EXISTS"
        " (SELECT 1 FROM events WHERE events.case_id = cases.id AND kind = 'timer_fired')",
    "jobs that are not done": "SELECT count(*) FROM jobs WHERE state <> 'done'",
    "incidents": "SELECT count(*) FROM incidents",
}  # fmt: skip


WAITING = sa.text("SELECT 1 FROM jobs WHERE state = 'waiting' LIMIT 1")
HELD = sa.text("SELECT 1 FROM jobs WHERE worker_id IS NOT NULL LIMIT 1")


@soak("timers", "timers that are due at once, workers killed at random", (100_000, "timers"))
def timers(options: Options) -> Iterator[Round]:
    for seed in seeds(options):
        with databases(options) as (made, place), made.empty(place / "home"):
            yield storm(place / "home", options.count, seed)


def storm(home: Path, count: int, seed: int) -> Round:
    runtime = Runtime(Settings(home=home))
    try:
        runtime.upgrade()
        diagram = home / "nap.bpmn"
        diagram.write_text(NAP, encoding="utf-8")
        runtime.deploy(SYSTEM, [diagram], "cli")
        begun = time.monotonic()
        for first in range(0, count, AT_ONCE):
            runtime.do(_begin, SYSTEM, min(AT_ONCE, count - first))
        made = time.monotonic()
        killed = _havoc(runtime, home, random.Random(seed))
        done = time.monotonic()
        wrong = _counted(runtime, count)
        with clock.frozen(dt.datetime.now(dt.UTC) + AWAY):
            wrong += [f"doctor: {finding}" for finding in examine(runtime.engine, runtime.house)][:20]
        figures = {
            "timers": count, "killed": killed, "s to begin": made - begun, "s to fire": done - made,
            "timers/s": count / (done - made), "s of the doctor": time.monotonic() - done,
        }  # fmt: skip
        return Round(f"seed {seed}", figures, wrong)
    finally:
        runtime.close()


def _begin(tx: Any, actor: Any, number: int) -> None:
    for _ in range(number):
        advance.begin(tx, SYSTEM, "nap", variables={})


def _havoc(runtime: Runtime, home: Path, chance: random.Random) -> int:
    """Workers at work until nothing waits; how many were killed."""
    at_work: list[subprocess.Popen[bytes]] = []
    killed, next_death = 0, time.monotonic() + chance.uniform(*LIFE)
    try:
        while _any(runtime, WAITING):
            at_work = [each for each in at_work if each.poll() is None]
            while len(at_work) < WORKERS:
                at_work.append(subprocess.Popen([sys.executable, "-m", "tests.soak.timers", str(home)], cwd=ROOT))
            # One that is still starting holds nothing, and would only be killed at that.
            if time.monotonic() > next_death and _any(runtime, HELD):
                victim = chance.choice(at_work)
                victim.kill()
                victim.wait()
                killed += 1
                next_death = time.monotonic() + chance.uniform(*LIFE)
            time.sleep(0.1)
    finally:
        for each in at_work:
            each.kill()
            each.wait()
    return killed


def _any(runtime: Runtime, asked: sa.TextClause) -> bool:
    return runtime.read(lambda tx, actor: tx.scalar(asked), SYSTEM) is not None


def _counted(runtime: Runtime, count: int) -> list[str]:
    with runtime.engine.connect() as connection:
        found = {what: connection.exec_driver_sql(text).scalar_one() for what, text in COUNTS.items()}
        cases = connection.exec_driver_sql("SELECT count(*) FROM cases").scalar_one()
    found["cases that are not there"] = count - cases
    return [f"{number} {what}" for what, number in found.items() if number]


def work(home: Path) -> None:
    clock.shift(AWAY)
    runtime = Runtime(Settings(home=home))
    worker = Worker(runtime)
    worker.run()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
