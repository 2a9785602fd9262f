"""Exceptions of orders and payments, and of what customers complain of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime.commands import user_tasks
from runtime.demo.department import Department, Script
from runtime.demo.exceptions.telling import SKU, fullest, story, workbook
from runtime.identity import SYSTEM
from runtime.ledger.sales import sales_orders
from runtime.queries import inbox

ADDRESS = "合肥市高新区示例路 88 号"
Answers = dict[str, list[Any]]


def _order(house: Department, pieces: int, sku: str, answers: Answers, promised: int = 12) -> str:
    return house.start(
        "liyang",
        "sales_order",
        Script({"check_order": [{"order_check": "correct", "warehouse": "SH"}], **answers}),
        customer="K03",
        order_lines=[{"component": sku, "quantity": pieces, "price": house.memory.rows[sku]["sale_price"]}],
        address=ADDRESS,
        promised=house.today + dt.timedelta(days=promised),
    )


def _released() -> Answers:
    """Whatever the customer owes by then."""
    return {"review_request": [{"decision": "approve"}] * 2}


def _shipped(house: Department) -> Answers:
    sent = {"carrier": "顺达物流", "tracking": "SD20260001"}

    def shipped() -> dict[str, Any]:
        return {**sent, "shipped_on": house.today}

    return {**_released(), "arrange_shipment": [{}], "report_dispatch": [shipped]}


def _received(house: Department, **said: Any) -> Answers:
    """Delivered at once, and what the customer said: that all is well, unless told."""

    def arrived() -> dict[str, Any]:
        return {"delivered_on": house.today, "signed_by": "李工"}

    followed = said or {"receipt_result": "fine"}
    return {**_shipped(house), "report_delivery": [arrived], "follow_up_receipt": [followed]}


def _number(house: Department, case: str) -> str:
    query = sa.select(sales_orders.c.number).where(sales_orders.c.case == case)
    return str(house.runtime.read(lambda tx, actor: tx.scalar(query), SYSTEM))


# ---- before it leaves


@story(3)
def order_without_stock(house: Department) -> None:
    """More than is there; what the customer's credit does not bear is released, else that is what is decided."""
    sku = "CZ-P60-290"
    there = house.shelves().get((sku, "SH"), (0, 0))[1]
    _order(house, there + 60, sku, _released())


@story(4)
def order_beyond_the_credit(house: Department) -> None:
    _order(house, 9000, SKU, {})


@story(2)
def order_to_ask_about(house: Department) -> None:
    _order(house, 12, SKU, {"check_order": [{"order_check": "ask", "check_note": "收货地址不清"}]})


@story(6)
def reserved_goods_are_lost(house: Department) -> None:
    """The warehouse floods after they were reserved, and before they leave."""
    free = {sku: left for (sku, place), (_, left) in house.shelves().items() if place == "SH" and left >= 12}
    # Not much is lost, and half of it is still there when it is reserved.
    sku = min(free.keys() - house.memory.spoken_for, key=lambda of: (free[of], of))
    house.memory.spoken_for.add(sku)
    pieces = free[sku] // 2

    def leaves() -> dict[str, Any]:
        _lose(house, sku, house.shelves()[sku, "SH"][0] - pieces + 1)
        return {"carrier": "顺达物流", "tracking": "SD20260009", "shipped_on": house.today}

    _order(house, pieces, sku, {**_shipped(house), "report_dispatch": [leaves]})


def _lose(house: Department, sku: str, pieces: int) -> None:
    """Told by somebody and approved at once, so that it comes between what else is done."""
    answers: dict[str, Any] = {"difference": "shortage", "pieces": pieces, "reason": "仓库漏雨，受潮报废"}
    case = house.start("liyang", "stock_correction", Script(), component=sku, warehouse="SH", **answers)
    tasks = house.runtime.read(inbox.todo, house.actor("chenjie"), process="stock_correction")
    review = next(row.id for row in tasks.rows if row.case == case)
    house.runtime.do(user_tasks.complete, house.actor("chenjie"), review, {"correction_decision": "approve"})


# ---- on the way, and received


@story(5)
def customer_changes_what_has_left(house: Department) -> None:
    case = _order(house, 3, fullest(house), _shipped(house))
    day = house.calendar.workday_after(house.today, 3)
    house.left.add("tell_customer")
    house.at(house.moment(day, 10), lambda: _changes(house, case))


def _changes(house: Department, case: str) -> None:
    number = _number(house, case)
    # By the customer's system: whoever enters it by hand chooses among orders that can still change.
    house.send("customer_order_change", number, order_number=number, change_wish="少要一件")


@story(8)
def delivery_after_the_promise(house: Department) -> None:
    _order(house, 4, fullest(house), _shipped(house), promised=5)


@story(6)
def issue_of_a_customer(house: Department) -> None:
    said = {"receipt_result": "issue", "issue_kind": "damage", "issue_description": "两件边框变形"}
    _order(house, 6, fullest(house), _received(house, **said))


@story(11)
def settlement_that_does_not_match(house: Department) -> None:
    settled = {"settlement_amount": "100", "paid": "100"}
    _order(house, 5, fullest(house), {**_received(house), "settle_order": [settled]})


# ---- paid later, or not


@story(16)
def payment_of_more_than_is_owed(house: Department) -> None:
    """Entered wrongly, so that it comes back."""
    paid = {"payment_amount": "99999", "payment_reference": "YH20260001"}
    _settled(house, fullest(house), 4, "200", record_payment=[lambda: {**paid, "payment_date": house.today}])


@story(46)
def customer_who_does_not_pay(house: Department) -> None:
    """Finance was reminded, and the supervisor is to press for it."""
    _settled(house, fullest(house), 4, "200")


def _settled(house: Department, sku: str, pieces: int, paid: str | None = None, **answers: list[Any]) -> str:
    """Within a day and a half, `paid` in full unless told; the case."""
    amount = str(Decimal(house.memory.rows[sku]["sale_price"]) * pieces)
    settled = {"settlement_amount": amount, "paid": amount if paid is None else paid}
    return _order(house, pieces, sku, {**_received(house), "settle_order": [settled], **answers})


# ---- complaints


@story(14)
def solution_that_does_not_come(house: Department) -> None:
    """The next superior decides on what is proposed next."""
    _complaint(house, {"remedy_kind": "none", "proposal": "寄检测报告"})


@story(13)
def refund_that_nobody_pays(house: Department) -> None:
    _complaint(house, {"remedy_kind": "refund", "proposal": "客户要求合理", "refund_amount": "60"})


def _complaint(house: Department, remedy: dict[str, Any]) -> None:
    """About a piece of an order that was settled and paid for it: what others pay later owes nobody a refund."""
    sku = fullest(house)
    case = _settled(house, sku, 2)
    day = house.calendar.workday_after(house.today, 2)
    house.at(house.moment(day, 10), lambda: _complain(house, case, sku, remedy))


def _complain(house: Department, order: str, sku: str, remedy: dict[str, Any]) -> None:
    """The supervisor agrees to the remedy."""
    issue: dict[str, Any] = {"order_number": _number(house, order), "issue_kind": "quality", "urgency": "normal"}
    if remedy["remedy_kind"] == "refund":
        issue["affected"] = [{"component": sku, "quantity": 1}]
    proposed = {**issue, "issue_description": "发电量偏低", **remedy}
    house.start("liyang", "customer_issue", Script({"propose_remedy": [proposed], **_released()}))


@story(4)
def open_sales_to_approve(house: Department) -> None:
    due = house.today + dt.timedelta(days=12)
    orders = [
        ["订单号", "客户", "组件编号", "订购数量", "已送达", "单价", "地址", "约定交货日", "仓库"],
        ["XS-OLD-204", "K02", SKU, "30", "12", "268", ADDRESS, f"{due:%Y-%m-%d}", "SH"],
    ]
    file = workbook(house, "chenjie", 未结销售订单=orders)
    script = Script({"check_import": [{"import_action": "submit"}]})
    totals = {"control_count": 1, "control_quantity": 18, "control_amount": "4824"}
    house.start("chenjie", "sales_order_import", script, workbook=file, **totals)
