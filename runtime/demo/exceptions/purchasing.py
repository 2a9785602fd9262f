"""Exceptions of purchasing: what the budget, the supplier or the goods do not let through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from runtime.demo.department import Department, Script
from runtime.demo.exceptions.telling import SKU, story, workbook
from runtime.identity import SYSTEM
from runtime.ledger.orders import orders


def purchase(house: Department, pieces: int, price: str = "215", eta: int = 1, **more: list[Any]) -> str:
    need = house.today + dt.timedelta(days=40)
    line = {"component": SKU, "quantity": pieces, "need_by": need, "est_price": "215"}
    agreed: dict[str, Any] = {
        "contract_no": f"HT-{house.today:%m%d}-{pieces}",
        "supplier": "S4",
        "contract_lines": [{"component": SKU, "quantity": pieces, "price": price}],
    }
    answers: dict[str, list[Any]] = {
        "draft_plan": [{"plan_reason": "高峰前补足", "lines": [line]}],
        "review_plan": [{"manager_decision": "approve"}],
        "negotiate_terms": [{"supplier": "S4", "negotiation_note": "原供应商"}],
        "sign_contract": [lambda: {**agreed, "eta": house.today + dt.timedelta(days=eta)}],
        **more,
    }
    return house.start("chenjie", "purchase_plan", Script(answers))


def _inspected(received: int, rejected: int) -> Mapping[str, Any]:
    return {"inspection_lines": [{"received": received, "sampled": 20, "rejected": rejected, "note": "隐裂"}]}


@story(5)
def beyond_the_managers_limit(house: Department) -> None:
    purchase(house, 3000)


@story(4)
def beyond_the_budget(house: Department) -> None:
    purchase(house, 130_000)


@story(7)
def purchasing_is_frozen(house: Department) -> None:
    answers: dict[str, Any] = {
        "freeze_action": "freeze",
        "freeze_lines": ["purchasing"],
        "freeze_reason": "年末现金紧张，新签逐单报批",
    }
    script = Script({"decide_freeze": [{"freeze_decision": "agree"}]})
    house.start("qianwei", "budget_freeze", script, budget_year=house.today.year, **answers)


@story(6)
def contract_beyond_what_was_allowed(house: Department) -> None:
    purchase(
        house, 231, price="216", review_by_lead=[{"lead_decision": "approve", "lead_comment": "同意，按此金额"}]
    )


@story(10)
def contract_beyond_the_plan(house: Department) -> None:
    purchase(house, 99, price="229")


@story(12)
def supplier_is_late(house: Department) -> None:
    purchase(house, 66)


@story(13)
def delivery_is_short(house: Department) -> None:
    purchase(
        house, 132, follow_arrival=[{}], inspect_goods=[_inspected(80, 0)], put_away=[{"warehouse": "SH"}]
    )


@story(12)
def rejects_to_dispose_of(house: Department) -> None:
    purchase(house, 165, follow_arrival=[{}], inspect_goods=[_inspected(165, 7)])


@story(12)
def concession_to_approve(house: Department) -> None:
    note = {"disposition": "concession", "disposition_note": "划痕不影响发电"}
    purchase(house, 198, follow_arrival=[{}], inspect_goods=[_inspected(198, 5)], dispose_rejects=[note])


@story(5)
def plan_that_nobody_reviews(house: Department) -> None:
    purchase(house, 33, review_plan=[])


@story(9)
def purchasing_sends_the_plan_back(house: Department) -> None:
    back = {"terms_result": "send_back", "send_back_reason": "供应商最早两个月后交货"}
    purchase(house, 264, negotiate_terms=[back])


@story(17)
def supplier_cancels_in_writing(house: Department) -> None:
    """By a message from outside, which names the order."""
    case = purchase(house, 363)
    day = house.calendar.workday_after(house.today, 2)
    house.at(house.moment(day, 10), lambda: _cancelled(house, case))


def _cancelled(house: Department, case: str) -> None:
    query = sa.select(orders.c.number).where(orders.c.case == case)
    number = house.runtime.read(lambda tx, actor: tx.scalar(query), SYSTEM)
    house.send("supplier_cancelled", str(number), cancel_reason="供应商停产该型号")


@story(17)
def supplier_cancels(house: Department) -> None:
    """What was ordered is to be planned anew."""
    purchase(house, 297, follow_arrival=[{"arrival_result": "cancelled", "cancel_reason": "供应商停产该型号"}])


@story(15)
def order_that_cannot_be_recorded(house: Department) -> None:
    """The contract has a component twice. It is signed before purchasing is frozen."""
    line = {"component": SKU, "quantity": 30, "price": "215"}
    signed: dict[str, Any] = {"supplier": "S4", "contract_no": "HT-2-330", "contract_lines": [line, line]}
    eta = house.today + dt.timedelta(days=20)
    purchase(house, 60, sign_contract=[{**signed, "eta": eta}])


@story(8)
def open_purchases_to_approve(house: Department) -> None:
    """The old system counted a closed order along; finance is to accept the difference. Handed in before purchasing is
    frozen."""
    signed, due = house.today - dt.timedelta(days=40), house.today + dt.timedelta(days=25)
    days = [f"{signed:%Y-%m-%d}", f"{due:%Y-%m-%d}"]
    orders = [
        ["合同号", "供应商", "组件编号", "订购数量", "已到数量", "单价", "签订日", "预计到货日", "已预付"],
        ["HT-OLD-118", "S4", SKU, "160", "60", "215", *days, "5000"],
        ["HT-OLD-121", "S4", SKU, "40", "", "214.50", *days, ""],
    ]
    file = workbook(house, "wuting", 未结采购订单=orders)
    why = "旧系统多计 HT-OLD-109 的 20 件，已在上月全部到货"
    script = Script({"check_import": [{"import_action": "submit", "difference_explanation": why}]})
    totals = {"control_count": 3, "control_quantity": 160, "control_amount": "34380"}
    house.start("wuting", "purchase_order_import", script, workbook=file, **totals)
