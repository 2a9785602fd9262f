"""Calibration sees the whole cohort before anybody is told a grade; places, bars, terms and days of employment."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.ledger import appraisals, assessors, attendance, employed
from runtime.ledger.operations import SHANGHAI
from runtime.store import accounts, calendar
from tests.store.ledger.conftest import NOW, Books

INVARIANTS = (
    "grades_are_calibrated", "top_places_are_kept", "barred_are_not_excellent", "employment_is_confirmed_by_another",
)  # fmt: skip


@pytest.fixture
def month(empty: Books) -> Books:
    """The department on the last workday of March 2026, its appraisals opened."""
    calendar.fill(empty.tx)
    empty.today = dt.date(2026, 3, 31)
    empty.do("appraisals.open_cycle")
    return empty


def cycle(books: Books) -> str:
    return str(books.rows(appraisals.appraisal_cycles)[0].public_id)


def of(books: Books, role: str) -> Any:
    return next(row for row in books.rows(appraisals.appraisals) if row.employee == books.people[role])


def assessed(books: Books, *roles: str, score: int = 95, grade: str = "excellent", **more: Any) -> None:
    for role in roles:
        one = of(books, role).public_id
        by = "lead" if role == "manager" else "manager"
        books.do("appraisals.skip_self", appraisal=one)
        books.do("appraisals.record_assessment", appraisal=one, work=score, ability=score, attitude=score, by=by)
        books.do("appraisals.propose_grade", appraisal=one, score=score, grade=grade, **{"late_in_year": 0, **more})


def units(books: Books) -> dict[str, Any]:
    return {unit["unit"]: unit for unit in books.do("appraisals.cohort", cycle=cycle(books))["units"]}


def calibrate(books: Books, unit: Any, *grades: str, by: str = "manager", reason: str | None = "排序在后") -> None:
    given = grades or [line["grade"] for line in unit["lines"]]
    lines = [
        {"appraisal": line["appraisal"], "grade": grade, "reason": reason if grade != line["grade"] else None}
        for line, grade in zip(unit["lines"], given, strict=True)
    ]
    books.do("appraisals.calibrate", cycle=cycle(books), unit=unit["unit"], lines=lines, by=by)


def refused(books: Books, unit: Any, *grades: str, **more: Any) -> str:
    with pytest.raises(BpmnError) as error:
        calibrate(books, unit, *grades, **more)
    cause = error.value.__cause__
    return str(getattr(cause, "code", ""))


def told(books: Books) -> list[str]:
    return [name for name, _, _ in books.sent]


def wrong(books: Books) -> list[str]:
    return [one.rule for name in INVARIANTS for one in doctor.INVARIANTS[name].ask(books.tx)]


def test_nobody_is_told_a_grade_before_the_whole_cohort_is_calibrated(month: Books) -> None:
    assessed(month, "supervisor", "specialist", "analyst")
    assert told(month) == []  # one is not assessed yet
    assessed(month, "manager", score=85, grade="good")
    assert told(month) == ["calibration_ready"]
    calibrate(month, units(month)["department"], "excellent", "good", "good")
    assert "grade_published" not in told(month)
    calibrate(month, units(month)["managers"], by="lead")
    assert month.do("appraisals.publish", cycle=cycle(month)) == {"published": 4}
    assert told(month).count("grade_published") == 4
    row = of(month, "analyst")
    assert (row.score, row.proposed_grade, row.grade, row.calibration_reason) == (95, "excellent", "good", "排序在后")
    assert wrong(month) == []


def test_more_excellent_than_there_are_places_must_be_settled_with_a_reason(month: Books) -> None:
    assessed(month, "supervisor", "specialist", "analyst")
    unit = units(month)["department"]
    assert (unit["head_count"], unit["top_places"], unit["calibrator"]) == (3, 1, month.people["manager"])
    assert refused(month, unit) == "calibration.beyond_places"
    assert refused(month, unit, "excellent", "good", "good", reason=" ") == "calibration.no_reason"
    assert refused(month, unit, "excellent", "good", "satisfactory") == "calibration.too_many_steps"


def test_the_manager_does_not_calibrate_themselves_and_does_not_see_their_own_grade(month: Books) -> None:
    assessed(month, "manager", "specialist", score=85, grade="good")
    found = units(month)
    assert found["managers"]["calibrator"] == month.people["lead"]
    assert refused(month, found["managers"], by="manager") == "calibration.own"
    assert found["department"]["others"] == []
    assert [line["employee"] for line in found["managers"]["others"]] == [month.people["specialist"]]


def test_who_is_late_takes_one_of_the_places_that_are_left(month: Books) -> None:
    assessed(month, "supervisor")
    calibrate(month, units(month)["department"])
    month.do("appraisals.publish", cycle=cycle(month))
    assessed(month, "analyst")
    assert told(month)[-1] == "calibration_ready"  # alone, since the cohort was looked at
    unit = units(month)["department"]
    assert unit["top_taken"] == 1 and [line["grade"] for line in unit["lines"]] == ["excellent"]
    assert [line["employee"] for line in unit["others"]] == [month.people["supervisor"]]  # as published
    assert refused(month, unit) == "calibration.beyond_places"
    calibrate(month, unit, "good")
    month.do("appraisals.publish", cycle=cycle(month))
    assert of(month, "supervisor").grade == "excellent" and wrong(month) == []


def test_calibration_is_called_once_for_who_is_late_while_it_is_at_work(month: Books) -> None:
    month.do("appraisals.cohort", cycle=cycle(month))  # the time is over, and nobody is assessed
    assessed(month, "supervisor", "specialist", "analyst", score=85, grade="good")
    assert told(month) == ["calibration_ready"]
    calibrate(month, units(month)["department"])
    month.do("appraisals.publish", cycle=cycle(month))
    assessed(month, "manager", score=85, grade="good")
    assert told(month)[-1] == "calibration_ready" and told(month).count("calibration_ready") == 2


def test_a_month_that_began_before_grades_were_calibrated_ends_as_it_began(month: Books) -> None:
    month.tx.execute(sa.update(appraisals.appraisal_cycles).values(calibrated=False))
    one = of(month, "specialist").public_id
    month.do("appraisals.skip_self", appraisal=one)
    month.do("appraisals.record_assessment", appraisal=one, work=90, ability=90, attitude=90, by="lead")
    month.do("appraisals.record_grade", appraisal=one, score=90, grade="excellent")
    assert of(month, "specialist").state == "graded" and wrong(month) == []


def test_a_granted_appeal_stands_beyond_the_places(month: Books) -> None:
    assessed(month, "supervisor", "specialist")
    calibrate(month, units(month)["department"], "excellent", "good")
    month.do("appraisals.publish", cycle=cycle(month))
    one = of(month, "specialist").public_id
    month.do("appraisals.record_appeal", appraisal=one, reason="漏算")
    with pytest.raises(BpmnError):  # whoever calibrated it does not decide
        month.do("appraisals.decide_appeal", appraisal=one, outcome="change", by="manager", reason="属实")
    month.do("appraisals.decide_appeal", appraisal=one, outcome="change", by="hr", reason="属实")
    month.do("appraisals.record_assessment", appraisal=one, work=97, ability=97, attitude=97, by="hr")
    month.do("appraisals.record_grade", appraisal=one, score=97, grade="excellent")
    assessed(month, "analyst", score=85, grade="good")
    assert units(month)["department"]["top_taken"] == 1 and wrong(month) == []


def test_a_grade_is_not_recorded_past_calibration(month: Books) -> None:
    one = of(month, "specialist").public_id
    month.do("appraisals.skip_self", appraisal=one)
    month.do("appraisals.record_assessment", appraisal=one, work=90, ability=90, attitude=90, by="lead")
    with pytest.raises(appraisals.NotCalibrated):
        month.do("appraisals.record_grade", appraisal=one, score=90, grade="excellent")


def late(books: Books, times: int, state: str = "stands") -> None:
    first = dt.date(2026, 1, 5) if state == "stands" else dt.date(2026, 2, 2)
    rows = [
        {"public_id": f"{state}{number}", "case": "c", "at": NOW, "person": books.people["specialist"],
         "day": first + dt.timedelta(days=number), "kind": "late", "minutes": 20, "counts_as": "late",
         "state": state, "imported_by": "x"}
        for number in range(times)
    ]  # fmt: skip
    books.tx.insert(attendance.attendance_exceptions, rows)


@pytest.mark.parametrize(("times", "bar"), [(12, "none"), (13, "lateness")])
def test_lateness_of_the_year_that_nobody_excused_bars_the_top_grade(month: Books, times: int, bar: str) -> None:
    late(month, times)
    late(month, 5, "excused")
    facts = month.do("appraisals.facts", appraisal=of(month, "specialist").public_id)
    assert (facts["late_in_year"], facts["bar"]) == (times, bar)
    decided = month.decide("grade_bar", {"grade": "excellent", "late_in_year": times})
    assert decided["allowed_grade"] == ("good" if bar == "lateness" else "excellent")


def test_calibration_does_not_lift_somebody_over_a_bar(month: Books) -> None:
    assessed(month, "specialist", grade="good", late_in_year=13, bar="lateness")
    assert refused(month, units(month)["department"], "excellent") == "calibration.barred"


def test_who_joined_in_the_last_days_is_not_appraised_and_the_month_closes_without_them(month: Books) -> None:
    def enter(entered_on: dt.date, by: str = "hr", confirmed_by: str = "lead", **more: Any) -> None:
        month.do("employment.record", person="analyst", entered_on=entered_on, entered_by=by,
                 confirmed_by=confirmed_by, **more)

    for by, confirmed_by in (("hr", "hr"), ("analyst", "hr"), ("hr", "analyst")):
        with pytest.raises(BpmnError):
            enter(dt.date(2026, 3, 18), by, confirmed_by)
    with pytest.raises(BpmnError):
        enter(dt.date(2026, 3, 18), left_on=dt.date(2026, 3, 17))
    enter(dt.date(2026, 3, 18))  # fourteen days
    assert not month.do("appraisals.prepare", appraisal=of(month, "analyst").public_id)["assessed"]
    assert of(month, "analyst").state == "not_assessed" and of(month, "analyst").grade is None
    enter(dt.date(2026, 3, 17))  # the newest entry holds
    assert employed.days_employed(
        employed.known(month.tx, month.people["analyst"]), dt.date(2026, 3, 1), dt.date(2026, 3, 31)
    ) == 15
    assert wrong(month) == []


def transfer(books: Books, day: dt.date, superior: str) -> None:
    """The specialist reports to somebody else from a day on."""
    at = dt.datetime.combine(day, dt.time(9), SHANGHAI)
    accounts.log(books.tx, None, "person.superior", "chenhao", superior=superior)
    log = accounts.admin_log
    newest = sa.select(sa.func.max(log.c.id)).scalar_subquery()
    books.tx.execute(sa.update(log).where(log.c.id == newest).values(at=at))
    above = sa.select(accounts.people.c.id).where(accounts.people.c.username == superior).scalar_subquery()
    books.tx.execute(
        sa.update(accounts.people).where(accounts.people.c.username == "chenhao").values(superior_id=above)
    )


@pytest.mark.parametrize(
    ("day", "choice", "who"),
    [(20, "longest", "supervisor"), (10, "longest", "analyst"), (20, "last", "analyst"), (17, "longest", "supervisor")],
)
def test_after_a_transfer_within_the_month_the_terms_say_who_assesses(
    month: Books, day: int, choice: assessors.Choice, who: str
) -> None:
    transfer(month, dt.date(2026, 1, 1), "wangfang")
    transfer(month, dt.date(2026, 3, day), "liuyang")
    transfer(month, dt.date(2026, 4, 2), "linyue")
    days = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    organisation = accounts.organisation(month.tx)
    found = assessors.assessor(month.tx, organisation, month.people["specialist"], days, choice, SHANGHAI)
    assert found == month.people[who]


def test_a_superior_who_has_left_does_not_assess(month: Books) -> None:
    transfer(month, dt.date(2026, 1, 1), "liuyang")
    transfer(month, dt.date(2026, 3, 30), "wangfang")
    month.tx.execute(sa.update(accounts.people).where(accounts.people.c.username == "liuyang").values(active=False))
    prepared = month.do("appraisals.prepare", appraisal=of(month, "specialist").public_id)
    assert prepared["superior"] == month.people["supervisor"]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE appraisals SET calibration_id = NULL", "grade_not_calibrated"),
        ("UPDATE grade_calibrations SET calibrated_by = (SELECT employee FROM appraisals WHERE grade = 'excellent')",
         "grade_not_calibrated"),
        ("UPDATE appraisals SET grade = 'satisfactory' WHERE grade = 'good'", "grade_not_calibrated"),
        ("UPDATE appraisals SET grade = 'excellent', proposed_grade = 'excellent'", "too_many_excellent"),
        ("UPDATE appraisals SET bar = 'lateness'", "barred_excellent"),
        ("INSERT INTO employments (person, entered_on, entered_by, confirmed_by, \"case\", at) "
         "SELECT employee, '2026-01-01', employee, 'x', 'c', at FROM appraisals LIMIT 1", "own_employment"),
    ],
)  # fmt: skip
def test_a_defect_of_appraisals_is_seen(month: Books, statement: str, finding: str) -> None:
    assessed(month, "supervisor", score=95)
    assessed(month, "specialist", score=Decimal(85), grade="good")  # type: ignore[arg-type]
    calibrate(month, units(month)["department"])
    month.do("appraisals.publish", cycle=cycle(month))
    assert wrong(month) == []
    month.tx.connection.exec_driver_sql(statement)
    assert finding in wrong(month)


def _away(books: Books, role: str, deputy: str) -> None:
    """On leave today, with somebody who stands in for them."""
    asked = books.do("leave.measure", person=role, kind="personal", first_day=books.today, last_day=books.today,
                     deputy=deputy)  # fmt: skip
    books.do("leave.grant", leave=asked["leave"], days=asked["workdays"], statutory=False, approved_by="lead")


@pytest.mark.parametrize(
    ("deputy", "assessor", "calibrator", "above"),
    [("hr", "supervisor", "hr", "lead"), ("analyst", "supervisor", "lead", None), ("hr", "hr", "lead", None)],
    ids=["the deputy of who is away", "never one of the unit", "never who assessed somebody of it"],
)
def test_for_a_calibrator_who_is_away_the_deputy_is_asked_else_the_next_superior(
    month: Books, deputy: str, assessor: str, calibrator: str, above: str | None
) -> None:
    one = of(month, "specialist").public_id
    month.do("appraisals.skip_self", appraisal=one)
    month.do("appraisals.record_assessment", appraisal=one, work=80, ability=80, attitude=80, by=assessor)
    month.do("appraisals.propose_grade", appraisal=one, score=80, grade="good", late_in_year=0)
    _away(month, "manager", deputy)
    unit = units(month)["department"]
    named = (month.people[calibrator], month.people[above] if above else None)
    assert (unit["calibrator"], unit["next_calibrator"]) == named
