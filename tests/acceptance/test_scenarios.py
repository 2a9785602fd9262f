"""Every scenario of every shipped process, and proof that together they reach every end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime import demo, library
from runtime.bootstrap import ROOT
from runtime.bpmn import read
from runtime.engine.execution import Execution
from runtime.identity import SYSTEM, Actor
from runtime.store import cases, event_log
from runtime.store.db import Transaction
from tests.acceptance import scenarios
from tests.office import Case, Office

ALL = scenarios.all_scenarios()


@pytest.mark.parametrize(
    "scenario", [s for s in ALL if s.spec.get("world") != "empty"], ids=lambda s: s.label
)
def test_scenario(office: Office, scenario: scenarios.Scenario) -> None:
    play = scenarios.run(office, scenario)
    assert play.case is not None
    assert office.incidents() == []
    for process in {path.parent.name for path in (ROOT / "processes").glob("*/*.bpmn")}:
        for case in office.cases_of(process):
            assert event_log.broken_at(case.log) is None
            assert_the_log_tells_the_state(case)


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


@pytest.mark.parametrize(
    "scenario", [s for s in ALL if s.spec.get("world") == "empty"], ids=lambda s: s.label
)
def test_scenario_in_an_empty_installation(blank: Office, scenario: scenarios.Scenario) -> None:
    scenarios.run(blank, scenario)
    assert blank.incidents() == []


def ends(path: Path) -> set[tuple[str, str]]:
    diagram, _ = read.diagram(path.read_bytes(), path.name)
    assert diagram is not None
    return {
        (process.id, node.id)
        for process in diagram.processes.values()
        for node in process.scope.nodes.values()
        if node.kind == "endEvent"
    }


def test_each_end_of_each_process_has_a_scenario() -> None:
    reached = {
        (scenario.process, end)
        for scenario in ALL
        for end in (
            [scenario.spec["ends"]] if isinstance(scenario.spec["ends"], str) else scenario.spec["ends"]
        )
    }
    wanted = {end for path in (ROOT / "processes").glob("*/*.bpmn") for end in ends(path)}
    assert wanted - reached == set()


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
