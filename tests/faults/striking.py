"""Killed at every statement and at every commit of an act, against the same act unharmed.

Here: the stages of the story, and striking. Which points: test_crash_points.py takes all commits and some
statements, `run.py soak points` all of both."""

from __future__ import annotations

import datetime as dt
import difflib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.doctor import examine
from runtime.settings import Settings
from tests.conftest import START
from tests.databases import Databases
from tests.faults import dying, story

Stages = dict[str, tuple[Path, dt.datetime]]
Point = tuple[str, int]  # one of dying.POINTS, and when it is passed for the how manieth time


@contextmanager
def stages(databases: Databases, seeded: Path, folder: Path) -> Iterator[Stages]:
    """Act → a database on which it comes next, and when. Meanwhile the environment names these databases,
    and the clock stands."""
    found: Stages = {}
    with ExitStack() as kept, clock.frozen(START):
        before = seeded
        for act in ("prepare", *story.ACTS):
            # Each stage is a copy of the one before it, with one act more.
            home = kept.enter_context(databases.copied(before, folder / act))
            found[act] = before, clock.now()
            if act == "prepare" or act in story.STORY:
                runtime = opened(home)
                story.prepare(runtime) if act == "prepare" else story.ACTS[act](runtime)()
                runtime.close()
                before = home
        yield found


def opened(home: Path) -> Runtime:
    return Runtime(Settings(home=home, demo=True))


def ending(home: Path, act: str, at: dt.datetime, *, quick: bool = False) -> list[str]:
    """Started again after a while, doing what is left: what the story leaves, and what a doctor finds
    before and after (`quick`: without reading all that is deployed and logged once more)."""
    with clock.frozen(at + story.A_LEASE):
        runtime = opened(home)
        try:
            found = sick(runtime, quick=True)
            story.finish(runtime, act)
            return [*found, *story.told(runtime), *sick(runtime, quick)]
        finally:
            runtime.close()


def sick(runtime: Runtime, quick: bool) -> list[str]:
    return [f"doctor: {finding}" for finding in examine(runtime.engine, runtime.house, quick=quick)]


def other_ending(expected: list[str], home: Path, act: str, at: dt.datetime, *, quick: bool) -> str:
    """How the story ends there, if it does not end as expected."""
    try:
        found = ending(home, act, at, quick=quick)
    except Exception as error:
        # The story cannot even be told to its end.
        return repr(error)
    return "\n".join(difflib.unified_diff(expected, found, "without a fault", "with it", n=0, lineterm=""))


def deadly(
    act: str,
    stage: str,
    databases: Databases,
    stages: Stages,
    deaths: dying.Deaths,
    folder: Path,
    choose: Callable[[list[Point]], list[Point]] = list,
) -> tuple[list[Point], list[tuple[str, int, str]]]:
    """Do `act` once for each point chosen of all that it passes, dying there; which, and after which it ended
    how otherwise."""
    template, at = stages[stage]
    with databases.copied(template, folder / "whole") as home:
        unharmed = deaths.strike(Settings(home=home), act, at)
        assert unharmed.acknowledged
        expected = ending(home, stage, at)
    assert not [line for line in expected if line.startswith("doctor")]
    passed = unharmed.passed.items()
    points = choose([(point, number + 1) for point, times in passed for number in range(times)])
    otherwise = []
    for index, (point, number) in enumerate(points):
        with databases.copied(template, folder / str(index)) as home:
            fate = deaths.strike(Settings(home=home), act, at, point, number)
            assert fate.killed, (point, number)
            quick = point == dying.BEFORE_STATEMENT
            if difference := other_ending(expected, home, stage, at, quick=quick):
                otherwise.append((point, number, difference))
        shutil.rmtree(home)
    return points, otherwise
