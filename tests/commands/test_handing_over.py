"""A supervisor gives a subordinate's task to somebody else of their people, says why, and both are told."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.commands import accounts, comments, handing_over, user_tasks
from runtime.commands.incidents import ReasonMissing
from runtime.errors import GuichengError
from runtime.identity import SYSTEM
from runtime.library import NoSuchTask
from runtime.queries import comments as told
from runtime.queries import handing
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks as tasks
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Case, Office

DRAFTED = bpmn(
    "drafted", start(), user("check", properties(excludes="${initiator}"), candidateGroups="specialist"), end(),
    starters="specialist,manager",
)  # fmt: skip
PERSONAL = bpmn("personal", start(), user("sign", assignee="${initiator}"), end())
TEAM = bpmn("team", start(), user("do_it", properties(reassign="team"), assignee="${initiator}"), end())
SECRET = bpmn(
    "secret", start(), user("judge", candidateGroups="specialist"), end(),
    extra=properties(confidential="true", subject="${initiator}"), starters="manager",
)  # fmt: skip


@pytest.fixture
def desk(firm: Office) -> Office:
    for text in (DRAFTED, PERSONAL, TEAM, SECRET):
        firm.deploy(text)
    firm.runtime.do(
        accounts.add_person, SYSTEM, "spec3", {"en": "Spec3"}, groups=["specialist"], superior="sup"
    )
    return firm


def id_of(office: Office, who: str) -> str:
    return office.as_(who).actor.public_id


def task_of(office: Office, case: Case) -> Any:
    def read(tx: Transaction, actor: object) -> Any:
        return tx.first(sa.select(tasks).where(tasks.c.case_id == case.row.id))

    return office.runtime.read(read, SYSTEM)


def give(office: Office, who: str, case: Case, to: str, reason: str = "病了") -> None:
    task = task_of(office, case).public_id
    office.runtime.do(handing_over.give, office.as_(who).actor, task, id_of(office, to), reason)


def offered(office: Office, who: str, case: Case) -> set[str]:
    found = office.runtime.read(handing.of_case, office.as_(who).actor, case.id)
    return {person.names["en"].lower() for people in found.values() for person in people}


def assignee(office: Office, case: Case) -> str | None:
    found = task_of(office, case).assignee_id
    return None if found is None else next(
        who for who in ("spec", "spec2", "spec3", "sup", "boss") if office.as_(who).actor.id == found
    )  # fmt: skip


def test_a_task_goes_from_one_subordinate_to_another_and_both_are_told_why(desk: Office) -> None:
    case = desk.as_("spec").start("drafted")
    desk.runtime.do(user_tasks.claim, desk.as_("spec2").actor, desk.as_("spec2").find("check").id)
    assert offered(desk, "sup", case) == {"spec3"}  # not who drafted it, nor who has it
    give(desk, "sup", case, "spec3")
    assert assignee(desk, case) == "spec3"
    for who in ("spec2", "spec3"):
        actor = desk.as_(who).actor
        assert desk.runtime.read(told.unread, actor) == 1
        (row,) = desk.runtime.read(told.mentioning, actor).rows
        assert row.text == "病了" and row.about == {"zh_Hans": "check"}
    moment = desk.as_("sup").case_page(case.id, "en").timeline[-1]
    assert (moment.text, moment.detail) == ("Sup gave “check” to Spec3", "病了")
    with pytest.raises(user_tasks.TaskTaken):
        desk.runtime.do(user_tasks.complete, desk.as_("spec2").actor, task_of(desk, case).public_id, {})
    desk.as_("spec3").do("check", case.id)
    assert case.status == "completed"
    assert list(doctor.examine(desk.runtime.engine, desk.runtime.house)) == []


def test_what_a_group_has_not_taken_is_given_to_one_of_it(desk: Office) -> None:
    case = desk.as_("spec").start("drafted")
    assert offered(desk, "boss", case) == {"spec2", "spec3"}  # further up the line, too
    give(desk, "boss", case, "spec2")
    assert assignee(desk, case) == "spec2"


@pytest.mark.parametrize(
    ("who", "to", "refusal"),
    [
        ("sup", "spec", handing_over.NotYoursToGive),  # who drafted it
        ("sup", "sup", handing_over.NotYoursToGive),  # not down the line
        ("sup", "boss", handing_over.NotYoursToGive),
        ("boss", "sup", handing_over.NotYoursToGive),  # below, and not asked to do it
        ("spec", "spec2", handing_over.NotYoursToGive),  # nobody's superior
        ("lead", "buyer", handing_over.NotYoursToGive),
        ("hr", "spec2", NoSuchTask),  # sees nothing of it
        ("root", "spec2", NoSuchTask),  # operates it, and sees not what it holds
    ],
)
def test_only_down_the_line_and_only_to_who_may_do_it(
    desk: Office, who: str, to: str, refusal: type[GuichengError]
) -> None:
    case = desk.as_("spec").start("drafted")
    with pytest.raises(refusal):
        give(desk, who, case, to)
    assert assignee(desk, case) is None


def test_somebody_elses_people_keep_their_tasks(desk: Office) -> None:
    """A superior of the receiver, who is not above whoever has the task, cannot take it away."""
    desk.runtime.do(
        accounts.add_person, SYSTEM, "sup2", {"en": "Sup2"}, groups=["supervisor"], superior="boss"
    )
    desk.runtime.do(accounts.set_superior, SYSTEM, "spec3", "sup2")
    case = desk.as_("spec3").start("drafted")
    desk.runtime.do(user_tasks.claim, desk.as_("spec2").actor, desk.as_("spec2").find("check").id)
    assert offered(desk, "sup2", case) == set()
    with pytest.raises(handing_over.NotYoursToGive):
        give(desk, "sup2", case, "spec")


def test_a_reason_is_needed_and_a_task_that_is_over_stays(desk: Office) -> None:
    case = desk.as_("spec").start("drafted")
    with pytest.raises(ReasonMissing):
        give(desk, "sup", case, "spec2", "  ")
    desk.as_("spec2").do("check", case.id)
    with pytest.raises(user_tasks.TaskAlreadyCompleted):
        give(desk, "sup", case, "spec3")


def test_who_has_left_is_given_nothing(desk: Office) -> None:
    case = desk.as_("spec").start("drafted")
    desk.runtime.do(accounts.deactivate, SYSTEM, "spec3")
    assert offered(desk, "sup", case) == {"spec2"}


def test_what_is_personal_stays_and_what_the_process_lets_goes_to_the_team(desk: Office) -> None:
    personal, team = desk.as_("spec").start("personal"), desk.as_("spec").start("team")
    assert offered(desk, "sup", personal) == set() and offered(desk, "sup", team) == {"spec2", "spec3"}
    with pytest.raises(handing_over.NotYoursToGive):
        give(desk, "sup", personal, "spec2")
    give(desk, "sup", team, "spec2")
    desk.as_("spec2").do("do_it", team.id)
    assert team.variables["do_it_by"] == id_of(desk, "spec2")


def test_of_a_confidential_case_they_are_told_the_reason_and_nothing_else(desk: Office) -> None:
    case = desk.as_("boss").start("secret")
    give(desk, "lead", case, "spec2")
    actor = desk.as_("spec2").actor
    (row,) = desk.runtime.read(told.mentioning, actor).rows
    assert row.text == "病了" and desk.runtime.read(told.unread, actor) == 1
    assert desk.runtime.read(told.thread, actor, case.id).comments == []
    desk.runtime.do(comments.read, actor, row.comment)
    assert desk.runtime.read(told.unread, actor) == 0


def test_the_reason_for_it_is_neither_changed_nor_withdrawn(desk: Office) -> None:
    case = desk.as_("spec").start("drafted")
    give(desk, "sup", case, "spec2")
    sup = desk.as_("sup").actor
    (row,) = desk.runtime.read(told.thread, sup, case.id).comments
    assert row.handed_over and not row.mine and not row.may_change
    for act in (
        lambda: desk.runtime.do(comments.change, sup, row.id, "else"),
        lambda: desk.runtime.do(comments.withdraw, sup, row.id),
    ):
        with pytest.raises(comments.NotYourComment):
            act()


def test_an_errand_that_was_given_on_is_its_new_doers_after_a_rework_too(office: Office) -> None:
    liyang = office.as_("liyang").actor.public_id
    case = office.as_("chenjie").start("errand", doer=liyang, errand_task="整理样品间", due_on="2026-03-12")
    give_to = office.as_("zhoulei").actor.public_id
    task = office.as_("liyang").find("do_errand", case.id).id
    office.runtime.do(handing_over.give, office.as_("chenjie").actor, task, give_to, "李洋请假")
    office.as_("zhoulei").do("do_errand", case.id, result="已整理")
    assert case.variables["doer"] == give_to
    office.as_("chenjie").do("accept_errand", case.id, acceptance="rework", rework_note="标签没贴")
    assert office.as_("zhoulei").find("do_errand", case.id)
