"""A report that is not open is taken away with an approval of one's own for it and for those days, and never else."""

from __future__ import annotations

import datetime as dt
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from runtime import clock, taking
from runtime.commands import accounts, exports
from runtime.identity import SYSTEM, Actor, NotGranted
from runtime.ledger import report_exports
from runtime.queries import exported
from runtime.store import accounts as store
from runtime.store.db import Transaction
from tests.office import Office
from tests.web.programs import Program
from tests.web.stand_ins import send
from tests.web.test_reports import settled
from tests.web.test_with_runtime import Browser

MARCH = ("2026-03-01", "2026-03-09")
FEBRUARY = ("2026-02-01", "2026-02-28")


def ask(office: Office, who: str, report: str, days: tuple[str, str] = MARCH) -> str:
    """A request; its case."""
    wanted = {"export_scope": "report", "export_report": report, "export_purpose": "季度评审"}
    return str(office.as_(who).start("data_export", first_day=days[0], last_day=days[1], **wanted).id)


def approve(
    office: Office, who: str, report: str, days: tuple[str, str] = MARCH, by: str = "wangfang"
) -> str:
    case = ask(office, who, report, days)
    office.as_(by).do("review_request", decision="approve")
    return case


def take(browser: Browser, report: str, days: tuple[str, str] = MARCH, kind: str = "csv") -> Any:
    fields = {"kind": kind, "since": days[0], "until": days[1]}
    return send(browser.client, f"/reports/{report}/exports", fields)


def page(browser: Browser, report: str, days: tuple[str, str] = MARCH) -> str:
    return unescape(browser.client.get(f"/reports/{report}?since={days[0]}&until={days[1]}").text)


def noted(office: Office) -> list[exported.Exported]:
    return office.runtime.read(exported.newest, office.as_("sunli").actor)


def test_an_open_report_is_taken_by_whoever_sees_it_and_noted(office: Office) -> None:
    analyst = Browser(office, "xuhui")
    assert 'value="csv"' in page(analyst, "shipping") and "保密" not in page(analyst, "shipping")
    answer = take(analyst, "shipping")
    assert answer.status_code == 200 and answer.data.startswith(b"\xef\xbb\xbf")
    [entry] = noted(office)
    assert (entry.report, entry.level, entry.approval) == ("shipping", "open", None)


def test_nothing_is_taken_by_get_nor_without_the_token(office: Office) -> None:
    analyst = Browser(office, "xuhui")
    for gone in ("/reports/shipping.csv", "/reports/shipping.xlsx", "/reports/appraisals.csv"):
        assert analyst.client.get(gone).status_code == 404
    assert analyst.client.get("/reports/shipping/exports").status_code == 405
    fields = {"kind": "csv", "since": MARCH[0], "until": MARCH[1]}
    answer = analyst.client.post("/reports/shipping/exports", data=fields)
    assert answer.status_code == 400 and "刷新后重试" in answer.text
    assert noted(office) == []


def test_without_an_approval_a_confidential_report_is_not_given_and_the_page_says_where_to_ask(
    office: Office,
) -> None:
    analyst = Browser(office, "xuhui")
    shown = page(analyst, "suppliers")
    assert "保密" in shown and 'value="csv"' not in shown
    assert f"/reports/suppliers/ask?since={MARCH[0]}&until={MARCH[1]}" in shown
    answer = take(analyst, "suppliers")
    assert answer.status_code == 403
    assert (
        "2026-03-01" in answer.text
        and "须有您本人对这张报表" in answer.text
        and "请在报表页申请" in answer.text
    )
    assert noted(office) == []


def test_the_link_starts_the_request_with_report_and_days_filled_in(office: Office) -> None:
    analyst = Browser(office, "xuhui")
    form = unescape(analyst.client.get(f"/reports/suppliers/ask?since={MARCH[0]}&until={MARCH[1]}").text)
    for filled in (
        '"export_scope": "report"', '"export_report": "suppliers"', '"first_day": "2026-03-01"',
        '"last_day": "2026-03-09"', 'action="/processes/data_export/start"',
    ):  # fmt: skip
        assert filled in form
    # What was typed for another export is not brought back over it.
    assert "data-draft" not in form
    assert analyst.client.get("/reports/nothing/ask").status_code == 404
    assert Browser(office, "liyang").client.get("/reports/suppliers/ask").status_code == 403


def test_an_approved_report_is_taken_for_its_days_until_its_time_is_over(office: Office) -> None:
    case = ask(office, "xuhui", "suppliers")
    analyst = Browser(office, "xuhui")
    assert "EX-2026-0001" in page(analyst, "suppliers") and "尚未批准" in page(analyst, "suppliers")
    assert take(analyst, "suppliers").status_code == 403
    office.as_("wangfang").do("review_request", decision="approve")
    shown = page(analyst, "suppliers")
    assert "EX-2026-0001" in shown and 'value="xlsx"' in shown and f"/cases/{case}" in shown
    assert take(analyst, "suppliers").status_code == 200
    assert take(analyst, "suppliers", kind="xlsx").data.startswith(b"PK")
    assert [(each.approval, each.level) for each in noted(office)] == [("EX-2026-0001", "confidential")] * 2
    listed = Browser(office, "sunli").client.get("/reports/exports").text
    assert "EX-2026-0001" in listed and "取走时间" in listed and "条件" not in listed
    # Seven days by the rule, the seventh included; the clock of the case comes later than the last day.
    office.later(days=7)
    assert take(analyst, "suppliers").status_code == 200
    clock.shift(dt.timedelta(days=1))
    late = take(analyst, "suppliers")
    assert late.status_code == 403 and "EX-2026-0001" in late.text and "2026-03-16" in late.text
    office.settle()
    assert office.case(case).end == "export_closed"
    assert take(analyst, "suppliers").status_code == 403
    assert "申请取走" in page(analyst, "suppliers")


def test_whoever_confirms_that_they_have_it_takes_it_no_more(office: Office) -> None:
    approve(office, "xuhui", "suppliers")
    office.as_("xuhui").do("receive_export", export_received=True)
    answer = take(Browser(office, "xuhui"), "suppliers")
    assert answer.status_code == 403 and "已结束" in answer.text


def test_an_approval_is_of_one_person_one_report_and_those_days(office: Office) -> None:
    approve(office, "xuhui", "suppliers")
    analyst = Browser(office, "xuhui")
    for days in (("2026-03-01", "2026-03-08"), ("2026-03-02", "2026-03-09"), FEBRUARY):
        assert take(analyst, "suppliers", days).status_code == 403
    assert take(analyst, "stock").status_code == 403
    assert take(Browser(office, "wangfang"), "suppliers").status_code == 403
    assert take(Browser(office, "chenjie"), "suppliers").status_code == 403
    # Seen from other days, the approved ones are a link away.
    assert (
        f"since={MARCH[0]}&until={MARCH[1]}"
        in page(analyst, "suppliers", FEBRUARY).split("已批准的其他日期")[1]
    )
    assert noted(office) == []


def test_what_was_rejected_or_withdrawn_gives_nothing(office: Office) -> None:
    ask(office, "xuhui", "suppliers")
    office.as_("wangfang").do("review_request", decision="reject", comment="不需要")
    ask(office, "xuhui", "suppliers")
    office.as_("wangfang").do("review_request", decision="return", comment="写明用途")
    office.as_("xuhui").do("revise_export", withdraw=True)
    analyst = Browser(office, "xuhui")
    assert take(analyst, "suppliers").status_code == 403
    assert "申请取走" in page(analyst, "suppliers")


def test_a_lost_right_ends_the_approval(office: Office) -> None:
    approve(office, "xuhui", "suppliers")
    office.runtime.do(accounts.set_groups, SYSTEM, "xuhui", ["specialist"])
    assert take(Browser(office, "xuhui"), "suppliers").status_code == 403
    with pytest.raises(NotGranted):
        days = (dt.date(2026, 3, 1), dt.date(2026, 3, 9))
        office.runtime.do(exports.take, office.as_("xuhui").actor, "suppliers", "csv", *days, 1)


def test_a_personal_report_needs_human_resources_and_hides_small_groups_in_the_file(office: Office) -> None:
    settled(office, "2026-02", dict.fromkeys(("liyang", "zhangmin"), "good"))
    approve(office, "xuhui", "appraisals", FEBRUARY)
    analyst = Browser(office, "xuhui")
    assert "涉及个人" in page(analyst, "appraisals", FEBRUARY)
    assert take(analyst, "appraisals", FEBRUARY).status_code == 403
    office.as_("sunli").do("clear_export", clearing="clear")
    assert "2026-02,,,," in take(analyst, "appraisals", FEBRUARY).text
    _, told = Program(office, "xuhui").post(
        "/reports/appraisals/exports", {"since": FEBRUARY[0], "until": FEBRUARY[1]}
    )
    [row] = told["rows"]
    assert row.pop("month") == "2026-02" and set(row.values()) == {None}


def test_a_program_takes_the_same_the_same_way(office: Office) -> None:
    program = Program(office, "xuhui")
    days = {"since": MARCH[0], "until": MARCH[1]}
    status, told = program.post("/reports/shipping/exports", days)
    assert (status, told["report"], told["approval"]) == (201, "shipping", None)
    refused = program.call("POST", "/reports/suppliers/exports", days)
    assert (refused[0], refused[1]["code"]) == (403, "export.not_approved")
    assert "needs an approval of your own" in refused[1]["detail"]
    approve(office, "xuhui", "suppliers")
    status, told = program.post("/reports/suppliers/exports", days)
    assert (status, told["approval"]) == (201, "EX-2026-0001")
    assert all(set(row) == {each["key"] for each in told["columns"]} for row in told["rows"])
    assert noted(office)[0].kind == "json"
    office.later(days=8)
    assert program.code("POST", "/reports/suppliers/exports", days) == (403, "export.approval_over")
    assert program.code("POST", "/reports/nothing/exports", days) == (404, "report.unknown")
    assert program.code("POST", "/reports/shipping/exports", {**days, "since": "x"}) == (
        400,
        "period.not_days",
    )
    assert program.call("GET", "/reports/shipping/exports")[0] == 405
    assert Program(office, "liyang").code("POST", "/reports/shipping/exports", days) == (403, "not_granted")


@pytest.mark.parametrize("fields", [{"kind": "pdf"}, {"kind": ""}, {"since": "x"}, {"until": ""}])
def test_what_is_no_format_and_no_days_is_refused(office: Office, fields: dict[str, str]) -> None:
    usual = {"kind": "csv", "since": MARCH[0], "until": MARCH[1]}
    answer = send(Browser(office, "xuhui").client, "/reports/shipping/exports", {**usual, **fields})
    assert answer.status_code == 400
    assert noted(office) == []


def test_every_report_is_classed_by_the_rule_and_needs_a_known_right(office: Office) -> None:
    found = {
        key: office.runtime.read(lambda tx, actor, key=key: taking.class_of(tx, key), SYSTEM)
        for key in report_exports.RIGHTS
    }
    assert set(found.values()) == {"open", "confidential", "personal"}
    # Of people nothing is open.
    assert all(
        found[key] == "personal" for key, right in report_exports.RIGHTS.items() if right == "people_report"
    )


def exchanged(office: Office, one: str, other: str) -> None:
    """The rule as somebody amended it: each of two reports has the class of the other."""
    text = (Path(__file__).resolve().parents[2] / "rules" / "report_exports.yaml").read_text(encoding="utf-8")
    for form in ("'{}'", "report: {}}}"):
        first, second = form.format(one), form.format(other)
        text = text.replace(first, "\0").replace(second, first).replace("\0", second)
    office.deploy(text)


def test_the_class_of_the_day_on_which_it_is_taken_counts(office: Office) -> None:
    analyst = Browser(office, "xuhui")
    exchanged(office, "suppliers", "shipping")
    assert take(analyst, "suppliers").status_code == 200
    assert take(analyst, "shipping").status_code == 403
    assert noted(office)[0].level == "open"


def test_what_was_taken_before_reports_were_classed_is_still_listed(office: Office) -> None:
    def before(tx: Transaction, actor: Actor) -> None:
        days = {"since": dt.date(2026, 1, 1), "until": dt.date(2026, 1, 31)}
        store.log(tx, office.as_("xuhui").actor.id, "report.exported", "stock", kind="csv", rows=3, **days)

    office.runtime.do(before, SYSTEM)
    [entry] = noted(office)
    assert (entry.report, entry.level, entry.approval) == ("stock", None, None)
    assert "2026-01-31" in Browser(office, "sunli").client.get("/reports/exports").text
