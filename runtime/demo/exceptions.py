"""What is left waiting at the end of the demo's months: a case at every exception that a process knows.

Each story begins a case as a person would, goes on until its exception, and leaves it there. Not here: what
comes to an exception by chance and is dealt with (trade, staff)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runtime import values
from runtime.commands import accounts, comments, files, user_tasks
from runtime.demo.department import Department, Script
from runtime.demo.initiatives import month_ends, set_rates
from runtime.identity import SYSTEM
from runtime.ledger.sales import sales_orders
from runtime.queries import inbox
from runtime.workbooks import write

Story = tuple[int, Callable[[Department], None]]  # workdays before the end, and what begins it
STORIES: list[Story] = []
ADDRESS = "合肥市高新区示例路 88 号"
SKU = "LJ-M60-295"


def story(
    workdays: int, stories: list[Story] = STORIES
) -> Callable[[Callable[[Department], None]], Callable[[Department], None]]:
    """Begun so many workdays before the end, so that what takes its time is there."""

    def register(begin: Callable[[Department], None]) -> Callable[[Department], None]:
        stories.append((workdays, begin))
        return begin

    return register


def plan(house: Department, begin: dt.date, end: dt.date, more: Sequence[Story] = ()) -> None:
    """Every story that fits between `begin` and `end`; the last is before the end's morning."""
    house.whims["sign_undertaking", "machao"] = None  # one never signs
    for workdays, act in (*STORIES, *more):
        day = house.calendar.workday_after(end, -workdays)
        if day >= begin:
            house.at(house.moment(day, house.chance.uniform(9.1, 9.9)), lambda act=act: act(house))  # type: ignore[misc]
    _appraisals(house, begin, end)
    _period(house, begin, end)


# ---- purchasing


def purchase(house: Department, pieces: int, price: str = "215", eta: int = 1, **more: list[Any]) -> None:
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
    house.start("chenjie", "purchase_plan", Script(answers))


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
        house, 231, price="216", review_by_lead=[{"lead_decision": "approve", "lead_note": "同意，按此金额"}]
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


# ---- stock


@story(4)
def alert_that_nobody_acknowledges(house: Department) -> None:
    house.left |= {"acknowledge_alert", "acknowledge_overdue_alert"}
    lines = [
        line
        for line in house.stock("chenjie")
        if line.safety_stock and line.on_hand is not None and not line.alert
    ]
    shelves = house.shelves()
    reach = {line.sku: (line.on_hand or 0) - (line.safety_stock or 0) + 1 for line in lines}
    fits = sorted(
        (pieces, sku) for sku, pieces in reach.items() if 0 < pieces <= shelves.get((sku, "SH"), (0, 0))[1]
    )
    pieces, sku = fits[0]
    answers: dict[str, Any] = {"difference": "shortage", "pieces": pieces, "reason": "仓库漏雨，受潮报废"}
    house.start("liyang", "stock_correction", component=sku, warehouse="SH", **answers)


@story(5)
def anomaly_that_nobody_handles(house: Department) -> None:
    answers: dict[str, Any] = {"anomaly_kind": "damage", "description": "托盘倒塌，边框变形"}
    case = house.start("zhangmin", "stock_anomaly", Script(), component="CZ-M60-265", warehouse="SH", **answers)
    # Asked and answered on the case, and not read yet.
    asked = f"@{house.called('zhangmin')} 是整托还是只有外层？"
    for who, text in (("chenjie", asked), ("zhangmin", "外层 4 件，@chenjie 请看。")):
        house.runtime.do(comments.write, house.actor(who), case, text)


def _count(house: Department, sku: str, share: float, script: Script | None = None) -> None:
    """A spot count in which so much of what the books say is found."""
    there = house.shelves()[sku, "SH"][0]
    house.memory.found[sku] = round(there * share)
    answers: dict[str, Any] = {"count_kind": "spot", "count_warehouse": "SH", "count_components": [sku]}
    house.start("chenjie", "stocktake", script, **answers)


CAUSE = {"cause": "theft", "cause_note": "夜间被盗，已报案"}


@story(9)
def loss_for_the_division_lead(house: Department) -> None:
    agreed: list[Any] = [{"manager_decision": "approve"}]
    _count(
        house,
        "QY-M60-255",
        0.7,
        Script({"explain_variances": [{"variances": [CAUSE]}], "review_variances": agreed}),
    )


@story(7)
def loss_that_nobody_reviews(house: Department) -> None:
    _count(house, "QY-P60-265", 0.9, Script({"explain_variances": [{"variances": [CAUSE]}]}))


@story(9)
def loss_to_book(house: Department) -> None:
    agreed: dict[str, list[Any]] = {
        "review_variances": [{"manager_decision": "approve"}],
        "review_loss": [{"lead_decision": "approve"}],
    }
    _count(house, "YC-M60-285", 0.7, Script({"explain_variances": [{"variances": [CAUSE]}], **agreed}))


@story(6)
def count_overtaken_by_a_movement(house: Department) -> None:
    house.left.add("recount_goods")
    counted: dict[str, Any] = {
        "count_kind": "spot",
        "count_warehouse": "SH",
        "count_components": ["YC-P60-285"],
    }

    def approve() -> dict[str, Any]:
        # The count begins just before the movement that overtakes it.
        house.start("chenjie", "stocktake", **counted)
        return {"correction_decision": "approve"}

    moved: dict[str, Any] = {
        "component": "YC-P60-285",
        "warehouse": "SH",
        "difference": "shortage",
        "pieces": 1,
        "reason": "叉车撞坏",
    }
    house.start("zhoulei", "stock_correction", Script({"review_correction": [approve]}, frozenset()), **moved)


@story(3)
def count_still_to_be_done(house: Department) -> None:
    house.left.add("count_goods")
    house.start(
        "chenjie", "stocktake", count_kind="spot", count_warehouse="XA", count_components=["QY-M60-255"]
    )


# ---- sales


def _order(
    house: Department, pieces: int, promised: int = 12, sku: str = SKU, price: str = "272.4", **answers: Any
) -> str:
    correct = {"order_check": "correct", "warehouse": "SH"}
    scripted: dict[str, list[Any]] = {"check_order": [correct], **answers}
    return house.start(
        "liyang",
        "sales_order",
        Script(scripted),
        customer="K03",
        order_lines=[{"component": sku, "quantity": pieces, "price": price}],
        address=ADDRESS,
        promised=house.today + dt.timedelta(days=promised),
    )


def _shipped(house: Department) -> dict[str, Any]:
    sent = {"carrier": "顺达物流", "tracking": "SD20260001"}
    return {"arrange_shipment": [{}], "report_dispatch": [lambda: {**sent, "shipped_on": house.today}]}


@story(3)
def order_without_stock(house: Department) -> None:
    """More than is there, and no more than the customer's credit: else that is what is decided."""
    there = house.shelves().get(("CZ-P60-290", "SH"), (0, 0))[1]
    _order(house, there + 60, sku="CZ-P60-290")


@story(4)
def order_beyond_the_credit(house: Department) -> None:
    _order(house, 9000)


@story(5)
def customer_changes_what_has_left(house: Department) -> None:
    case = _order(house, 3, sku="YC-P60-285", **_shipped(house))
    day = house.calendar.workday_after(house.today, 3)
    house.left.add("tell_customer")
    house.at(house.moment(day, 10), lambda: _changes(house, case))


def _changes(house: Department, case: str) -> None:
    number = house.runtime.read(
        lambda tx, actor: tx.scalar(sa.select(sales_orders.c.number).where(sales_orders.c.case == case)), SYSTEM
    )
    # By the customer's system: whoever enters it by hand chooses among orders that can still change.
    house.send("customer_order_change", str(number), order_number=number, change_wish="少要一件")


@story(6)
def reserved_goods_are_lost(house: Department) -> None:
    """The warehouse floods after they were reserved, and before they leave."""
    # Of some days the shelf of one component is empty.
    free = {of: left for (of, place), (_, left) in house.shelves().items() if place == "SH"}
    sku = "HX-M60-310" if free["HX-M60-310"] > 2 else max(free, key=lambda of: (free[of], of))
    pieces = free[sku]

    def leaves() -> dict[str, Any]:
        _lose(house, sku, 2, "仓库漏雨，受潮报废", "liyang")
        return {"carrier": "顺达物流", "tracking": "SD20260009", "shipped_on": house.today}

    _order(house, pieces, sku=sku, arrange_shipment=[{}], report_dispatch=[leaves])


def _lose(house: Department, sku: str, pieces: int, reason: str, who: str) -> None:
    """Told by somebody and approved at once, so that it comes between what else is done."""
    answers: dict[str, Any] = {"difference": "shortage", "pieces": pieces, "reason": reason}
    case = house.start(who, "stock_correction", Script(), component=sku, warehouse="SH", **answers)
    tasks = house.runtime.read(inbox.todo, house.actor("chenjie"), process="stock_correction")
    review = next(row.id for row in tasks.rows if row.case == case)
    house.runtime.do(user_tasks.complete, house.actor("chenjie"), review, {"correction_decision": "approve"})


@story(16)
def payment_of_more_than_is_owed(house: Department) -> None:
    """Entered wrongly, so that it comes back."""
    _paid_later(house, {"payment_amount": "99999", "payment_reference": "YH20260001"})


@story(46)
def customer_who_does_not_pay(house: Department) -> None:
    """Finance was reminded, and the supervisor is to press for it."""
    _paid_later(house)


def _paid_later(house: Department, *payments: dict[str, Any]) -> None:
    settled = lambda: {"settlement_amount": "1085.2", "paid": "200"}  # noqa: E731
    more: dict[str, Any] = {
        "report_delivery": [lambda: {"delivered_on": house.today}],
        "follow_up_receipt": [{"receipt_result": "fine"}],
        "settle_order": [settled],
        "record_payment": [lambda each=each: {**each, "payment_date": house.today} for each in payments],
    }
    _order(house, 4, sku="YC-P60-285", price="271.3", **_shipped(house), **more)


@story(2)
def order_to_ask_about(house: Department) -> None:
    _order(house, 12, check_order=[{"order_check": "ask", "check_note": "收货地址不清"}])


@story(8)
def delivery_after_the_promise(house: Department) -> None:
    _order(house, 4, promised=5, sku="YC-P60-285", **_shipped(house))


@story(6)
def issue_of_a_customer(house: Department) -> None:
    issue = {"receipt_result": "issue", "issue_kind": "damage", "issue_description": "两件边框变形"}
    more: dict[str, Any] = {
        "report_delivery": [lambda: {"delivered_on": house.today, "signed_by": "李工"}],
        "follow_up_receipt": [issue],
    }
    _order(house, 6, sku="YC-P60-285", **_shipped(house), **more)


@story(11)
def settlement_that_does_not_match(house: Department) -> None:
    more: dict[str, Any] = {
        "report_delivery": [lambda: {"delivered_on": house.today}],
        "follow_up_receipt": [{"receipt_result": "fine"}],
        "settle_order": [{"settlement_amount": "100", "paid": "100"}],
    }
    _order(house, 5, sku="YC-P60-285", **_shipped(house), **more)


# ---- people


@story(3)
def leave_beyond_what_is_left(house: Department) -> None:
    first = house.calendar.workday_after(house.today, 6)
    last = house.calendar.workday_after(first, 11)
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
    day = house.calendar.workday_after(house.today, 8)
    house.start("liyang", "leave_request", Script(), leave_type="personal", leave_from=day, leave_to=day)


@story(5)
def request_that_nobody_decides(house: Department) -> None:
    """It has gone one up by now."""
    day = house.calendar.workday_after(house.today, 15)
    house.start("xuhui", "leave_request", Script(), leave_type="personal", leave_from=day, leave_to=day)


@story(9)
def proof_that_never_came(house: Department) -> None:
    house.whims["upload_note", "zhoulei"] = None
    house.left.add("decide_without_note")
    script = Script({"review_request": [{"decision": "approve"}]})
    last = house.calendar.workday_after(house.today, 1)
    house.start("zhoulei", "leave_request", script, leave_type="sick", leave_from=house.today, leave_to=last)


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
    script = Script(
        {"hold_training": [{"training_outcome": "held", "people": present}]}, frozenset({"hold_resit"})
    )
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


@story(3)
def freeze_to_decide(house: Department) -> None:
    answers: dict[str, Any] = {
        "freeze_action": "freeze",
        "freeze_lines": ["training"],
        "freeze_reason": "回款不足",
    }
    house.start("qianwei", "budget_freeze", Script(), budget_year=house.today.year, **answers)


@story(4)
def leaving_whose_receiver_does_not_fit(house: Department) -> None:
    """Nobody takes over from themselves: the superior is asked again."""
    leaver = house.id("zhangmin")
    script = Script({"plan_handover": [{"receiver": leaver}]})
    house.start("sunli", "leaving", script, leaver=leaver, last_day=house.today + dt.timedelta(days=60))


@story(4)
def issue_that_nobody_answers(house: Department) -> None:
    answers: dict[str, Any] = {
        "issue_text": "仓库门禁坏了",
        "impact": "提货要等人开门",
        "wanted": "三天内修好",
    }
    house.start("zhangmin", "issue_escalation", Script(), wanted_from="superior", urgency="urgent", **answers)


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


# ---- appraisals, which come at the ends of months


# ---- starting from Excel


def _workbook(house: Department, username: str, **sheets: list[list[str]]) -> Any:
    """A file that somebody uploads, as a form sends it."""
    content = write.workbook([write.Written(name, rows) for name, rows in sheets.items()])
    file = house.runtime.do(files.store, house.actor(username), "旧系统.xlsx", write.MEDIA_TYPE, content)
    return values.to_json(file)


@story(3)
def file_with_problems(house: Department) -> None:
    stock = [["组件编号", "仓库", "数量", "单位成本"], [SKU, "SH", "12", "210"], ["LJ-M60-999", "CZ", "-3", "=9*20"]]
    file = _workbook(house, "chenjie", 仓库=[["编号", "中文名称"], ["CZ", "常州仓"]], 库存=stock)
    totals = {"control_count": 2, "control_quantity": 40, "control_amount": "8400"}
    house.start("chenjie", "opening_import", Script(), workbook=file, **totals)


@story(5)
def people_to_approve(house: Department) -> None:
    people = [
        ["用户名", "姓名", "岗位组", "上级", "入职日"],
        ["gaoyang", "高阳", "运营专员", "chenjie", f"{house.today:%Y-%m-%d}"],
        ["tianmeng", "田萌", "数据分析员", "wangfang", f"{house.today:%Y-%m-%d}"],
    ]
    file = _workbook(house, "linxi", 人员=people)
    script = Script({"check_import": [{"import_action": "submit"}]})
    house.start("linxi", "people_import", script, workbook=file, control_count=2)


def _appraisals(house: Department, begin: dt.date, end: dt.date) -> None:
    """The last but one ends in an improvement plan that is disputed; of the last one self-assessment, one
    assessment and one appeal are open, somebody has no superior, somebody was assessed late and waits for
    calibration, and the rates of the bonus are not set."""
    cycles = month_ends(house, begin, end)
    if not cycles:
        return
    last = cycles[-1]
    if len(cycles) > 1:
        house.at(house.moment(cycles[-2], 8), lambda: _poor_month(house))
        before = house.moment(house.calendar.workday_after(last, -6), 10)
        unset = dict.fromkeys(("excellent", "good", "satisfactory"), "unset")
        house.at(before, lambda: set_rates(house, unset, last))
    house.at(house.moment(last, 8), lambda: _last_month(house))
    house.at(house.moment(last, 12), lambda: accounts_superior(house, "wangfang"))


def _poor_month(house: Department) -> None:
    house.memory.poor = house.called("zhoulei")
    house.whims["make_statement", "zhoulei"] = {"statement": "不是我发的货", "disputed": True}
    house.left.add("weigh_dispute")


def _last_month(house: Department) -> None:
    house.memory.poor = ""
    house.memory.unassessed = house.called("zhoulei")
    house.whims["self_assess", "zhoulei"] = None
    house.whims["confirm_result", "zhangmin"] = {
        "confirmation": "appeal",
        "appeal_reason": "差错由系统故障引起",
    }
    late = house.moment(house.calendar.workday_after(house.today, 6), 10)
    house.memory.assessed_late = (house.called("liyang"), late)
    house.at(late, lambda: house.left.update(("calibrate_grades", "calibrate_instead")))
    house.left |= {"decide_appeal", "decide_overdue_appeal", "name_superior", "set_bonus_rate"}
    accounts_superior(house, None)


def accounts_superior(house: Department, superior: str | None) -> None:
    """The administrator corrects to whom the analyst reports; for a morning it was nobody."""
    house.runtime.do(accounts.set_superior, house.actor("linxi"), "xuhui", superior)
    house.refresh()


def _period(house: Department, begin: dt.date, end: dt.date) -> None:
    """An award of the month that finance closes last is not paid, and the division lead has yet to say whether
    it may wait."""
    third = end.replace(day=3) if end.day > 3 else (end.replace(day=1) - dt.timedelta(days=1)).replace(day=3)
    day = house.calendar.workday_after(third.replace(day=1), -1)
    if day >= begin and third < end:
        house.at(house.moment(day, 9.3), lambda: _unpaid_award(house))
        house.at(house.moment(third, 8), lambda: house.left.add("review_open_items"))


def _unpaid_award(house: Department) -> None:
    award = {"award_title": "安全标兵", "award_fact": "发现并排除叉车隐患", "award_kind": "money"}
    agreed = Script({"review_request": [{"decision": "approve"}] * 2}, frozenset({"pay_award"}))
    house.start("chenjie", "award_nomination", agreed, nominee=house.id("zhangmin"), award_amount="500", **award)
