"""Exceptions at the ends of months: appraisals, and the closing of the books.

A month's end is not always far enough before the demo's: then human resources opens the appraisal of the month
before it by hand, and finance closes by hand what it had put off."""

from __future__ import annotations

import datetime as dt

from runtime.commands import accounts
from runtime.demo.appraised import last_appraisal
from runtime.demo.department import Department, Script
from runtime.demo.initiatives import set_rates

LEAVER = "hejing"


def appraisals(house: Department, begin: dt.date, end: dt.date) -> None:
    """Of the last one that has the time for it one self-assessment, one assessment and two decisions on appeals are
    open, somebody has no superior, somebody was assessed late and waits for calibration, somebody left and is still
    to be told, and the rates of the bonus are not set. The one before ends in an improvement plan that is disputed."""
    found = last_appraisal(house, begin, end)
    if found is None:
        return
    if found.before is not None:
        house.at(house.moment(found.before, 8), lambda: _poor_month(house))
        unset = dict.fromkeys(("excellent", "good", "satisfactory"), "unset")
        day = house.calendar.workday_after(found.day, -6)
        house.at(house.moment(day, 10), lambda: set_rates(house, unset, found.day))
    house.at(house.moment(found.day, 8), lambda: _last_month(house))
    if found.by_hand is not None:
        wanted = found.by_hand
        house.at(house.moment(found.day, 9), lambda: _by_hand(house, wanted))
    house.at(house.moment(found.day, 12), lambda: _superior(house, "wangfang"))
    for who in ("wangfang", "chenjie", "liyang", "zhangmin"):
        house.memory.needed.append((who, found.day, house.calendar.workday_after(found.day, 9)))
    _leaver(house, begin, found.day)


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
    house.left |= {"decide_appeal", "decide_overdue_appeal", "name_superior", "set_bonus_rate", "tell_leaver"}
    _superior(house, None)


def _superior(house: Department, superior: str | None) -> None:
    """The administrator corrects to whom the analyst reports; for a morning it was nobody."""
    house.runtime.do(accounts.set_superior, house.actor("linxi"), "xuhui", superior)
    house.refresh()


def _by_hand(house: Department, period: str) -> None:
    house.start("sunli", "monthly_appraisal", period=period)


def _leaver(house: Department, begin: dt.date, day: dt.date) -> None:
    """Somebody leaves the evening before the month is appraised, from a leave, with nobody to take over."""
    last = house.calendar.workday_after(day, -1)
    came = max(begin, house.calendar.workday_after(last, -15))
    house.at(house.moment(came, 7), lambda: _joins(house, came))
    house.at(house.moment(last, 9), lambda: _leaves(house, last))
    house.at(house.moment(day, 7), house.refresh)


def _joins(house: Department, came: dt.date) -> None:
    names = {"zh_Hans": "何静", "zh_Hant": "何靜", "en": "He Jing"}
    admin = house.actor("linxi")
    house.runtime.do(accounts.add_person, admin, LEAVER, names, groups=("specialist",), superior="chenjie")
    house.away[LEAVER] = [(came, dt.date.max)]
    house.refresh()


def _leaves(house: Department, last: dt.date) -> None:
    house.start("sunli", "leaving", Script(), leaver=house.id(LEAVER), last_day=last)


def closing(house: Department, begin: dt.date, end: dt.date) -> None:
    """Finance puts off the month that it closes last, and closes it by hand some days before the end: an expense of
    that month is not paid, and the division lead has yet to say whether it may wait."""
    after = house.calendar.workday_after
    day = after(end, -3)
    usual = after(day.replace(day=3), 0)  # when it comes by itself
    if usual == day:
        day = after(day, 1)
    claimed = after(day, -3)
    if claimed < begin:
        return
    if usual < day:
        house.at(house.moment(usual, 8), lambda: _put_off(house))
    spent = day.replace(day=1) - dt.timedelta(days=1)
    house.at(house.moment(claimed, 9.3), lambda: _unpaid_expense(house, spent))
    house.at(house.moment(day, 10), lambda: _close(house, f"{spent:%Y-%m}"))


def _put_off(house: Department) -> None:
    """Whether anything is open or not."""
    house.whims["confirm_close", "qianwei"] = {"closing_choice": "drop"}
    house.whims["clear_items", "qianwei"] = {"closing_choice": "drop", "closing_reason": "还有单据没有送到"}


def _unpaid_expense(house: Department, spent: dt.date) -> None:
    agreed = Script({"review_request": [{"decision": "approve"}]})
    answers = {"expense_purpose": "拜访客户的车票", "expense_amount": "218", "spent_on": spent}
    house.start("zhangmin", "expense_claim", agreed, **answers)


def _close(house: Department, period: str) -> None:
    asked = {"closing_choice": "leave_open", "closing_reason": "已催办，下月办完"}
    house.start("qianwei", "period_close", Script({"clear_items": [asked]}), closing_period=period)
