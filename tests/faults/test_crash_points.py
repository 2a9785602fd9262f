"""Killed at every statement and at every commit: what was acknowledged stays, and the story ends as without a fault."""

from __future__ import annotations

import datetime as dt
import difflib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import clock
from runtime.bootstrap import Runtime, Settings
from tests.conftest import START
from tests.faults import dying, story


@pytest.fixture(scope="session")
def deaths() -> Iterator[dying.Deaths]:
    with dying.Deaths() as deaths:
        yield deaths


@pytest.fixture(scope="session")
def stages(seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dt.datetime]]:
    """Act → a database on which it comes next, and when."""
    home = tmp_path_factory.mktemp("story") / "home"
    shutil.copytree(seeded_home, home)
    found = {}
    with clock.frozen(START):
        runtime = opened(home)
        story.prepare(runtime)
        for act in story.ACTS:
            kept = home.with_name(act)
            runtime.close()
            shutil.copytree(home, kept)
            found[act] = kept, clock.now()
            runtime = opened(home)
            if act in story.STORY:
                story.ACTS[act](runtime)()
        runtime.close()
    return found


def opened(home: Path) -> Runtime:
    return Runtime(Settings(home=home, demo=True))


def ending(home: Path, act: str, at: dt.datetime) -> list[str]:
    """Started again after a while, doing what is left: what the story leaves."""
    with clock.frozen(at + story.A_LEASE):
        runtime = opened(home)
        try:
            story.finish(runtime, act)
            return story.told(runtime)
        finally:
            runtime.close()


Stages = dict[str, tuple[Path, dt.datetime]]


@pytest.mark.parametrize("act", story.ACTS)
def test_wherever_it_dies_it_ends_as_without_a_fault(
    act: str, stages: Stages, deaths: dying.Deaths, tmp_path: Path
) -> None:
    struck, otherwise = deadly(act, act, stages, deaths, tmp_path)
    assert struck > 5
    assert otherwise == []


def test_an_act_in_two_transactions_would_be_found_out(
    stages: Stages, deaths: dying.Deaths, tmp_path: Path
) -> None:
    _, otherwise = deadly("complete_in_two", "complete", stages, deaths, tmp_path)
    assert (dying.AFTER_COMMIT, 1) in [(point, number) for point, number, _ in otherwise]


def other_ending(expected: list[str], home: Path, act: str, at: dt.datetime) -> str:
    """How the story ends there, if it does not end as expected."""
    try:
        found = ending(home, act, at)
    except Exception as error:
        # The story cannot even be told to its end.
        return repr(error)
    return "\n".join(difflib.unified_diff(expected, found, "without a fault", "with it", n=0, lineterm=""))


def deadly(
    act: str, stage: str, stages: Stages, deaths: dying.Deaths, folder: Path
) -> tuple[int, list[tuple[str, int, str]]]:
    """Do `act` as often as it has points, dying at each; how many, and after which it ended how otherwise."""
    template, at = stages[stage]

    def scene(name: str) -> Settings:
        shutil.copytree(template, folder / name)
        return Settings(home=folder / name)

    whole = scene("whole")
    unharmed = deaths.strike(whole, act, at)
    assert unharmed.acknowledged
    expected = ending(whole.home, stage, at)
    points = [(point, number + 1) for point, times in unharmed.passed.items() for number in range(times)]
    otherwise = []
    for point, number in points:
        struck = scene("struck")
        fate = deaths.strike(struck, act, at, point, number)
        assert fate.killed, (point, number)
        if difference := other_ending(expected, struck.home, stage, at):
            otherwise.append((point, number, difference))
        shutil.rmtree(struck.home)
    return len(points), otherwise
