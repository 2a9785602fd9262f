"""Killed at every statement and at every commit: what was acknowledged stays, and the story ends as without a fault."""

from __future__ import annotations

import datetime as dt
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


@pytest.mark.parametrize("act", story.ACTS)
def test_wherever_it_dies_it_ends_as_without_a_fault(
    act: str, stages: dict[str, tuple[Path, dt.datetime]], deaths: dying.Deaths, tmp_path: Path
) -> None:
    stage, at = stages[act]

    def scene(name: str) -> Settings:
        shutil.copytree(stage, tmp_path / name)
        return Settings(home=tmp_path / name)

    whole = scene("whole")
    unharmed = deaths.strike(whole, act, at)
    assert unharmed.acknowledged
    expected = ending(whole.home, act, at)
    points = [(point, number + 1) for point, times in unharmed.passed.items() for number in range(times)]
    assert len(points) > 5
    for point, number in points:
        struck = scene("struck")
        fate = deaths.strike(struck, act, at, point, number)
        assert fate.killed, (point, number)
        assert ending(struck.home, act, at) == expected, f"{act}, killed {point} {number}"
        shutil.rmtree(struck.home)
