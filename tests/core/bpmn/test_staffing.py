"""Who gets each task, before anything runs."""

from runtime.bpmn import read, staffing
from tests.core.bpmn.office import FOLDER


def rows(path):
    diagram, _ = read.diagram((FOLDER / path).read_bytes(), path)
    (process,) = diagram.processes.values()
    return staffing.table(process)


def test_an_assignee_wins():
    (row,) = rows("bad_expression/valid_plain.bpmn")
    assert (row.task, row.source, row.assignee) == ("write_plan", "assignee", "${superior_of(initiator)}")


def test_candidates_are_listed_one_by_one():
    (row,) = rows("unknown_group/valid_candidates.bpmn")
    assert (row.source, row.groups) == ("candidates", ("manager", "${department}"))


def test_a_lane_stands_for_its_group():
    (row,) = rows("nobody_to_do_it/valid_lane.bpmn")
    assert (row.source, row.groups, row.lane) == ("lane", ("supervisor",), "lane")


def test_a_called_process_takes_its_callers_lane():
    (row,) = rows("nobody_to_do_it/valid_caller.bpmn")
    assert (row.source, row.groups) == ("caller", ())


def test_nobody_is_said_to_be_nobody():
    (row,) = rows("nobody_to_do_it/invalid_alone.bpmn")
    assert row.source == "nobody"


def test_a_comma_inside_an_expression_does_not_split_it():
    assert staffing.listed("a, ${f(b, c)} ,d") == ("a", "${f(b, c)}", "d")
