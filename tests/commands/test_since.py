"""A leave's own page says what became of it after it was granted."""

from __future__ import annotations

import pytest

from runtime.library import NoSuchCase
from runtime.queries import inbox
from tests.office import Case, Office

LEAVE = {"leave_type": "personal", "leave_reason": "家中有事"}


@pytest.fixture
def leave(office: Office) -> Case:
    """Granted, from Monday to Wednesday."""
    case = office.as_("liyang").start("leave_request", leave_from="2026-03-16", leave_to="2026-03-18", **LEAVE)
    office.as_("chenjie").do("review_request", decision="approve")
    assert case.end == "leave_granted"
    return case


def listed(office: Office, case: Case) -> str:
    rows = office.runtime.read(inbox.started, office.as_("liyang").actor).rows
    return next(row.since for row in rows if row.id == case.id)


def test_a_granted_leave_that_stands_has_nothing_more_to_say(office: Office, leave: Case) -> None:
    assert (office.as_("liyang").case_page(leave.id).since, listed(office, leave)) == (None, "")


def test_a_leave_that_was_taken_back_says_when_and_by_which_case(office: Office, leave: Case) -> None:
    office.later(hours=5)
    taken_back = office.as_("liyang").start("leave_withdrawal", leave_number=leave.variables["leave_number"])
    since = office.as_("liyang").case_page(leave.id).since
    assert since is not None and since.at > leave.row.ended_at
    assert (since.kind, since.case, since.last_day) == ("withdrawn", taken_back.id, None)
    assert since.title["zh_Hans"] == f"撤回请假 {leave.variables['leave_number']}"
    assert listed(office, leave) == "withdrawn"


def test_a_leave_that_ended_early_says_its_last_day(office: Office, leave: Case) -> None:
    office.later(days=7, hours=2)
    number = leave.variables["leave_number"]
    early = office.as_("liyang").start("leave_withdrawal", leave_number=number, back_on="2026-03-17")
    office.as_("chenjie").do("confirm_return", return_decision="confirm")
    since = office.as_("liyang").case_page(leave.id).since
    assert since is not None and str(since.last_day) == "2026-03-16"
    assert (since.kind, since.case, listed(office, leave)) == ("ended_early", early.id, "ended_early")


def test_a_leave_that_was_taken_back_undecided_ends_so_and_names_the_case(office: Office) -> None:
    case = office.as_("liyang").start("leave_request", leave_from="2026-03-16", leave_to="2026-03-18", **LEAVE)
    taken_back = office.as_("liyang").start("leave_withdrawal", leave_number=case.variables["leave_number"])
    page = office.as_("liyang").case_page(case.id)
    assert page.outcome["zh_Hans"] == "请假已撤回"
    assert page.since is not None and page.since.case == taken_back.id
    assert listed(office, case) == ""  # twice the same


def test_their_superior_reads_it_too_and_nobody_beside_them(office: Office, leave: Case) -> None:
    office.as_("liyang").start("leave_withdrawal", leave_number=leave.variables["leave_number"])
    assert office.as_("chenjie").case_page(leave.id).since is not None
    with pytest.raises(NoSuchCase):
        office.as_("zhangmin").case_page(leave.id)
