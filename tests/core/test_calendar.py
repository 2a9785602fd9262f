"""The business calendar: workdays, month's ends, what is not known yet."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.calendar import HOLIDAY, WORKDAY, Calendar
from runtime.store import calendar

PRC = Calendar(calendar.shipped())
day = dt.date.fromisoformat


@pytest.mark.parametrize(("date", "worked"), [
    ("2026-03-09", True),  # a Monday
    ("2026-03-14", False),  # a Saturday
    ("2026-02-17", False),  # Spring Festival
    ("2026-02-14", True),  # a Saturday worked for it
    ("2026-02-28", True),  # another
    ("2026-10-10", True),  # a Saturday worked for the National Day
    ("2025-10-08", False),
    ("2024-02-09", True),  # New Year's Eve was not a public holiday in 2024
    ("2024-05-11", True),
    ("2027-01-04", True),  # not published: plain Monday to Friday
])
def test_which_days_are_worked(date: str, worked: bool) -> None:
    assert PRC.is_workday(day(date)) is worked


def test_the_years_that_ship_have_as_many_holidays_as_were_announced() -> None:
    off = dict.fromkeys((2024, 2025, 2026), 0)
    for date, kind in PRC.days.items():
        off[date.year] += kind == HOLIDAY
        # A shifted workday is a weekend day, else it would say nothing.
        assert kind == HOLIDAY or date.weekday() >= 5
    assert off == {2024: 28, 2025: 28, 2026: 33}
    assert sum(kind == WORKDAY for kind in PRC.days.values()) == 8 + 5 + 6


@pytest.mark.parametrize(("date", "count", "expected"), [
    ("2026-02-13", 1, "2026-02-14"),
    ("2026-02-14", 1, "2026-02-24"),  # over the Spring Festival
    ("2026-03-31", 2, "2026-04-02"),
    ("2026-03-31", 4, "2026-04-07"),  # over Qingming
    ("2026-03-09", 0, "2026-03-09"),
    ("2026-03-14", 0, "2026-03-16"),
    ("2026-04-07", -1, "2026-04-03"),
])
def test_counting_in_workdays(date: str, count: int, expected: str) -> None:
    assert PRC.workday_after(day(date), count) == day(expected)


@pytest.mark.parametrize(("year", "month", "last"), [
    (2026, 1, "2026-01-30"), (2026, 2, "2026-02-28"), (2026, 3, "2026-03-31"), (2026, 5, "2026-05-29"),
    (2024, 9, "2024-09-30"), (2025, 12, "2025-12-31"),
])
def test_the_months_last_workday(year: int, month: int, last: str) -> None:
    assert PRC.last_workday_of_month(year, month) == day(last)


def test_the_next_months_end_at_the_business_place() -> None:
    nine = dt.time(9)
    at = dt.datetime(2026, 3, 31, 0, 59, tzinfo=dt.UTC)  # 08:59 in Shanghai
    assert PRC.next_last_workday(at, nine) == dt.datetime(2026, 3, 31, 1, tzinfo=dt.UTC)
    later = at + dt.timedelta(minutes=1)
    assert PRC.next_last_workday(later, nine) == dt.datetime(2026, 4, 30, 1, tzinfo=dt.UTC)
    # Still March in London, April in Shanghai.
    evening = dt.datetime(2026, 12, 31, 16, 30, tzinfo=dt.UTC)
    assert PRC.next_last_workday(evening, nine) == dt.datetime(2027, 1, 29, 1, tzinfo=dt.UTC)


def test_a_year_that_is_not_published_is_missing() -> None:
    assert PRC.covered(2026) and not PRC.covered(2027)
    assert PRC.missing(day("2026-11-23")) == [2027]
    assert PRC.missing(day("2025-06-01")) == []
    assert Calendar({}, years=frozenset({2030})).covered(2030)


@given(st.dates(day("2024-01-01"), day("2026-12-31")), st.integers(1, 40))
def test_counting_forth_is_counting_days_between(date: dt.date, count: int) -> None:
    end = PRC.workday_after(date, count)
    assert PRC.is_workday(end) and PRC.workdays_between(date, end) == count
