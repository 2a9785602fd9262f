"""A step that is done once more: what was typed stays where the books refused it; a verdict is given anew where others
acted in between, or where it was somebody else's."""

from __future__ import annotations

from typing import Any

from runtime.commands import cases, user_tasks
from tests.diagrams import bpmn, element, end, field, flow, form_data, service, start, timer, user
from tests.office import Office

LINE = {"component": "QY-P60-265", "quantity": 5, "price": "260"}
ORDER = {"customer": "K01", "address": "南京市", "promised": "2026-04-30", "order_lines": [LINE, LINE]}
FINE = {"order_check": "correct", "warehouse": "SH"}


def begun(office: Office, who: str, process: str, **answers: Any) -> cases.Started:
    return office.runtime.do(cases.start, office.as_(who).actor, process, answers)


def test_what_the_books_refuse_is_told_and_all_that_was_answered_stays(office: Office) -> None:
    office.as_("liyang").start("sales_order", **ORDER)
    done = office.as_("liyang").do("check_order", **FINE)
    assert (done.again, done.refused) == (True, True) and done.next_task is not None
    page = office.as_("liyang").page("check_order")
    assert page.data["order_problem"] and page.offered["order_check"] == "correct"


def test_what_the_books_refuse_stays_with_whoever_did_it_and_is_due_when_it_was(office: Office) -> None:
    case = office.as_("liyang").start("sales_order", **ORDER)
    first = office.as_("liyang").find("check_order")
    assert first.assignee is None and first.due_at is not None
    office.later(hours=20)
    assert office.as_("liyang").do("check_order", **FINE).refused
    again = office.as_("liyang").find("check_order")
    assert again.assignee is not None and again.assignee.id == office.as_("liyang").actor.public_id
    assert (again.id != first.id, again.due_at) == (True, first.due_at)
    assert not [row for row in office.as_("zhangmin").inbox() if row.case == case.id]
    assert [line.kind for line in case.log if line.element == "check_order" and line.actor_id][-1] == "task_claimed"
    # As whatever is taken, it can be given back.
    office.runtime.do(user_tasks.release, office.as_("liyang").actor, again.id)
    assert office.as_("zhangmin").find("check_order").assignee is None


def test_what_the_books_refuse_gains_no_time_before_its_superior_is_told(office: Office) -> None:
    """Nor does the timer that has run for a day begin with the next answer; one that comes again takes as long."""
    office.deploy(
        bpmn(
            "ask",
            start(),
            user("name_day", form_data(field("day")), candidateGroups="specialist"),
            timer("late", "timeDuration", "P2D", "boundaryEvent", attachedToRef="name_day", cancelActivity="false"),
            user("tell", candidateGroups="manager"),
            end("told"),
            service("enter", "leavings.enter", person="${initiator}", last_day="${today()}", entered_by="${initiator}"),
            element("boundaryEvent", "refused", '<errorEventDefinition errorRef="e"/>', attachedToRef="enter"),
            end(),
            *(flow("begun", "name_day"), flow("name_day", "enter"), flow("refused", "name_day")),
            *(flow("enter", "ended"), flow("late", "tell"), flow("tell", "told")),
            before='<error id="e" errorCode="bad_leaving"/>',
        )
    )
    office.as_("liyang").start("ask")
    office.later(days=1)
    assert office.as_("liyang").do("name_day", day="x").refused
    office.later(hours=23)
    assert "tell" not in [row.element for row in office.as_("wangfang").inbox()]
    office.later(hours=2)
    assert [row.element for row in office.as_("wangfang").inbox()].count("tell") == 1
    assert office.as_("liyang").do("name_day", day="x").refused
    office.later(hours=47)
    assert [row.element for row in office.as_("wangfang").inbox()].count("tell") == 1
    office.later(hours=2)
    assert [row.element for row in office.as_("wangfang").inbox()].count("tell") == 2
    office.as_("liyang").do("name_day", day="x")


def test_whoever_enters_a_change_that_cannot_be_made_is_told_so_at_once(office: Office) -> None:
    """Not after *Done*, and to the whole group."""
    desk = office.as_("liyang")
    desk.start("sales_order", **ORDER | {"order_lines": [LINE]})
    desk.do("check_order", **FINE)
    desk.start("order_change", order_number="SO-2026-0001", change_wish="改")
    done = desk.do("agree_change", change_kind="amend", change_lines=[LINE], change_reason="同前")
    assert (done.again, done.refused) == (True, True) and done.next_task is not None


def test_what_comes_back_from_somebody_else_is_nobodys_and_has_its_own_time(office: Office) -> None:
    office.as_("liyang").start("sales_order", **{**ORDER, "order_lines": [LINE]})
    first = office.as_("liyang").find("check_order")
    office.as_("liyang").do("check_order", order_check="ask", check_note="地址不清")
    office.later(hours=20)
    office.as_("liyang").do("ask_customer", customer_answer="将军大道 100 号")
    again = office.as_("liyang").find("check_order")
    assert again.assignee is None and again.due_at > first.due_at


def test_a_verdict_of_an_earlier_round_is_not_sent_again_unseen(office: Office) -> None:
    office.as_("liyang").start("sales_order", **{**ORDER, "order_lines": [LINE]})
    done = office.as_("liyang").do("check_order", order_check="ask", check_note="地址不清")
    assert (done.again, done.refused) == (False, False)
    office.as_("liyang").do("ask_customer", customer_answer="将军大道 100 号")
    page = office.as_("liyang").page("check_order")
    # The case remembers it, and the form does not begin with it; what the order is stays.
    assert page.data["order_check"] == "ask" and "order_check" not in page.offered
    assert page.offered["address"] == "南京市"
    assert office.as_("liyang").do("check_order", **FINE).again is False


def test_nobody_begins_with_somebody_elses_verdict(office: Office) -> None:
    asked = {"leave_type": "personal", "leave_from": "2026-03-16", "leave_to": "2026-03-16"}
    office.as_("wangfang").start("leave_request", **asked)
    assert office.as_("zhaoming").page("review_request").offered.get("decision") is None
    office.as_("zhaoming").do("review_request", decision="approve")
    page = office.as_("sunli").page("hr_review")
    assert page.data["decision"] == "approve" and "decision" not in page.offered


def test_what_is_refused_at_the_start_is_told_there(office: Office) -> None:
    asked = {"leave_type": "personal", "leave_from": "2026-03-16", "leave_to": "2026-03-17"}
    fine = begun(office, "liyang", "leave_request", **asked)
    assert (fine.refused, fine.ended) == (False, False)
    too_long = begun(office, "liyang", "leave_request", **{**asked, "leave_type": "annual", "leave_to": "2026-06-16"})
    assert too_long.refused and not too_long.ended and too_long.next_task
    nothing = begun(office, "liyang", "attendance_review", explain_from="2026-03-02", explain_to="2026-03-06")
    assert nothing.refused and nothing.ended and nothing.next_task is None


def test_done_is_done(office: Office) -> None:
    desk = office.as_("liyang")
    desk.start("sales_order", **{**ORDER, "order_lines": [LINE]})
    row = desk.find("check_order")
    office.runtime.do(user_tasks.claim, desk.actor, row.id)
    done = office.runtime.do(user_tasks.complete, desk.actor, row.id, FINE)
    assert (done.again, done.refused) == (False, False)
