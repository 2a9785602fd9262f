"""What is the department manager's own, process by process: who decides it, seen from every inbox.

Whatever way a decision takes, nobody of the department is asked: it goes to the division lead and to human resources,
or to finance where money or master data is entered. Not here: every other task of every process (test_scenarios.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from runtime.commands import drafts
from runtime.demo import people
from runtime.folders import shipped
from runtime.identity import SYSTEM
from tests.office import Office

MANAGER, LEAD, HR, FINANCE = "wangfang", {"zhaoming"}, {"sunli"}, {"qianwei"}
EVERYBODY = [person.username for person in people()]
DEPARTMENT = {MANAGER, "chenjie", "liyang", "zhangmin", "zhoulei", "xuhui"}
DAY = dt.date(2026, 3, 16)

GOALS = {"goal": "降本", "measure": "采购单价", "target": "降 3%", "due_on": "2026-12-31"}
# What is answered wherever a step asks for it; a verdict is always a yes.
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "review_request": {"decision": "approve"},
    "hr_review": {"decision": "approve"},
    "draft_goals": {"plan_title": "全年计划", "strategy": "稳健", "goals": [GOALS]},
    "draft_budget": {"budget_year": 2026, "budget_lines": [{"line": "training", "amount": "10000"}]},
    "review_budget": {"budget_decision": "approve"},
    "draft_training_plan": {
        "plan_lines": [{"topic": "组件检测", "form": "internal", "area": "skills", "month": 4, "cost": "800"}]
    },
    "confirm_import": {"import_decision": "enter"},
    "explain_exceptions": {"exceptions": [{"explanation": "拜访客户"}]},
    "judge_exceptions": {"exceptions": [{"excused": True}]},
    "confirm_wage": {"wage_decision": "approve"},
    "answer_issue": {"answer": "已报修"},
    "self_assess": {"self_work": "85", "self_ability": "85", "self_attitude": "85"},
    "assess_employee": {"work": "85", "ability": "85", "attitude": "90", "assessment_comment": "扎实"},
    "calibrate_grades": {},
    "confirm_result": {"confirmation": "accept"},
    "confirm_bonus": {},
}


@dataclass(frozen=True)
class Own:
    """How a matter of the manager's begins, and who decides which step of it."""

    process: str
    by: str
    decided: Mapping[str, set[str]]
    answers: Mapping[str, Any] = field(default_factory=dict)


TABLE = [
    Own("leave_request", MANAGER, {"review_request": LEAD, "hr_review": HR},
        {"leave_type": "personal", "leave_from": DAY, "leave_to": DAY}),
    Own("expense_claim", MANAGER, {"review_request": LEAD, "hr_review": HR},
        {"expense_purpose": "拜访客户", "expense_amount": "86.50", "spent_on": "2026-03-06"}),
    Own("goal_plan", MANAGER, {"review_request": LEAD, "hr_review": HR}),
    Own("data_export", MANAGER, {"review_request": LEAD, "hr_review": HR},
        {"export_scope": "stock_movements", "first_day": "2026-03-01", "last_day": "2026-03-09",
         "export_purpose": "分析"}),
    Own("notice", MANAGER, {"review_request": LEAD, "hr_review": HR},
        {"notice_title": "清明值班", "notice_text": "四月四日至六日值班"}),
    Own("training_plan", MANAGER, {"review_request": LEAD, "hr_review": HR}),
    Own("annual_budget", MANAGER, {"review_budget": LEAD}),
    Own("issue_escalation", MANAGER, {"answer_issue": LEAD},
        {"issue_text": "门禁坏了", "impact": "发货受影响", "wanted": "三天内修好", "wanted_from": "superior",
         "urgency": "normal"}),
    Own("award_nomination", "zhaoming", {"hr_review": HR},
        {"nominee": MANAGER, "award_title": "服务之星", "award_fact": "连续三月零差错", "award_kind": "certificate"}),
    Own("attendance_import", "sunli", {"judge_exceptions": LEAD},
        {"attendance_lines": [{"person": MANAGER, "day": "2026-03-02", "kind": "late", "minutes": 21}]}),
    Own("wage_change", "sunli", {"confirm_wage": FINANCE},
        {"employee": MANAGER, "new_wage": "29500", "wage_definition": "base", "effective_on": "2026-04-01",
         "wage_reason": "年度调薪"}),
    Own("monthly_appraisal", "sunli", {
        "assess_employee": LEAD, "calibrate_grades": LEAD, "confirm_result": {MANAGER}, "confirm_bonus": LEAD,
    }),
]  # fmt: skip


def _ids(office: Office, value: Any) -> Any:
    """Usernames as the forms name people."""
    if isinstance(value, Mapping):
        return {name: _ids(office, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_ids(office, each) for each in value]
    if value == MANAGER:
        return office.as_(MANAGER).actor.public_id
    return str(value) if isinstance(value, dt.date) else value


def _open(office: Office) -> dict[str, tuple[Any, set[str]]]:
    """Each open task → its row, and everybody who has it in their inbox."""
    found: dict[str, tuple[Any, set[str]]] = {}
    for who in EVERYBODY:
        for row in office.as_(who).inbox():
            found.setdefault(row.id, (row, set()))[1].add(who)
    return found


def _about_the_manager(office: Office, row: Any, who: str, own: Own) -> bool:
    """Of an appraisal everybody has a case; of the others the manager's is the only one."""
    if own.process != "monthly_appraisal":
        return True
    manager = office.as_(MANAGER).actor.public_id
    if row.element == "calibrate_grades":
        shown = office.as_(who).page(row.element, row.case).data["calibration_lines"]
        return manager in [line["employee"] for line in shown]
    return office.case(row.case).variables.get("employee") == manager


@pytest.mark.parametrize("own", TABLE, ids=lambda own: own.process)
def test_the_managers_own_is_decided_above_and_beside_the_department(office: Office, own: Own) -> None:
    if own.process == "monthly_appraisal":
        _pay_bonuses(office)
    before = set(_open(office))
    office.as_(own.by).start(own.process, **_ids(office, own.answers))
    found: dict[str, set[str]] = {}
    waited = own.process != "training_plan"
    for _ in range(60):
        waiting = {task: told for task, told in _open(office).items() if task not in before}
        doable = [(row, who) for row, who in waiting.values() if row.element in ANSWERS]
        if not doable and not waited:
            office.later(days=8, hours=1)  # what is asked of everybody first is over then
            waited = True
            continue
        if not doable:
            break
        row, who = doable[0]
        if row.element in own.decided and _about_the_manager(office, row, sorted(who)[0], own):
            found.setdefault(row.element, set()).update(who)
        office.as_(sorted(who)[0]).do(row.element, row.case, **ANSWERS[row.element])
    assert found == dict(own.decided)
    for element, who in found.items():
        # Only that one accepts one's own result is left to the person.
        assert element == "confirm_result" or not who & DEPARTMENT


def _pay_bonuses(office: Office) -> None:
    path = shipped()[1] / "bonus_tier.yaml"
    text = path.read_text("utf-8").replace("percent: unset", "percent: 10")
    text = text.replace("refused: true", "then: {percent: 10, amount: 1200}")
    draft = office.runtime.do(drafts.save_rule, SYSTEM, "bonus_tier", text, 1)
    office.runtime.publish_rule(SYSTEM, "bonus_tier", draft)
