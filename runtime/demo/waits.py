"""More that is left waiting at the end of the demo's months: what was not done in time, and what the books refused.

Each story begins a case as a person would, goes on until its exception, and leaves it there. Not here: the
exceptions of purchasing, stock, sales and appraisals (exceptions)."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import sqlalchemy as sa

from runtime.demo import exceptions
from runtime.demo.department import Department, Script
from runtime.demo.exceptions import SKU, Story, purchase
from runtime.demo.initiatives import RATES, set_rates
from runtime.identity import SYSTEM
from runtime.ledger.catalogue import components
from runtime.ledger.sales import sales_order_lines, sales_orders

STORIES: list[Story] = []
story = partial(exceptions.story, stories=STORIES)

# ---- not done in time


@story(5)
def plan_that_nobody_reviews(house: Department) -> None:
    purchase(house, 33, review_plan=[])


@story(9)
def purchasing_sends_the_plan_back(house: Department) -> None:
    back = {"terms_result": "send_back", "send_back_reason": "供应商最早两个月后交货"}
    purchase(house, 264, negotiate_terms=[back])


@story(17)
def supplier_cancels(house: Department) -> None:
    """What was ordered is to be planned anew."""
    purchase(house, 297, follow_arrival=[{"arrival_result": "cancelled", "cancel_reason": "供应商停产该型号"}])


@story(3)
def expense_beyond_the_budget(house: Department) -> None:
    claim: dict[str, Any] = {"expense_purpose": "展会展位定金", "expense_amount": "190000", "spent_on": house.today}
    house.start("zhangmin", "expense_claim", Script(), **claim)


@story(7)
def progress_that_nobody_reports(house: Department) -> None:
    """The manager asks how far the goals are; the supervisor has been reminded."""
    house.whims["report_progress", "chenjie"] = None
    house.start("wangfang", "goal_review")


@story(8)
def budget_that_nobody_reviews(house: Department) -> None:
    """A revision of this year's, with more for trainings."""
    lines = [{"line": "training", "amount": "90000", "note": "新员工培训"}]
    script = Script({"draft_budget": [{"budget_year": house.today.year, "budget_lines": lines}]})
    house.start("wangfang", "annual_budget", script)


@story(8)
def explanation_that_never_came(house: Department) -> None:
    house.whims["explain_exceptions", "zhangmin"] = None
    house.whims["judge_exceptions", "chenjie"] = None
    day = house.calendar.workday_after(house.today, -1)
    line = {"person": house.id("zhangmin"), "day": day, "kind": "late", "minutes": 25}
    house.start("sunli", "attendance_import", attendance_lines=[line])


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


@story(9)
def feedback_that_nobody_handles(house: Department) -> None:
    heard: dict[str, Any] = {"feedback_kind": "market", "feedback_source": "展会", "component": SKU}
    house.start("liyang", "market_feedback", Script(), **heard, feedback_text="双面组件询价多")


@story(7)
def promise_that_nobody_checks(house: Department) -> None:
    due = house.calendar.workday_after(house.today, 2)
    promise = {"promised_by": "them", "promise": "更换破损组件", "due_on": due}
    noted: dict[str, Any] = {
        "party": "supplier",
        "supplier": "S1",
        "held_on": house.today,
        "topic": "质量",
        "said": "答应换货",
        "promise_lines": [promise],
        "contact_issue": "none",
    }
    house.start("chenjie", "external_contact", Script({"note_contact": [noted]}))


@story(14)
def solution_that_does_not_come(house: Department) -> None:
    """The next superior decides on what is proposed next."""
    _issue(house, {"remedy_kind": "none", "proposal": "寄检测报告"})


@story(13)
def refund_that_nobody_pays(house: Department) -> None:
    _issue(house, {"remedy_kind": "refund", "proposal": "客户要求合理", "refund_amount": "60"})


def _issue(house: Department, remedy: dict[str, Any]) -> None:
    """With a piece of the last order that was settled, and agreed to by the supervisor."""
    line, part = sales_order_lines.c, components.c
    settled = (
        sa.select(sales_orders.c.number, part.sku)
        .join(sales_order_lines, line.order_id == sales_orders.c.id)
        .join(components, part.id == line.component_id)
        .where(sales_orders.c.state == "settled")
        .order_by(sales_orders.c.id.desc(), line.id)
    )
    row = house.runtime.read(lambda tx, actor: tx.first(settled.limit(1)), SYSTEM)
    if row is None:
        return
    issue: dict[str, Any] = {"order_number": row.number, "issue_kind": "quality", "urgency": "normal"}
    if remedy["remedy_kind"] == "refund":
        issue["affected"] = [{"component": row.sku, "quantity": 1}]
    script = Script(
        {
            "propose_remedy": [{**issue, "issue_description": "发电量偏低", **remedy}],
            "review_request": [{"decision": "approve"}],
        }
    )
    house.start("liyang", "customer_issue", script)


@story(4)
def check_that_nobody_does(house: Department) -> None:
    house.start("chenjie", "stock_check", Script())


@story(3)
def rates_that_nobody_approves(house: Department) -> None:
    set_rates(house, {grade: str(rate) for grade, rate in RATES.items()}, house.today, Script())


def _months_ago(house: Department, count: int) -> str:
    months = house.today.year * 12 + house.today.month - 1 - count
    return f"{months // 12}-{months % 12 + 1:02d}"


@story(9)
def analysis_that_nobody_does(house: Department) -> None:
    house.start("wangfang", "data_analysis", Script(), wanted_period=_months_ago(house, 2))


@story(14)
def report_that_nobody_decides_on(house: Department) -> None:
    looked: dict[str, Any] = {
        "model": "月度趋势",
        "model_version": "1",
        "model_description": "与上月比较",
        "method": "比较",
        "results": "持平",
    }
    found = {"kind": "problem", "finding": "发货慢", "recommendation": "提前约车"}
    report = {"purpose": "看发货周期", "recommendations": [found]}
    script = Script({"analyse_data": [looked], "write_report": [report]})
    house.start("chenjie", "data_analysis", script, wanted_period=_months_ago(house, 3))


# ---- refused by the books, and told to whoever said it


@story(15)
def order_that_cannot_be_recorded(house: Department) -> None:
    """The contract has a component twice. It is signed before purchasing is frozen."""
    line = {"component": SKU, "quantity": 30, "price": "215"}
    signed: dict[str, Any] = {"supplier": "S4", "contract_no": "HT-2-330", "contract_lines": [line, line]}
    eta = house.today + dt.timedelta(days=20)
    purchase(house, 60, sign_contract=[{**signed, "eta": eta}])


@story(3)
def goals_that_are_over(house: Department) -> None:
    goal = {"goal": "准时率", "measure": "准时送达率", "target": "95%"}
    past = house.calendar.workday_after(house.today, -20)
    plan = {"plan_title": "物流协同计划", "strategy": "提前约车", "goals": [{**goal, "due_on": past}]}
    house.start("chenjie", "goal_plan", Script({"draft_goals": [plan]}))


@story(2)
def expense_of_tomorrow(house: Department) -> None:
    claim: dict[str, Any] = {"expense_purpose": "购买手套", "expense_amount": "120"}
    house.start("liyang", "expense_claim", Script(), **claim, spent_on=house.today + dt.timedelta(days=9))
