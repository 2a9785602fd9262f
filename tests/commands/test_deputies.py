"""A group whose people are all away: the deputy whom a leave names does what the group is asked, the next superior
what the deputy is kept from; and what somebody had taken goes back to their group."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime import library
from runtime.commands import accounts, user_tasks
from runtime.identity import SYSTEM
from runtime.ledger import leave
from runtime.queries import inbox
from runtime.store import event_log
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Office

REVIEW = bpmn("ask", start(), user("review", candidateGroups="manager"), end())


def elements(office: Office, username: str) -> list[str]:
    return [row.element for row in office.as_(username).inbox()]


def on_leave(office: Office, who: str, deputy: str | None = None, days: int = 1, **more: Any) -> None:
    """Granted, from today on."""
    person = office.as_(who).actor.public_id
    named = office.as_(deputy).actor.public_id if deputy else None

    def enter(tx: Any, actor: Any) -> None:
        first = library.today(tx)
        tx.insert(leave.leaves, [{
            "public_id": f"{who:x<32}", "number": f"LV-{who}", "case": "c", "at": tx.now, "person": person,
            "kind": "annual", "first_day": first, "starts_at_noon": False,
            "last_day": first + dt.timedelta(days=days - 1), "ends_at_noon": False, "workdays": days, "days": days,
            "state": "granted", "deputy": named, **more,
        }])  # fmt: skip

    office.runtime.do(enter, SYSTEM)


def counted(office: Office, username: str) -> int:
    return office.runtime.read(inbox.counts, office.as_(username).actor).group


@pytest.fixture
def asked(firm: Office) -> Office:
    """The manager (boss), above the supervisor (sup), is to review something."""
    firm.deploy(REVIEW)
    firm.as_("spec").start("ask")
    assert elements(firm, "boss") == ["review"] and elements(firm, "sup") == []
    return firm


def test_the_deputy_does_it_at_once_and_no_longer_than_the_leave_lasts(asked: Office) -> None:
    on_leave(asked, "boss", "sup", days=2)
    [task] = asked.as_("sup").inbox()
    assert counted(asked, "sup") == 1
    asked.later(days=2)
    assert elements(asked, "sup") == []
    with pytest.raises(library.NoSuchTask):
        asked.runtime.do(user_tasks.complete, asked.as_("sup").actor, task.id, {})


def test_it_is_told_in_whose_place_it_was_done(asked: Office) -> None:
    on_leave(asked, "boss", "sup")
    asked.as_("sup").do("review")
    [case] = asked.cases_of("ask")
    boss = asked.as_("boss").actor.id
    done = [each for each in case.log if each.kind == "task_completed"]
    assert [each.principal_id for each in done] == [boss]
    assert event_log.broken_at(case.log) is None
    told = [moment.text for moment in asked.as_("spec").case_page(case.id, "en").timeline]
    assert any("in place of" in line for line in told), told


def test_who_does_what_is_asked_of_themselves_is_nobodys_deputy(firm: Office) -> None:
    firm.deploy(bpmn("ask", start(), user("own", candidateGroups="supervisor"), end()))
    firm.as_("spec").start("ask")
    on_leave(firm, "boss", "sup")
    firm.as_("sup").do("own")
    [case] = firm.cases_of("ask")
    assert {each.principal_id for each in case.log} == {None}


def test_somebody_of_the_group_who_is_here_is_enough(asked: Office) -> None:
    asked.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["purchasing", "manager"])
    on_leave(asked, "boss", "sup")
    assert elements(asked, "sup") == [] and elements(asked, "buyer") == ["review"]


def test_without_a_deputy_the_next_superior_who_is_here(firm: Office) -> None:
    firm.deploy(bpmn("ask", start(), user("check", candidateGroups="supervisor"), end()))
    firm.as_("spec2").start("ask")
    on_leave(firm, "sup")
    assert elements(firm, "boss") == ["check"]


def test_a_deputy_who_is_away_too_does_not_do_it(firm: Office) -> None:
    firm.deploy(bpmn("ask", start(), user("check", candidateGroups="supervisor"), end()))
    firm.as_("spec2").start("ask")
    on_leave(firm, "sup", "spec")
    on_leave(firm, "spec", "sup")
    assert elements(firm, "spec") == [] and elements(firm, "boss") == ["check"]


def test_a_deputy_never_decides_what_they_are_kept_from(firm: Office) -> None:
    kept = properties(excludes="${initiator}")
    firm.deploy(bpmn("ask", start(), user("check", kept, candidateGroups="supervisor"), end()))
    firm.as_("spec").start("ask")
    firm.as_("spec2").start("ask")
    on_leave(firm, "sup", "spec")
    mine, theirs = (case.id for case in firm.cases_of("ask"))
    # The deputy has what their colleague asked for; their own goes to the next superior, and only that.
    assert [row.case for row in firm.as_("spec").inbox()] == [theirs]
    assert [row.case for row in firm.as_("boss").inbox()] == [mine]
    assert counted(firm, "boss") == 1
    with pytest.raises(user_tasks.NotYourOwn):
        firm.runtime.do(user_tasks.claim, firm.as_("spec").actor, firm.as_("boss").inbox()[0].id)
    firm.as_("boss").do("check")
    firm.as_("spec").do("check")
    assert elements(firm, "boss") == elements(firm, "spec") == []


@pytest.mark.parametrize("half", ["starts_at_noon", "ends_at_noon"])
def test_half_a_day_is_waited_for(asked: Office, half: str) -> None:
    on_leave(asked, "boss", "sup", **{half: True})
    assert elements(asked, "sup") == []


@pytest.mark.parametrize("state", ["requested", "refused", "withdrawn"])
def test_only_a_granted_leave_counts(asked: Office, state: str) -> None:
    on_leave(asked, "boss", "sup", state=state)
    assert elements(asked, "sup") == []


def test_a_deputy_gets_no_other_right(asked: Office) -> None:
    before = asked.as_("sup").actor
    on_leave(asked, "boss", "sup")
    after = asked.as_("sup").actor
    assert (after.groups, after.grants, after.subordinates) == (before.groups, before.grants, before.subordinates)


def test_what_they_had_taken_goes_back_to_their_group_once(asked: Office) -> None:
    [task] = asked.as_("boss").inbox()
    asked.runtime.do(user_tasks.claim, asked.as_("boss").actor, task.id)
    on_leave(asked, "boss", "sup", days=3)
    asked.settle()
    assert elements(asked, "sup") == ["review"]
    # Whoever works on their leave keeps what they take then.
    asked.runtime.do(user_tasks.claim, asked.as_("boss").actor, task.id)
    asked.later(days=1)
    asked.settle()
    assert elements(asked, "sup") == []


def test_what_is_theirs_by_name_waits_for_them(firm: Office) -> None:
    firm.deploy(bpmn("ask", start(), user("own", assignee="${superior_of(initiator)}"), end()))
    firm.as_("spec").start("ask")
    on_leave(firm, "sup", "buyer")
    firm.settle()
    assert elements(firm, "sup") == ["own"] and elements(firm, "buyer") == []


def test_what_human_resources_are_asked_waits_for_them(firm: Office) -> None:
    """A sick note is for nobody else's eyes, neither a deputy's nor a superior's."""
    secret = properties(confidential="hr", subject="${initiator}")
    firm.deploy(bpmn("ask", start(), user("note", candidateGroups="hr"), end(), extra=secret))
    firm.as_("spec").start("ask")
    on_leave(firm, "hr", "sup")
    assert elements(firm, "sup") == elements(firm, "lead") == [] and elements(firm, "hr") == ["note"]


def test_a_deputy_from_outside_the_department_is_passed_over(firm: Office) -> None:
    firm.deploy(bpmn("ask", start(), user("check", candidateGroups="supervisor"), end()))
    firm.as_("spec").start("ask")
    on_leave(firm, "sup", "buyer")
    assert elements(firm, "buyer") == [] and elements(firm, "boss") == ["check"]
