"""Every scenario of every shipped process, and proof that together they take each flow of its diagram."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import clock, demo, library
from runtime.bootstrap import Runtime
from runtime.engine.execution import Execution
from runtime.folders import shipped
from runtime.identity import SYSTEM, Actor
from runtime.scenarios import START, Player, Scenario, coverage, judge, places
from runtime.scenarios.read import read
from runtime.settings import Settings
from runtime.store import cases, event_log
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks
from tests.acceptance import segregation
from tests.databases import Databases
from tests.office import MOST_STATEMENTS, Case, Office

pytestmark = pytest.mark.slow

FILES = places.meant([], shipped()).files
PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenarios.md"


class Counted(Player):
    """Plays as `guicheng scenarios` does, counts what completing a task says to the database, and tries once a
    file who else might decide each deciding task."""

    office: Office
    deployed: Deployed
    tried: dict[segregation.Key, set[str]]

    def complete(self, actor: Actor, task: str, answers: Mapping[str, Any]) -> None:
        key = self.office.runtime.read(_key, SYSTEM, task)
        if key in self.deployed.decisions and key not in self.tried:
            self.tried[key] = segregation.ways(self.office, task, self.deployed.desks)
        with self.office.counted() as statements:
            super().complete(actor, task, answers)
        assert len(statements) <= MOST_STATEMENTS, "\n".join(statements)


def _key(tx: Transaction, actor: Actor, task: str) -> segregation.Key:
    row = tx.first(sa.select(user_tasks.c.process, user_tasks.c.element).where(user_tasks.c.public_id == task))
    return row.process, row.element


@dataclass(frozen=True)
class Deployed:
    """What every installation of a world has: read of the first one, since it is the same in all."""

    known: judge.Known
    desks: dict[str, segregation.Desk]
    decisions: set[segregation.Key]


_DEPLOYED: dict[str, Deployed] = {}


def deployed(runtime: Runtime, world: str) -> Deployed:
    if world not in _DEPLOYED:
        desks = segregation.forms(shipped())
        decisions = segregation.deciding(runtime.read(coverage.models, SYSTEM), desks)
        _DEPLOYED[world] = Deployed(runtime.read(judge.known, SYSTEM), desks, decisions)
    return _DEPLOYED[world]


class Grounds:
    """Installations as the tests have them, over either database."""

    def __init__(self, databases: Databases, home: Callable[[str], Path], scratch: Path) -> None:
        self.databases, self.home, self.scratch, self.number = databases, home, scratch, 0

    @contextmanager
    def installation(self, world: str) -> Iterator[Runtime]:
        self.number += 1
        home = self.scratch / str(self.number)
        with self.databases.copied(self.home(world), home) as home, clock.frozen(START):
            runtime = Runtime(Settings(home=home, demo=True))
            yield runtime
            runtime.close()


@pytest.fixture
def grounds(databases: Databases, request: pytest.FixtureRequest, tmp_path: Path) -> Grounds:
    # Founding one takes seconds, and few scenarios need empty books.
    named = {"demo": "seeded_home", "empty": "blank_home"}
    return Grounds(databases, lambda world: request.getfixturevalue(named[world]), tmp_path)


def play(
    grounds: Grounds, scenario: Scenario, tried: dict[segregation.Key, set[str]] | None = None
) -> coverage.Coverage:
    """Play it; it goes as it says, names only what is there, and its cases' logs are whole. `tried`: deciding
    task → ways in which somebody who had a part in the matter came to decide it."""
    with grounds.installation(scenario.world) as runtime:
        office, there = Office(runtime), deployed(runtime, scenario.world)
        assert [str(problem) for problem in judge.judge(scenario, there.known)] == []
        player = Counted(runtime, scenario)
        player.office, player.deployed = office, there
        player.tried = {} if tried is None else tried
        assert [str(problem) for problem in player.play()] == []
        for case in office.cases():
            assert event_log.broken_at(case.log) is None
            assert_the_log_tells_the_state(case)
        return runtime.read(coverage.seen, SYSTEM)


@pytest.mark.parametrize("file", FILES, ids=places.process_of)
def test_the_scenarios_of_a_process_go_as_they_say_and_take_its_every_flow(
    grounds: Grounds, file: Path
) -> None:
    scenarios, problems = places.read_files([file])
    assert [str(problem) for problem in problems] == []
    covered, tried = coverage.Coverage(), dict[segregation.Key, set[str]]()
    for scenario in scenarios:
        covered.add(play(grounds, scenario, tried))
    there, process = _DEPLOYED[scenarios[0].world], places.process_of(file)
    shares = coverage.shares(there.known.processes[process], covered)
    missing = {kind: share.missing for kind, share in shares.items()}
    assert missing == dict.fromkeys(coverage.KINDS, ())
    # Nobody decides what they drafted or gain from, whatever way the task comes to them.
    assert {key: found for key, found in tried.items() if found} == {}
    assert {key for key in there.decisions if key[0] == process} - tried.keys() == set()


def test_every_shipped_process_has_scenarios() -> None:
    diagrams = {path.stem for folder in shipped() for path in folder.rglob("*.bpmn")}
    assert diagrams - {places.process_of(file) for file in FILES} == set()


def test_the_examples_of_the_page_go_as_they_say(grounds: Grounds) -> None:
    """Each block that begins with the name of a file is such a file."""
    blocks = re.findall(
        r"^```yaml\n# (\w+)\.scenarios\.yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(blocks) > 3
    for process, text in blocks:
        scenarios, problems = read(text, PAGE.name, process)
        assert problems == []
        for scenario in scenarios:
            play(grounds, scenario)


def assert_the_log_tells_the_state(case: Case) -> None:
    """What the log alone rebuilds is what the engine's state holds: variables and open activities."""

    def ask(tx: Transaction, actor: Actor) -> tuple[Execution, dict[str, Any]]:
        row = cases.get(tx, case.id)
        found = library.at_rest(tx, row.id, row.process, row.bindings, row.state)
        return found, found.variables()

    execution, kept = case.office.runtime.read(ask, SYSTEM)
    rebuilt = case.state
    assert rebuilt.variables.get("", {}) == {name: kept[name] for name in kept if name != "business_key"}
    # Boundary events are entered when they happen, not while they are only armed.
    standing = {each.activity for each in execution.open_activities() if each.kind != "boundaryEvent"}
    assert standing <= set(rebuilt.standing)
    assert rebuilt.ended == execution.ended


def test_a_first_look_at_the_demo_finds_work_that_is_begun_once(office: Office) -> None:
    for _ in range(2):
        demo.begin_work(office.runtime)
        office.settle()
    waiting = {
        who: [row.element for row in office.as_(who).inbox()] for who in ("wangfang", "chenjie", "liyang")
    }
    assert waiting == {
        "wangfang": ["review_plan"],
        "chenjie": ["review_correction"],
        "liyang": ["check_order"],
    }
    assert office.incidents() == []


def test_a_title_names_people_in_the_readers_language(office: Office) -> None:
    office.as_("sunli").start("monthly_appraisal")
    titles = {case.row.title["en"] for case in office.cases_of("employee_appraisal")}
    assert "2026-03 appraisal of Li Yang" in titles
