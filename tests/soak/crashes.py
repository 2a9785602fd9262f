"""The stories of tests/faults, each act struck several times in a row at points that chance chooses.

The tests kill once in each story, at each point in turn. Here one story is told under many deaths: the
process that does an act is killed at a statement or commit, started again, killed again further on, and so on through
all acts; at the end all that it left must be as without a fault, and a doctor must find nothing."""

from __future__ import annotations

import datetime as dt
import difflib
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.doctor import examine
from runtime.settings import Settings
from tests.conftest import START, demo_department
from tests.databases import Databases
from tests.faults import dying, story
from tests.soak.soaking import Options, Round, databases, seeds, soak

POINTS = (dying.BEFORE_STATEMENT, dying.BEFORE_COMMIT, dying.AFTER_COMMIT)
HOUR = dt.timedelta(hours=1)


@soak("crashes", "a story under many deaths, against the same without one", (4, "deaths an act, at most"))
def crashes(options: Options) -> Iterator[Round]:
    with databases(options) as (made, place), dying.Deaths() as deaths, prepared(made, place) as template:
        expected: list[str] | None = None
        passed: dict[str, dict[str, int]] = {}
        for seed in chain([None], seeds(options)):
            chance = random.Random(seed)
            with made.copied(template, place / "story") as home:
                killed, at = 0, START
                for act in story.STORY:
                    # How often an act passes each point is learned from the story without deaths.
                    struck = 0 if seed is None else chance.randint(0, options.count)
                    fates = strike(deaths, home, act, at, [chosen(chance, passed[act]) for _ in range(struck)])
                    killed += sum(fate.killed for fate in fates)
                    passed.setdefault(act, fates[-1].passed)
                    at += (len(fates) + 1) * story.A_LEASE + (HOUR if act == "timer" else dt.timedelta())
                told = ending(home, at)
            shutil.rmtree(home)
            if expected is None:
                expected = told
            else:
                wrong = [*difflib.unified_diff(expected, told, "without a fault", "with them", n=0, lineterm="")]
                yield Round(f"seed {seed}", {"acts": len(story.STORY), "deaths": killed}, wrong)


@contextmanager
def prepared(made: Databases, place: Path) -> Iterator[Path]:
    """The demo department, in which the story can begin; the clock stands still."""
    with clock.frozen(START), made.copied(demo_department(made, place / "demo"), place / "prepared") as home:
        runtime = Runtime(Settings(home=home, demo=True))
        story.prepare(runtime)
        runtime.close()
        yield home


def chosen(chance: random.Random, passed: dict[str, int]) -> tuple[str, int]:
    point = chance.choice(POINTS)
    return point, chance.randint(1, max(1, passed[point]))


def strike(
    deaths: dying.Deaths, home: Path, act: str, at: dt.datetime, points: Sequence[tuple[str, int]]
) -> list[dying.Fate]:
    """Do the act, dying at each of these points in turn where it comes, and then to its end."""
    fates = []
    for number, (point, which) in enumerate((*points, ("", 0))):
        # Whoever held something is known to be dead by then.
        later = at + number * story.A_LEASE
        fates.append(deaths.strike(Settings(home=home, demo=True), act, later, point, which))
    return fates


def ending(home: Path, at: dt.datetime) -> list[str]:
    with clock.frozen(at):
        runtime = Runtime(Settings(home=home, demo=True))
        try:
            story.finish(runtime, "timer")
            sick = [f"doctor: {finding}" for finding in examine(runtime.engine, runtime.house)]
            return [*story.told(runtime), *sick]
        finally:
            runtime.close()
