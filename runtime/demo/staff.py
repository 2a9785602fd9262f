"""How the demo's people treat one another: appraisals, leave, meetings, training, notices, budgets.

Not here: what they begin by themselves (initiatives)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from runtime.demo.department import Manner, Seen

STAFF: dict[str, Manner] = {}
Answer = Callable[[Seen], Mapping[str, Any] | None]
# How somebody is doing in general, in points; each month is a little better or worse.
ABLE = {"wangfang": 88, "chenjie": 87, "liyang": 91, "zhangmin": 84, "zhoulei": 74, "xuhui": 86}


def does(
    *elements: str,
    hours: tuple[float, float] = (0.3, 8.0),
    when: Callable[[Seen], dt.datetime | None] | None = None,
) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        STAFF.update(dict.fromkeys(elements, Manner(answer, hours, when)))
        return answer

    return register


# ---- requests and budgets


@does("review_request", "hr_review", hours=(0.5, 12))
def review_request(seen: Seen) -> Mapping[str, Any]:
    """Nearly always yes; now and then something is missing."""
    if seen.task.element == "review_request" and seen.chance.random() < 0.04:
        return {"decision": "return", "comment": "请补充说明"}
    return {"decision": "approve"}


@does("draft_budget", hours=(2, 20))
def draft_budget(seen: Seen) -> Mapping[str, Any]:
    # A draft of November is for the year that comes.
    amounts = {"purchasing": 24_000_000, "training": 60_000, "award": 40_000, "expenses": 150_000}
    amounts["compensation"] = 60_000
    lines = [{"line": line, "amount": str(amount)} for line, amount in amounts.items()]
    year = seen.today.year + (1 if seen.today.month >= 11 and seen.house.memory.budgeted else 0)
    seen.house.memory.budgeted = True
    return {"budget_year": year, "budget_lines": lines}


@does("review_budget", hours=(3, 24))
def review_budget(seen: Seen) -> Mapping[str, Any]:
    return {"budget_decision": "approve"}


@does("explain_standing", hours=(2, 16))
def explain_standing(seen: Seen) -> Mapping[str, Any]:
    return {"variance_note": "采购随并网节奏，其余按计划"}


@does("budget_variance.decide_measures", hours=(2, 16))
def decide_measures(seen: Seen) -> Mapping[str, Any]:
    return {"measure": "other", "measure_note": "控制新签，逐单把关"}


@does("decide_freeze", hours=(2, 16))
def decide_freeze(seen: Seen) -> Mapping[str, Any]:
    return {"freeze_decision": "agree"}


@does("clear_items", hours=(2, 6))
def clear_items(seen: Seen) -> Mapping[str, Any]:
    return {"closing_choice": "leave_open", "closing_reason": "已逐项催办，余下的下月办完"}


@does("review_open_items", hours=(2, 10))
def review_open_items(seen: Seen) -> Mapping[str, Any]:
    return {"closing_decision": "allow"}


@does("check_records", hours=(4, 30))
def check_records(seen: Seen) -> Mapping[str, Any]:
    return {"erasure_choice": "propose", "erasure_reason": "期限已满，没有争议"}


@does("confirm_close", hours=(1, 8))
def confirm_close(seen: Seen) -> Mapping[str, Any]:
    return {"closing_choice": "close"}


@does("correct_period", hours=(1, 8))
def correct_period(seen: Seen) -> Mapping[str, Any]:
    return {"give_up": True}


@does("approve_amendment", hours=(1, 8))
def approve_amendment(seen: Seen) -> Mapping[str, Any]:
    return {"amendment_decision": "approve"}


@does("answer_issue", "answer_for_department", hours=(1, 12))
def answer_issue(seen: Seen) -> Mapping[str, Any]:
    return {"answer": "已安排，两天内处理"}


@does("confirm_answer", hours=(2, 16))
def confirm_answer(seen: Seen) -> Mapping[str, Any]:
    return {"confirmation": "settled"}


@does("sign_undertaking", hours=(2, 30))
def sign_undertaking(seen: Seen) -> Mapping[str, Any]:
    return {"undertaking_answer": "sign"}


@does("receive_export", hours=(0.5, 6))
def receive_export(seen: Seen) -> Mapping[str, Any]:
    return {"export_received": True}


# ---- leave and attendance


@does("weigh_balance", hours=(1, 8))
def weigh_balance(seen: Seen) -> Mapping[str, Any]:
    return {"overdraw": True, "balance_note": "下月补登额度"}


@does("revise_leave", hours=(0.5, 6))
def revise_leave(seen: Seen) -> Mapping[str, Any]:
    if seen.data.get("leave_problem"):
        return {"resubmit": "withdraw"}
    return {"resubmit": "resubmit", "leave_reason": "家中有事，工作已交接"}


@does("upload_note", hours=(2, 20))
def upload_note(seen: Seen) -> Mapping[str, Any]:
    return {"note_by": "paper"}


@does("check_note", hours=(1, 10))
def check_note(seen: Seen) -> Mapping[str, Any]:
    return {"note_decision": "accept"}


@does("decide_without_note", hours=(2, 10))
def decide_without_note(seen: Seen) -> Mapping[str, Any]:
    return {"note_decision": "extend", "note_comment": "医院补开"}


@does("confirm_return", hours=(1, 6))
def confirm_return(seen: Seen) -> Mapping[str, Any]:
    return {"return_decision": "confirm"}


@does("correct_withdrawal", "correct_number")
def correct_number(seen: Seen) -> Mapping[str, Any]:
    return {"give_up": True}


@does("review_entitlements", hours=(2, 16))
def review_entitlements(seen: Seen) -> Mapping[str, Any]:
    return {"entitlement_decision": "approve"}


@does("confirm_import", hours=(0.2, 1))
def confirm_import(seen: Seen) -> Mapping[str, Any]:
    return {"import_decision": "enter"}


@does("explain_exceptions", hours=(2, 30))
def explain_exceptions(seen: Seen) -> Mapping[str, Any]:
    return {"exceptions": [{"explanation": "早高峰地铁故障"} for _ in seen.data["exceptions"]]}


@does("judge_exceptions", hours=(1, 12))
def judge_exceptions(seen: Seen) -> Mapping[str, Any]:
    excused = seen.chance.random() < 0.6
    return {"exceptions": [{"excused": excused} for _ in seen.data["exceptions"]]}


# ---- appraisals and what follows from them


@does("self_assess", hours=(1, 13))
def self_assess(seen: Seen) -> Mapping[str, Any]:
    base = ABLE.get(seen.actor.username, 85)
    points = {name: str(_points(seen, base + 3)) for name in ("self_work", "self_ability", "self_attitude")}
    return points | {"self_evidence": "按月度任务清单完成"}


def _late(seen: Seen) -> dt.datetime | None:
    """Whoever is remembered as late is assessed when the month's cohort was calibrated already."""
    memory = seen.house.memory
    return memory.assessed_late[1] if seen.data.get("employee_name") == memory.assessed_late[0] else None


@does("assess_employee", hours=(3, 14), when=_late)
def assess_employee(seen: Seen) -> Mapping[str, Any] | None:
    name, memory = seen.data.get("employee_name", ""), seen.house.memory
    if name == memory.unassessed:
        return None
    if name == memory.poor:
        low = dict.fromkeys(("work", "ability", "attitude"), "45")
        return low | {"assessment_comment": "差错较多，多次提醒未见改进"}
    base = next((points for who, points in ABLE.items() if seen.house.called(who) == name), 85)
    points = {each: str(_points(seen, base)) for each in ("work", "ability", "attitude")}
    return points | {"assessment_comment": "完成主要任务，及时反馈"}


def _points(seen: Seen, base: float) -> int:
    return round(min(100, max(30, seen.chance.gauss(base, 5))))


@does("calibrate_grades", "calibrate_instead", hours=(1, 8))
def calibrate_grades(seen: Seen) -> Mapping[str, Any]:
    """The best keep the places of the top grade; the others are good, and are told why."""
    places = int(seen.data["top_places"]) - int(seen.data["top_taken"])
    lines: list[Mapping[str, Any]] = []
    for line in seen.data["calibration_lines"]:
        top = line["proposed_grade"] == "excellent"
        lines.append({} if not top or places > 0 else {"grade": "good", "reason": "优秀名额已满，按得分排在其后"})
        places -= top
    return {"calibration_lines": lines}


@does("confirm_result", hours=(1, 40))
def confirm_result(seen: Seen) -> Mapping[str, Any] | None:
    if seen.chance.random() < 0.02:
        return {"confirmation": "appeal", "appeal_reason": "差错由系统故障引起"}
    # Some say nothing, and the time for an appeal passes.
    return {"confirmation": "accept"} if seen.chance.random() < 0.8 else None


@does("decide_appeal", "decide_overdue_appeal", hours=(8, 40))
def decide_appeal(seen: Seen) -> Mapping[str, Any]:
    return {"appeal_decision": "uphold", "appeal_ruling": "记录齐全，维持原结果"}


@does("read_ruling", hours=(0.3, 20))
def read_ruling(seen: Seen) -> Mapping[str, Any]:
    return {"ruling_known": True}


@does("tell_leaver", hours=(2, 16))
def tell_leaver(seen: Seen) -> Mapping[str, Any]:
    return {"told_on": seen.today, "leaver_answer": "accept"}


@does("confirm_bonus", hours=(1, 12))
def confirm_bonus(seen: Seen) -> Mapping[str, Any]:
    return {}


@does("pay_bonus", hours=(4, 30))
def pay_bonus(seen: Seen) -> Mapping[str, Any]:
    return {"paid_on": seen.today}


@does("consider_award", hours=(2, 16))
def consider_award(seen: Seen) -> Mapping[str, Any]:
    if seen.chance.random() < 0.75:
        return {"propose": False, "no_award_reason": "近期已有表彰"}
    who = seen.data["employee"]
    award = {"award_title": "月度之星", "award_fact": "当月零差错，客户来信表扬", "award_kind": "both"}
    return {
        "propose": True,
        "nominee": who,
        "award_amount": str(seen.chance.choice((300, 500, 800))),
        **award,
    }


@does("find_money", hours=(2, 12))
def find_money(seen: Seen) -> Mapping[str, Any]:
    return {"money_available": True, "money_note": "从费用结余调剂"}


@does("revise_nomination", hours=(2, 12))
def revise_nomination(seen: Seen) -> Mapping[str, Any]:
    return {"award_kind": "certificate"}


@does("pay_award", hours=(4, 24))
def pay_award(seen: Seen) -> Mapping[str, Any]:
    return {"paid_with": seen.today}


@does("pay_expense", hours=(4, 24))
def pay_expense(seen: Seen) -> Mapping[str, Any]:
    return {"payment_reference": f"FK-{seen.today:%m%d}"}


@does("revise_claim", hours=(2, 12))
def revise_claim(seen: Seen) -> Mapping[str, Any]:
    return {"expense_purpose": "打车给客户送样，附行程单"}


@does("receive_award", "accept_plan", "name_superior", hours=(1, 10))
def receive(seen: Seen) -> Mapping[str, Any]:
    return {}


@does("set_bonus_rate", hours=(1, 10))
def set_bonus_rate(seen: Seen) -> Mapping[str, Any] | None:
    """Whoever has set no rate does not say that they have."""
    return None


@does("state_facts", hours=(2, 16))
def state_facts(seen: Seen) -> Mapping[str, Any]:
    return {"facts": "当月发错货三次，客户投诉一次"}


@does("make_statement", hours=(2, 16))
def make_statement(seen: Seen) -> Mapping[str, Any]:
    return {"statement": "新库位不熟，愿意改进"}


@does("weigh_dispute", hours=(2, 16))
def weigh_dispute(seen: Seen) -> Mapping[str, Any]:
    return {"dispute_decision": "hold", "dispute_ruling": "有签收单为证"}


@does("improvement_plan.draft_plan", hours=(2, 16))
def draft_improvement(seen: Seen) -> Mapping[str, Any]:
    review_on = seen.house.calendar.workday_after(seen.today, 22)
    return {"goals": "差错降到每月一次以内", "support": "由张敏带教", "review_on": review_on}


@does("review_progress", hours=(1, 10))
def review_progress(seen: Seen) -> Mapping[str, Any]:
    return {"progress": "improved", "review_note": "本期无差错"}


@does("settle_with_employee", hours=(2, 16))
def settle_with_employee(seen: Seen) -> Mapping[str, Any]:
    return {"measures": ["training"], "settlement": "先培训，三个月后再评"}


# ---- careers


@does("confirm_development", hours=(2, 30))
def confirm_development(seen: Seen) -> Mapping[str, Any]:
    return {"development_decision": "agree"}


@does(
    "revise_development", "revise_move", "revise_vacancy", "revise_notice", "correct_training", "revise_employment"
)
def revise(seen: Seen) -> Mapping[str, Any]:
    return {}


@does("weigh_vacancy", hours=(2, 16))
def weigh_vacancy(seen: Seen) -> Mapping[str, Any]:
    return {"vacancy_decision": "close", "vacancy_note": "今年不设该岗位"}


@does("set_effective_day", hours=(2, 16))
def set_effective_day(seen: Seen) -> Mapping[str, Any]:
    return {"effect_decision": "set", "effective_on": seen.today + dt.timedelta(days=20)}


@does("before_effect", hours=(2, 16))
def before_effect(seen: Seen) -> Mapping[str, Any] | None:
    return None  # nothing changes: its day comes


@does("change_position", hours=(2, 16))
def change_position(seen: Seen) -> Mapping[str, Any]:
    return {"position_outcome": "changed"}


# ---- plans and goals


GOALS = {
    "chenjie": (("周转率", "年周转率", "6"), ("准时率", "准时送达率", "95%"), ("盘点", "差异占库存", "0.1% 以内")),
    "wangfang": (("降本", "采购均价", "降 3%"), ("培训", "人均学时", "24"), ("回款", "逾期应收占比", "5% 以内")),
}


@does("draft_goals", hours=(1, 8))
def draft_goals(seen: Seen) -> Mapping[str, Any]:
    """Of this year, or of the next one if it is nearly over: one for each of three quarters."""
    year = seen.today.year + (seen.today.month > 9)
    dues = [dt.date(year, month, day) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))]
    ahead = [due for due in dues if due > seen.today + dt.timedelta(days=30)]
    goals = [
        {"goal": goal, "measure": measure, "target": target, "due_on": ahead[min(number, len(ahead) - 1)]}
        for number, (goal, measure, target) in enumerate(GOALS.get(seen.actor.username, GOALS["chenjie"]))
    ]
    return {"plan_title": f"{year} 年运营计划", "strategy": "稳供应，快周转，少差错", "goals": goals}


@does("report_progress", hours=(2, 14))
def report_progress(seen: Seen) -> Mapping[str, Any]:
    rows = []
    for row in seen.data["progress"]:
        left = (dt.date.fromisoformat(str(row["due_on"])[:10]) - seen.today).days
        if left < 25:
            reached = seen.chance.random() < 0.75
            rows.append({"progress": "100" if reached else "70", "outcome": "reached" if reached else "given_up"})
            continue
        done = max(5, min(95, round(100 - left / 3 + seen.chance.gauss(0, 8))))
        behind = {"outcome": "behind", "measures": "每周复查，月底前追回"}
        rows.append({"progress": str(done), **(behind if seen.chance.random() < 0.2 else {"outcome": "on_track"})})
    return {"progress": rows}


@does("confirm_progress", hours=(1, 8))
def confirm_progress(seen: Seen) -> Mapping[str, Any]:
    return {"confirmation": "confirm"}


# ---- meetings, errands, notices


@does("write_update", hours=(0.3, 7))
def write_update(seen: Seen) -> Mapping[str, Any] | None:
    if seen.chance.random() < 0.06:
        return None
    return {"last_week": "订单跟进与库位整理", "this_week": "到货验收，月度核对", "blocks": ""}


@does("hold_meeting", hours=(0.5, 3))
def hold_meeting(seen: Seen) -> Mapping[str, Any]:
    items = []
    if seen.chance.random() < 0.3:
        owner = seen.chance.choice(("chenjie", "liyang", "zhangmin", "zhoulei", "xuhui"))
        due = seen.house.calendar.workday_after(seen.today, 5)
        items = [{"owner": seen.house.id(owner), "task": "核对在途订单到货日", "due_on": due}]
    return {"meeting_outcome": "held", "minutes": "到货与发货情况、库存预警、本周重点", "action_items": items}


def _errand(seen: Seen) -> dt.datetime:
    days = seen.chance.choice((0, -1, -1, -2, 2))
    day = seen.house.calendar.workday_after(max(seen.day("due_on") + dt.timedelta(days=days), seen.today), 0)
    return max(seen.house.moment(day, seen.chance.uniform(10, 17)), seen.house.working(1))


@does("do_errand", when=_errand)
def do_errand(seen: Seen) -> Mapping[str, Any]:
    return {"result": "已完成，结果见台账"}


@does("accept_errand", hours=(1, 10))
def accept_errand(seen: Seen) -> Mapping[str, Any]:
    return {"acceptance": "accept"}


@does("read_notice", hours=(0.3, 20))
def read_notice(seen: Seen) -> Mapping[str, Any]:
    return {"confirmed_reading": True}


# ---- training


@does("state_need", hours=(1, 30))
def state_need(seen: Seen) -> Mapping[str, Any]:
    return {"need_topic": seen.chance.choice(("组件检测", "数据分析", "商务谈判", "仓储安全"))}


@does("draft_training_plan", hours=(3, 16))
def draft_training_plan(seen: Seen) -> Mapping[str, Any]:
    topics = (("组件检测", "skills"), ("商务谈判", "business"), ("团队管理", "management"))
    lines = [
        {"topic": topic, "form": "internal", "area": area, "month": month, "cost": "3000"}
        for month, (topic, area) in zip((3, 6, 9), topics, strict=True)
    ]
    return {"plan_lines": lines, "plan_note": "按需求汇总，成本压缩"}


@does("hold_training", hours=(1, 4))
def hold_training(seen: Seen) -> Mapping[str, Any]:
    return {
        "training_outcome": "held",
        "people": [{"attended": seen.chance.random() < 0.93} for _ in seen.data["people"]],
    }


@does("score_participants", hours=(2, 16))
def score_participants(seen: Seen) -> Mapping[str, Any]:
    return {"scores": [{"score": str(seen.chance.randint(66, 98))} for _ in seen.data["scores"]]}


@does("hold_resit", hours=(10, 40))
def hold_resit(seen: Seen) -> Mapping[str, Any]:
    return {"resits": [{"score": str(seen.chance.randint(60, 85))} for _ in seen.data["resits"]]}


@does("give_feedback", hours=(1, 40))
def give_feedback(seen: Seen) -> Mapping[str, Any]:
    return {"usefulness": seen.chance.choice((3, 4, 4, 5)), "training_remark": "案例实用"}


@does("enter_wage", hours=(1, 8))
def enter_wage(seen: Seen) -> Mapping[str, Any]:
    first = seen.today.replace(day=1)
    wage = {"new_wage": str(Decimal(9000)), "wage_from": first, "wage_definition": "base"}
    return wage | {"wage_reason": "劳动合同"}


@does("confirm_wage", hours=(1, 8))
def confirm_wage(seen: Seen) -> Mapping[str, Any]:
    return {"wage_decision": "approve"}


@does("confirm_employment", hours=(1, 8))
def confirm_employment(seen: Seen) -> Mapping[str, Any]:
    return {"employment_decision": "approve"}


@does("name_planner", hours=(1, 8))
def name_planner(seen: Seen) -> Mapping[str, Any]:
    return {"plan_superior": seen.house.id("chenjie")}


@does("correct_import", hours=(1, 4))
def correct_import(seen: Seen) -> Mapping[str, Any]:
    return {}


@does("revise_entitlements", hours=(1, 8))
def revise_entitlements(seen: Seen) -> Mapping[str, Any]:
    return {}
