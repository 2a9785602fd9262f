"""When a timer is due."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import isodate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.engine import cron, timers
from runtime.engine.errors import BadTimer
from runtime.engine.timers import Due, first, following

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 1, 5, 1, 0, tzinfo=dt.UTC)  # Monday, nine in Shanghai


def at(text: str, zone: ZoneInfo = SHANGHAI) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-01-31T09:00:00+08:00", at("2026-01-31T09:00")),
        ("2026-01-31T09:00:00Z", dt.datetime(2026, 1, 31, 9, tzinfo=dt.UTC)),
        ("2026-01-31T09:00:00", at("2026-01-31T09:00")),
        ("2026-01-31", at("2026-01-31T00:00")),
        ("2025-01-31", at("2025-01-31T00:00")),
        ("PT2H", NOW + dt.timedelta(hours=2)),
    ],
)
def test_dates(text: str, due: dt.datetime) -> None:
    found = first("date", text, NOW, SHANGHAI)
    assert found is not None and found.at == due and following(found, due, SHANGHAI) is None


def test_durations_of_days_are_exact_and_of_months_follow_the_calendar() -> None:
    assert first("duration", "P3DT4H", NOW, SHANGHAI) == Due(NOW + dt.timedelta(days=3, hours=4))
    end_of_january = at("2026-01-31T09:00")
    assert first("duration", "P1M", end_of_january, SHANGHAI) == Due(at("2026-02-28T09:00"))
    assert first("duration", isodate.Duration(months=1), end_of_january, SHANGHAI) == Due(
        at("2026-02-28T09:00")
    )


def series(text: str, now: dt.datetime, count: int, zone: ZoneInfo = SHANGHAI) -> list[dt.datetime]:
    due, found = first("cycle", text, now, zone), []
    while due is not None and len(found) < count:
        found.append(due.at)
        due = following(due, due.at, zone)
    return found


def test_repetitions() -> None:
    hour = dt.timedelta(hours=1)
    assert series("R3/PT1H", NOW, 9) == [NOW + hour, NOW + 2 * hour, NOW + 3 * hour]
    assert series("R/PT1H", NOW, 4)[-1] == NOW + 4 * hour
    assert series("R2/2026-02-01T00:00:00Z/P1D", NOW, 9) == [
        dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
        dt.datetime(2026, 2, 2, tzinfo=dt.UTC),
    ]
    # The first two have passed; the count goes on as if they had been.
    assert series("R4/2026-01-04T00:00:00Z/P1D", NOW, 9) == [
        dt.datetime(2026, 1, 6, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 7, tzinfo=dt.UTC),
    ]
    assert series("R2/2025-01-04T00:00:00Z/P1D", NOW, 9) == []
    assert series("R/2026-01-31T09:00:00+08:00/P1M", NOW, 1) == [at("2026-01-31T09:00")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "P",
        "PT5X",
        "R/",
        "R0/PT1H",
        "R3",
        "R3/PT0S",
        "R3/P1D/P1D",
        "R/-PT1H",
        "R3/PT1H/2026-01-01",
        "P99999Y",
        "* * * * *",
        "0 0 25 * * ?",
        "0 0 9 ? * ?",
        "0 0 9 32 * ?",
        "0 0 9 40W * ?",
        "0 0 9 * FOO ?",
        "0 0/0 * * * ?",
        "PT1H",
        "0 0 9 ? * 8L",
        "0 0 9 ? * 0#1",
        "0 0 9 L-31 * ?",
        "٣ 0 0 * * ?",
        "0 0 0 1-x * ?",
    ],
)
def test_what_is_no_cycle_is_refused(text: str) -> None:
    with pytest.raises(BadTimer):
        first("cycle", text, NOW, SHANGHAI)


@pytest.mark.parametrize("kind", ["date", "duration"])
@pytest.mark.parametrize("wrong", ["R/PT1H", "soon", 5, None, True, [1]])
def test_what_is_no_time_is_refused(kind: str, wrong: object) -> None:
    with pytest.raises(BadTimer):
        first(kind, wrong, NOW, SHANGHAI)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("0 0 9 * * ?", ["2026-01-06T09:00", "2026-01-07T09:00"]),
        ("0 30 8-9 ? * MON-FRI", ["2026-01-05T09:30", "2026-01-06T08:30", "2026-01-06T09:30"]),
        ("0 0 0 L * ?", ["2026-01-31T00:00", "2026-02-28T00:00"]),
        ("0 0 0 L-3 * ?", ["2026-01-28T00:00", "2026-02-25T00:00"]),
        ("0 0 9 LW * ?", ["2026-01-30T09:00", "2026-02-27T09:00"]),
        ("0 0 9 15W * ?", ["2026-01-15T09:00", "2026-02-16T09:00", "2026-03-16T09:00"]),
        ("0 0 9 1W 2,3,8 ?", ["2026-02-02T09:00", "2026-03-02T09:00", "2026-08-03T09:00"]),
        ("0 0 9 31W 5 ?", ["2026-05-29T09:00"]),
        ("0 0 9 ? * 6L", ["2026-01-30T09:00"]),
        ("0 0 9 ? * FRIL", ["2026-01-30T09:00"]),
        ("0 0 9 ? * 2#1", ["2026-02-02T09:00", "2026-03-02T09:00"]),
        ("0 0 9 ? * MON#5", ["2026-03-30T09:00"]),
        ("0 0 9 ? * L", ["2026-01-10T09:00", "2026-01-17T09:00"]),
        ("0 0 9 ? * SAT-MON", ["2026-01-10T09:00", "2026-01-11T09:00", "2026-01-12T09:00"]),
        ("0 0/20 9 * * ?", ["2026-01-05T09:20", "2026-01-05T09:40", "2026-01-06T09:00"]),
        ("*/30 0 9 6 JAN ?", ["2026-01-06T09:00:00", "2026-01-06T09:00:30", "2027-01-06T09:00:00"]),
        ("0 0 0 29 2 ?", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 0 0 1 1 ? 2028/2", ["2028-01-01T00:00", "2030-01-01T00:00"]),
        ("0 0 9 1,15 * ?", ["2026-01-15T09:00", "2026-02-01T09:00"]),
    ],
)
def test_quartz_cron_in_the_business_zone(text: str, due: list[str]) -> None:
    assert series(text, NOW, len(due)) == [at(one) for one in due]


def test_a_cron_that_never_comes_is_never_due() -> None:
    assert first("cycle", "0 0 0 30 2 ?", NOW, SHANGHAI) is None
    assert first("cycle", "0 0 0 1 1 ? 2020", NOW, SHANGHAI) is None


def test_an_hour_that_is_skipped_is_skipped_and_one_that_comes_twice_counts_once() -> None:
    spring = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
    assert series("0 30 2 * * ?", spring, 2, BERLIN) == [
        at("2026-03-30T02:30", BERLIN),
        at("2026-03-31T02:30", BERLIN),
    ]
    autumn = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
    assert series("0 30 2 * * ?", autumn, 2, BERLIN) == [
        at("2026-10-25T02:30", BERLIN),
        at("2026-10-26T02:30", BERLIN),
    ]


@given(
    st.sampled_from(["0 0 9 * * ?", "0 0/7 * * * ?", "0 0 0 LW * ?", "15 30 8 ? * MON-FRI", "0 0 9 15W * ?"]),
    st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2060, 1, 1)),
)
@settings(max_examples=150, deadline=None)
def test_the_next_time_lies_ahead_and_none_lies_between(text: str, moment: dt.datetime) -> None:
    now = moment.replace(tzinfo=dt.UTC)
    due = cron.read(text).after(now, SHANGHAI)
    assert due is not None and due > now and due.microsecond == 0
    assert cron.read(text).after(now + (due - now) / 2, SHANGHAI) == due
    assert cron.read(text).after(due - dt.timedelta(microseconds=1), SHANGHAI) == due


@given(
    st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2060, 1, 1)),
    st.integers(1, 10**7),
    st.integers(0, 10**8),
)
@settings(max_examples=150, deadline=None)
def test_what_was_missed_is_not_made_up_for(moment: dt.datetime, period: int, late: int) -> None:
    now = moment.replace(tzinfo=dt.UTC)
    due = first("cycle", f"R/PT{period}S", now, SHANGHAI)
    assert due is not None
    looked = due.at + dt.timedelta(seconds=late)
    again = following(due, looked, SHANGHAI)
    assert again is not None
    assert looked < again.at <= looked + dt.timedelta(seconds=period)
    assert (again.at - due.at) % dt.timedelta(seconds=period) == dt.timedelta()


def test_moments_and_checks() -> None:
    assert timers.moment(dt.date(2026, 1, 5), SHANGHAI, dt.time(23, 59, 59)) == at("2026-01-05T23:59:59")
    assert timers.read_moment("P1D") == dt.timedelta(days=1)
    timers.check("cycle", "0 0 9 LW * ?")
    with pytest.raises(BadTimer):
        timers.check("duration", "5 minutes")
