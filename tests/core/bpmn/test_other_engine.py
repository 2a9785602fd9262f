"""What somebody is told of a file that was drawn for another engine."""

from runtime.bpmn.check import check
from runtime.bpmn.tags import FOREIGN
from runtime.errors import fill
from tests.core.bpmn.office import CATALOGUE, FOLDER, problems_in, problems_of

CAMUNDA_8 = (FOLDER / "other_engine" / "invalid_camunda_8.bpmn").read_text()


def test_a_file_of_camunda_8_is_told_so_in_one_sentence_and_nothing_else():
    (problem,) = problems_in(CAMUNDA_8)
    assert (problem.rule, problem.severity, problem.where) == ("other_engine", "error", "ask")
    assert fill(problem.message, problem.params).startswith("This file is drawn for Camunda 8 (Zeebe);")
    assert problem.params["count"] == CAMUNDA_8.count("<zeebe:") - CAMUNDA_8.count("<zeebe:input") + 1


def test_each_engine_is_named():
    for path in (FOLDER / "other_engine").glob("invalid_*.bpmn"):
        (problem,) = problems_of(path)
        assert problem.params["engine"] in FOREIGN.values()


def test_a_diagram_of_camunda_8_without_anything_of_it_is_plain_bpmn():
    plain = (FOLDER / "other_engine" / "valid_camunda_7.bpmn").read_text()
    marked = plain.replace(
        "<bpmn:definitions ",
        '<bpmn:definitions xmlns:modeler="http://camunda.org/schema/modeler/1.0" '
        'modeler:executionPlatform="Camunda Cloud" ',
        1,
    )
    assert [str(problem) for problem in problems_in(marked)] == []


def test_remains_of_another_engine_in_a_file_of_camunda_7_are_named_one_by_one():
    mixed = CAMUNDA_8.replace(' modeler:executionPlatform="Camunda Cloud"', "").replace(
        '<bpmn:userTask id="ask"',
        '<bpmn:userTask xmlns:camunda="http://camunda.org/schema/1.0/bpmn" camunda:assignee="a" id="ask"',
    )
    rules = {problem.rule for problem in problems_in(mixed)}
    assert "other_engine" not in rules and "unknown_element" in rules


def test_its_diagram_can_still_be_shown():
    diagram, _ = check(CAMUNDA_8.encode(), "test.bpmn", CATALOGUE)
    assert diagram is not None and set(diagram.processes) == {"test_process"}
