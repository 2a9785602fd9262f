"""Leave: half days, overlaps, balances, who decides when somebody is away."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime import i18n
from runtime.engine.ports import BpmnError
from runtime.ledger import attended, leave
from runtime.store import accounts, calendar
from tests.store.ledger.conftest import Books

MONDAY = dt.date(2026, 3, 9)


@pytest.fixture
def people(empty: Books) -> Books:
    calendar.fill(empty.tx)
    return empty


def day(number: int, month: int = 3) -> dt.date:
    return dt.date(2026, month, number)


def ask(books: Books, who: str, first: dt.date, last: dt.date, kind: str = "personal", **more: Any) -> Any:
    return books.do("leave.measure", person=who, kind=kind, first_day=first, last_day=last, **more)


def granted(books: Books, who: str, first: dt.date, last: dt.date, **more: Any) -> str:
    asked = ask(books, who, first, last, **more)
    books.do("leave.grant", leave=asked["leave"], days=asked["workdays"], statutory=False, approved_by="hr")
    return str(asked["leave"])


def entitle(books: Books, who: str, days: str, kind: str = "annual") -> None:
    line = {"person": books.people[who], "kind": kind, "year": 2026, "days": Decimal(days)}
    books.do("leave.set_entitlements", lines=[line], reason="年度额度", entered_by="hr", approved_by="lead")


def refused(books: Books, topic: str, **inputs: Any) -> str:
    with pytest.raises(BpmnError) as caught:
        books.do(topic, **inputs)
    return caught.value.code


def test_half_days_weekends_and_holidays_are_counted_by_the_calendar(people: Books) -> None:
    # Friday noon to Monday noon: half a day each, the weekend between is not work.
    found = ask(people, "specialist", day(13), day(16), starts_at_noon=True, ends_at_noon=True)
    assert (found["workdays"], found["calendar_days"]) == (Decimal(1), Decimal(3))
    # Over Labour Day 2026 (1 to 5 May) with the shifted workday on Saturday the 9th.
    found = ask(people, "specialist", day(30, 4), day(9, 5))
    shifted = calendar.load(people.tx).workdays_between(day(29, 4), day(9, 5))
    assert found["workdays"] == shifted


def test_two_halves_of_a_day_do_not_overlap_and_two_whole_days_do(people: Books) -> None:
    granted(people, "specialist", day(16), day(16), ends_at_noon=True)
    ask(people, "specialist", day(16), day(17), starts_at_noon=True)
    assert (
        refused(
            people, "leave.measure", person="specialist", kind="sick", first_day=day(17), last_day=day(18)
        )
        == "bad_leave"
    )


@pytest.mark.parametrize(
    ("first", "last", "more"),
    [
        (day(17), day(16), {}),
        (day(14), day(15), {}),  # a weekend
        (day(16), day(16), {"starts_at_noon": True, "ends_at_noon": True}),
        (day(16), day(16), {"deputy": "specialist"}),
    ],
)
def test_what_is_no_leave_is_refused(people: Books, first: dt.date, last: dt.date, more: Any) -> None:
    asked = {"person": "specialist", "kind": "personal", "first_day": first, "last_day": last, **more}
    assert refused(people, "leave.measure", **asked) == "bad_leave"


def test_annual_leave_stays_within_a_year(people: Books) -> None:
    asked = {"person": "specialist", "first_day": day(30, 12), "last_day": dt.date(2027, 1, 4)}
    assert refused(people, "leave.measure", kind="annual", **asked) == "bad_leave"
    assert people.do("leave.measure", kind="sick", **asked)["workdays"] >= 3


def test_what_is_asked_for_is_kept_from_the_balance_until_it_is_refused(people: Books) -> None:
    entitle(people, "specialist", "5")
    first = ask(people, "specialist", day(16), day(18), kind="annual")
    assert first["balance"] == 5
    assert ask(people, "specialist", day(23), day(24), kind="annual")["balance"] == 2
    people.do("leave.refuse", leave=first["leave"])
    assert leave.balance(people.tx, people.people["specialist"], "annual", 2026) == 3


def test_a_leave_beyond_the_balance_is_granted_only_as_an_overdraft(people: Books) -> None:
    entitle(people, "specialist", "1.5")
    asked = ask(people, "specialist", day(16), day(17), kind="annual")
    grant = {"leave": asked["leave"], "days": Decimal(2), "statutory": True, "approved_by": "supervisor"}
    assert refused(people, "leave.grant", needs_balance=True, **grant) == "no_balance"
    people.do("leave.grant", needs_balance=True, overdraw=True, **grant)
    assert leave.balance(people.tx, people.people["specialist"], "annual", 2026) == Decimal("-0.5")


def test_nobody_grants_or_confirms_their_own(people: Books) -> None:
    asked = ask(people, "specialist", day(9), day(13))
    own = {"leave": asked["leave"], "days": 5, "statutory": False, "approved_by": "specialist"}
    assert refused(people, "leave.grant", **own) == "same_person"
    people.do("leave.grant", **{**own, "approved_by": "supervisor"})
    back = {"leave": asked["leave"], "back_on": day(11), "confirmed_by": "specialist"}
    assert refused(people, "leave.withdraw", **back) == "same_person"


def test_who_enters_or_gains_from_an_entitlement_does_not_approve_it(people: Books) -> None:
    line = {"person": people.people["lead"], "kind": "annual", "year": 2026, "days": Decimal(5)}
    entry = {"lines": [line], "reason": "年度", "entered_by": "hr"}
    assert refused(people, "leave.set_entitlements", approved_by="hr", **entry) == "same_person"
    assert refused(people, "leave.set_entitlements", approved_by="lead", **entry) == "same_person"


def test_coming_back_early_gives_the_days_back(people: Books) -> None:
    entitle(people, "specialist", "5")
    asked = ask(people, "specialist", day(9), day(13), kind="annual")
    people.do("leave.grant", leave=asked["leave"], days=5, statutory=True, approved_by="supervisor")
    found = people.do("leave.find", number=asked["leave_number"], person="specialist", back_on=day(11))
    assert found["begun"] is True
    people.do("leave.withdraw", leave=asked["leave"], back_on=day(11), confirmed_by="supervisor")
    assert leave.balance(people.tx, people.people["specialist"], "annual", 2026) == 3
    assert leave.away(people.tx, day(10)).keys() == {people.people["specialist"]}
    assert leave.away(people.tx, day(11)) == {}


def test_a_deputy_who_is_away_themselves_is_told_with_the_days(people: Books) -> None:
    granted(people, "analyst", day(10), day(11))
    ask(people, "analyst", day(13), day(13))
    # Half of the 17th is left to them.
    ask(people, "analyst", day(17), day(17), starts_at_noon=True)
    asked = {"person": "specialist", "kind": "personal", "deputy": "analyst"}
    with pytest.raises(BpmnError) as caught:
        people.do("leave.measure", **asked, first_day=day(11), last_day=day(17), ends_at_noon=True)
    assert caught.value.code == "bad_leave"
    analyst = accounts.organisation(people.tx).by_public_id[people.people["analyst"]]
    named = i18n.label(i18n.DEFAULT, analyst.names)
    assert f"{named} 这段时间自己也不在（2026-03-10 – 2026-03-11, 2026-03-13）" in caught.value.message
    people.do("leave.measure", **asked, first_day=day(16), last_day=day(17), ends_at_noon=True)


def test_nobody_finds_anothers_leave(people: Books) -> None:
    asked = ask(people, "specialist", day(16), day(16))
    assert refused(people, "leave.find", number=asked["leave_number"], person="analyst") == "no_such_leave"


def test_what_is_not_decided_is_not_cut_short(people: Books) -> None:
    """It would be withdrawn whole, and the day of return would be lost without a word."""
    asked = ask(people, "specialist", MONDAY, day(11))
    given = {"number": asked["leave_number"], "person": "specialist"}
    assert refused(people, "leave.find", **given, back_on=day(11)) == "no_such_leave"
    assert people.do("leave.find", **given)["begun"] is False


def test_taking_back_what_is_being_decided_tells_its_case(people: Books) -> None:
    asked = ask(people, "specialist", day(16), day(16))
    people.tx.execute(leave.leaves.update().values(case="d" * 32))
    people.do("leave.withdraw", leave=asked["leave"])
    assert people.sent == [("leave_withdrawn", asked["leave_number"], {})]


def test_statutory_leave_counts_as_attended(people: Books) -> None:
    granted(people, "specialist", day(9), day(10))
    asked = ask(people, "specialist", day(12), day(13), kind="annual", starts_at_noon=True)
    people.do(
        "leave.grant", leave=asked["leave"], days=Decimal("1.5"), statutory=True, approved_by="supervisor"
    )
    off = attended.of_month(people.tx, people.people["specialist"], day(1), day(31))
    assert (off.statutory_leave, off.other_leave, off.due - off.days) == (Decimal("1.5"), Decimal(2), Decimal(2))


def found(books: Books, who: str, **more: Any) -> tuple[str | None, str | None, bool]:
    answer = books.do("people.approver", applicant=who, **more)
    roles = {person: role for role, person in books.people.items()}
    return roles[answer["approver"]], roles.get(answer["instead_of"]), answer["with_hr"]


def test_the_superior_decides_and_the_managers_own_goes_up_and_to_hr(people: Books) -> None:
    assert found(people, "specialist") == ("supervisor", None, False)
    assert found(people, "specialist", beyond="supervisor") == ("manager", None, False)
    assert found(people, "manager") == ("lead", None, True)
    assert refused(people, "people.approver", applicant="lead") == "nobody_above"


def test_whoever_drafted_it_is_passed_over(people: Books) -> None:
    barred = [people.people["specialist"], people.people["supervisor"]]
    assert found(people, "specialist", barred=barred) == ("manager", None, False)


def test_whoever_works_for_a_drafter_is_passed_over_too(people: Books) -> None:
    """The manager proposes an award for a specialist: the supervisor between them does not decide it."""
    drafted = [people.people["manager"]]
    assert found(people, "specialist", barred=drafted) == ("lead", None, False)
    granted(people, "lead", MONDAY, day(10), deputy="supervisor")
    assert found(people, "specialist", barred=drafted) == ("lead", None, False)
    given = {"applicant": "specialist", "barred": [people.people["lead"]]}
    assert refused(people, "people.approver", **given) == "nobody_above"


def test_a_deputy_stands_in_for_who_is_away_unless_they_are_barred_or_away(people: Books) -> None:
    granted(people, "supervisor", MONDAY, day(10), deputy="analyst")
    assert found(people, "specialist") == ("analyst", "supervisor", False)
    assert found(people, "specialist", barred=[people.people["analyst"]]) == ("manager", None, False)
    granted(people, "manager", MONDAY, day(10))
    granted(people, "lead", MONDAY, day(10))
    barred = [people.people["analyst"]]
    # All are away: the nearest is asked all the same, and nothing waits for ever.
    assert found(people, "specialist", barred=barred) == ("supervisor", None, False)
