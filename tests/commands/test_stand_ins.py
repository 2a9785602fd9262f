"""A task that waits for somebody of its group who is away, since all the others of the group are kept from it: the
deputy whom the leave names has it, the next superior what the deputy is kept from, until one is back who may do it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor, household, library
from runtime.commands import accounts, user_tasks
from runtime.identity import SYSTEM
from runtime.ledger import leave
from runtime.queries import cases, handing, tasks
from runtime.store import user_tasks as store
from runtime.worker import Worker
from tests.commands.test_deputies import counted, elements, in_whose_place, on_leave, take
from tests.diagrams import bpmn, element, end, flow, properties, start, user
from tests.office import Office

KEPT = properties(excludes="${initiator}")
REVIEW = bpmn("ask", start(), user("review", KEPT, candidateGroups="manager"), end(), starters="manager,specialist")


@pytest.fixture
def two(firm: Office) -> Office:
    """Two managers, the boss and the buyer: what one of them asks for is the other one's to review."""
    firm.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["purchasing", "manager"])
    firm.deploy(REVIEW)
    return firm


def asked(office: Office) -> list[tuple[str, str]]:
    """Who is asked in whose place, of whichever task."""

    def found(tx: Any, actor: Any) -> list[tuple[str, str]]:
        people = household.organisation(tx).by_id
        rows = [(int(row.who.partition(":")[2]), row.principal_id) for row in store.in_place(tx)]
        return sorted((people[who].username, people[principal].username) for who, principal in rows)

    return office.runtime.read(found, SYSTEM)


def ends(office: Office, who: str) -> None:
    """They are back before their leave is over."""
    person = office.as_(who).actor.public_id
    leaves = leave.leaves
    withdrawn = sa.update(leaves).where(leaves.c.person == person).values(state="withdrawn")
    office.runtime.do(lambda tx, actor: tx.execute(withdrawn), SYSTEM)


def test_it_goes_to_the_deputy_when_the_leave_begins_and_back_when_it_ends(two: Office) -> None:
    two.as_("buyer").start("ask")
    assert elements(two, "boss") == ["review"] and elements(two, "sup") == []
    on_leave(two, "boss", "sup", days=2)
    two.settle()
    [task] = two.as_("sup").inbox()
    assert task.in_place_of is not None and task.in_place_of.id == two.as_("boss").actor.public_id
    assert counted(two, "sup") == 1 and elements(two, "buyer") == elements(two, "lead") == []
    assert elements(two, "boss") == ["review"]  # who works on their leave
    two.later(days=1)
    assert elements(two, "sup") == ["review"]
    two.later(days=1)
    assert elements(two, "sup") == [] and elements(two, "boss") == ["review"]
    with pytest.raises(library.NoSuchTask):
        two.runtime.do(user_tasks.claim, two.as_("sup").actor, task.id)
    two.as_("boss").do("review")
    assert in_whose_place(two) == [None]


def test_it_goes_to_the_deputy_when_it_opens_on_a_leave_and_the_log_says_in_whose_place(two: Office) -> None:
    on_leave(two, "boss", "sup")
    two.settle()
    case = two.as_("buyer").start("ask")
    assert [row.in_place_of is not None for row in two.as_("sup").inbox()] == [True]
    two.as_("sup").do("review")
    assert in_whose_place(two) == in_whose_place(two, "task_claimed") == ["boss"]
    told = [moment.text for moment in two.as_("buyer").case_page(case.id, "en").timeline]
    assert any("in place of" in line for line in told), told


def test_what_opens_by_the_step_of_somebody_who_is_kept_from_it(two: Office) -> None:
    """Completing stays within its statements, which Desk.do counts."""
    kept = properties(excludes="${draft_by}")
    steps = [user("draft", candidateGroups="manager"), user("review", kept, candidateGroups="manager")]
    two.deploy(bpmn("ask", start(), *steps, end(), starters="specialist"))
    on_leave(two, "boss", "sup")
    two.settle()
    two.as_("spec").start("ask")
    two.as_("buyer").do("draft")
    assert elements(two, "sup") == ["review"] and elements(two, "buyer") == []
    two.as_("sup").do("review")
    assert in_whose_place(two) == [None, "boss"]


def test_somebody_of_the_group_who_is_here_and_may_do_it_is_enough(two: Office) -> None:
    two.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["specialist", "manager"])
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup")
    two.settle()
    two.as_("buyer").start("ask")
    assert asked(two) == [] and elements(two, "spec2") == ["review", "review"]


def test_nobody_is_asked_besides_of_whom_nobody_is_kept(two: Office) -> None:
    two.as_("spec").start("ask")
    on_leave(two, "boss", "sup")
    two.settle()
    two.as_("spec").start("ask")
    assert asked(two) == [] and elements(two, "buyer") == ["review", "review"]


def test_the_last_who_could_do_it_leaves_and_somebody_who_can_joins(two: Office) -> None:
    two.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["specialist", "manager"])
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup", days=3)
    two.settle()
    two.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["specialist"])
    assert asked(two) == [("sup", "boss")]
    two.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["specialist", "manager"])
    assert asked(two) == [] and elements(two, "spec2") == ["review"]
    two.runtime.do(accounts.deactivate, SYSTEM, "spec2")
    assert asked(two) == [("sup", "boss")]


def test_who_stands_in_does_not_keep_it_when_who_was_away_is_gone_for_good(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup", days=3)
    two.settle()
    two.runtime.do(accounts.deactivate, SYSTEM, "boss")
    assert asked(two) == [] and elements(two, "sup") == []
    assert [row.in_place_of for row in two.as_("lead").inbox()] == [None]


def test_what_the_deputy_is_kept_from_is_the_next_superiors(two: Office) -> None:
    sup = two.as_("sup").actor.public_id
    kept = properties(excludes=f"${{[initiator, '{sup}']}}")
    two.deploy(bpmn("ask", start(), user("review", kept, candidateGroups="manager"), end(), starters="manager"))
    on_leave(two, "boss", "sup")
    two.settle()
    two.as_("buyer").start("ask")
    assert asked(two) == [("lead", "boss")]


def test_what_none_of_a_group_may_do_goes_past_a_superior_who_is_away(two: Office) -> None:
    """It is asked of a superior by name, and would wait for their return."""
    nobody = properties(excludes=f"${{['{two.as_('spec').actor.public_id}', '{two.as_('spec2').actor.public_id}']}}")
    two.deploy(bpmn("ask", start(), user("count", nobody, candidateGroups="specialist"), end(), starters="manager"))
    two.as_("buyer").start("ask")
    nearest = [who for who in ("sup", "boss", "lead") if elements(two, who)]
    assert nearest == ["sup"]
    on_leave(two, "sup")
    two.as_("buyer").start("ask")
    assert [len(elements(two, who)) for who in ("sup", "boss", "lead")] == [1, 1, 0]
    on_leave(two, "boss")
    on_leave(two, "lead")
    two.as_("buyer").start("ask")  # nobody is here: the nearest
    assert [len(elements(two, who)) for who in ("sup", "boss", "lead")] == [2, 1, 0]


def test_who_did_a_step_of_another_lane_or_started_it_does_not_stand_in(two: Office) -> None:
    kept = properties(excludes="${draft_by}")
    steps = [user("check", candidateGroups="supervisor"), user("draft", candidateGroups="manager")]
    steps.append(user("review", kept, candidateGroups="manager"))
    two.deploy(bpmn("ask", start(), *steps, end(), starters="specialist,supervisor"))
    for starter in ("spec", "sup"):
        two.as_(starter).start("ask")
        if starter == "spec":
            two.as_("sup").do("check")
        else:
            two.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["specialist", "supervisor"])
            two.as_("spec2").do("check")
        two.as_("buyer").do("draft")
    on_leave(two, "boss", "sup")
    two.settle()
    assert asked(two) == [("lead", "boss"), ("lead", "boss")]


def test_a_deputy_who_goes_on_leave_is_stood_in_for_by_the_next(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup", days=3)
    two.settle()
    take(two, "sup")
    on_leave(two, "sup", days=2)
    two.settle()
    assert asked(two) == [("lead", "boss")] and elements(two, "lead") == ["review"]
    two.later(days=2)
    assert asked(two) == [("sup", "boss")]


def test_what_the_deputy_took_stays_theirs_and_may_be_given_back(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup")
    two.settle()
    task = take(two, "sup")
    two.later(days=1)
    assert elements(two, "sup") == ["review"] and elements(two, "boss") == []
    assert two.runtime.read(tasks.task_page, two.as_("sup").actor, task, "en").may_release
    assert two.runtime.do(user_tasks.release, two.as_("sup").actor, task) is False
    assert elements(two, "sup") == [] and elements(two, "boss") == ["review"]


def test_it_goes_back_also_when_the_leave_is_cut_short(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup", days=5)
    two.settle()
    assert elements(two, "sup") == ["review"]
    ends(two, "boss")
    two.settle()
    assert elements(two, "sup") == []


@pytest.mark.parametrize("half", ["starts_at_noon", "ends_at_noon"])
def test_half_a_day_is_waited_for(two: Office, half: str) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup", **{half: True})
    two.settle()
    assert asked(two) == []


def test_on_the_day_at_whose_noon_they_are_back_it_is_theirs(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup", days=2, ends_at_noon=True)
    two.settle()
    assert asked(two) == [("sup", "boss")]
    two.later(days=1)
    assert asked(two) == []


def test_who_comes_back_and_may_not_do_it_leaves_it_to_the_deputy_of_who_is_away(two: Office) -> None:
    """Both were away, so that their deputies had all that the group is asked."""
    on_leave(two, "boss", "sup", days=3)
    on_leave(two, "buyer", "spec")
    two.settle()
    two.as_("buyer").start("ask")
    two.later(days=1)
    assert asked(two) == [("sup", "boss")] and elements(two, "sup") == ["review"]
    assert elements(two, "spec") == elements(two, "buyer") == []


def test_what_human_resources_are_asked_waits_for_them(two: Office) -> None:
    two.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["purchasing", "hr"])
    two.deploy(bpmn("ask", start(), user("note", KEPT, candidateGroups="hr"), end(), starters="hr"))
    on_leave(two, "hr", "sup")
    two.settle()
    two.as_("buyer").start("ask")
    assert asked(two) == [] and elements(two, "sup") == elements(two, "lead") == []


def test_who_stands_in_for_two_lanes_does_not_do_both(two: Office) -> None:
    fork, join = element("parallelGateway", "fork"), element("parallelGateway", "join")
    kept = properties(excludes="${draft_by}")
    draft = user("draft", candidateGroups="specialist")
    both = [user("check", kept, candidateGroups="supervisor"), user("review", kept, candidateGroups="manager")]
    ways = [flow("begun", "draft"), flow("draft", "fork"), flow("join", "ended")]
    ways += [flow(*way) for each in ("check", "review") for way in (("fork", each), (each, "join"))]
    two.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["specialist", "supervisor", "manager"])
    two.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["purchasing"])
    two.deploy(bpmn("ask", start(), draft, fork, *both, join, end(), *ways, starters="finance"))
    on_leave(two, "sup", "spec")
    on_leave(two, "boss", "spec")
    two.settle()
    two.as_("money").start("ask")
    two.as_("spec2").do("draft")
    assert asked(two) == [("spec", "boss"), ("spec", "sup")]
    review = two.as_("spec").find("review").id
    two.runtime.do(user_tasks.complete, two.as_("spec").actor, two.as_("spec").find("check").id, {})
    # Before any worker has looked around:
    page = two.runtime.read(tasks.task_page, two.as_("spec").actor, review, "en")
    assert not page.may_claim and not page.may_complete
    for act in (user_tasks.claim, lambda *said: user_tasks.complete(*said, {})):
        with pytest.raises(user_tasks.NotBoth):
            two.runtime.do(act, two.as_("spec").actor, review)
    Worker(two.runtime).drain()
    assert elements(two, "spec") == [] and elements(two, "lead") == ["review"]
    two.as_("lead").do("review")


def test_nobody_stands_in_for_longer_than_the_leave_to_see_what_others_did(two: Office) -> None:
    case = two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup")
    two.settle()
    two.as_("boss").do("review")
    sup = two.as_("sup").actor
    assert two.runtime.read(cases.case_page, sup, case.id, "en").id == case.id
    two.later(days=1)
    assert asked(two) == []
    with pytest.raises(library.NoSuchCase):
        two.runtime.read(cases.case_page, sup, case.id, "en")


def test_a_superior_gives_it_to_nobody_who_only_stands_in(two: Office) -> None:
    two.runtime.do(accounts.set_groups, SYSTEM, "spec", ["specialist", "manager"])
    two.deploy(REVIEW)
    two.as_("spec").start("ask")
    on_leave(two, "boss", "sup")
    on_leave(two, "buyer", "sup")
    two.settle()
    task = two.as_("sup").find("review").id
    offered = two.runtime.read(handing.of_task, two.as_("lead").actor, task)
    assert two.as_("sup").actor.public_id not in [each.id for each in offered]


def test_who_is_asked_for_themselves_meanwhile_stays_asked(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup")
    two.settle()
    [row] = two.runtime.read(lambda tx, actor: store.in_place(tx), SYSTEM)
    two.runtime.do(lambda tx, actor: store.ask(tx, row.task_id, row.who), SYSTEM)
    assert [each.in_place_of for each in two.as_("sup").inbox()] == [None]
    two.later(days=1)
    assert elements(two, "sup") == ["review"]


def test_who_stands_in_joins_the_group_and_does_it_for_themselves(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup")
    two.settle()
    two.runtime.do(accounts.set_groups, SYSTEM, "sup", ["supervisor", "manager"])
    two.as_("sup").do("review")
    assert in_whose_place(two) == [None]


def test_the_doctor_finds_nothing_amiss(two: Office) -> None:
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup")
    two.settle()
    take(two, "sup")
    found = {each.invariant.name for each in doctor.examine(two.runtime.engine, two.runtime.house)}
    assert found <= {"entries_have_cases"}  # the leave is of no case


def test_looking_around_changes_nothing_that_is_as_it_should_be(two: Office) -> None:
    """A worker asks every few seconds."""
    two.as_("buyer").start("ask")
    on_leave(two, "boss", "sup", days=3)
    two.settle()
    writes: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "user_task_candidates" in statement and not statement.lstrip().startswith("SELECT"):
            writes.append(statement)

    sa.event.listen(two.runtime.engine, "before_cursor_execute", note)
    Worker(two.runtime).drain()
    two.later(days=1)
    Worker(two.runtime).drain()
    sa.event.remove(two.runtime.engine, "before_cursor_execute", note)
    assert writes == [] and asked(two) == [("sup", "boss")]


def test_a_worker_that_starts_finds_what_waits_already(two: Office) -> None:
    """Of before anybody stood in for a part of a group, or since a reporting line changed."""
    two.as_("buyer").start("ask")
    on_leave(two, "boss", days=3)
    two.settle()
    assert asked(two) == [("lead", "boss")]
    two.runtime.do(accounts.set_superior, SYSTEM, "boss", "money")
    nobody = sa.delete(store.candidates).where(store.candidates.c.principal_id.is_not(None))
    two.runtime.do(lambda tx, actor: tx.execute(nobody), SYSTEM)
    Worker(two.runtime).drain()
    assert asked(two) == [("money", "boss")]


def test_of_a_group_that_is_away_as_a_whole_nothing_is_written(two: Office) -> None:
    two.as_("spec").start("ask")
    on_leave(two, "boss", "sup")
    on_leave(two, "buyer", "sup")
    two.settle()
    two.as_("spec").start("ask")
    assert asked(two) == [] and elements(two, "sup") == ["review", "review"]
