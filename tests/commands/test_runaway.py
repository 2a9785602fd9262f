"""What runs away is stopped: hostile files are refused and the runtime serves on; what is deployed and asks for
too much ends as an incident of its own case."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runtime.commands.deploy import DeploymentRefused
from runtime.identity import SYSTEM
from tests.core.bpmn.hostile import CORPUS
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office

ERRAND = bpmn("errand", start(), user("go", candidateGroups="specialist"), end())
WORST = [
    "a billion laughs",
    "a hundred megabytes of space",
    "a hundred and fifty attributes of a drawing",
    "twenty thousand flows between two nodes",
    "a clique of tasks",
    "nothing but beginnings of groups",
    "five hundred long formulas in FEEL",
    "NULs",
]


def test_hostile_files_are_refused_together_and_the_runtime_serves_on(firm: Office, tmp_path: Path) -> None:
    firm.deploy(ERRAND)
    case = firm.as_("spec").start("errand")
    paths = []
    for number, name in enumerate(WORST):
        paths.append(tmp_path / f"bad{number}.bpmn")
        paths[-1].write_bytes(CORPUS[name][0]())
    (tmp_path / "errand.bpmn").write_text(ERRAND.replace('id="go"', 'id="gone"'), encoding="utf-8")
    with pytest.raises(DeploymentRefused) as refused:
        firm.runtime.deploy(SYSTEM, [*paths, tmp_path / "errand.bpmn"], "cli")
    errors = {problem.file for problem in refused.value.problems if problem.severity == "error"}
    assert {path.name for path in paths} <= errors
    # What was deployed before stays as it was, and work goes on.
    firm.as_("spec").do("go")
    assert case.status == "completed"
    assert firm.as_("spec").start("errand").status == "active"
