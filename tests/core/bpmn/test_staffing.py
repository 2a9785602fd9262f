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


def test_tasks_in_every_kind_of_level_are_listed_with_the_lane_around_them():
    inside = '<userTask id="{0}" name="{0}" />'
    body = (
        '<laneSet id="s"><lane id="lane" name="supervisor"><flowNodeRef>plain</flowNodeRef><flowNodeRef>booking'
        "</flowNodeRef><flowNodeRef>open</flowNodeRef><flowNodeRef>late</flowNodeRef><flowNodeRef>unbook"
        "</flowNodeRef></lane></laneSet>"
        f'<subProcess id="plain">{inside.format("in_plain")}</subProcess>'
        f'<transaction id="booking">{inside.format("in_transaction")}</transaction>'
        f'<adHocSubProcess id="open">{inside.format("in_ad_hoc")}</adHocSubProcess>'
        f'<subProcess id="late" triggeredByEvent="true">{inside.format("in_event_subprocess")}</subProcess>'
        '<userTask id="unbook" isForCompensation="true" />'
    )
    text = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" isExecutable="true">'
        f"{body}</process></definitions>"
    )
    diagram, _ = read.diagram(text.encode(), "p.bpmn")
    found = {row.task: (row.source, row.groups) for row in staffing.table(diagram.processes["p"])}
    tasks = ("in_plain", "in_transaction", "in_ad_hoc", "in_event_subprocess", "unbook")
    assert found == dict.fromkeys(tasks, ("lane", ("supervisor",)))
