"""A group whose people are all away: the deputy whom a leave names does what the group is asked, the next superior
what the deputy is kept from: what is their own, or comes after a step that they did themselves. What a deputy took
stays theirs; what somebody had taken who goes on leave goes back to their group. What a deputy has by name is that of
who is back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime import household, library
from runtime.commands import accounts, handing_over, user_tasks
from runtime.forms import FormInvalid
from runtime.identity import SYSTEM
from runtime.ledger import leave
from runtime.queries import inbox, processes, tasks
from runtime.store import event_log
from runtime.worker import Worker
from tests.diagrams import bpmn, element, end, flow, properties, start, user
from tests.office import Office

REVIEW = bpmn("ask", start(), user("review", candidateGroups="manager"), end())
LANES = bpmn(
    "ask",
    start(),
    user("draft", candidateGroups="supervisor"),
    user("review", candidateGroups="manager"),
    user("confirm", candidateGroups="manager"),
    end(),
    starters="specialist,supervisor",
)


def elements(office: Office, username: str) -> list[str]:
    return [row.element for row in office.as_(username).inbox()]


def on_leave(office: Office, who: str, deputy: str | None = None, days: int = 1, **more: Any) -> None:
    """Granted, from today on."""
    person = office.as_(who).actor.public_id
    named = office.as_(deputy).actor.public_id if deputy else None

    def enter(tx: Any, actor: Any) -> None:
        first = household.today(tx)
        tx.insert(leave.leaves, [{
            "public_id": f"{who:x<32}", "number": f"LV-{who}", "case": "c", "at": tx.now, "person": person,
            "kind": "annual", "first_day": first, "starts_at_noon": False,
            "last_day": first + dt.timedelta(days=days - 1), "ends_at_noon": False, "workdays": days, "days": days,
            "state": "granted", "deputy": named, **more,
        }])  # fmt: skip

    office.runtime.do(enter, SYSTEM)


def take(office: Office, username: str) -> str:
    """The one task that waits for them; its id."""
    [task] = office.as_(username).inbox()
    office.runtime.do(user_tasks.claim, office.as_(username).actor, task.id)
    return task.id


def in_whose_place(office: Office, kind: str = "task_completed") -> list[str | None]:
    """Of each such line in the log of the one case."""
    [case] = office.cases_of("ask")
    names = {office.as_(name).actor.id: name for name in ("boss", "sup", "buyer")}
    return [names[each.principal_id] if each.principal_id else None for each in case.log if each.kind == kind]


def counted(office: Office, username: str) -> int:
    return office.runtime.read(inbox.counts, office.as_(username).actor).group

# The starter's superior is the supervisor.
BY_NAME = bpmn(
    "ask",
    start(),
    user(
        "judge",
        properties(meant_for="${superior_of(initiator)}", excludes="${initiator}"),
        assignee="${acting(superior_of(initiator), [initiator])}",
    ),
    end(),
)


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


def test_who_is_asked_for_themselves_as_well_does_it_for_themselves(firm: Office) -> None:
    firm.deploy(bpmn("ask", start(), user("own", candidateGroups="supervisor,manager"), end()))
    firm.as_("spec").start("ask")
    on_leave(firm, "boss", "sup")
    firm.as_("sup").do("own")
    assert in_whose_place(firm) == [None]


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
    with pytest.raises(library.NoSuchTask):
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


def test_what_a_deputy_took_stays_theirs_and_it_is_told_in_whose_place(asked: Office) -> None:
    on_leave(asked, "boss", "sup")
    take(asked, "sup")
    asked.later(days=1)
    assert elements(asked, "boss") == []
    [row] = asked.as_("sup").inbox()
    assert row.in_place_of is not None and row.in_place_of.id == asked.as_("boss").actor.public_id
    asked.as_("sup").do("review")
    assert in_whose_place(asked) == ["boss"]


def test_a_deputy_may_give_back_what_they_took_when_everybody_is_back(asked: Office) -> None:
    on_leave(asked, "boss", "sup")
    task = take(asked, "sup")
    asked.later(days=1)
    assert asked.runtime.read(tasks.task_page, asked.as_("sup").actor, task, "en").may_release
    assert asked.runtime.do(user_tasks.release, asked.as_("sup").actor, task) is False
    assert elements(asked, "sup") == []
    asked.as_("boss").do("review")
    assert in_whose_place(asked) == [None]


def test_a_deputy_who_goes_on_leave_gives_back_what_they_took(asked: Office) -> None:
    on_leave(asked, "boss", "sup", days=2)
    take(asked, "sup")
    asked.later(days=1)
    on_leave(asked, "sup")
    asked.settle()
    asked.as_("boss").do("review")  # who works on their leave
    assert in_whose_place(asked) == [None]


def test_whoever_is_given_it_by_a_superior_does_it_for_themselves(asked: Office) -> None:
    asked.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["specialist", "manager"])
    on_leave(asked, "boss", "sup")
    on_leave(asked, "spec2")
    task = take(asked, "sup")
    spec2 = asked.as_("spec2").actor
    asked.runtime.do(handing_over.give, asked.as_("boss").actor, task, spec2.public_id, "urgent")
    asked.as_("spec2").do("review")
    assert in_whose_place(asked) == [None]


def test_a_deputy_does_not_do_two_steps_that_lanes_keep_apart(firm: Office) -> None:
    firm.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["purchasing", "supervisor"])
    firm.deploy(LANES)
    for drafter in ("sup", "buyer"):
        firm.as_("spec").start("ask")
        firm.as_(drafter).do("draft")
    on_leave(firm, "boss", "sup")
    mine, theirs = (case.id for case in firm.cases_of("ask"))
    assert [row.case for row in firm.as_("sup").inbox()] == [theirs] and counted(firm, "sup") == 1
    [task] = firm.as_("lead").inbox()
    assert task.case == mine and counted(firm, "lead") == 1
    for act in (user_tasks.claim, lambda *said: user_tasks.complete(*said, {})):
        with pytest.raises(library.NoSuchTask):
            firm.runtime.do(act, firm.as_("sup").actor, task.id)
    firm.as_("lead").do("review")
    # Both steps of the lane in which they stand in are theirs: so they would be whose place it is.
    firm.as_("sup").do("review")
    firm.as_("sup").do("confirm")


def test_a_deputy_does_nothing_in_a_case_that_they_started_or_that_is_about_them(firm: Office) -> None:
    firm.deploy(LANES, bpmn("told", start(), user("judge", candidateGroups="manager"), end(),
                            extra=properties(subject="${superior_of(initiator)}")))  # fmt: skip
    firm.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["purchasing", "supervisor"])
    firm.as_("sup").start("ask")
    firm.as_("buyer").do("draft")
    firm.as_("spec").start("told")
    on_leave(firm, "boss", "sup")
    assert "review" not in elements(firm, "sup") and "judge" not in elements(firm, "sup")
    assert elements(firm, "lead") == ["review", "judge"]


def test_who_stood_in_first_does_no_later_step_of_their_own_lane(firm: Office) -> None:
    """The manager drafts in the place of the supervisor: the review, which is the manager's, goes to the next
    superior, also when everybody is back."""
    firm.deploy(LANES)
    on_leave(firm, "sup")
    firm.as_("spec").start("ask")
    firm.as_("boss").do("draft")
    assert elements(firm, "boss") == [] and elements(firm, "lead") == ["review"]
    firm.later(days=1)
    firm.as_("lead").do("review")
    assert elements(firm, "boss") == [] and elements(firm, "lead") == ["confirm"]
    assert in_whose_place(firm) == ["sup", None]


def test_who_stood_in_does_further_steps_of_the_same_lane_and_others_of_theirs_go_on(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "ask",
            start(),
            user("draft", candidateGroups="supervisor"),
            user("mend", candidateGroups="supervisor"),
            user("enter", candidateGroups="specialist"),
            end(),
        )
    )
    on_leave(firm, "sup", "spec2", days=2)
    firm.as_("spec").start("ask")
    firm.as_("spec2").do("draft")
    firm.as_("spec2").do("mend")
    assert elements(firm, "spec2") == [] and elements(firm, "spec") == ["enter"]


def test_what_the_next_superior_is_kept_from_too_goes_further_up(firm: Office) -> None:
    firm.deploy(bpmn("ask", start(), user("plan", candidateGroups="manager"),
                     user("check", candidateGroups="supervisor"), end()))  # fmt: skip
    firm.as_("spec2").start("ask")
    firm.as_("boss").do("plan")
    on_leave(firm, "sup", "spec2")
    assert elements(firm, "spec2") == elements(firm, "boss") == [] and elements(firm, "lead") == ["check"]
    firm.as_("lead").do("check")
    assert in_whose_place(firm) == [None, "sup"]


def test_what_is_not_for_who_is_away_is_not_for_their_deputy(firm: Office) -> None:
    """A deputy acts in their place, for whom they are deputy: another's deputy may do it."""
    firm.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["purchasing", "manager"])
    kept = properties(excludes="${initiator}")
    firm.deploy(bpmn("ask", start(), user("review", kept, candidateGroups="manager"), end(), starters="manager"))
    firm.as_("boss").start("ask")
    on_leave(firm, "boss", "sup")
    on_leave(firm, "buyer", "spec")
    assert elements(firm, "sup") == [] and elements(firm, "lead") == ["review"]
    firm.as_("spec").do("review")
    assert in_whose_place(firm) == ["buyer"]


def test_who_took_it_as_a_deputy_and_then_does_their_own_step_gives_it_back(firm: Office) -> None:
    fork, join = element("parallelGateway", "fork"), element("parallelGateway", "join")
    both = [user("check", candidateGroups="supervisor"), user("review", candidateGroups="manager")]
    ways = [flow("begun", "fork"), flow("join", "ended")]
    ways += [flow(*way) for each in ("check", "review") for way in (("fork", each), (each, "join"))]
    firm.deploy(bpmn("ask", start(), fork, *both, join, end(), *ways))
    firm.as_("spec").start("ask")
    on_leave(firm, "boss", "sup")
    sup = firm.as_("sup")
    task = sup.find("review").id
    firm.runtime.do(user_tasks.claim, sup.actor, task)
    sup.do("check")
    with pytest.raises(user_tasks.NotBoth):
        firm.runtime.do(user_tasks.complete, sup.actor, task, {})
    page = firm.runtime.read(tasks.task_page, sup.actor, task, "en")
    assert page.may_release and not page.may_complete
    firm.runtime.do(user_tasks.release, sup.actor, task)
    assert elements(firm, "sup") == [] and elements(firm, "lead") == ["review"]


def test_a_worker_that_starts_gives_back_nothing_that_was_taken_on_leave(asked: Office) -> None:
    on_leave(asked, "boss", "sup", days=3)
    asked.settle()
    take(asked, "boss")
    Worker(asked.runtime).drain()
    assert elements(asked, "boss") == ["review"] and elements(asked, "sup") == []


def test_what_a_deputy_has_by_name_is_that_of_who_is_back(firm: Office) -> None:
    firm.deploy(BY_NAME)
    on_leave(firm, "sup", "spec2", days=2)
    firm.as_("spec").start("ask")
    [task] = firm.as_("spec2").inbox()
    assert task.in_place_of is not None and task.in_place_of.id == firm.as_("sup").actor.public_id
    firm.later(days=1)
    assert elements(firm, "spec2") == ["judge"] and elements(firm, "sup") == []
    firm.later(days=1)
    assert elements(firm, "spec2") == [] and elements(firm, "sup") == ["judge"]
    with pytest.raises((user_tasks.TaskTaken, library.NoSuchTask)):
        firm.runtime.do(user_tasks.complete, firm.as_("spec2").actor, task.id, {})
    firm.as_("sup").do("judge")
    assert in_whose_place(firm) == [None]


def test_what_a_deputy_did_by_name_is_told_in_whose_place(firm: Office) -> None:
    firm.deploy(BY_NAME)
    on_leave(firm, "sup", "spec2")
    firm.as_("spec").start("ask")
    firm.as_("spec2").do("judge")
    assert in_whose_place(firm) == ["sup"]
    firm.later(days=1)
    assert elements(firm, "sup") == []


def test_where_the_leave_names_nobody_it_comes_back_from_the_next_superior_too(firm: Office) -> None:
    firm.deploy(BY_NAME)
    on_leave(firm, "sup")
    firm.as_("spec").start("ask")
    assert elements(firm, "boss") == ["judge"]
    firm.later(days=1)
    assert elements(firm, "boss") == [] and elements(firm, "sup") == ["judge"]


def test_what_a_superior_gave_on_by_name_stays_where_they_gave_it(firm: Office) -> None:
    given = properties(meant_for="${superior_of(initiator)}", reassign="team")
    judge = user("judge", given, assignee="${acting(superior_of(initiator))}")
    firm.deploy(bpmn("ask", start(), judge, end()))
    on_leave(firm, "sup", "spec2")
    firm.as_("spec").start("ask")
    [task] = firm.as_("spec2").inbox()
    spec = firm.as_("spec").actor
    firm.runtime.do(handing_over.give, firm.as_("boss").actor, task.id, spec.public_id, "urgent")
    firm.later(days=1)
    assert elements(firm, "spec") == ["judge"] and elements(firm, "sup") == []
    firm.as_("spec").do("judge")
    assert in_whose_place(firm) == [None]


def test_it_does_not_come_back_to_who_left_meanwhile(firm: Office) -> None:
    firm.deploy(BY_NAME)
    on_leave(firm, "sup", "spec2")
    firm.as_("spec").start("ask")
    firm.runtime.do(accounts.deactivate, SYSTEM, "sup", receiver=None)
    firm.later(days=1)
    assert elements(firm, "spec2") == ["judge"]


def test_what_names_nobody_who_could_do_it_comes_back_to_nobody(firm: Office) -> None:
    """Whom the diagram excludes, or who has it already."""
    asks = [
        properties(meant_for="${initiator}", excludes="${initiator}"),
        properties(meant_for="${superior_of(initiator)}"),
        properties(meant_for="${null}"),
    ]
    for number, asked_for in enumerate(asks):
        judge = user("judge", asked_for, assignee="${superior_of(initiator)}")
        firm.deploy(bpmn(f"ask{number}", start(), judge, end()))
        firm.as_("spec").start(f"ask{number}")
    assert [row.in_place_of for row in firm.as_("sup").inbox()] == [None, None, None]
    firm.later(days=1)
    assert elements(firm, "sup") == ["judge"] * 3


def test_a_request_that_waits_for_a_deputy_is_the_superiors_again_when_they_are_back(office: Office) -> None:
    """The supervisor is on leave today, and zhoulei decides in their place."""
    day = "2026-03-09"
    leave_of = {"leave_type": "personal", "leave_from": day, "leave_to": day, "leave_reason": "家事"}
    deputy = office.as_("zhoulei").actor.public_id
    office.as_("chenjie").start("leave_request", **leave_of, deputy=deputy)
    office.as_("wangfang").do("review_request", decision="approve")
    later = dict.fromkeys(("leave_from", "leave_to"), "2026-03-16")
    office.as_("liyang").start("leave_request", **{**leave_of, **later})
    [task] = office.as_("zhoulei").inbox()
    assert task.element == "review_request" and task.in_place_of is not None
    office.later(days=1)
    assert "review_request" not in elements(office, "zhoulei")
    office.as_("chenjie").do("review_request", decision="approve")


def test_nobody_is_offered_themselves_and_the_server_takes_nobody_for_themselves(office: Office) -> None:
    """As their deputy, and as who does a task that they give."""
    leave_given = {"leave_type": "personal", "leave_from": "2026-04-13", "leave_to": "2026-04-13"}
    errand = {"errand_task": "整理样品间", "due_on": "2026-03-12"}
    for process, key, given in (("leave_request", "deputy", leave_given), ("errand", "doer", errand)):
        who = office.as_("chenjie")
        with pytest.raises(FormInvalid) as refused:
            who.start(process, **given, **{key: who.actor.public_id})
        assert [(each.rule, each.where) for each in refused.value.problems] == [("answer.unknown_option", key)]
        page = office.runtime.read(processes.start_page, who.actor, process, "zh_Hans")
        [field] = [each for each in page.schema["components"] if each.get("key") == key]
        offered = {each["value"] for each in field["values"]}
        assert who.actor.public_id not in offered and len(offered) > 10
