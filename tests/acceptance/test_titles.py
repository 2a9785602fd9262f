"""What cases are called tells them apart: a list of equal lines tells nobody which one is meant.

Not here: what becomes of a title in the index of search (tests/commands/test_search.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.bpmn import read
from runtime.bpmn.model import Process
from runtime.commands import accounts
from runtime.identity import SYSTEM
from tests.office import Office

PROCESSES = Path(__file__).parents[2] / "processes"
TITLES = {"zh_Hans": "title", "en": "title_en", "zh_Hant": "title_zh_hant"}
# Only ever called: what they are called is the caller's title, and nobody sees theirs.
ONLY_CALLED = {"budget_check"}


def shipped() -> Iterator[Process]:
    for file in sorted(PROCESSES.glob("*/*.bpmn")):
        diagram, problems = read.diagram(file.read_bytes(), file.name)
        assert diagram is not None and not problems, file
        yield from diagram.processes.values()


@pytest.mark.parametrize("process", [one for one in shipped() if one.id not in ONLY_CALLED], ids=lambda one: one.id)
def test_every_process_calls_its_cases_by_something_that_tells_them_apart(process: Process) -> None:
    for language, name in TITLES.items():
        title = process.properties.get(name, "")
        assert "${" in title, f"{process.id} calls all its cases the same ({language})"
        # Whatever is not known yet leaves the day on which it began, and not a gap.
        assert not re.search(r"(null \? ''|: ''\}$)", title), title


def test_what_is_only_called_is_started_by_nobody() -> None:
    called = {node.called for process in shipped() for node in process.walk() if node.called}
    assert called >= ONLY_CALLED


def test_a_check_is_called_by_the_day_it_began_and_stays_so(office: Office) -> None:
    case = office.as_("chenjie").start("stock_check")
    called = case.row.title
    assert called["zh_Hans"] == "库存核对 2026-03-09" and called["en"] == "Stock check 2026-03-09"
    office.later(days=1)
    office.as_("liyang").do("check_stock", case.id)
    assert case.row.title == called


def test_what_has_no_number_yet_is_called_by_its_day_and_then_by_its_number(office: Office) -> None:
    lines = [{"component": "QY-P60-265", "quantity": 5, "price": "260"}]
    asked = {"customer": "K01", "order_lines": lines, "address": "南京市江宁区 1 号", "promised": "2026-03-20"}
    order = office.as_("liyang").start("sales_order", **asked)
    assert order.row.title["zh_Hans"] == "销售订单 K01 2026-03-09"
    office.as_("liyang").do("check_order", order.id, order_check="correct", warehouse="SH")
    assert order.row.title["en"] == "Sales order SO-2026-0001"


def test_an_appraisal_that_lacks_a_superior_is_called_by_its_employee(office: Office) -> None:
    office.runtime.do(accounts.set_superior, SYSTEM, "liyang", None)
    office.as_("sunli").start("monthly_appraisal")
    (stuck,) = [case for case in office.cases_of("employee_appraisal") if "2026-03" not in case.row.title["en"]]
    assert stuck.row.title["zh_Hans"] == "绩效考核 李洋" and stuck.row.title["en"] == "Appraisal of Li Yang"


def test_two_of_a_day_or_period_are_told_apart_from_the_start(office: Office) -> None:
    lines = [{"person": office.as_("zhangmin").actor.public_id, "day": "2026-03-06", "kind": "late", "minutes": 12}]
    first = office.as_("sunli").start("attendance_import", attendance_lines=lines).row.title
    close = office.as_("qianwei").start("period_close", closing_period="2026-02").row.title
    assert first["zh_Hans"] == "考勤异常导入 2026-03-09 09:00", "as the clock of the house says"
    assert close["en"] == "Period close 2026-02 · MC-2026-0001"
    office.later(minutes=5)
    again = office.as_("sunli").start("attendance_import", attendance_lines=lines).row.title
    office.as_("qianwei").do("confirm_close", closing_choice="drop")
    other = office.as_("qianwei").start("period_close", closing_period="2026-02").row.title
    assert again["zh_Hans"] == "考勤异常导入 2026-03-09 09:05"
    assert other["zh_Hans"] == "月度关账 2026-02 · MC-2026-0002"


def test_the_promises_of_one_contact_are_told_apart_by_their_day_and_by_what_was_promised(office: Office) -> None:
    chen = office.as_("chenjie")
    made = [("更换破损组件", "2026-03-12"), ("补齐尾货", "2026-03-12"), ("补齐尾货", "2026-03-16")]
    chen.start("external_contact")
    chen.do(
        "note_contact", party="supplier", supplier="S1", held_on="2026-03-09", topic="质量", said="答应换货",
        promise_lines=[{"promised_by": "them", "promise": promise, "due_on": day} for promise, day in made],
        contact_issue="none",
    )  # fmt: skip
    office.settle()
    office.later(days=8)
    office.settle()
    named = [row.names for row in chen.inbox() if row.element == "check_promise"]
    assert sorted(each["zh_Hans"] for each in named) == sorted(f"核对承诺 {day} {promise}" for promise, day in made)
    assert sorted(each["zh_Hant"] for each in named) == sorted(f"核對承諾 {day} {promise}" for promise, day in made)
    assert sorted(each["en"] for each in named) == sorted(
        f"Check the promise for {day}: {promise}" for promise, day in made
    )


def test_an_ad_hoc_task_says_in_every_list_what_is_to_be_done_and_then_to_be_accepted(office: Office) -> None:
    doer = office.as_("liyang").actor.public_id
    office.as_("chenjie").start("errand", doer=doer, errand_task="整理样品间", due_on="2026-03-12")
    assert office.as_("liyang").find("do_errand").names == {
        "zh_Hans": "办理任务 整理样品间", "en": "Do task: 整理样品间", "zh_Hant": "辦理任務 整理样品间",
    }  # fmt: skip
    office.as_("liyang").do("do_errand", result="已整理")
    assert office.as_("chenjie").find("accept_errand").names["zh_Hans"] == "验收结果 整理样品间"


def test_a_bonus_that_waits_for_a_wage_is_called_by_its_month_and_person(office: Office) -> None:
    office.as_("sunli").start("monthly_appraisal", period="2024-08")
    points = {"work": 80, "ability": 80, "attitude": 80}
    answers = {
        "self_assess": {f"self_{name}": value for name, value in points.items()},
        "assess_employee": {**points, "assessment_comment": "良好"},
        "calibrate_grades": {},
        "confirm_result": {"confirmation": "accept"},
    }
    for element, entered in answers.items():
        for who in ("liyang", "zhangmin", "zhoulei", "xuhui", "chenjie", "wangfang", "zhaoming"):
            while any(row.element == element for row in office.as_(who).inbox()):
                office.as_(who).do(element, **entered)
    assert office.as_("sunli").find("enter_wage")
    called = [bonus.row.title["en"] for bonus in office.cases_of("employee_bonus")]
    assert called and all(re.fullmatch("2024-08 bonus of [A-Z].+", title) for title in called), called
