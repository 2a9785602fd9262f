"""Reports: each with its table, chart and files; what one may not see is not there, whatever the address."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.commands import user_tasks
from runtime.errors import Forbidden
from runtime.handbook.carriers import REPORTS
from runtime.identity import SYSTEM, Actor
from runtime.ids import public_id
from runtime.ledger import budgets, periods
from runtime.ledger.appraisals import appraisal_cycles, appraisals
from runtime.ledger.exports import data_exports
from runtime.ledger.goals import goal_reviews, goals
from runtime.queries import exported, reports
from runtime.queries.reports import Report, monthly
from runtime.store.db import Transaction
from tests.office import Office
from tests.web.stand_ins import send
from tests.web.test_with_runtime import Browser
from web import spreadsheets

DAYS = (dt.date(2026, 1, 1), dt.date(2026, 3, 31))


def test_a_handbook_may_name_each_report_and_no_other() -> None:
    assert sorted(reports.KINDS) == sorted(REPORTS)


@pytest.mark.parametrize(
    "typed", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '=HYPERLINK("http://x")']
)
def test_what_somebody_typed_is_never_a_formula(typed: str) -> None:
    _, row = csv.reader(
        io.StringIO(spreadsheets.as_csv(["Supplier", "Left"], [[typed, Decimal(-3)]]).decode("utf-8-sig"))
    )
    assert row == [f"'{typed}", "-3"]
    with zipfile.ZipFile(io.BytesIO(spreadsheets.as_excel("r", ["Supplier"], [[typed]]))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet and "hyperlink" not in sheet.lower()


def test_excel_knows_numbers_and_days_as_such_and_any_title() -> None:
    made = spreadsheets.as_excel(
        "[a]:*?/" + "长" * 40, ["x"], [[Decimal("12.50")], [dt.date(2026, 3, 31)], [None], [True]]
    )
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>12.5</v>" in sheet and "<v>46112</v>" in sheet


# --- over the department -----------------------------------------------------------


def show(office: Office, who: str, key: str, since: dt.date = DAYS[0], until: dt.date = DAYS[1]) -> Report:
    return office.runtime.read(reports.show, office.as_(who).actor, key, since, until)


def settled(office: Office, period: str, grades: dict[str, str]) -> None:
    """A month's appraisals, as if they had been settled: username → grade."""

    def write(tx: Transaction, actor: Actor) -> None:
        cycle = {"public_id": public_id(), "case": "c" * 32, "at": tx.now}
        tx.insert(appraisal_cycles, [cycle | {"period": period, "state": "closed"}])
        cycle_id = tx.scalar(sa.select(appraisal_cycles.c.id).where(appraisal_cycles.c.period == period))
        tx.insert(
            appraisals,
            [
                {
                    "public_id": public_id(), "case": "c" * 32, "at": tx.now, "cycle_id": cycle_id,
                    "employee": office.as_(who).actor.public_id, "state": "settled", "grade": grade,
                }
                for who, grade in grades.items()
            ],
        )  # fmt: skip

    office.runtime.do(write, SYSTEM)


def grades(report: Report) -> list[Any]:
    [row] = [row for row in report.rows if row.cells["month"] == "2026-02"]
    return [row.cells[grade] for grade in ("excellent", "good", "satisfactory", "unsatisfactory")]


def approved(office: Office, who: str, report: str, days: tuple[dt.date, dt.date] = DAYS) -> None:
    """As if they had asked for the report, and somebody had approved it for a week."""

    def write(tx: Transaction, actor: Actor) -> None:
        asked = {"state": "made", "scope": "report", "report": report, "purpose": "x", "case": "c" * 32, "at": tx.now}
        person = office.as_(who).actor.public_id
        held = {"first_day": days[0], "last_day": days[1], "valid_until": tx.now.date() + dt.timedelta(days=7)}
        by = {"requested_by": person, "approved_by": "b" * 32, "made_at": tx.now}
        tx.insert(data_exports, [{"public_id": public_id(), "number": f"EX-{report}"[:16], **asked, **held, **by}])

    office.runtime.do(write, SYSTEM)


def take(browser: Browser, report: str, kind: str, days: tuple[dt.date, dt.date] = DAYS) -> Any:
    fields = {"kind": kind, "since": days[0].isoformat(), "until": days[1].isoformat()}
    return send(browser.client, f"/reports/{report}/exports", fields)


STAFF = ("wangfang", "chenjie", "liyang", "zhangmin", "zhoulei")


def test_whoever_has_no_right_sees_no_report(office: Office) -> None:
    for who in ("liyang", "linxi"):
        actor = office.as_(who).actor
        assert office.runtime.read(reports.listing, actor) == []
        for key in reports.KINDS:
            with pytest.raises(Forbidden):
                show(office, who, key)
    assert [kind.key for kind in office.runtime.read(reports.listing, office.as_("sunli").actor)] == [
        "overdue_people", "appraisals", "team", "training",
    ]  # fmt: skip


def test_every_report_is_shown_and_given_as_files(office: Office) -> None:
    manager = Browser(office, "wangfang")
    listing = manager.client.get("/reports").text
    for key in reports.KINDS:
        assert f"/reports/{key}" in listing
        assert manager.client.get(f"/reports/{key}").status_code == 200
        approved(office, "wangfang", key)
        answer = take(manager, key, "csv")
        assert answer.status_code == 200 and answer.data.startswith(b"\xef\xbb\xbf")
        assert "attachment" in answer.headers["Content-Disposition"]
        assert take(manager, key, "xlsx").data.startswith(b"PK")
    assert manager.client.get("/reports/nothing").status_code == 404
    assert manager.client.get("/reports/stock?since=1990-01-01&until=2026-01-01").status_code == 400
    noted = office.runtime.read(exported.newest, office.as_("sunli").actor)
    assert len(noted) == 2 * len(reports.KINDS)
    first = noted[-1]
    assert (first.report, first.kind, first.since) == (next(iter(reports.KINDS)), "csv", dt.date(2026, 1, 1))
    for who in ("sunli", "linxi"):
        assert "2026-01-01" in Browser(office, who).client.get("/reports/exports").text
    for who in ("wangfang", "liyang"):
        assert Browser(office, who).client.get("/reports/exports").status_code == 403
    stranger = Browser(office, "liyang")
    assert stranger.client.get("/reports/stock").status_code == 403
    for key in ("stock", "shipping", "appraisals"):
        assert take(stranger, key, "csv").status_code == 403
    assert "/reports" not in stranger.client.get("/inbox").text


def test_grades_of_fewer_than_five_are_for_human_resources_and_who_is_above_them_all(office: Office) -> None:
    settled(office, "2026-02", dict.fromkeys(("liyang", "zhangmin"), "good"))
    # wangfang is above both, xuhui is not.
    assert grades(show(office, "wangfang", "appraisals")) == [0, 2, 0, 0]
    assert grades(show(office, "sunli", "appraisals")) == [0, 2, 0, 0]
    hidden = show(office, "xuhui", "appraisals")
    assert grades(hidden) == [None] * 4
    [row] = [row for row in hidden.rows if row.hidden]
    assert row.cases == ()
    page = Browser(office, "xuhui").client.get("/reports/appraisals?since=2026-02-01&until=2026-02-28").text
    assert "hidden" in page or "不显示" in page
    february = (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    approved(office, "xuhui", "appraisals", february)
    assert "2026-02,,,," in take(Browser(office, "xuhui"), "appraisals", "csv", february).text


def test_whoever_is_above_all_the_others_of_a_group_is_told_of_it_though_they_are_in_it(office: Office) -> None:
    settled(office, "2026-02", {"wangfang": "good", "liyang": "excellent"})
    assert grades(show(office, "wangfang", "appraisals")) == [1, 1, 0, 0]
    assert grades(show(office, "xuhui", "appraisals")) == [None] * 4


def test_months_begin_with_the_first_of_which_there_is_something_to_tell_and_leave_none_out(office: Office) -> None:
    settled(office, "2026-01", {"liyang": "good"})
    settled(office, "2026-02", dict(zip(STAFF, ("excellent", "good", "good", "good", "good"), strict=True)))
    report = show(office, "xuhui", "appraisals", dt.date(2025, 6, 1), dt.date(2026, 3, 31))
    assert [row.cells["month"] for row in report.rows] == ["2026-01", "2026-02", "2026-03"]
    page = Browser(office, "xuhui").client.get("/reports/appraisals?since=2025-06-01&until=2026-03-31").text
    chart = json.loads(page.split("data-drawn>", 1)[1].split("</script>", 1)[0])
    assert chart["labels"] == ["2026-01", "2026-02", "2026-03"]
    assert chart["series"][0]["values"] == [None, 1.0, 0.0]
    assert show(office, "xuhui", "shipping", dt.date(2024, 1, 1), dt.date(2024, 6, 30)).rows == []


def test_grades_of_five_are_for_whoever_may_read_reports(office: Office) -> None:
    settled(
        office,
        "2026-02",
        dict(zip(STAFF, ("excellent", "good", "good", "satisfactory", "good"), strict=True)),
    )
    assert grades(show(office, "xuhui", "appraisals")) == [1, 3, 1, 0]


def test_grades_that_are_all_the_same_tell_of_everybody_however_many_there_are(office: Office) -> None:
    settled(office, "2026-02", dict.fromkeys(STAFF, "satisfactory"))
    assert grades(show(office, "xuhui", "appraisals")) == [None] * 4
    assert grades(show(office, "sunli", "appraisals")) == [0, 0, 5, 0]
    assert grades(show(office, "zhaoming", "appraisals")) == [0, 0, 5, 0]  # above them all


def team(office: Office, who: str) -> dict[str, Any]:
    rows = show(office, who, "team", dt.date(2026, 2, 1), dt.date(2026, 3, 31)).rows
    return {row.cells["person"]["en"]: row for row in rows}


def test_the_manager_sees_where_each_of_the_team_stands_and_nobody_else_does(office: Office) -> None:
    settled(office, "2026-02", {"liyang": "good", "xuhui": "excellent"})
    office.as_("chenjie").start(
        "career_development", employee=office.as_("liyang").actor.public_id, strengths="仔细",
        career_goals="独立盘点", actions=[{"action": "跟盘两次", "by_when": "2026-06-30"}],
    )  # fmt: skip
    office.as_("liyang").do("confirm_development", development_decision="agree")
    found = team(office, "wangfang")
    assert found.keys() == {"Chen Jie", "Li Yang", "Zhang Min", "Zhou Lei", "Xu Hui"}
    one = found["Li Yang"].cells
    assert (one["month"], one["standing"], one["grade"]) == ("2026-02", "standing_settled", "grade_good")
    assert one["developed"] == dt.date(2026, 3, 9) and one["improving"] is None
    assert found["Zhou Lei"].cells["standing"] is None and not found["Zhou Lei"].cases
    assert len(found["Li Yang"].cases) == 1  # the interview
    # The supervisor sees the specialists, human resources everybody, an analyst nobody.
    assert team(office, "chenjie").keys() == {"Li Yang", "Zhang Min", "Zhou Lei"}
    assert team(office, "sunli").keys() == {*found, "Wang Fang"}
    assert team(office, "xuhui") == {}
    page = Browser(office, "wangfang").client.get("/reports/team?since=2026-02-01&until=2026-03-31").text
    assert "已办结" in page and "良好" in page

    def calibrated(tx: Transaction, actor: Actor) -> None:
        tx.execute(sa.update(appraisals).values(state="proposed"))

    # What calibration settled is nobody's to know before it is published.
    office.runtime.do(calibrated, SYSTEM)
    one = team(office, "wangfang")["Li Yang"].cells
    assert (one["standing"], one["grade"]) == ("standing_proposed", None)


def test_by_person_one_sees_oneself_and_who_is_below(office: Office) -> None:
    office.as_("chenjie").start("purchase_plan")
    office.as_("wangfang").start("budget_variance")
    manager = office.as_("wangfang")
    office.runtime.do(user_tasks.claim, manager.actor, manager.find("explain_standing").id)
    office.later(days=30)
    mine = {row.cells["person"]["en"]: row for row in show(office, "chenjie", "overdue_people").rows}
    assert mine["Chen Jie"].bad and mine["Chen Jie"].cases
    assert mine.keys() <= {"Chen Jie", "Li Yang", "Zhang Min", "Zhou Lei"}
    hers = {row.cells["person"]["en"] for row in show(office, "wangfang", "overdue_people").rows}
    assert {"Wang Fang", "Chen Jie"} <= hers
    assert {row.cells["person"]["en"] for row in show(office, "xuhui", "overdue_people").rows} <= {"Xu Hui"}


def test_the_cases_behind_a_row_are_linked_with_their_numbers_whole(office: Office) -> None:
    case = office.as_("chenjie").start("purchase_plan").id
    line = {"component": "CZ-M60-265", "quantity": 20, "need_by": "2026-04-20", "est_price": "500.10"}
    office.as_("chenjie").do("draft_plan", case, plan_reason="旺季", lines=[line])
    office.later(days=30)
    page = Browser(office, "wangfang").client.get("/reports/overdue").text
    [link] = re.findall(rf'<li><a href="/cases/{case}">(.*?)</a></li>', page)
    assert re.fullmatch(r'\S+ <span class="nowrap">[A-Z0-9]+(-[A-Z0-9]+)+</span>', link), link


def test_a_row_links_only_to_cases_that_the_reader_may_see(office: Office) -> None:
    case = office.as_("chenjie").start("purchase_plan").id
    office.later(days=30)
    behind = [each.public_id for row in show(office, "wangfang", "overdue").rows for each in row.cases]
    assert case in behind
    assert case not in [each.public_id for row in show(office, "xuhui", "overdue").rows for each in row.cases]


def test_what_each_reads_for_themselves_is_no_rework_and_what_came_back_is(office: Office) -> None:
    notice = office.as_("chenjie").start("notice", notice_title="清明值班", notice_text="值班安排")
    office.as_("wangfang").do("review_request", decision="return", comment="附上值班表")
    office.as_("chenjie").do("revise_notice")
    office.as_("wangfang").do("review_request", decision="approve")
    readers = 0
    for who in STAFF[2:]:
        office.later(minutes=5)
        office.as_(who).do("read_notice", confirmed_reading=True)
        readers += 1
    [row] = [row.cells for row in show(office, "wangfang", "work_quality").rows if row.cells["again"]]
    assert notice.status == "running" and (row["done"], row["again"]) == (3 + readers, 1)


def test_what_the_books_were_opened_with_was_there_before_and_is_no_correction(office: Office) -> None:
    [march] = [row.cells for row in show(office, "wangfang", "stock").rows if row.cells["month"] == "2026-03"]
    assert march["opening"] == march["closing"] > 0
    assert (march["received"], march["issued"], march["other"], march["turnover"]) == (0, 0, 0, 0)


def test_a_goal_shows_how_far_it_is_and_whether_its_day_has_passed(office: Office) -> None:
    supervisor, manager = office.as_("chenjie"), office.as_("wangfang")
    supervisor.start("goal_plan")
    goal = {"measure": "年周转率", "target": "6", "due_on": "2026-03-20"}
    supervisor.do(
        "draft_goals",
        plan_title="二季度",
        strategy="提高周转",
        goals=[{"goal": "周转率", **goal}, {"goal": "准时率", **goal, "due_on": "2026-06-30"}],
    )
    assert show(office, "wangfang", "goals").rows == []  # nobody has agreed to them yet
    manager.do("review_request", decision="approve")

    def told(until: dt.date) -> list[tuple[Any, ...]]:
        rows = show(office, "wangfang", "goals", until=until).rows
        return [(row.cells["goal"], row.cells["progress"], row.cells["outcome"], row.bad) for row in rows]

    assert told(dt.date(2026, 3, 15)) == [
        ("周转率", None, "not_reviewed", False), ("准时率", None, "not_reviewed", False),
    ]  # fmt: skip
    assert [bad for *_, bad in told(dt.date(2026, 3, 31))] == [True, False]
    assert told(dt.date(2026, 2, 28)) == []  # they were agreed later
    office.runtime.do(reviewed, SYSTEM)
    assert told(dt.date(2026, 3, 31))[1] == ("准时率", Decimal(40), "behind", True)
    assert show(office, "xuhui", "goals").rows == []  # the case is between the two


def reviewed(tx: Transaction, actor: Actor) -> None:
    """As if the second goal had been looked at, first well and then badly."""
    second = tx.scalar(sa.select(goals.c.id).where(goals.c.number == 2))
    both = {"case": "c" * 32, "reported_by": "a" * 32, "confirmed_by": "b" * 32, "at": tx.now, "goal_id": second}
    tx.insert(goal_reviews, [both | {"progress": Decimal(30), "outcome": "on_track"}])
    tx.insert(goal_reviews, [both | {"progress": Decimal(40), "outcome": "behind"}])


# --- the monthly report ------------------------------------------------------------


def reported(office: Office, **asked: str) -> str:
    """March's report, which April began by itself, or the one asked for, written and submitted; its number."""
    if asked:
        office.as_("xuhui").start("data_analysis", **asked)
    else:
        office.later(days=28)
    analyst = office.as_("xuhui")
    model = {"model": "Trend", "model_version": "1", "model_description": "Month against month"}
    analyst.do("analyse_data", method="Compared", results="Steady", **model)
    advice = [{"kind": "problem", "finding": "Slow", "recommendation": "<b>Hurry</b>"}]
    analyst.do("write_report", purpose="To know", recommendations=advice)
    office.settle()
    return "DA-2026-0001"


def test_a_report_of_a_month_before_the_first_says_that_it_has_no_key_figures(office: Office) -> None:
    number = reported(office, wanted_period="2025-09")
    page = Browser(office, "wangfang").client.get(f"/reports/monthly/{number}").text
    assert "这个月没有关键指标。" in page and "分析模型：Trend 1" in page


def test_a_report_is_a_document_with_its_four_parts_for_whoever_may_read_reports(office: Office) -> None:
    number = reported(office)
    manager = Browser(office, "wangfang")
    assert number in manager.client.get("/reports").text
    page = manager.client.get(f"/reports/monthly/{number}").text
    for part in ("To know", "Compared", "Steady", "&lt;b&gt;Hurry&lt;/b&gt;", "Trend 1", "data-report-chart"):
        assert part in page
    assert manager.client.get("/reports/monthly/DA-2026-0099").status_code == 404
    assert Browser(office, "liyang").client.get(f"/reports/monthly/{number}").status_code == 403


def test_a_document_never_changes_after_it_was_submitted(office: Office) -> None:
    number = reported(office)
    actor = office.as_("wangfang").actor
    before = office.runtime.read(monthly.document, actor, number)

    def change(tx: Transaction, actor: Actor) -> None:
        tx.execute(sa.text("UPDATE components SET purchase_price = purchase_price * 2"))
        tx.execute(sa.text("UPDATE customers SET active = false"))

    office.runtime.do(change, SYSTEM)
    assert office.runtime.read(monthly.document, actor, number) == before


def test_an_analysis_that_is_not_submitted_is_no_document(office: Office) -> None:
    office.as_("xuhui").start("data_analysis", wanted_period="2026-02")
    with pytest.raises(monthly.NoSuchDocument):
        office.runtime.read(monthly.document, office.as_("xuhui").actor, "DA-2026-0001")
    assert office.runtime.read(monthly.documents, office.as_("xuhui").actor) == []


def test_work_that_was_late_stays_late_in_its_month_and_is_overdue_until_it_is_done(office: Office) -> None:
    def months() -> dict[str, Any]:
        rows = show(office, "wangfang", "overdue_months", until=dt.date(2026, 6, 30)).rows
        return {row.cells["month"]: row for row in rows}

    late = office.as_("chenjie").start("stock_check")
    prompt = office.as_("chenjie").start("stock_check")
    task = office.as_("liyang").find("check_stock", late.id)
    assert task.due_at is not None and task.due_at < office_day(2026, 4, 1)
    office.as_("liyang").do("check_stock", prompt.id)
    office.later(days=23)  # the first of April
    before = months()
    assert list(before) == ["2026-03", "2026-04"], "nothing of months to come"
    assert late.id in [each.public_id for each in before["2026-03"].cases]
    assert prompt.id not in [each.public_id for each in before["2026-03"].cases]
    march = before["2026-03"].cells
    assert march["due"] > march["late"] >= march["overdue"] > 0
    assert march["late_share"] == (Decimal(march["late"]) * 100 / march["due"]).quantize(Decimal("0.1"))
    office.as_("liyang").do("check_stock", late.id)
    after = months()
    assert after["2026-03"].cells == march
    assert after["2026-04"].cells["overdue"] == before["2026-04"].cells["overdue"] - 1
    assert after["2026-04"].cells["late"] == before["2026-04"].cells["late"], "it fell due in March"


def office_day(*day: int) -> dt.datetime:
    return dt.datetime(*day, tzinfo=dt.timezone(dt.timedelta(hours=8)))  # type: ignore[misc]


def test_the_budget_goes_month_by_month_to_what_it_is_at_the_end(office: Office) -> None:
    def write(tx: Transaction, actor: Actor) -> None:
        made = {"case": "c" * 32, "at": tx.now}
        tx.execute(sa.update(budgets.budgets).values(state="replaced"))
        of = {"number": "BG-9", "year": 2026, "state": "approved", "amount": 1200, "drafter": "a" * 32}
        tx.insert(budgets.budgets, [{"public_id": public_id(), **of, **made}])
        number = tx.scalar(sa.select(sa.func.max(budgets.budgets.c.id)))
        limits = {"award": 1000, "training": 200}
        tx.insert(budgets.budget_lines, [{"budget_id": number, "line": n, "amount": a} for n, a in limits.items()])
        for line, kind, amount, day in (
            ("award", "commit", 300, (2026, 1, 5)), ("award", "release", 300, (2026, 2, 5)),
            ("award", "actual", 250, (2026, 2, 5)), ("award", "actual", 50, (2026, 3, 2)),
            ("training", "actual", 240, (2026, 3, 3)), ("award", "commit", 70, (2025, 12, 30)),
        ):  # fmt: skip
            entry = {"public_id": public_id(), "year": 2026, "document": "d", "business_date": dt.date(*day), **made}
            periods.post(tx, budgets.budget_entries, [entry | {"line": line, "kind": kind, "amount": amount}])

    office.runtime.do(write, SYSTEM)
    rows = [dict(row.cells) for row in show(office, "wangfang", "budget_months", dt.date(2025, 6, 1)).rows]
    kept = ("month", "spent", "committed", "so_far", "approved", "award", "training", "expenses")
    assert [tuple(row[name] for name in kept) for row in rows] == [
        ("2026-01", 0, 370, 0, 1200, 0, 0, None),
        ("2026-02", 250, -300, 250, 1200, 25, 0, None),
        ("2026-03", 50 + 240, 0, 540, 1200, 30, 120, None),
    ]
    assert [row.bad for row in show(office, "wangfang", "budget_months").rows] == [False, False, True]
    standing = show(office, "wangfang", "budget").rows
    assert sum(row.cells["spent"] for row in standing) == rows[-1]["so_far"]
    assert sum(row.cells["committed"] for row in standing) == sum(row["committed"] for row in rows)
