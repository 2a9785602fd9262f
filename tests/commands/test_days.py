"""Days are the business place's: around midnight, at a month's end, at the turn of the year."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from runtime import clock, household, library
from runtime.calendar import Calendar
from runtime.commands.world import BoundWorld
from runtime.folders import ROOT
from runtime.identity import SYSTEM
from tests.office import Office

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def told(office: Office, moment: dt.datetime, name: str, *given: object) -> object:
    clock.shift(moment - clock.now())
    return office.runtime.read(
        lambda tx, actor: BoundWorld(tx, "", SYSTEM).functions(None)[name](*given), SYSTEM
    )


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (at(2026, 3, 31, 23, 59), dt.date(2026, 3, 31)),
        (at(2026, 4, 1, 0, 0), dt.date(2026, 4, 1)),
        (at(2026, 12, 31, 23, 59), dt.date(2026, 12, 31)),
        (at(2027, 1, 1, 0, 1), dt.date(2027, 1, 1)),
    ],
)
def test_today_is_the_day_at_the_business_place(firm: Office, moment: dt.datetime, day: dt.date) -> None:
    assert told(firm, moment, "today") == day


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (at(2026, 3, 31, 8, 59), at(2026, 3, 31, 9)),
        (at(2026, 3, 31, 9), at(2026, 4, 30, 9)),
        # The first of April begins at the business place while it is still March in UTC.
        (at(2026, 4, 1, 0, 30), at(2026, 4, 30, 9)),
        (at(2026, 12, 31, 8), at(2026, 12, 31, 9)),
        (at(2026, 12, 31, 9), at(2027, 1, 29, 9)),
        (at(2027, 1, 31, 12), at(2027, 2, 26, 9)),
    ],
)
def test_the_months_last_workday(firm: Office, moment: dt.datetime, due: dt.datetime) -> None:
    assert told(firm, moment, "next_last_workday", moment, "09:00") == due


def test_a_rule_decides_from_its_first_day_at_the_business_place(firm: Office) -> None:
    text = (ROOT / "rules" / "approval_limits.yaml").read_text(encoding="utf-8")
    firm.deploy(text)
    firm.deploy(text.replace("effective_from: 2020-01-01", "effective_from: 2026-04-01"))

    def version(moment: dt.datetime) -> int:
        clock.shift(moment - clock.now())
        return firm.runtime.read(
            lambda tx, actor: library.ruleset(tx, "approval_limits", household.today(tx)).version, SYSTEM
        )

    assert version(at(2026, 3, 31, 23, 59)) == 1
    assert version(at(2026, 4, 1, 0, 0)) == 2


def test_the_last_workday_lies_before_holidays_that_end_a_month() -> None:
    days = {dt.date(2027, 1, day): "holiday" for day in (28, 29)} | {dt.date(2027, 1, 31): "workday"}
    assert Calendar(days).last_workday_of_month(2027, 1) == dt.date(2027, 1, 31)
    del days[dt.date(2027, 1, 31)]
    assert Calendar(days).last_workday_of_month(2027, 1) == dt.date(2027, 1, 27)
