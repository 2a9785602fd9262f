"""Exceptions of the office: money, data, and what is said to those outside."""

from __future__ import annotations

import datetime as dt
from typing import Any

from runtime.demo.department import Department, Script
from runtime.demo.exceptions.telling import SKU, story, workbook
from runtime.demo.initiatives import RATES, set_rates


@story(3)
def freeze_to_decide(house: Department) -> None:
    answers: dict[str, Any] = {
        "freeze_action": "freeze",
        "freeze_lines": ["training"],
        "freeze_reason": "回款不足",
    }
    house.start("qianwei", "budget_freeze", Script(), budget_year=house.today.year, **answers)


@story(8)
def budget_that_nobody_reviews(house: Department) -> None:
    """A revision of this year's, with more for trainings."""
    lines = [{"line": "training", "amount": "90000", "note": "新员工培训"}]
    script = Script({"draft_budget": [{"budget_year": house.today.year, "budget_lines": lines}]})
    house.start("wangfang", "annual_budget", script)


@story(3)
def expense_beyond_the_budget(house: Department) -> None:
    claim: dict[str, Any] = {"expense_purpose": "展会展位定金", "expense_amount": "190000", "spent_on": house.today}
    house.start("zhangmin", "expense_claim", Script(), **claim)


@story(2)
def expense_of_tomorrow(house: Department) -> None:
    claim: dict[str, Any] = {"expense_purpose": "购买手套", "expense_amount": "120"}
    house.start("liyang", "expense_claim", Script(), **claim, spent_on=house.today + dt.timedelta(days=9))


@story(2)
def breach_to_assess(house: Department) -> None:
    told = "客户报价单误发到另一家客户的邮箱"
    house.start("liyang", "confidentiality_breach", Script(), happened_on=house.today, breach_what=told)


@story(3)
def sensitive_export(house: Department) -> None:
    since = house.today - dt.timedelta(days=90)
    script = Script({"review_request": [{"decision": "approve"}, {"decision": "approve"}]})
    answers: dict[str, Any] = {"export_scope": "customers", "export_purpose": "回访抽样"}
    house.start("xuhui", "data_export", script, first_day=since, last_day=house.today, **answers)


@story(3)
def report_to_be_taken_away(house: Department) -> None:
    """Suppliers' figures leave the house for somebody who sees them already: the superior has not decided."""
    first = house.today.replace(day=1)
    asked: dict[str, Any] = {"export_scope": "report", "export_report": "suppliers", "export_purpose": "供应商评审会"}
    house.start("xuhui", "data_export", Script(), first_day=first, last_day=house.today, **asked)


@story(2)
def report_that_may_be_taken_away(house: Department) -> None:
    """Approved, and not fetched yet."""
    first = house.today.replace(day=1)
    script = Script({"review_request": [{"decision": "approve"}]})
    asked: dict[str, Any] = {"export_scope": "report", "export_report": "stock", "export_purpose": "盘点前核对"}
    house.start("chenjie", "data_export", script, first_day=first, last_day=house.today, **asked)


@story(8)
def product_change_that_nobody_decides(house: Department) -> None:
    change: dict[str, Any] = {"change_kind": "change", "component": SKU, "sale_price": "279"}
    script = Script({"propose_change": [{**change, "change_reason": "原材料涨价，同行已调"}]})
    house.start("zhangmin", "product_listing", script)


@story(6)
def customer_data_that_nobody_reviews(house: Department) -> None:
    proposal = {"phone": "0551-5550990", "change_reason": "客户换了联系电话"}
    script = Script({"propose_customer_change": [proposal]})
    house.start("zhangmin", "customer_change", script, change_action="change", customer="K02")


@story(9)
def feedback_that_nobody_handles(house: Department) -> None:
    heard: dict[str, Any] = {"feedback_kind": "market", "feedback_source": "展会", "component": SKU}
    house.start("liyang", "market_feedback", Script(), **heard, feedback_text="双面组件询价多")


@story(6)
def contact_that_nobody_notes(house: Department) -> None:
    house.start("chenjie", "external_contact", Script())


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


@story(3)
def file_with_problems(house: Department) -> None:
    stock = [["组件编号", "仓库", "数量", "单位成本"], [SKU, "SH", "12", "210"], ["LJ-M60-999", "CZ", "-3", "=9*20"]]
    file = workbook(house, "chenjie", 仓库=[["编号", "中文名称"], ["CZ", "常州仓"]], 库存=stock)
    totals = {"control_count": 2, "control_quantity": 40, "control_amount": "8400"}
    house.start("chenjie", "opening_import", Script(), workbook=file, **totals)


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
        "model_version": "2",
        "model_description": "与上月比较",
        "method": "比较",
        "results": "持平",
    }
    found = {"kind": "problem", "finding": "发货慢", "recommendation": "提前约车"}
    report = {"purpose": "看发货周期", "recommendations": [found]}
    script = Script({"analyse_data": [looked], "write_report": [report]})
    house.start("chenjie", "data_analysis", script, wanted_period=_months_ago(house, 3))
