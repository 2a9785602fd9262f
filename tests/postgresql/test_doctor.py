"""The doctor sees on PostgreSQL, too, when lists and search say something else than tasks and cases do."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from runtime import cli, doctor
from tests.diagrams import bpmn, end, start, user
from tests.office import Office


def findings(office: Office) -> list[tuple[str, str]]:
    found = doctor.examine(office.runtime.engine, office.runtime.house)
    return [(each.invariant.name, each.problem.rule) for each in found]


def test_lists_and_search_are_judged_and_made_anew(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    firm.deploy(bpmn("采购", start(), user("ask", candidateGroups="specialist"), end()))
    case = firm.as_("spec").start("采购")
    assert findings(firm) == []
    for defect, seen in {
        "UPDATE user_task_candidates SET ready = FALSE": ["candidates_follow_tasks"],
        "UPDATE user_task_candidates SET rank = 7, due_by = '2020-01-01'": ["candidates_follow_tasks"],
        "UPDATE case_search SET words = 'other'": ["search_knows_cases", "search_finds_cases"],
        "DELETE FROM case_search": ["search_knows_cases", "search_finds_cases"],
        "UPDATE cases SET title = '{\"en\":\"Another title\"}'": ["search_knows_cases"],
    }.items():
        with firm.runtime.engine.begin() as connection:
            connection.exec_driver_sql(defect)
        assert [name for name, _ in findings(firm)] == seen, defect
        told = CliRunner().invoke(cli.main, ["db", "reindex"])
        assert told.exit_code == 0, told.output
        assert findings(firm) == [], defect
    assert [row.case for row in firm.as_("spec").inbox()] == [case.id]
