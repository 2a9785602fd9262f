"""What an open task is called: its diagram's title for it tells several of one case apart."""

from __future__ import annotations

from typing import Any

from runtime.queries import search
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Office

COUNTED = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
TITLES = properties(title="盘点 ${loopCounter}", title_en="Count ${loopCounter}", name_en="Count")


def names(firm: Office, username: str = "spec") -> list[dict[str, str]]:
    return sorted((dict(row.names) for row in firm.as_(username).inbox()), key=str)


def test_several_tasks_of_a_case_are_told_apart_by_the_title_that_the_diagram_gives_them(firm: Office) -> None:
    firm.deploy(bpmn("counting", start(), user("count", TITLES + COUNTED, candidateGroups="specialist"), end()))
    case = firm.as_("spec").start("counting")
    told = [{"zh_Hans": f"盘点 {number}", "en": f"Count {number}"} for number in (0, 1)]
    assert names(firm) == told
    found = firm.runtime.read(search.find, firm.as_("spec").actor, "count").tasks
    assert sorted((dict(row.names) for row in found), key=str) == told
    assert sorted((dict(row.names) for row in firm.as_("spec").case_page(case.id).open_tasks), key=str) == told


def test_a_title_that_names_what_the_case_does_not_know_leaves_the_task_its_name(firm: Office) -> None:
    titled = properties(title="审核 ${order_number}", title_en="Review ${execution.getVariable('order_number')}")
    firm.deploy(bpmn("order", start(), user("review", titled, candidateGroups="specialist"), end()))
    firm.as_("spec").start("order")
    assert names(firm) == [{"zh_Hans": "review"}]


def test_a_name_that_a_listener_gives_wins_over_the_title(firm: Office) -> None:
    listener = (
        '<extensionElements><camunda:taskListener event="create"><camunda:script scriptFormat="javascript">'
        'task.setName("Named")</camunda:script></camunda:taskListener><camunda:properties>'
        '<camunda:property name="title" value="Titled"/></camunda:properties></extensionElements>'
    )
    firm.deploy(bpmn("order", start(), user("review", listener, candidateGroups="specialist"), end()))
    firm.as_("spec").start("order")
    assert names(firm) == [{"zh_Hans": "Named"}]


def test_each_task_of_a_review_of_goals_says_which_plan_it_is_about(office: Office) -> None:
    owner = office.as_("chenjie")

    def plan(title: str) -> None:
        goal = {"goal": "周转率", "measure": "年周转率", "target": "6", "due_on": "2026-06-30"}
        case: Any = owner.start("goal_plan").id
        owner.do("draft_goals", case, plan_title=title, strategy="提高周转", goals=[goal])
        office.as_("wangfang").do("review_request", case, decision="approve")

    for title in ("二季度运营计划", "二季度库存计划"):
        plan(title)
    office.as_("wangfang").start("goal_review")
    rows = [row for row in owner.inbox() if row.element == "report_progress"]
    assert [row.names["zh_Hans"] for row in rows] == [
        "报进展 GP-2026-0001 二季度运营计划", "报进展 GP-2026-0002 二季度库存计划",
    ]  # fmt: skip
    assert rows[0].names["en"] == "Report progress on GP-2026-0001 二季度运营计划"
    page = owner.page("report_progress")
    assert page.row.names["zh_Hant"] == "報進展 GP-2026-0001 二季度运营计划"
