"""A bonus is paid for the days attended, to the cent; whoever had a hand in the wage does not confirm it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.ledger import attendance, attended, bonuses, leavings
from runtime.store import calendar
from tests.store.ledger.conftest import NOW, Books
from tests.store.ledger.test_appraisals import settled

INVARIANTS = ("bonuses_are_what_was_earned", "days_of_bonuses_add_up", "bonuses_are_confirmed_apart")
FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 31)  # 22 workdays


@pytest.fixture
def month(empty: Books) -> Books:
    calendar.fill(empty.tx)
    empty.today = LAST
    wage(empty)
    return empty


def wage(books: Books, person: str = "specialist", amount: Any = 11200) -> None:
    books.do("wages.change", person=person, wage=amount, definition="base",
             effective_from=dt.date(2025, 1, 1), entered_by="hr", confirmed_by="lead")


def off(books: Books, first: int, last: int, statutory: bool, **more: Any) -> None:
    kind = "annual" if statutory else "personal"
    asked = books.do("leave.measure", person="specialist", kind=kind, first_day=dt.date(2026, 3, first),
                     last_day=dt.date(2026, 3, last), **more)
    books.do("leave.grant", leave=asked["leave"], days=asked["workdays"], statutory=statutory, approved_by="manager")


def missing(books: Books, day: int, kind: str = "absent", minutes: int = 480, **more: Any) -> None:
    row = {"public_id": f"{kind}{day}", "case": "c", "at": NOW, "person": books.people["specialist"],
           "day": dt.date(2026, 3, day), "kind": kind, "minutes": minutes, "counts_as": "absence",
           "state": "stands", "imported_by": "x"}  # fmt: skip
    books.tx.insert(attendance.attendance_exceptions, [row | more])


def employ(books: Books, entered: dt.date, left: dt.date | None = None) -> None:
    books.do("employment.record", person="specialist", entered_on=entered, left_on=left, entered_by="hr",
             confirmed_by="lead")


def counted(books: Books) -> attended.Attended:
    return attended.of_month(books.tx, books.people["specialist"], FIRST, LAST)


def paid(books: Books, appraisal: str, percent: Any = 10) -> Any:
    """Computed by the rules as the process does."""
    prepared = books.do("bonuses.prepare", appraisal=appraisal)
    facts = {name: prepared[name] for name in ("wage", "due_days", "attended_days")}
    share = books.decide("bonus_share", {**facts, "percent": Decimal(percent)})
    given = {"percent": percent, "amount": share["amount"], "attended_days": prepared["attended_days"]}
    books.do("bonuses.record", bonus=prepared["bonus"], **given)
    [row] = books.rows(bonuses.bonuses)
    return row


def wrong(books: Books) -> list[str]:
    return [one.rule for name in INVARIANTS for one in doctor.INVARIANTS[name].ask(books.tx)]


def test_a_whole_month_earns_the_whole_bonus(month: Books) -> None:
    row = paid(month, settled(month))
    assert (row.due_days, row.attended_days, row.amount) == (22, 22, 1120)


def test_statutory_leave_never_lowers_a_bonus_even_where_somebody_was_noted_absent(month: Books) -> None:
    off(month, 9, 20, statutory=True)
    missing(month, 10)
    row = paid(month, settled(month))
    assert (row.statutory_leave_days, row.attended_days, row.amount) == (10, 22, 1120)


def test_personal_leave_and_absence_lower_it_to_the_cent(month: Books) -> None:
    off(month, 18, 20, statutory=False, ends_at_noon=True)
    missing(month, 4)
    missing(month, 20)  # in the morning they were on leave
    missing(month, 5, state="excused")
    missing(month, 6, minutes=200)
    missing(month, 11, kind="late", minutes=300)
    row = paid(month, settled(month))
    assert (row.other_leave_days, row.absence_days) == (Decimal("2.5"), Decimal("2.5"))
    assert (row.attended_days, row.amount) == (17, Decimal("865.45"))  # 1120 × 17 ÷ 22 = 865.4545…
    assert wrong(month) == []


def test_workdays_before_joining_and_after_leaving_are_not_paid(month: Books) -> None:
    employ(month, dt.date(2026, 3, 9), dt.date(2026, 3, 27))
    assert (counted(month).outside, counted(month).days) == (7, 15)
    row = paid(month, settled(month))
    assert row.amount == Decimal("763.64") and wrong(month) == []
    # What was computed is computed: the days of that month are not changed any more.
    with pytest.raises(BpmnError):
        employ(month, dt.date(2026, 3, 2))


@pytest.mark.parametrize(("state", "days"), [("planned", 9), ("closed", 9), ("stayed", 22)])
def test_the_last_day_of_a_leaving_counts_unless_they_stayed(month: Books, state: str, days: int) -> None:
    person = month.people["specialist"]
    row = {"public_id": "l", "case": "c", "at": NOW, "number": "LV-1", "person": person, "entered_by": "x"}
    month.tx.insert(leavings.leavings, [{**row, "last_day": dt.date(2026, 3, 12), "state": state}])
    assert counted(month).days == days


def test_the_books_take_no_other_amount_than_was_earned(month: Books) -> None:
    off(month, 18, 18, statutory=False)
    prepared = month.do("bonuses.prepare", appraisal=settled(month))
    for amount, days in ((1120, 21), (Decimal("1069.09"), 22), (Decimal("1069.10"), 21)):
        with pytest.raises(bonuses.AmountDiffers):
            month.do("bonuses.record", bonus=prepared["bonus"], percent=10, amount=amount, attended_days=days)
    month.do("bonuses.record", bonus=prepared["bonus"], percent=10, amount=Decimal("1069.09"), attended_days=21)


def test_whoever_had_a_hand_in_the_wage_does_not_confirm_the_bonus(month: Books) -> None:
    month.do("wages.change", person="specialist", wage=12000, definition="base",
             effective_from=dt.date(2026, 3, 1), entered_by="hr", confirmed_by="manager")
    prepared = month.do("bonuses.prepare", appraisal=settled(month))
    assert prepared["confirmer"] == month.people["lead"]
    assert set(prepared["barred"]) == {month.people[role] for role in ("specialist", "hr", "manager")}
    month.do("bonuses.record", bonus=prepared["bonus"], percent=10, amount=1200, attended_days=22)
    for by in ("hr", "manager", "specialist"):
        with pytest.raises(BpmnError):
            month.do("bonuses.confirm", bonus=prepared["bonus"], by=by)
    month.do("bonuses.confirm", bonus=prepared["bonus"], by="lead")
    assert wrong(month) == []


def test_where_all_above_had_a_hand_in_the_wage_nobody_is_named_to_confirm_the_bonus(month: Books) -> None:
    """The step asks its lane then, and behind it whom every step asks at last."""
    month.do("wages.change", person="specialist", wage=12000, definition="base",
             effective_from=dt.date(2026, 3, 1), entered_by="lead", confirmed_by="manager")
    assert month.do("bonuses.prepare", appraisal=settled(month))["confirmer"] is None


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE bonuses SET amount = amount + 100", "bonus_differs"),
        ("UPDATE bonuses SET attended_days = attended_days - 5000, amount = 10945500", "bonus_days_differ"),
        ("UPDATE bonuses SET confirmed_by = (SELECT set_by FROM wages)", "bonus_own_hands"),
    ],
)
def test_a_defect_of_bonuses_is_seen(month: Books, statement: str, finding: str) -> None:
    paid(month, settled(month))
    assert wrong(month) == []
    month.tx.connection.exec_driver_sql(statement)
    assert finding in wrong(month)
