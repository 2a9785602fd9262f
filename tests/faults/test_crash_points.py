"""Killed at commits and statements: what was acknowledged stays, and the story ends as without a fault.

At all commits, and at as many statements as there is time for: all of them are `run.py soak points`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.faults import dying, story, striking
from tests.faults.striking import Point, Stages

pytestmark = pytest.mark.slow

STATEMENTS = 15  # of an act, drawn anew for each database; a tenth to all of what it says


@pytest.fixture(scope="session")
def deaths() -> Iterator[dying.Deaths]:
    with dying.Deaths() as deaths:
        yield deaths


# No longer than this file's tests: others have their own databases and clock.
@pytest.fixture(scope="module")
def stages(
    databases: Databases, seeded_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    with striking.stages(databases, seeded_home, tmp_path_factory.mktemp("story")) as found:
        yield found


def some(points: list[Point], database: str) -> list[Point]:
    """All commits, the first and the last statement, and some between them, the same in every run."""
    statements = [point for point in points if point[0] == dying.BEFORE_STATEMENT]
    between = statements[1:-1]
    drawn = random.Random(f"{database} {len(points)}").sample(between, min(STATEMENTS, len(between)))
    return [point for point in points if point not in between or point in drawn]


@pytest.mark.parametrize("act", story.ACTS)
def test_wherever_it_dies_it_ends_as_without_a_fault(
    act: str,
    databases: Databases,
    stages: Stages,
    deaths: dying.Deaths,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    choose = partial(some, database=request.config.getoption("--database"))
    struck, otherwise = striking.deadly(act, act, databases, stages, deaths, tmp_path, choose)
    assert {point for point, _ in struck} == set(dying.POINTS) and len(struck) > 5
    assert otherwise == []


def commits(points: list[Point]) -> list[Point]:
    return [point for point in points if point[0] != dying.BEFORE_STATEMENT]


def test_an_act_in_two_transactions_would_be_found_out(
    databases: Databases, stages: Stages, deaths: dying.Deaths, tmp_path: Path
) -> None:
    # What lies between them it shares with the others.
    _, otherwise = striking.deadly(
        "complete_in_two", "complete", databases, stages, deaths, tmp_path, commits
    )
    assert (dying.AFTER_COMMIT, 1) in [(point, number) for point, number, _ in otherwise]
