"""A case's page shows what it was begun with, as its form does, to whoever sees the case whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.forms import FormInvalid
from runtime.library import NoSuchCase
from runtime.queries import inbox, variables
from tests.office import Office, tells

CLAIM = {"expense_purpose": "打车给客户送样", "expense_amount": "86.50", "spent_on": "2026-03-06"}


def test_whoever_began_it_reads_what_they_entered_and_what_became_of_it(office: Office) -> None:
    case = office.as_("liyang").start("expense_claim", **CLAIM)
    entered = office.as_("liyang").case_page(case.id).entered
    assert entered is not None
    assert {name: entered.data[name] for name in CLAIM} == CLAIM
    assert [part["label"] for part in entered.schema["components"] if part.get("key") == "expense_purpose"] == ["事由"]
    office.as_("chenjie").do("review_request", decision="return", comment="金额不对")
    office.as_("liyang").do("revise_claim", expense_amount="96.50")
    [now] = [office.as_(who).case_page(case.id).entered for who in ("chenjie",)]
    assert now is not None and now.data["expense_amount"] == "96.50"


def test_what_was_drafted_in_the_first_step_is_read_with_names_for_codes(office: Office) -> None:
    desk = office.as_("chenjie")
    case = desk.start("purchase_plan")
    assert desk.case_page(case.id).entered is None
    need = {"component": "LJ-M60-295", "quantity": 100, "need_by": "2026-05-30", "est_price": "215.5"}
    desk.do("draft_plan", plan_reason="六月并网季前备货", lines=[need])
    entered = desk.case_page(case.id).entered
    assert entered is not None and entered.data["plan_reason"] == "六月并网季前备货"
    assert entered.data["lines"][0]["est_price"] == "215.50"
    lines = next(part for part in entered.schema["components"] if part.get("path") == "lines")
    component = next(part for part in lines["components"] if part.get("key") == "component")
    # The names of what stands there, not the whole catalogue.
    assert [each["value"] for each in component["values"]] == ["LJ-M60-295"]


def test_what_is_on_offer_no_more_is_read_all_the_same(office: Office) -> None:
    liyang = office.as_("liyang")
    asked = {"leave_type": "personal", "leave_from": "2026-03-16", "leave_to": "2026-03-16", "leave_reason": "家中有事"}
    liyang.start("leave_request", **asked)
    office.as_("chenjie").do("review_request", decision="approve")
    number = "LV-2026-0001"
    case = liyang.start("leave_withdrawal", leave_number=number, withdrawal_reason="不去了")
    entered = liyang.case_page(case.id).entered
    assert entered is not None and entered.data["leave_number"] == number
    [chosen] = [part for part in entered.schema["components"] if part.get("key") == "leave_number"]
    assert chosen["values"] == [{"value": number, "label": number}]


def test_of_a_confidential_case_only_who_sees_it_whole_reads_it(office: Office) -> None:
    case = office.as_("liyang").start("leave_request", leave_type="personal", leave_from="2026-03-16",
                                      leave_to="2026-03-16", leave_reason="家中有事")
    pages = {who: office.as_(who).case_page(case.id) for who in ("liyang", "chenjie", "sunli")}
    assert {who for who, page in pages.items() if page.entered} == {who for who, page in pages.items() if page.full}
    assert pages["liyang"].entered is not None


def test_a_matter_that_was_over_at_once_says_why_to_whom_it_is_about(office: Office) -> None:
    """Nothing stands against them: the case is theirs all the same, and tells it."""
    asked = {"explain_from": "2026-03-02", "explain_to": "2026-03-06"}
    case = office.as_("liyang").start("attendance_review", **asked)
    page = office.as_("liyang").case_page(case.id)
    assert (case.end, page.full) == ("nothing_to_explain", True)
    assert page.outcome["zh_Hans"] == "无须说明"
    [row] = office.runtime.read(inbox.started, office.as_("liyang").actor).rows
    assert row.outcome["zh_Hans"] == "无须说明"
    assert page.problems == [("没有异常", "这段时间没有您的考勤异常。")]
    assert office.as_("chenjie").case_page(case.id).full  # their superior, who would judge it


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [("2026-03-10", "2026-03-10", "explain_from"), ("2026-03-06", "2026-03-10", "explain_to")],
)
def test_attendance_of_a_day_to_come_is_not_explained(office: Office, first: str, last: str, field: str) -> None:
    """It was taken, and the case was over at once: nothing can stand against them on that day yet."""
    with pytest.raises(FormInvalid) as refused:
        office.as_("liyang").start("attendance_review", explain_from=first, explain_to=last)
    assert (field, "answer.not_yet") in {(problem.where, problem.rule) for problem in refused.value.problems}
    assert not office.runtime.read(inbox.started, office.as_("liyang").actor).rows
    assert office.as_("liyang").start("attendance_review", explain_from="2026-03-06", explain_to="2026-03-09").end


def test_whoever_reports_a_breach_sees_that_it_is_looked_into_and_no_more(office: Office) -> None:
    case = office.as_("liyang").start(
        "confidentiality_breach", happened_on="2026-03-06", breach_what="报价单发错了客户"
    )
    page = office.as_("liyang").case_page(case.id)
    assert not page.full and page.entered is None and page.problems == [] and page.decisions == []
    assert [row.element for row in page.open_tasks] != []
    office.as_("sunli").do("assess_breach", severity="minor", containment="已请对方删除")
    office.as_("sunli").do("close_breach", breach_measures="提醒")
    assert case.end is not None and office.as_("liyang").case_page(case.id).outcome == {}
    [row] = office.runtime.read(inbox.started, office.as_("liyang").actor).rows
    assert row.outcome == {} and row.status == "completed"
    with pytest.raises(NoSuchCase):
        office.as_("zhangmin").case_page(case.id)


def test_what_others_counted_is_told_to_nobody(office: Office) -> None:
    office.as_("chenjie").start(
        "stocktake", count_kind="spot", count_warehouse="SH", count_components=["HX-M144-355"]
    )
    office.as_("zhoulei").do("count_goods", count_lines=[{"counted": 623}])
    seen = 0
    for case in office.cases():
        for who in ("liyang", "zhoulei", "chenjie", "wangfang"):
            try:
                entered = office.as_(who).case_page(case.id).entered
            except NoSuchCase:
                continue
            seen += 1
            assert entered is None or not tells(entered.data, "623")
    assert seen > 2


def test_what_was_found_in_a_check_is_not_told_to_who_may_count_it_again(office: Office) -> None:
    case = office.as_("zhoulei").start("stock_check")
    found = {
        "component": "HX-M144-355",
        "warehouse": "SH",
        "anomaly_kind": "quantity",
        "actual": 623,
        "description": "实有 623 件",
    }
    office.as_("zhoulei").do("check_stock", anomalies=[found])
    pages = {who: office.as_(who).case_page(case.id) for who in ("zhoulei", "chenjie", "liyang")}
    assert pages["liyang"].full and {who for who, page in pages.items() if page.entered} == {"zhoulei", "chenjie"}


def test_its_variables_are_told_to_whom_the_page_tells_it(office: Office) -> None:
    """Who did it, who is above them; neither to their colleagues nor to who only began it."""
    case = office.as_("zhoulei").start("stock_check")
    found = {
        "component": "HX-M144-355", "warehouse": "SH", "anomaly_kind": "quantity", "actual": 623,
        "description": "实有 623 件",
    }  # fmt: skip
    office.as_("zhoulei").do("check_stock", anomalies=[found])

    def told(who: str) -> dict[str, Any]:
        return dict(office.runtime.read(variables.variables, office.as_(who).actor, case.id))

    assert told("zhoulei")["anomalies"][0]["actual"] == told("chenjie")["anomalies"][0]["actual"] == 623
    assert told("wangfang") == told("chenjie")
    for who in ("liyang", "zhangmin"):
        assert "anomalies" not in told(who) and not tells(told(who), "623")
        assert told(who)["check_stock_by"]  # the rest they read as before


def test_who_began_a_check_that_somebody_else_did_is_not_told(office: Office) -> None:
    case = office.as_("zhoulei").start("stock_check")
    office.as_("liyang").do("check_stock", anomalies=[])
    begun, did = (
        office.runtime.read(variables.variables, office.as_(who).actor, case.id) for who in ("zhoulei", "liyang")
    )
    assert "anomalies" in did and "anomalies" not in begun


def test_a_case_of_before_the_step_was_blind_is_no_loophole(office: Office) -> None:
    folder = Path(__file__).parents[2] / "processes" / "stock_check"
    shipped = (folder / "stock_check.bpmn").read_text(encoding="utf-8")
    blind = '<camunda:property name="blind" value="true" />'
    form = (folder / "check_stock.form").read_text(encoding="utf-8")
    office.deploy(shipped.replace(blind, ""), form)
    case = office.as_("zhoulei").start("stock_check")
    office.as_("zhoulei").do("check_stock", anomalies=[])
    assert "anomalies" in office.runtime.read(variables.variables, office.as_("liyang").actor, case.id)
    office.deploy(shipped, form)
    assert "anomalies" not in office.runtime.read(variables.variables, office.as_("liyang").actor, case.id)
