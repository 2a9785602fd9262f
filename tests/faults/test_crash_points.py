"""Killed at every statement and at every commit: what was acknowledged stays, and the story ends as without a fault."""

from __future__ import annotations

import datetime as dt
import difflib
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtime import clock
from runtime.bootstrap import Runtime, Settings
from runtime.doctor import examine
from tests.conftest import START
from tests.databases import Databases
from tests.faults import dying, story

pytestmark = pytest.mark.slow

Stages = dict[str, tuple[Path, dt.datetime]]


@pytest.fixture(scope="session")
def deaths() -> Iterator[dying.Deaths]:
    with dying.Deaths() as deaths:
        yield deaths


# No longer than this file's tests: meanwhile the environment names these databases, and the clock stands.
@pytest.fixture(scope="module")
def stages(
    databases: Databases, seeded_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """Act → a database on which it comes next, and when."""
    folder = tmp_path_factory.mktemp("story")
    found: Stages = {}
    with ExitStack() as kept, clock.frozen(START):
        before = seeded_home
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


@pytest.mark.parametrize("act", story.ACTS)
def test_wherever_it_dies_it_ends_as_without_a_fault(
    act: str, databases: Databases, stages: Stages, deaths: dying.Deaths, tmp_path: Path
) -> None:
    struck, otherwise = deadly(act, act, databases, stages, deaths, tmp_path)
    assert struck > 5
    assert otherwise == []


def test_an_act_in_two_transactions_would_be_found_out(
    databases: Databases, stages: Stages, deaths: dying.Deaths, tmp_path: Path
) -> None:
    commits = {dying.BEFORE_COMMIT, dying.AFTER_COMMIT}  # what lies between them it shares with the others
    _, otherwise = deadly("complete_in_two", "complete", databases, stages, deaths, tmp_path, commits)
    assert (dying.AFTER_COMMIT, 1) in [(point, number) for point, number, _ in otherwise]


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
    at_points: Collection[str] = dying.POINTS,
) -> tuple[int, list[tuple[str, int, str]]]:
    """Do `act` as often as it has points, dying at each; how many, and after which it ended how otherwise."""
    template, at = stages[stage]
    with databases.copied(template, folder / "whole") as home:
        unharmed = deaths.strike(Settings(home=home), act, at)
        assert unharmed.acknowledged
        expected = ending(home, stage, at)
    assert not [line for line in expected if line.startswith("doctor")]
    passed = {point: times for point, times in unharmed.passed.items() if point in at_points}
    points = [(point, number + 1) for point, times in passed.items() for number in range(times)]
    otherwise = []
    for index, (point, number) in enumerate(points):
        with databases.copied(template, folder / str(index)) as home:
            fate = deaths.strike(Settings(home=home), act, at, point, number)
            assert fate.killed, (point, number)
            quick = point == dying.BEFORE_STATEMENT
            if difference := other_ending(expected, home, stage, at, quick=quick):
                otherwise.append((point, number, difference))
        shutil.rmtree(home)
    return len(points), otherwise
