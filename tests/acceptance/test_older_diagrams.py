"""Cases on older diagrams go on with the operations of today: they end, or a person has them on a page.

tests/older holds diagrams as they were shipped once, each with scenarios of what was changed under them since. What
every shipped diagram ever called: tests/core/test_older_calls.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime import clock, doctor
from runtime.bootstrap import Runtime
from runtime.identity import SYSTEM
from runtime.ledger import operations
from runtime.scenarios import START, Player, Scenario
from runtime.scenarios.read import read
from runtime.settings import Settings
from tests.databases import Databases

OLDER = Path(__file__).resolve().parents[1] / "older"


def scenarios() -> list[Scenario]:
    found: list[Scenario] = []
    for file in sorted(OLDER.rglob("*.scenarios.yaml")):
        some, problems = read(file.read_text("utf-8"), file.name, file.parent.name)
        assert problems == []
        found += some
    return found


@pytest.fixture
def deployed_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Diagrams may name what is only kept for them, as they could when they were deployed."""
    for topic, found in list(operations.OPERATIONS.items()):
        if found.kept:
            monkeypatch.setitem(operations.OPERATIONS, topic, replace(found, kept=False))


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda each: each.process)
def test_a_case_on_an_older_diagram_goes_on(
    scenario: Scenario, databases: Databases, seeded_home: Path, tmp_path: Path, deployed_then: None
) -> None:
    with databases.copied(seeded_home, tmp_path / "home") as home, clock.frozen(START):
        runtime = Runtime(Settings(home=home, demo=True))
        runtime.deploy(SYSTEM, [OLDER], "cli")
        assert [str(problem) for problem in Player(runtime, scenario).play()] == []
        found = [
            f"{each.invariant.name}: {each.problem}" for each in doctor.examine(runtime.engine, runtime.house)
        ]
        assert found == []
        runtime.close()
