"""Whoever decides may remark something on a yes, too: whoever asked reads it in the case, and who decides next."""

from __future__ import annotations

import pytest

from runtime.forms import FormInvalid
from tests.office import Case, Office

WEEK = {"leave_type": "personal", "leave_from": "2026-04-13", "leave_to": "2026-04-17"}


def asked(office: Office, **days: str) -> Case:
    return office.as_("liyang").start("leave_request", **{**WEEK, **days})


def told(office: Office, case: Case, who: str = "liyang", language: str = "zh_Hans") -> list[tuple[str, str, str]]:
    found = office.as_(who).case_page(case.id, language).verdicts
    return [(each.decided, each.remark, each.by.name(language) if each.by else "") for each in found]


def test_whoever_asked_reads_what_was_remarked_on_a_yes(office: Office) -> None:
    case = asked(office, leave_to="2026-04-13")
    office.as_("chenjie").do("review_request", decision="approve", comment="请先交接订单")
    assert told(office, case) == [("批准", "请先交接订单", "陈杰")]
    [verdict] = office.as_("liyang").case_page(case.id, "en").verdicts
    assert (verdict.decided, verdict.step) == ("Approve", "Review request")


def test_a_remark_may_be_left_out_of_a_yes_and_of_nothing_else(office: Office) -> None:
    case = asked(office, leave_to="2026-04-13")
    for verdict in ("return", "reject"):
        with pytest.raises(FormInvalid) as refused:
            office.as_("chenjie").do("review_request", decision=verdict)
        assert [problem.where for problem in refused.value.problems] == ["comment"]
    office.as_("chenjie").do("review_request", decision="approve")
    assert told(office, case) == [("批准", "", "陈杰")]


def test_the_next_superior_reads_what_the_one_before_said_and_sends_neither_it_nor_the_verdict_unseen(
    office: Office,
) -> None:
    case = asked(office)
    office.as_("chenjie").do("review_request", decision="approve", comment="人手够")
    offered = office.as_("wangfang").page("review_request").offered
    assert offered["earlier_comment"] == "人手够"
    assert (offered.get("decision"), offered.get("comment")) == (None, None)
    office.as_("wangfang").do("review_request", decision="return", comment="请分两次")
    assert told(office, case) == [("批准", "人手够", "陈杰"), ("退回修改", "请分两次", "王芳")]
    assert office.as_("liyang").page("revise_leave").offered["review_comment"] == "请分两次"


def test_a_step_that_comes_back_does_not_offer_its_old_remark(office: Office) -> None:
    case = asked(office, leave_to="2026-04-13")
    office.as_("chenjie").do("review_request", decision="return", comment="写明事由")
    office.as_("liyang").do("revise_leave", resubmit="resubmit", leave_reason="搬家")
    assert office.as_("chenjie").page("review_request").offered.get("comment") is None
    office.as_("chenjie").do("review_request", decision="approve")
    assert told(office, case)[-1] == ("批准", "", "陈杰")


def test_human_resources_read_what_the_superior_said_and_keep_their_own_words_apart(office: Office) -> None:
    case = office.as_("wangfang").start("leave_request", **WEEK)
    office.as_("zhaoming").do("review_request", decision="approve", comment="请先交接", hr_comment="不算")
    desk = office.as_("sunli")
    offered = desk.page("hr_review").offered
    assert (offered["earlier_comment"], offered.get("decision")) == ("请先交接", None)
    with pytest.raises(FormInvalid) as refused:
        desk.do("hr_review", decision="return")
    assert [problem.where for problem in refused.value.problems] == ["hr_comment"]
    desk.do("hr_review", decision="return", hr_comment="余额不足", comment="也不算")
    # The superior's own stays, and whoever asked is told human resources' reason.
    assert told(office, case, "wangfang") == [("批准", "请先交接", "赵明"), ("退回修改", "余额不足", "孙丽")]
    assert office.as_("wangfang").page("revise_leave").offered["review_comment"] == "余额不足"
    office.as_("wangfang").do("revise_leave", resubmit="resubmit", leave_reason="搬家")
    office.as_("zhaoming").do("review_request", decision="approve", comment="可以")
    desk.do("hr_review", decision="approve")
    assert told(office, case, "wangfang")[2:] == [("批准", "可以", "赵明"), ("批准", "", "孙丽")]


def test_a_remark_on_a_deviation_that_was_agreed_to_is_not_why_the_contract_came_back(office: Office) -> None:
    def signed(price: str, quantity: int = 100) -> None:
        lines = [{"component": "LJ-M60-295", "quantity": quantity, "price": price}]
        terms = {"contract_no": "HT-1", "eta": "2026-03-20"}
        office.as_("wuting").do("sign_contract", contract_action="sign", contract_lines=lines, **terms)

    budget = office.as_("wangfang").start("annual_budget")
    office.as_("wangfang").do(
        "draft_budget", budget.id, budget_year=2026, budget_lines=[{"line": "purchasing", "amount": "21000"}]
    )
    office.as_("zhaoming").do("review_budget", budget_decision="approve")
    plan = office.as_("chenjie").start("purchase_plan")
    wanted = [{"component": "LJ-M60-295", "quantity": 100, "need_by": "2026-04-08", "est_price": "210"}]
    office.as_("chenjie").do("draft_plan", lines=wanted)
    office.as_("wangfang").do("review_plan", manager_decision="approve")
    office.as_("wuting").do("negotiate_terms", terms_result="agreed", supplier="S4", negotiation_note="长期合作")
    signed("220")
    with pytest.raises(FormInvalid):
        office.as_("wangfang").do("review_deviation", deviation_decision="refuse")
    office.as_("wangfang").do("review_deviation", deviation_decision="refuse", deviation_comment="再谈价")
    assert office.as_("wuting").page("sign_contract").data["contract_problem"] == "再谈价"
    signed("216")
    office.as_("wangfang").do("review_deviation", deviation_decision="approve", deviation_comment="高峰前可以")
    office.as_("zhaoming").do("allow_overrun", overrun_decision="refuse", overrun_comment="减量")
    assert office.as_("wuting").page("sign_contract").data["contract_problem"] == "减量"
    assert told(office, plan, "wangfang")[-3:] == [
        ("退回重谈", "再谈价", "王芳"),
        ("同意", "高峰前可以", "王芳"),
        ("不同意", "减量", "赵明"),
    ]
