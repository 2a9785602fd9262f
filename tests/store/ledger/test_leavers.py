"""Who leaves before the month's last workday is appraised and paid for what they worked, and told by HR."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.ledger import appraisals, attended, leavings
from runtime.store import accounts, calendar
from tests.store.ledger.conftest import NOW, Books
from tests.store.ledger.test_appraisals import opened, published, refusal, settled

LAST = dt.date(2026, 3, 31)


@pytest.fixture
def month(empty: Books) -> Books:
    calendar.fill(empty.tx)
    empty.today = LAST
    return empty


def gone(books: Books, role: str, day: dt.date, state: str = "closed") -> None:
    """Left by the process, on that day; their account has ended."""
    row = {"public_id": f"l{role}", "case": "c", "at": NOW, "number": f"LV-{role}", "entered_by": "x"}
    books.tx.insert(leavings.leavings, [{**row, "person": books.people[role], "last_day": day, "state": state}])
    books.tx.execute(
        sa.update(accounts.people).where(accounts.people.c.public_id == books.people[role]).values(active=False)
    )


def row_of(books: Books, role: str) -> Any:
    return next(row for row in books.rows(appraisals.appraisals) if row.employee == books.people[role])


def told(books: Books, role: str, **more: Any) -> str:
    """The published grade of who has left."""
    one = settled_but_told(books, role)
    given = {"told_on": books.today, "answer": "accept", "by": "hr", **more}
    books.do("appraisals.tell_leaver", appraisal=one, **given)
    return one


def settled_but_told(books: Books, role: str) -> str:
    one = opened(books)[role]
    assert books.do("appraisals.prepare", appraisal=one)["employee_left"]
    books.do("appraisals.skip_self", appraisal=one)
    books.do("appraisals.record_assessment", appraisal=one, work=50, ability=50, attitude=50, by="supervisor")
    published(books, one, "unsatisfactory", Decimal(50))
    assert books.sent[-1][2]["employee_left"]
    return one


def test_who_left_in_the_month_is_appraised_by_the_superior_they_had(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 3, 20))
    prepared = month.do("appraisals.prepare", appraisal=opened(month)["specialist"])
    assert (prepared["assessed"], prepared["employee_left"]) == (True, True)
    assert prepared["superior"] == month.people["supervisor"]
    assert attended.of_month(month.tx, month.people["specialist"], dt.date(2026, 3, 1), LAST).days == 15


def test_who_left_after_too_few_days_is_not_appraised(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 3, 14))
    assert not month.do("appraisals.prepare", appraisal=opened(month)["specialist"])["assessed"]
    assert row_of(month, "specialist").state == "not_assessed"


def test_who_left_before_the_month_or_was_never_in_the_department_is_none_of_it(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 2, 27))
    gone(month, "hr", dt.date(2026, 3, 20))
    assert sorted(opened(month)) == ["analyst", "manager", "supervisor"]


def test_a_month_that_is_opened_late_finds_who_left_after_it(month: Books) -> None:
    month.today = dt.date(2026, 4, 20)
    gone(month, "specialist", dt.date(2026, 4, 10))
    cycle = month.do("appraisals.open_cycle", period="2026-03")
    assert month.people["specialist"] in [one["employee"] for one in cycle["appraisals"]]


def test_whose_superior_has_left_as_well_is_assessed_above_them(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 3, 20))
    gone(month, "supervisor", dt.date(2026, 3, 25))
    prepared = month.do("appraisals.prepare", appraisal=opened(month)["specialist"])
    assert prepared["superior"] == month.people["manager"]


def test_a_manager_who_left_is_still_decided_above_the_department(month: Books) -> None:
    gone(month, "manager", dt.date(2026, 3, 20))
    prepared = month.do("appraisals.prepare", appraisal=opened(month)["manager"])
    assert prepared["superior"] == month.people["lead"]
    one = row_of(month, "manager").public_id
    month.do("appraisals.skip_self", appraisal=one)
    month.do("appraisals.record_assessment", appraisal=one, work=90, ability=90, attitude=90, by="lead")
    month.do("appraisals.propose_grade", appraisal=one, score=90, grade="good", late_in_year=0)
    [cycle] = month.rows(appraisals.appraisal_cycles)
    [unit] = month.do("appraisals.cohort", cycle=cycle.public_id)["units"]
    assert (unit["unit"], unit["calibrator"]) == ("managers", month.people["lead"])


def test_silence_counts_once_the_days_to_appeal_are_over(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 3, 20))
    one = settled_but_told(month, "specialist")
    given = {"appraisal": one, "told_on": LAST, "answer": "silent", "by": "hr"}
    month.today = dt.date(2026, 4, 10)  # the seventh workday: Qingming lies between
    assert refusal(month, "appraisals.tell_leaver", **given) == "not_told"
    month.today = dt.date(2026, 4, 11)
    month.do("appraisals.tell_leaver", **given)
    assert (row_of(month, "specialist").told_on, row_of(month, "specialist").told_by) == (LAST, month.people["hr"])


def test_nobody_is_told_ahead_of_time_or_for_somebody_who_is_here(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 3, 20))
    one = settled_but_told(month, "specialist")
    ahead = {"told_on": dt.date(2026, 4, 1), "answer": "accept", "by": "hr"}
    assert refusal(month, "appraisals.tell_leaver", appraisal=one, **ahead) == "not_told"
    month.tx.execute(sa.update(accounts.people).values(active=True))
    here = {"told_on": LAST, "answer": "accept", "by": "hr"}
    assert refusal(month, "appraisals.tell_leaver", appraisal=one, **here) == "not_told"


def test_whoever_appeals_for_a_leaver_does_not_decide_it_and_the_doctor_sees_who_did(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 3, 20))
    one = told(month, "specialist", answer="appeal")
    month.do("appraisals.record_appeal", appraisal=one, reason="漏计")
    with pytest.raises(BpmnError):
        month.do("appraisals.decide_appeal", appraisal=one, outcome="uphold", by="hr", reason="依据充分")
    found = doctor.INVARIANTS["appeals_of_leavers_are_decided_apart"]
    assert list(found.ask(month.tx)) == []
    month.tx.execute(sa.update(appraisals.appraisal_appeals).values(decided_by=month.people["hr"]))
    assert [each.rule for each in found.ask(month.tx)] == ["own_appeal_decided"]


def test_nothing_is_followed_up_with_who_has_left(month: Books) -> None:
    gone(month, "specialist", dt.date(2026, 3, 20))
    one = told(month, "specialist")
    month.sent.clear()
    assert month.do("appraisals.settle", appraisal=one) == {"grade": "unsatisfactory"}
    assert month.sent == []


def test_the_bonus_of_who_left_is_confirmed_as_the_others(month: Books) -> None:
    month.do("wages.change", person="specialist", wage=11200, definition="base",
             effective_from=dt.date(2025, 1, 1), entered_by="hr", confirmed_by="lead")  # fmt: skip
    gone(month, "specialist", dt.date(2026, 3, 20))
    prepared = month.do("bonuses.prepare", appraisal=settled(month))
    assert prepared["confirmer"] == month.people["manager"]
    assert (prepared["outside_days"], prepared["attended_days"]) == (7, 15)
