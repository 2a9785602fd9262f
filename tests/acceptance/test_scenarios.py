"""Every scenario of every shipped process, and proof that together they reach every end."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.bootstrap import ROOT
from runtime.bpmn import read
from runtime.store import event_log
from tests.acceptance import scenarios
from tests.office import Office

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
