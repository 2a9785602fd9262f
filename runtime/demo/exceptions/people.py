"""Exceptions among people: leave, awards, training, and what one asked of another and was not done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from runtime.demo.department import Department, Script
from runtime.demo.exceptions.telling import story, workbook


def needed(house: Department, end: dt.date) -> None:
    """Days for which nobody asks for leave of their own accord: those on which the stories need them."""
    after = house.calendar.workday_after
    for who, first, last in (("wangfang", -18, 0), ("chenjie", -18, 6), ("zhoulei", -11, -6)):
        house.memory.needed.append((who, after(end, first), after(end, last)))


@story(3)
def leave_beyond_what_is_left(house: Department) -> None:
    """In one year, and beyond what others have asked for by then."""
    first = house.calendar.workday_after(house.today, 25)
    last = house.calendar.workday_after(first, 11)
    if last.year > first.year:
        first, last = last, house.calendar.workday_after(last, 11)
    house.start("zhoulei", "leave_request", Script(), leave_type="annual", leave_from=first, leave_to=last)


@story(6)
def supervisor_goes_on_leave(house: Department) -> None:
    """Whose requests the deputy of his leave decides."""
    first, last = house.calendar.workday_after(house.today, 4), house.calendar.workday_after(house.today, 9)
    agreed: list[Any] = [{"decision": "approve"}, {"decision": "approve"}]
    script = Script({"review_request": agreed, "hr_review": [{"decision": "approve"}]})
    answers: dict[str, Any] = {
        "leave_type": "personal",
        "leave_from": first,
        "leave_to": last,
        "deputy": house.id("zhangmin"),
    }
    house.start("chenjie", "leave_request", script, **answers)


@story(1)
def request_while_the_approver_is_away(house: Department) -> None:
    day = house.calendar.workday_after(house.today, 20)
    house.start("liyang", "leave_request", Script(), leave_type="personal", leave_from=day, leave_to=day)


@story(5)
def request_that_nobody_decides(house: Department) -> None:
    """It has gone one up by now."""
    day = house.calendar.workday_after(house.today, 20)
    house.start("xuhui", "leave_request", Script(), leave_type="personal", leave_from=day, leave_to=day)


@story(9)
def proof_that_never_came(house: Department) -> None:
    house.whims["upload_note", "zhoulei"] = None
    house.left.add("decide_without_note")
    script = Script({"review_request": [{"decision": "approve"}]})
    last = house.calendar.workday_after(house.today, 1)
    house.start("zhoulei", "leave_request", script, leave_type="sick", leave_from=house.today, leave_to=last)


@story(8)
def explanation_that_never_came(house: Department) -> None:
    house.whims["explain_exceptions", "zhangmin"] = None
    house.whims["judge_exceptions", "chenjie"] = None
    day = house.calendar.workday_after(house.today, -1)
    line = {"person": house.id("zhangmin"), "day": day, "kind": "late", "minutes": 25}
    house.start("sunli", "attendance_import", attendance_lines=[line])


@story(4)
def award_beyond_the_budget(house: Department) -> None:
    award: dict[str, Any] = {
        "award_title": "年度突出贡献",
        "award_fact": "带队完成并网季交付",
        "award_kind": "money",
    }
    house.start(
        "wangfang", "award_nomination", Script(), nominee=house.id("liyang"), award_amount="90000", **award
    )


@story(4)
def move_without_a_vacancy(house: Department) -> None:
    answers: dict[str, Any] = {
        "move_kind": "rotation",
        "to_group": "analyst",
        "move_evidence": "自学数据分析，做过三份报告",
    }
    house.start("zhangmin", "career_move", Script(), **answers)


@story(10)
def training_plan_beyond_the_budget(house: Department) -> None:
    line = {"topic": "海外考察", "form": "external", "area": "management", "month": 9, "cost": "190000"}
    script = Script({"draft_training_plan": [{"plan_lines": [line]}]}, frozenset({"draft_training_plan"}))
    house.start("wangfang", "training_plan", script)


@story(7)
def resit_to_be_held(house: Department) -> None:
    present = [{"attended": True}, {"attended": False}]
    held = {"training_outcome": "held", "people": present}
    agreed = [{"decision": "approve"}] * 2
    script = Script({"review_request": agreed, "hold_training": [held]}, frozenset({"hold_resit"}))
    house.start(
        "wangfang",
        "training_event",
        script,
        training_topic="组件检测",
        training_form="internal",
        training_area="skills",
        trainer=house.id("chenjie"),
        held_on=house.calendar.workday_after(house.today, 2),
        participants=[house.id("liyang"), house.id("zhoulei")],
    )


@story(6)
def errand_that_is_late(house: Department) -> None:
    due = house.calendar.workday_after(house.today, 2)
    answers: dict[str, Any] = {"errand_task": "核对三家物流报价", "due_on": due}
    house.start("chenjie", "errand", Script(), doer=house.id("zhoulei"), **answers)


@story(6)
def notice_that_not_all_have_read(house: Department) -> None:
    script = Script({"review_request": [{"decision": "approve"}]}, frozenset())
    house.whims["read_notice", "zhoulei"] = None
    answers: dict[str, Any] = {
        "notice_title": "年末盘点安排",
        "notice_text": "盘点期间暂停非紧急出库，安排见附页。",
    }
    house.start("chenjie", "notice", script, **answers)


@story(4)
def leaving_whose_plan_does_not_fit(house: Department) -> None:
    """Who leaves soon takes nothing over: a superior who leaves as well is asked again to whom it goes."""
    for leaver, script in (("guotao", Script()), ("machao", Script({"plan_handover": [{}]}))):
        last = house.today + dt.timedelta(days=60)
        house.start("sunli", "leaving", script, leaver=house.id(leaver), last_day=last)


@story(4)
def issue_that_nobody_answers(house: Department) -> None:
    answers: dict[str, Any] = {
        "issue_text": "仓库门禁坏了",
        "impact": "提货要等人开门",
        "wanted": "三天内修好",
    }
    house.start("zhangmin", "issue_escalation", Script(), wanted_from="superior", urgency="urgent", **answers)


@story(6)
def department_that_does_not_answer(house: Department) -> None:
    issue = {"issue_text": "周六到货无人收", "impact": "到货积压", "wanted": "安排值班"}
    asked: dict[str, Any] = {"wanted_from": "department", "department": "logistics", "urgency": "urgent"}
    house.start("liyang", "issue_escalation", Script(), **issue, **asked)


@story(6)
def answer_that_nobody_confirms(house: Department) -> None:
    issue = {"issue_text": "扫码枪不够用", "impact": "盘点要排队", "wanted": "再配两把"}
    script = Script({"answer_issue": [{"answer": "已下单，周五到"}]}, frozenset({"confirm_answer"}))
    house.start("zhoulei", "issue_escalation", script, **issue, wanted_from="superior", urgency="normal")


@story(5)
def people_to_approve(house: Department) -> None:
    people = [
        ["用户名", "姓名", "岗位组", "上级", "入职日"],
        ["gaoyang", "高阳", "运营专员", "chenjie", f"{house.today:%Y-%m-%d}"],
        ["tianmeng", "田萌", "数据分析员", "wangfang", f"{house.today:%Y-%m-%d}"],
    ]
    file = workbook(house, "linxi", 人员=people)
    script = Script({"check_import": [{"import_action": "submit"}]})
    house.start("linxi", "people_import", script, workbook=file, control_count=2)


@story(9)
def progress_that_nobody_reports(house: Department) -> None:
    """Of goals that are open for months to come; the manager asks how far they are, and the supervisor was reminded."""
    goal = {"goal": "提货", "measure": "车辆等候", "target": "一小时以内"}
    due = house.today + dt.timedelta(days=150)
    plan = {"plan_title": "装卸提速计划", "strategy": "分时预约", "goals": [{**goal, "due_on": due}]}
    agreed = [{"decision": "approve"}] * 2
    house.start("chenjie", "goal_plan", Script({"draft_goals": [plan], "review_request": agreed}))
    day = house.calendar.workday_after(house.today, 2)
    house.at(house.moment(day, 10), lambda: _ask_how_far(house))


def _ask_how_far(house: Department) -> None:
    house.whims["report_progress", "chenjie"] = None
    house.start("wangfang", "goal_review")


@story(3)
def goals_that_are_over(house: Department) -> None:
    goal = {"goal": "准时率", "measure": "准时送达率", "target": "95%"}
    past = house.calendar.workday_after(house.today, -20)
    plan = {"plan_title": "物流协同计划", "strategy": "提前约车", "goals": [{**goal, "due_on": past}]}
    house.start("chenjie", "goal_plan", Script({"draft_goals": [plan]}))
