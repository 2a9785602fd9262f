"""Somebody leaves: what was theirs goes to somebody who may do it, and nothing is left without anybody."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.commands import accounts
from runtime.commands.accounts import SignInRefused
from runtime.demo import PASSWORD
from runtime.engine.ports import BpmnError
from runtime.forms import FormInvalid
from runtime.identity import SYSTEM
from runtime.ledger.leave import leaves
from runtime.ledger.leavings import leavings
from runtime.queries import cases as case_queries
from runtime.store.accounts import people
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks as tasks
from tests.office import Case, Office
from tests.store.ledger.conftest import TODAY, Books


def rows(office: Office, query: sa.Select[Any]) -> list[Any]:
    return office.runtime.read(lambda tx, _: list(tx.all(query)), SYSTEM)


def id_of(office: Office, who: str) -> str:
    return office.as_(who).actor.public_id


def announce(office: Office, leaver: str, **plan: Any) -> Case:
    """Their last day is Friday the 20th; the superior has planned the hand-over."""
    case = office.as_("sunli").start("leaving", leaver=id_of(office, leaver), last_day="2026-03-20")
    superior = {"chenjie": "wangfang"}.get(leaver, "chenjie")
    office.as_(superior).do("plan_handover", case.id, **plan)
    return case


def whose(office: Office, element: str, case: Case) -> str | None:
    found = sa.select(people.c.username).join(tasks, tasks.c.assignee_id == people.c.id)
    names = rows(
        office,
        found.where(tasks.c.element == element, tasks.c.case_id == case.row.id, tasks.c.state == "claimed"),
    )
    return names[0].username if names else None


def test_work_goes_to_whoever_takes_over_and_what_tells_of_people_up_the_line(office: Office) -> None:
    leaver = id_of(office, "liyang")
    errand = office.as_("chenjie").start("errand", doer=leaver, errand_task="整理样品间", due_on="2026-03-30")
    appraised = office.as_("sunli").start("monthly_appraisal")
    taken = office.as_("liyang").find("self_assess")
    case = announce(office, "liyang", receiver=id_of(office, "zhoulei"))
    assert whose(office, "do_errand", errand) == "liyang"
    office.as_("liyang").do("write_handover", case.id, handover_text="清单在共享盘", secrets_known=True)
    office.later(days=11)  # the 20th: still here
    assert office.runtime.do(accounts.sign_in, None, "liyang", PASSWORD).username == "liyang"
    office.later(days=1)
    with pytest.raises(SignInRefused):
        office.runtime.do(accounts.sign_in, None, "liyang", PASSWORD)
    assert whose(office, "do_errand", errand) == "zhoulei"
    # Self-assessment is nobody's to take over.
    [held] = rows(office, sa.select(tasks.c.assignee_id, tasks.c.state).where(tasks.c.public_id == taken.id))
    assert held.assignee_id != office.as_("zhoulei").actor.id
    assert case.variables["passed_tasks"] >= 1 and appraised.status == "running"
    office.as_("sunli").do(
        "settle_leaving", case.id, things_returned=True, pay_settled=True, certificate_given=True
    )
    [row] = rows(office, sa.select(leavings))
    assert (row.state, row.handover, case.end) == ("closed", "清单在共享盘", "leaving_closed")
    assert list(doctor.examine(office.runtime.engine, office.runtime.house)) == []


def test_who_reported_to_them_reports_to_somebody_and_whose_deputy_they_were_has_another(
    office: Office,
) -> None:
    first, last = "2026-03-23", "2026-03-24"
    office.as_("liyang").start(
        "leave_request", leave_type="annual", leave_from=first, leave_to=last, deputy=id_of(office, "chenjie"),
        leave_reason="家事",
    )  # fmt: skip
    case = announce(office, "chenjie", receiver=id_of(office, "zhangmin"))
    office.later(days=12)
    above = sa.select(people.c.username).where(people.c.superior_id == office.as_("wangfang").actor.id)
    assert {"liyang", "zhangmin", "zhoulei"} <= {row.username for row in rows(office, above)}
    [leave] = rows(office, sa.select(leaves).where(leaves.c.person == id_of(office, "liyang")))
    assert leave.deputy == id_of(office, "zhangmin")
    assert case.variables["moved_people"] == 3


def test_the_receiver_never_approves_what_they_drafted(office: Office) -> None:
    """What the leaver was to accept goes up the line when the receiver did it."""
    doer = id_of(office, "zhoulei")
    errand = office.as_("chenjie").start("errand", doer=doer, errand_task="核对报价", due_on="2026-03-30")
    office.as_("zhoulei").do("do_errand", errand.id, result="已核对")
    announce(office, "chenjie", receiver=doer)
    office.later(days=12)
    assert whose(office, "accept_errand", errand) == "wangfang"


def test_only_those_concerned_see_a_leaving(office: Office) -> None:
    case = announce(office, "liyang", receiver=id_of(office, "zhoulei"))
    for who in ("sunli", "liyang", "chenjie", "wangfang"):
        assert office.as_(who).case_page(case.id).full
    for who in ("zhoulei", "xuhui"):
        with pytest.raises(case_queries.NoSuchCase):
            office.as_(who).case_page(case.id)
    with pytest.raises(Exception, match="may not start"):
        office.as_("chenjie").start("leaving", leaver=id_of(office, "liyang"), last_day="2026-03-20")


def test_whoever_leaves_too_takes_over_nothing(office: Office) -> None:
    announce(office, "chenjie", receiver=id_of(office, "zhangmin"))
    case = announce(office, "liyang")  # nobody named: their superior, who leaves as well
    assert case.variables["plan_problem"]
    assert office.as_("chenjie").find("plan_handover", case.id)


def test_neither_the_leaver_nor_who_leaves_as_well_is_offered_as_their_successor(office: Office) -> None:
    announce(office, "zhoulei", receiver=id_of(office, "zhangmin"))
    case = office.as_("sunli").start("leaving", leaver=id_of(office, "liyang"), last_day="2026-03-20")
    page = office.as_("chenjie").page("plan_handover", case.id)
    assert page.schema is not None
    fields = {each.get("key"): each for each in page.schema["components"]}
    for asked in ("receiver", "new_superior"):
        offered = {each["value"] for each in fields[asked]["values"]}
        assert offered.isdisjoint({id_of(office, who) for who in ("liyang", "zhoulei")})
        assert {id_of(office, who) for who in ("chenjie", "zhangmin", "wangfang")} <= offered
    # Who leaves is still told by name.
    assert id_of(office, "liyang") in {each["value"] for each in fields["leaver"]["values"]}
    for who in ("liyang", "zhoulei"):
        with pytest.raises(FormInvalid) as refused:
            office.as_("chenjie").do("plan_handover", case.id, receiver=id_of(office, who))
        assert [problem.where for problem in refused.value.problems] == ["receiver"]


def test_only_who_does_not_report_to_the_leaver_is_offered_as_their_peoples_superior(office: Office) -> None:
    """Whoever was offered and then refused had to be guessed at: that is anybody below the leaver, at any depth."""
    office.runtime.do(accounts.set_superior, SYSTEM, "zhoulei", "liyang")
    case = office.as_("sunli").start("leaving", leaver=id_of(office, "chenjie"), last_day="2026-03-20")
    page = office.as_("wangfang").page("plan_handover", case.id)
    assert page.schema is not None
    fields = {each.get("key"): {one["value"] for one in each.get("values", ())} for each in page.schema["components"]}
    team = {id_of(office, who) for who in ("liyang", "zhangmin", "zhoulei")}  # zhoulei: through liyang
    assert fields["new_superior"].isdisjoint({*team, id_of(office, "chenjie")})
    assert {id_of(office, who) for who in ("wangfang", "zhaoming", "xuhui")} <= fields["new_superior"]
    assert team <= fields["receiver"]  # they may well take over the work
    for who in ("liyang", "zhoulei"):
        with pytest.raises(FormInvalid) as refused:
            office.as_("wangfang").do("plan_handover", case.id, new_superior=id_of(office, who))
        assert [problem.where for problem in refused.value.problems] == ["new_superior"]
    office.as_("wangfang").do("plan_handover", case.id, receiver=id_of(office, "liyang"))
    assert case.variables["new_superior"] == id_of(office, "wangfang")


def test_the_books_take_nobody_below_the_leaver_either(books: Books) -> None:
    """They may have come below them since the form was opened."""
    leaver, above, below = (books.people[who] for who in ("manager", "lead", "specialist"))
    entered = books.do("leavings.enter", person=leaver, last_day=TODAY, entered_by=books.people["hr"])
    for who in (leaver, books.people["supervisor"], below):
        with pytest.raises(BpmnError) as refused:
            books.do("leavings.plan", leaving=entered["leaving"], new_superior=who)
        assert refused.value.code == "bad_plan"
    planned = books.do("leavings.plan", leaving=entered["leaving"], receiver=below, new_superior=books.people["hr"])
    assert planned == {"receiver": below, "new_superior": books.people["hr"]}
    assert books.do("leavings.plan", leaving=entered["leaving"]) == {"receiver": above, "new_superior": above}


def test_what_is_left_empty_is_told_by_whose_superior_whoever_reads_it(office: Office) -> None:
    """A stand-in may fill it in for whoever is away: it is not theirs who read it."""
    case = office.as_("sunli").start("leaving", leaver=id_of(office, "liyang"), last_day="2026-03-20")
    page = office.as_("chenjie").page("plan_handover", case.id)
    assert page.schema is not None
    told = [each["description"] for each in page.schema["components"] if "description" in each]
    assert len(told) == 2 and all("离职者的上级" in text and "您" not in text for text in told)
    office.as_("chenjie").do("plan_handover", case.id)
    assert case.variables["receiver"] == id_of(office, "chenjie")


def test_a_last_day_before_the_first_is_said_at_the_field(office: Office) -> None:
    wrong = {"employee": id_of(office, "liyang"), "entered_on": "2025-03-01", "left_on": "2025-02-01"}
    with pytest.raises(FormInvalid) as refused:
        office.as_("sunli").start("employment_change", employment_reason="劳动合同", **wrong)
    assert [problem.where for problem in refused.value.problems] == ["left_on"]
    case = office.as_("sunli").start("employment_change", employment_reason="劳动合同", **{**wrong, "left_on": None})
    office.as_("qianwei").do(
        "confirm_employment", case.id, employment_decision="return", employment_comment="缺离职日"
    )
    with pytest.raises(FormInvalid) as refused:
        office.as_("sunli").do("revise_employment", case.id, left_on="2025-02-01")
    assert [problem.where for problem in refused.value.problems] == ["left_on"]


def test_a_leaver_who_is_active_again_and_a_leaving_in_own_hands_are_seen(office: Office) -> None:
    announce(office, "liyang", receiver=id_of(office, "zhoulei"))
    office.later(days=12)

    def tamper(tx: Transaction, actor: object) -> None:
        tx.execute(sa.update(people).where(people.c.username == "liyang").values(active=True))
        tx.execute(sa.update(leavings).values(receiver=leavings.c.person))

    office.runtime.do(tamper, SYSTEM)
    found = {each.invariant.name for each in doctor.examine(office.runtime.engine, office.runtime.house)}
    assert {"leavers_are_gone", "one_leaves_once"} <= found
