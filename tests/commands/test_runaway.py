"""What runs away is stopped: hostile files are refused and the runtime serves on; what is deployed and asks for
too much ends as an incident of its own case."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.commands import incidents
from runtime.commands.deploy import DeploymentRefused
from runtime.identity import SYSTEM
from runtime.queries import incidents as listed
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
    assert firm.as_("spec").start("errand").status == "running"


def test_a_loop_that_never_waits_is_an_incident_and_the_others_work_on(firm: Office) -> None:
    loop = bpmn(
        "mill",
        start(),
        element("exclusiveGateway", "round"),
        element("exclusiveGateway", "enough", default="enough_to_round"),
        end(),
        flow("begun", "round"),
        flow("round", "enough"),
        flow("enough", "ended", "${1 > 2}"),
        flow("enough", "round"),
    )
    firm.deploy(loop, ERRAND)
    firm.runtime.house.most_steps = 3_000
    case = firm.as_("spec").start("mill")
    assert case.status == "running"
    (told,) = firm.incidents()
    assert told.startswith("mill: ") and "3000" in told
    firm.as_("spec").start("errand")
    firm.as_("spec").do("go")
    # Whoever operates may let it go on: for as long again.
    walked = len(case.log)
    (found,) = firm.runtime.read(listed.listing, firm.as_("root").actor)
    firm.runtime.do(incidents.retry, firm.as_("root").actor, found.id)
    firm.settle()
    assert len(firm.incidents()) == 1
    assert len(case.log) > walked


@pytest.mark.parametrize("count", ["${1000000000}", "${-1}", "${'many'}"])
def test_a_number_of_instances_that_cannot_be_is_an_incident(firm: Office, count: str) -> None:
    loop = f"<multiInstanceLoopCharacteristics><loopCardinality>{count}</loopCardinality>"
    loop += "</multiInstanceLoopCharacteristics>"
    firm.deploy(bpmn("many", start(), user("go", loop, candidateGroups="specialist"), end()), ERRAND)
    case = firm.as_("spec").start("many")
    assert case.status == "running"
    (told,) = firm.incidents()
    assert told.startswith("go: ")
    assert firm.as_("spec").start("errand").status == "running"


def test_a_text_that_doubles_itself_is_an_incident(firm: Office) -> None:
    doubled = (
        '<extensionElements><camunda:inputOutput><camunda:outputParameter name="text">${text.concat(text)}'
    )
    doubled += "</camunda:outputParameter></camunda:inputOutput></extensionElements>"
    begin = doubled.replace("${text.concat(text)}", "a").replace("concat", "")
    twice = bpmn(
        "double",
        start(),
        element("task", "first", begin),
        element("exclusiveGateway", "round"),
        element("task", "more", doubled),
        element("exclusiveGateway", "enough", default="enough_to_round"),
        end(),
        flow("begun", "first"),
        flow("first", "round"),
        flow("round", "more"),
        flow("more", "enough"),
        flow("enough", "ended", "${1 > 2}"),
        flow("enough", "round"),
    )
    firm.deploy(twice)
    case = firm.as_("spec").start("double")
    assert case.status == "running"
    (told,) = firm.incidents()
    assert told.startswith("more: ")
