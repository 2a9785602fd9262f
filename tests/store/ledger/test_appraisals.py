"""Appraisals and bonuses: a month of them, the appeal, who may decide what."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ledger import appraisals, bonuses, documents, inputs, wages
from runtime.store import accounts, calendar
from tests.store.ledger.conftest import Books

LAST_WORKDAY = dt.date(2026, 3, 31)  # a Tuesday


@pytest.fixture
def month(empty: Books) -> Books:
    """The department on the month's last workday, with the calendar of the PRC."""
    calendar.fill(empty.tx)
    empty.today = LAST_WORKDAY
    return empty


def opened(books: Books) -> dict[str, str]:
    """Role → appraisal."""
    cycle = books.do("appraisals.open_cycle")
    roles = {person: role for role, person in books.people.items()}
    return {roles[one["employee"]]: one["appraisal"] for one in cycle["appraisals"]}


def graded(books: Books, appraisal: str, grade: str = "good") -> None:
    books.do("appraisals.record_self", appraisal=appraisal, work=90, ability=85, attitude=95, evidence="三个项目")
    books.do("appraisals.record_assessment", appraisal=appraisal, work=85, ability=80, attitude=90,
             comment="稳", by="supervisor")
    published(books, appraisal, grade, Decimal("84.0"))


def published(books: Books, appraisal: str, grade: str, score: Decimal) -> None:
    """Proposed, calibrated above the person without a change, and told."""
    books.do("appraisals.propose_grade", appraisal=appraisal, score=score, grade=grade, late_in_year=0)
    [cycle] = books.rows(appraisals.appraisal_cycles)
    for unit in books.do("appraisals.cohort", cycle=cycle.public_id)["units"]:
        lines = [{"appraisal": line["appraisal"], "grade": line["grade"]} for line in unit["lines"]]
        books.do("appraisals.calibrate", cycle=cycle.public_id, unit=unit["unit"], lines=lines, by=unit["calibrator"])
    books.do("appraisals.publish", cycle=cycle.public_id)


def refusal(books: Books, topic: str, **given: Any) -> str:
    with pytest.raises(BpmnError) as refused:
        books.do(topic, **given)
    return refused.value.code


def test_a_month_appraises_everybody_of_the_department_once(month: Books) -> None:
    assert sorted(opened(month)) == ["analyst", "manager", "specialist", "supervisor"]
    assert refusal(month, "appraisals.open_cycle", period="2026-03") == "already_open"
    assert month.do("appraisals.open_cycle", period="2026-02")["period"] == "2026-02"


def test_who_is_appraised_by_whom_until_when(month: Books) -> None:
    prepared = month.do("appraisals.prepare", appraisal=opened(month)["specialist"])
    assert prepared["superior"] == month.people["supervisor"] and prepared["employee_name"] == "specialist"
    assert (prepared["period"], prepared["period_end"]) == ("2026-03", dt.date(2026, 3, 31))
    # T+2 and T+4 skip the Qingming holiday of 4 to 6 April; 18:00 at the business place is 10:00 UTC.
    assert prepared["self_due"] == dt.datetime(2026, 4, 2, 10, tzinfo=dt.UTC)
    assert prepared["assess_due"] == dt.datetime(2026, 4, 7, 10, tzinfo=dt.UTC)
    assert prepared["appeal_workdays"] == 7


def test_a_month_started_late_leaves_as_much_time(month: Books) -> None:
    month.today = dt.date(2026, 4, 8)
    month.do("appraisals.open_cycle", period="2026-03")
    [row] = [r for r in month.rows(appraisals.appraisals) if r.employee == month.people["manager"]]
    prepared = month.do("appraisals.prepare", appraisal=row.public_id)
    assert prepared["self_due"] == dt.datetime(2026, 4, 10, 10, tzinfo=dt.UTC)


def test_nobody_is_appraised_without_a_superior(month: Books) -> None:
    one = opened(month)["manager"]
    month.tx.execute(sa.update(accounts.people).where(accounts.people.c.username == "linyue")
                     .values(superior_id=None))
    assert refusal(month, "appraisals.prepare", appraisal=one) == "no_superior"


def test_an_appraisal_from_self_assessment_to_grade(month: Books) -> None:
    one = opened(month)["specialist"]
    graded(month, one)
    assert month.do("appraisals.settle", appraisal=one) == {"grade": "good"}
    [row] = [r for r in month.rows(appraisals.appraisals) if r.public_id == one]
    assert (row.self_work, row.work, row.score, row.self_skipped) == (90, 85, 84, False)
    assert row.evidence == "三个项目" and row.assessed_by == month.people["supervisor"]


def test_a_missing_self_assessment_is_marked(month: Books) -> None:
    one = opened(month)["specialist"]
    month.do("appraisals.skip_self", appraisal=one)
    with pytest.raises(documents.NotPossibleNow):
        month.do("appraisals.record_self", appraisal=one, work=1, ability=1, attitude=1)
    [row] = [r for r in month.rows(appraisals.appraisals) if r.public_id == one]
    assert row.self_skipped and row.self_work is None


def test_nobody_assesses_themselves(month: Books) -> None:
    one = opened(month)["specialist"]
    month.do("appraisals.skip_self", appraisal=one)
    assert refusal(month, "appraisals.record_assessment", appraisal=one, work=100, ability=100, attitude=100,
                   by="specialist") == "same_person"


def test_scores_are_between_0_and_100(month: Books) -> None:
    with pytest.raises(inputs.AmountOutOfRange):
        month.do("appraisals.record_self", appraisal=opened(month)["specialist"], work=101, ability=1, attitude=1)


def test_an_upheld_appeal_leaves_the_grade(month: Books) -> None:
    one = opened(month)["specialist"]
    graded(month, one)
    month.do("appraisals.record_appeal", appraisal=one, reason="漏算一单")
    for by in ("specialist", "supervisor"):
        assert refusal(
            month, "appraisals.decide_appeal", appraisal=one, outcome="uphold", by=by, reason="x"
        ) == "same_person"
    month.do("appraisals.decide_appeal", appraisal=one, outcome="uphold", by="hr", reason="已计入")
    assert month.do("appraisals.settle", appraisal=one) == {"grade": "good"}


def test_a_granted_appeal_is_graded_again_and_not_appealed_twice(month: Books) -> None:
    one = opened(month)["specialist"]
    graded(month, one)
    month.do("appraisals.record_appeal", appraisal=one, reason="漏算一单")
    with pytest.raises(documents.NotPossibleNow):
        month.do("appraisals.settle", appraisal=one)
    month.do("appraisals.decide_appeal", appraisal=one, outcome="change", by="hr", reason="漏算属实")
    month.do("appraisals.record_assessment", appraisal=one, work=95, ability=90, attitude=90, by="hr")
    month.do("appraisals.record_grade", appraisal=one, score=93, grade="excellent")
    with pytest.raises(appraisals.AlreadyAppealed):
        month.do("appraisals.record_appeal", appraisal=one, reason="还不够")
    assert month.do("appraisals.settle", appraisal=one) == {"grade": "excellent"}
    [appeal] = month.rows(appraisals.appraisal_appeals)
    assert (appeal.grade_before, appeal.outcome, appeal.decided_by) == ("good", "change", month.people["hr"])


def test_a_month_closes_when_every_appraisal_is_settled(month: Books) -> None:
    cycle = month.do("appraisals.open_cycle")
    with pytest.raises(appraisals.CycleUnfinished, match="4"):
        month.do("appraisals.close_cycle", cycle=cycle["cycle"])
    for one in cycle["appraisals"]:
        month.do("appraisals.skip_self", appraisal=one["appraisal"])
        month.do("appraisals.record_assessment", appraisal=one["appraisal"], work=70, ability=70, attitude=70,
                 by="lead")
        published(month, one["appraisal"], "satisfactory", Decimal(70))
        month.do("appraisals.settle", appraisal=one["appraisal"])
    month.do("appraisals.close_cycle", cycle=cycle["cycle"])


@pytest.mark.parametrize("period", ["2026-13", "2026-3", "march", "1999-01"])
def test_a_period_is_a_month(month: Books, period: str) -> None:
    with pytest.raises(appraisals.NotAPeriod):
        month.do("appraisals.open_cycle", period=period)


def test_an_unknown_grade_is_refused(month: Books) -> None:
    with pytest.raises(appraisals.NoSuchGrade):
        month.do("appraisals.record_grade", appraisal=opened(month)["specialist"], score=1, grade="S")


def settled(month: Books, role: str = "specialist") -> str:
    one = opened(month)[role]
    month.do("appraisals.skip_self", appraisal=one)
    month.do("appraisals.record_assessment", appraisal=one, work=90, ability=90, attitude=90, by="lead")
    published(month, one, "excellent", Decimal(90))
    month.do("appraisals.settle", appraisal=one)
    return one


def test_a_bonus_from_wage_to_payroll(month: Books) -> None:
    one = settled(month)
    assert refusal(month, "bonuses.prepare", appraisal=one) == "no_wage"
    month.do("wages.record", person="specialist", wage=9000, effective_from=dt.date(2025, 1, 1), by="hr")
    month.do("wages.record", person="specialist", wage=10000, effective_from=dt.date(2026, 3, 1), by="hr")
    month.do("wages.record", person="specialist", wage=12000, effective_from=dt.date(2026, 4, 1), by="hr")
    prepared = month.do("bonuses.prepare", appraisal=one)
    assert prepared["wage"] == 10000 and prepared["grade"] == "excellent"
    assert prepared["confirmer"] == month.people["manager"]
    assert month.do("bonuses.prepare", appraisal=one)["bonus"] == prepared["bonus"]
    bonus = prepared["bonus"]
    month.do("bonuses.record", bonus=bonus, percent=20, amount=2000)
    assert refusal(month, "bonuses.confirm", bonus=bonus, by="specialist") == "same_person"
    month.do("bonuses.confirm", bonus=bonus, by="manager")
    month.do("bonuses.export", bonus=bonus, by="hr")
    with pytest.raises(documents.NotPossibleNow):
        month.do("bonuses.export", bonus=bonus, by="hr")
    [row] = month.rows(bonuses.bonuses)
    assert (row.state, row.percent, row.amount) == ("exported", 20, 2000)


def test_the_managers_own_bonus_is_confirmed_above_them(month: Books) -> None:
    one = settled(month, "manager")
    month.do("wages.record", person="manager", wage=26000, effective_from=dt.date(2025, 1, 1), by="hr")
    assert month.do("bonuses.prepare", appraisal=one)["confirmer"] == month.people["lead"]


def test_there_is_no_bonus_before_the_appraisal_is_settled(month: Books) -> None:
    one = opened(month)["specialist"]
    assert refusal(month, "bonuses.prepare", appraisal=one) == "not_settled"


def test_nobody_enters_their_own_wage_or_none_at_all(month: Books) -> None:
    day = dt.date(2026, 1, 1)
    assert refusal(month, "wages.record", person="hr", wage=1, effective_from=day, by="hr") == "same_person"
    with pytest.raises(wages.NoWageAmount):
        month.do("wages.record", person="manager", wage=0, effective_from=day, by="hr")
    assert wages.in_effect(month.tx, month.people["manager"], day) is None


@pytest.mark.parametrize(
    ("grade", "told"),
    [("excellent", ["excellent_graded"]), ("good", []), ("unsatisfactory", ["improvement_due"])],
)
def test_an_extreme_grade_is_followed_up_once_it_stands(month: Books, grade: str, told: list[str]) -> None:
    appraisal = opened(month)["specialist"]
    graded(month, appraisal, grade)
    assert [name for name, _, _ in month.sent] == ["grade_published"]
    month.do("appraisals.settle", appraisal=appraisal)
    assert [(name, key) for name, key, _ in month.sent[1:]] == [(name, appraisal) for name in told]
