"""The pages in a real browser, under their own policy: keyboard, forms, drafts, files, a phone.

Not here: the work itself from end to end (tests/acceptance)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from runtime import clock
from runtime.commands import drafts, files, user_tasks
from runtime.errors import Problem
from runtime.forms import FormInvalid
from runtime.queries import cases, exported, inbox, processes, reports, tasks
from runtime.values import File
from tests.web.stand_ins import DATA, PASSWORD, Office, example_case, task_page

pytestmark = pytest.mark.browser


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    office.client()
    server = make_server("127.0.0.1", 0, office.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


def opened(browser: Browser, address: str, **options: Any) -> Page:
    page = browser.new_context(base_url=address, locale="zh-CN", **options).new_page()
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("wangfang")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/inbox")
    return page


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = opened(browser, address, viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    # Refusals by the server are what some tests are about; the policy and scripts never complain.
    page.on(
        "console",
        lambda said: said.type == "error" and "status of 4" not in said.text and complaints.append(said.text),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.context.close()
    assert complaints == []


def until(page: Page, expression: str) -> None:
    """Wait for it from outside: the policy lets nothing be evaluated in the page."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


DRAFTS = "Object.keys(sessionStorage).filter(key => key.startsWith('draft:')).length"


def fill(page: Page) -> None:
    page.get_by_label("同意").check()


def test_a_task_opens_beside_its_list_by_keyboard(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert "审核采购计划" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.get_by_label("金额").wait_for()
    assert page.url.endswith("/tasks/t1")
    assert "审核采购计划" in page.title()
    assert page.locator("[data-list]").is_visible()
    page.go_back()
    page.get_by_text("请从列表中选择任务").wait_for()


def test_the_list_follows_what_others_do(page: Page, office: Office) -> None:
    page.clock.install()
    page.goto("/tasks/t1")
    page.get_by_label("意见").fill("先看合同")
    rows = office.answers[inbox.todo].rows
    office.answers[inbox.todo] = inbox.Page([rows[0], rows[2]], None)
    office.answers[inbox.counts] = inbox.Counts(77, 3, 9, 41, 5)
    page.clock.run_for(61_000)
    page.get_by_text("77").wait_for()
    assert page.locator("a[data-row]").count() == 2
    assert page.locator("a[data-row][aria-current]").count() == 1
    # The task that somebody is writing in stays as it is.
    assert page.get_by_label("意见").input_value() == "先看合同"


def test_what_is_missing_is_said_in_the_readers_language_and_nothing_is_sent(
    page: Page, office: Office
) -> None:
    page.goto("/tasks/t1")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("此项必填。").wait_for()
    page.get_by_text("请查看标出的字段。").wait_for()
    assert not office.called("complete")
    assert (
        page.get_by_text("添加一行").is_visible() and page.get_by_role("button", name="选择文件").is_visible()
    )


def test_an_end_before_its_start_and_a_reason_that_is_needed_now_are_said_at_the_field(
    page: Page, office: Office
) -> None:
    kinds = [{"label": "同意", "value": "a"}, {"label": "退回", "value": "b"}]
    day = {"type": "datetime", "subtype": "date"}
    last = {"id": "f_to", "key": "last", "dateLabel": "止", "properties": {"not_before": "first"}}
    why = {"type": "textfield", "key": "why", "label": "理由", "properties": {"required_if": '=verdict = "b"'}}
    changed = {**why, "id": "f_row_why", "properties": {"required_if": "=this.grade != this.proposed"}}
    grade = {"type": "textfield", "id": "f_grade", "key": "grade", "label": "等级"}
    fields = [
        {**day, "id": "f_from", "key": "first", "dateLabel": "起"},
        {**day, **last},
        {"type": "radio", "id": "f_verdict", "key": "verdict", "label": "结论", "values": kinds},
        {**why, "id": "f_why"},
        {"type": "dynamiclist", "id": "f_rows", "path": "rows", "isRepeating": True, "components": [grade, changed]},
    ]
    schema = {"type": "default", "id": "two_days", "components": fields}
    data = {"first": "2026-03-09", "last": "2026-03-02", "verdict": "b"}
    rows = [{"grade": "B", "proposed": "B"}, {"grade": "A", "proposed": "B"}]
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={**data, "rows": rows})
    page.goto("/tasks/t1")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("此日期不能早于 2026-03-09。").wait_for()
    wrong = page.locator(".fjs-has-errors input[type=text]")
    assert page.get_by_text("此项必填。").count() == 2 and wrong.count() == 3
    marked = "all => all.map(e => !!e.closest('.fjs-has-errors'))"
    assert page.get_by_label("理由").evaluate_all(marked) == [True, False, True]
    assert not office.called("complete")
    page.get_by_label("同意").check()
    page.get_by_label("理由").nth(2).fill("表现突出")
    page.get_by_label("止").fill("2026-03-10")
    page.get_by_label("止").press("Enter")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    assert office.called("complete")


def test_a_click_that_leaves_a_field_is_not_lost(page: Page, office: Office) -> None:
    kinds = [{"label": "没有异议", "value": "agreed"}, {"label": "申诉", "value": "appeal"}]
    needed = {"validate": {"required": True}}
    fields = [
        {"type": "textfield", "id": "f_why", "key": "why", "label": "说明", **needed},
        {"type": "datetime", "subtype": "date", "id": "f_day", "key": "told_on", "dateLabel": "告知日期", **needed},
        {"type": "radio", "id": "f_answer", "key": "answer", "label": "答复", "values": kinds},
    ]
    schema = {"type": "default", "id": "told", "components": fields}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={})
    page.goto("/tasks/t1")
    page.get_by_label("告知日期").click()
    page.keyboard.type("2026-03-09")
    # The mouse takes its time, as a hand does.
    page.get_by_label("没有异议").click(delay=80)
    assert page.get_by_label("没有异议").is_checked()
    assert page.get_by_text("此项必填。").count() == 0
    page.get_by_label("说明").click()
    page.get_by_label("申诉").click(delay=80)
    assert page.get_by_label("申诉").is_checked()
    page.get_by_text("此项必填。").wait_for()
    page.get_by_label("说明").fill("当面告知")
    page.get_by_role("button", name="提交").click(delay=80)
    page.wait_for_url("**/inbox")
    ((_, answers, *_),) = office.called("complete")
    assert answers == {"why": "当面告知", "told_on": "2026-03-09", "answer": "appeal"}


def test_what_can_only_be_read_and_holds_nothing_says_so(page: Page, office: Office) -> None:
    read, kinds = {"readonly": True}, [{"label": "甲", "value": "a"}]
    fields = [
        {"type": "textarea", "id": "f_reason", "key": "reason", "label": "说明", **read},
        {"type": "number", "id": "f_balance", "key": "balance", "label": "剩余额度", **read},
        {"type": "select", "id": "f_kind", "key": "kind", "label": "类型", "values": kinds, **read},
        {"type": "datetime", "id": "f_day", "key": "day", "subtype": "date", "dateLabel": "日期", **read},
        {"type": "textfield", "id": "f_given", "key": "given", "label": "单号", **read},
        {"type": "textfield", "id": "f_asked", "key": "asked", "label": "意见"},
    ]
    schema = {"type": "default", "id": "empty", "components": fields}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={"given": "LV-1"})
    page.goto("/tasks/t1")
    for name in ("说明", "剩余额度", "日期"):
        assert page.get_by_label(name).get_attribute("placeholder") == "未填写"
    page.locator(".fjs-form-field-select").get_by_text("未填写").wait_for()
    assert page.get_by_label("单号").input_value() == "LV-1"
    assert page.get_by_label("意见").get_attribute("placeholder") != "未填写"


def test_numbers_that_can_only_be_read_have_separators_and_what_is_typed_has_none(page: Page, office: Office) -> None:
    number = {"type": "number", "serializeToString": True, "decimalDigits": 2}
    fields = [
        {**number, "id": "f_sum", "key": "amount", "label": "合计", "readonly": True},
        {"type": "number", "id": "f_year", "key": "budget_year", "label": "年度", "readonly": True},
        {**number, "id": "f_asked", "key": "asked", "label": "金额"},
        {
            "type": "table", "id": "t", "label": "预算项", "dataSource": "=lines", "rowCount": 9,
            "columns": [
                {"key": "line", "label": "项目"}, {"key": "code", "label": "编号"}, {"key": "year", "label": "哪年"},
                {"key": "amount", "label": "多少"}, {"key": "price", "label": "单价", "currency": "¥"},
            ],
        },
    ]  # fmt: skip
    schema = {"type": "default", "id": "sums", "components": fields}
    lines = [
        {"line": "采购", "code": "20260001", "year": 2026, "amount": 24000000, "price": 260.5},
        {"line": "培训", "code": "20260002", "year": 2025, "amount": 900.5, "price": 1300},
    ]
    data = {"amount": "12345678901234567.10", "budget_year": 2026, "lines": lines}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data=data)
    page.goto("/tasks/t1")
    assert page.get_by_label("合计").input_value() == "12,345,678,901,234,567.10"
    assert page.get_by_label("年度").input_value() == "2026"
    page.get_by_label("金额").fill("24310000.5")
    assert page.get_by_label("金额").input_value() == "24310000.5"
    cells = page.locator(".fjs-table-td")
    until(page, "document.querySelector('.fjs-table-td.is-number')?.textContent === '24,000,000.0'")
    assert cells.all_text_contents() == [
        "采购", "20260001", "2026", "24,000,000.0", "260.50", "培训", "20260002", "2025", "900.5", "1,300.00",
    ]  # fmt: skip
    # They are sorted as the numbers that they are, and have separators then, too.
    page.locator(".fjs-table-th").nth(3).click()
    until(page, "document.querySelector('.fjs-table-td').textContent === '培训'")
    assert cells.all_text_contents()[3::5] == ["900.5", "24,000,000.0"]
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    ((_, answers, *_rest),) = office.called("complete")
    assert answers["asked"] == "24310000.5" and answers.get("amount") in (None, "12345678901234567.10")


def test_a_number_is_read_as_people_write_and_copy_it(page: Page, office: Office) -> None:
    fields = [
        {"type": "number", "id": "f_1", "key": "asked", "label": "金额", "serializeToString": True, "decimalDigits": 2},
        {"type": "number", "id": "f_2", "key": "pieces", "label": "件数", "decimalDigits": 0},
    ]
    schema = {"type": "default", "id": "sums", "components": fields}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={})
    page.goto("/tasks/t1")
    amount = page.get_by_label("金额")

    def put(how: Callable[[str], None], text: str) -> str:
        amount.fill("")
        amount.focus()
        how(text)
        return amount.input_value()

    # A comma parts thousands, as in our tables; form-js made 12.00 of 12,000.
    typed = {"1,440.5": "1440.5", "12,000": "12000", "-3": "-3", "12x": "12"}
    assert {text: put(page.keyboard.type, text) for text in typed} == typed
    # As from the clipboard or an input method: all at once.
    pasted = {
        "694,521.30": "694521.30", " ¥230 ": "230", "￥1,000元": "1000", "１２０．５": "120.5", "12。5": "12.5",
        "12,5": "", "1,2345": "", "三百": "", "12万": "", "2026-11-27": "",
    }  # fmt: skip
    assert {text: put(page.keyboard.insert_text, text) for text in pasted} == pasted
    # What is no number leaves what was there.
    put(page.keyboard.type, "88")
    page.keyboard.insert_text("元整")
    assert amount.input_value() == "88"
    put(page.keyboard.insert_text, "24,310,000.50")
    page.get_by_label("件数").focus()
    page.keyboard.type("1,200")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    ((_, answers, *_rest),) = office.called("complete")
    assert (answers["asked"], answers["pieces"]) == ("24310000.50", 1200)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_code_in_a_table_is_not_broken_at_its_hyphens(
    browser: Browser, address: str, office: Office, width: int
) -> None:
    columns = [{"key": key, "label": key} for key in ("component", "order", "reason", "note")]
    table = {"type": "table", "id": "t", "label": "差异", "dataSource": "=rows", "rowCount": 9, "columns": columns}
    schema = {"type": "default", "id": "codes", "components": [table]}
    names = [f"朗霁 295 W 单晶{'双面双玻' * more}组件（60 片） · QY-P60-{5 - more}" for more in range(3)]
    rows = [
        {"component": name, "order": f"SO-2026-1005{place}", "reason": "夜间被盗，已报案" * 2, "note": f"第 {place} 行"}
        for place, name in enumerate(names)
    ]
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={"rows": rows})
    page = opened(browser, address, viewport={"width": width, "height": 900})
    page.goto("/tasks/t1")
    codes, cells = page.locator(".whole-code"), page.locator(".fjs-table-td")

    def told() -> list[str | None]:
        until(page, "document.querySelectorAll('.whole-code').length === 6")
        assert all(count == 1 for count in codes.evaluate_all("all => all.map(each => each.getClientRects().length)"))
        return cells.all_text_contents()[::4]

    assert told() == names
    assert codes.all_text_contents()[:2] == ["QY-P60-5", "SO-2026-10050"]
    if width > 400:  # on a phone no heads are shown to sort by
        assert page.locator(".fjs-table-td").first.evaluate("e => e.clientHeight > 40")  # it has no room for one line
        for wanted in (sorted(names), sorted(names, reverse=True)):
            page.locator(".fjs-table-th").first.click()
            until(page, f"document.querySelector('.fjs-table-td').textContent === '{wanted[0]}'")
            assert told() == wanted
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_what_takes_a_row_away_stands_beside_its_first_field(
    browser: Browser, address: str, office: Office, width: int
) -> None:
    fields = [{"type": "textfield", "id": f"f_{key}", "key": key, "label": key} for key in ("one", "two", "three")]
    rows = {"type": "dynamiclist", "id": "r", "path": "lines", "label": "明细", "isRepeating": True,
            "allowAddRemove": True, "defaultRepetitions": 2, "components": fields}  # fmt: skip
    schema = {"type": "default", "id": "lines", "components": [rows]}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={})
    page = opened(browser, address, viewport={"width": width, "height": 900})
    page.goto("/tasks/t1")
    page.locator(".fjs-repeat-row-remove").nth(1).wait_for()
    for place in range(2):
        row = page.locator(".fjs-repeat-row-container").nth(place)
        away, first = row.locator(".fjs-repeat-row-remove").bounding_box(), row.locator("input").first.bounding_box()
        assert away is not None and first is not None
        middle = away["y"] + away["height"] / 2
        assert first["y"] < middle < first["y"] + first["height"]
        assert away["height"] < 2 * first["height"]  # and nothing beside the others takes the row away
    page.context.close()


def test_a_table_without_rows_says_so_in_the_readers_language(page: Page, office: Office) -> None:
    columns = [{"key": "component", "label": "组件"}]
    table = {"type": "table", "id": "t", "label": "差异", "dataSource": "=rows", "columns": columns}
    schema = {"type": "default", "id": "none", "components": [table]}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={"rows": []})
    page.goto("/tasks/t1")
    until(page, "document.querySelector('.fjs-table-td')?.textContent === '没有内容。'")


def test_on_a_phone_a_row_of_a_table_is_told_line_by_line(browser: Browser, address: str, office: Office) -> None:
    columns = [{"key": f"c{place}", "label": f"第{place}列"} for place in range(9)]
    table = {"type": "table", "id": "t", "label": "差异", "dataSource": "=rows", "rowCount": 9, "columns": columns}
    schema = {"type": "default", "id": "wide", "components": [table]}
    rows = [{f"c{place}": "组件很长的名称" * (1 + place % 2) for place in range(9)}]
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={"rows": rows})
    page = opened(browser, address, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto("/tasks/t1")
    cell = page.locator(".fjs-table-td").nth(8)
    cell.wait_for()
    until(page, "document.querySelector('.fjs-table-td').dataset.label === '第0列'")
    shown = page.locator(".fjs-table-td").evaluate_all("all => all.map(e => e.getBoundingClientRect().toJSON())")
    assert all(each["left"] >= 0 and each["right"] <= 390 for each in shown)
    # None lies over another.
    assert all(
        one["bottom"] <= two["top"] + 1 or one["right"] <= two["left"] + 1
        for place, one in enumerate(shown) for two in shown[place + 1 :]
    )  # fmt: skip
    page.context.close()


def test_a_filled_form_is_sent_once(page: Page, office: Office) -> None:
    page.goto("/tasks/t1")
    fill(page)
    page.get_by_label("数量").nth(1).fill("125")
    page.get_by_role("button", name="提交").dblclick()
    page.wait_for_url("**/inbox")
    ((task, answers, version, _),) = office.called("complete")
    assert (task, version, answers["decision"]) == ("t1", 4, "approve")
    assert [row["quantity"] for row in answers["lines"]] == [300, 125]
    assert "intro" not in answers


def test_what_the_server_refuses_stands_at_its_field_and_nothing_is_lost(page: Page, office: Office) -> None:
    office.answers[user_tasks.complete] = FormInvalid(
        [
            Problem("answer.x", "This field is required.", "lines[1].component"),
            Problem("answer.y", "Some answers do not fit.", "elsewhere"),
        ]
    )
    page.goto("/tasks/t1")
    fill(page)
    page.get_by_label("意见").fill("价格偏高")
    page.get_by_role("button", name="提交").click()
    page.locator(".notice.is-bad").wait_for()
    second = page.locator("[data-form-body]").get_by_label("组件").nth(1)
    until(page, "document.querySelectorAll('.fjs-form-field-error').length === 1")
    assert "fjs-has-errors" in second.evaluate("e => e.closest('.fjs-form-field').className")
    assert page.get_by_label("意见").input_value() == "价格偏高" and page.get_by_label("同意").is_checked()
    assert page.locator("[data-where='lines[1].component'] b").text_content() == "组件: "
    # And it works after that.
    office.answers[user_tasks.complete] = user_tasks.Completed("c1", None)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    assert office.called("complete")[-1][1]["comment"] == "价格偏高"


def test_a_draft_waits_for_its_writer_and_goes_when_the_task_is_done(page: Page) -> None:
    page.goto("/tasks/t1")
    page.get_by_label("意见").fill("先看合同")
    page.goto("/stock")
    page.goto("/tasks/t1")
    page.get_by_text("已恢复您之前填写的内容").wait_for()
    assert page.get_by_label("意见").input_value() == "先看合同"
    fill(page)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    until(page, f"{DRAFTS} === 0")


def test_what_was_typed_waits_for_whoever_was_signed_out_meanwhile(page: Page, office: Office) -> None:
    page.goto("/tasks/t1")
    fill(page)
    page.get_by_label("意见").fill("先看合同")
    page.context.clear_cookies()
    page.get_by_role("button", name="提交").click()
    page.get_by_text("您已退出登录，所以没有提交").wait_for()
    assert not office.called("complete")
    page.get_by_label("用户名").fill("wangfang")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_text("已恢复您之前填写的内容").wait_for()
    assert page.get_by_label("意见").input_value() == "先看合同"
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    assert office.called("complete")[-1][1]["comment"] == "先看合同"


def test_a_form_that_comes_back_from_the_server_is_no_draft(page: Page, office: Office) -> None:
    office.answers[user_tasks.complete] = user_tasks.TaskChanged()
    page.goto("/tasks/t1")
    fill(page)
    page.get_by_label("意见").fill("价格偏高")
    until(page, f"{DRAFTS} === 1")
    page.get_by_role("button", name="提交").click()
    page.locator(".notice.is-kind").wait_for()
    until(page, "document.querySelectorAll('.fjs-form-field').length > 0")
    assert page.get_by_label("意见").input_value() == "价格偏高"
    assert not page.get_by_text("已恢复您之前填写的内容").is_visible()


def test_a_form_that_was_only_looked_at_is_no_draft(page: Page) -> None:
    page.goto("/tasks/t1")
    page.get_by_label("意见").fill("先看合同")
    page.get_by_label("意见").fill("")
    until(page, f"{DRAFTS} === 1")
    page.goto("/stock")
    page.goto("/tasks/t1")
    until(page, "document.querySelectorAll('.fjs-form-field').length > 0")
    assert page.get_by_label("意见").input_value() == ""
    assert not page.get_by_text("已恢复您之前填写的内容").is_visible()


def test_a_draft_brings_back_only_what_was_typed_and_says_what_it_was_typed_over(
    page: Page, office: Office
) -> None:
    office.answers[tasks.task_page] = task_page(clock.now(), data={**DATA, "comment": "旧", "amount": 1})
    page.goto("/tasks/t1")
    page.get_by_label("意见").fill("先看合同")
    page.goto("/stock")
    office.answers[tasks.task_page] = task_page(clock.now(), data={**DATA, "comment": "新", "amount": 2})
    page.goto("/tasks/t1")
    page.get_by_text("已恢复您之前填写的内容").wait_for()
    assert page.get_by_label("意见").input_value() == "先看合同"
    fill(page)
    office.answers[user_tasks.complete] = user_tasks.Completed("c1", None)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    seen = office.called("complete")[-1][3]
    assert (seen["comment"], seen["amount"]) == ("旧", 2)


def test_chosen_files_are_sent_before_the_form(page: Page, office: Office, tmp_path: Path) -> None:
    photo = tmp_path / "验收.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    page.goto("/tasks/t1")
    fill(page)
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    ((name, media_type, data),) = office.called("<lambda>") or office.called("store")
    assert (name, media_type, data) == ("验收.png", "image/png", b"\x89PNG\r\n\x1a\n")
    kept = office.called("complete")[0][1]["photos"]
    assert kept == [{"$file": {"sha256": "f" * 64, "name": "验收.png", "media_type": "image/png", "size": 8}}]


PDF = {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
EMPTY = {"name": "空.pdf", "mimeType": "application/pdf", "buffer": b""}
LARGE = {"name": "扫描.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-".ljust(10 * 1024 * 1024 + 1)}
PROGRAM = {"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}


def with_files_in_rows() -> tuple[dict[str, Any], dict[str, Any]]:
    """A form with a file of its own and one in each of two rows; its values."""
    proof = {"type": "filepicker", "id": "f_proof", "key": "proof", "label": "凭证"}
    item = {"type": "textfield", "id": "f_item", "key": "item", "label": "事项"}
    fields = [
        {"type": "textfield", "id": "f_note", "key": "note", "label": "说明"},
        {"type": "dynamiclist", "id": "f_rows", "path": "rows", "isRepeating": True, "components": [item, proof]},
        {"type": "filepicker", "id": "f_papers", "key": "papers", "label": "附件", "multiple": True},
    ]
    schema = {"type": "default", "id": "papers", "components": fields}
    return schema, {"rows": [{"item": "甲"}, {"item": "乙"}]}


def marked(page: Page) -> list[bool]:
    """Which of the file fields, in their order, say that something is wrong, to the eye and to a screen reader."""
    said = """all => all.map(field => {
      const button = field.querySelector("button"), error = field.querySelector(".fjs-form-field-error");
      const told = [field.matches(".fjs-has-errors"), button.getAttribute("aria-invalid") === "true",
                    !!error && button.getAttribute("aria-describedby") === error.id];
      if (new Set(told).size > 1) throw new Error(told);
      return told[0];
    })"""
    page.wait_for_timeout(100)
    found: list[bool] = page.locator(".fjs-form-field-filepicker").evaluate_all(said)
    return found


@pytest.mark.parametrize("width", [1440, 390])
def test_a_file_that_cannot_be_taken_is_refused_at_its_field_before_anything_is_sent(
    page: Page, office: Office, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/tasks/t1")
    fill(page)
    page.get_by_label("意见").fill("价格偏高")
    # Said as soon as they are chosen, each by name.
    page.locator("input[type=file]").set_input_files([EMPTY, LARGE, PROGRAM, PDF])
    page.get_by_text("文件 空.pdf 是空的（0 字节）。").wait_for()
    page.get_by_text("文件 扫描.pdf 有 10.1 MB，每个文件最多 10 MB。").wait_for()
    page.get_by_text("不接受文件 run.exe 的类型。").wait_for()
    assert page.locator(".fjs-form-field-filepicker .fjs-form-field-error li").count() == 3 and marked(page) == [True]
    page.get_by_role("button", name="提交").click()
    page.get_by_text("请查看标出的字段。").wait_for()
    until(page, "document.activeElement.matches('.fjs-filepicker-button')")
    assert not office.called("store") and not office.called("complete")
    assert page.get_by_label("意见").input_value() == "价格偏高"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("input[type=file]").set_input_files([PDF])
    until(page, "!document.querySelector('.fjs-form-field-error')")
    assert marked(page) == [False]
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    assert [each["$file"]["name"] for each in office.called("complete")[0][1]["photos"]] == ["合同.pdf"]


def test_a_file_that_a_field_does_not_accept_is_refused_as_soon_as_it_is_chosen(page: Page, office: Office) -> None:
    schema, values = with_files_in_rows()
    schema["components"][2]["accept"] = ".xlsx, image/*"
    schema["components"][1]["components"][1]["accept"] = ".PDF"
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data=values)
    page.goto("/tasks/t1")
    picture = {"name": "验收.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
    chosen = page.locator("input[type=file]")
    for place, sent in enumerate(([picture], [PDF], [PDF, picture])):
        chosen.nth(place).set_input_files(sent)
    page.get_by_text("此处只接受 .pdf，验收.png 不符。").wait_for()
    page.get_by_text("此处只接受 .xlsx, image/*，合同.pdf 不符。").wait_for()
    assert marked(page) == [True, False, True]
    page.get_by_label("说明").fill("两张凭证")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("请查看标出的字段。").wait_for()
    assert not office.called("store") and not office.called("complete")
    chosen.nth(0).set_input_files([PDF])
    chosen.nth(2).set_input_files([picture])
    until(page, "!document.querySelector('.fjs-form-field-error')")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    assert len(office.called("complete")) == 1


def test_a_file_is_of_the_kind_that_its_name_says_also_where_the_machine_calls_it_another(
    page: Page, office: Office
) -> None:
    page.goto("/tasks/t1")
    fill(page)
    sheet = {"name": "打卡.CSV", "mimeType": "application/vnd.ms-excel", "buffer": b"a,b"}
    page.locator("input[type=file]").set_input_files([sheet])
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    assert [each["$file"]["name"] for each in office.called("complete")[0][1]["photos"]] == ["打卡.CSV"]


def test_more_files_than_a_field_takes_are_refused_at_it(page: Page, office: Office) -> None:
    page.goto("/tasks/t1")
    fill(page)
    page.locator("input[type=file]").set_input_files([PDF] * 51)
    page.get_by_text("这里最多放 50 个文件。").wait_for()
    page.get_by_role("button", name="提交").click()
    page.get_by_text("请查看标出的字段。").wait_for()
    assert marked(page) == [True] and not office.called("store")


@pytest.mark.parametrize("start", [False, True])
def test_what_the_server_says_of_a_file_stands_at_its_field_in_its_row(
    page: Page, office: Office, start: bool
) -> None:
    schema, values = with_files_in_rows()
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data=values)
    office.answers[processes.start_page] = processes.StartPage("purchase_order", {}, "", "", schema, values)

    tried: list[str] = []

    def refuse(actor: Any, name: str, media_type: str, data: bytes) -> File:
        tried.append(name)
        if name.startswith("假"):
            raise files.FileKindRefused(name=name)
        return File("f" * 64, name, media_type, len(data))

    office.answers[files.store] = refuse
    page.goto("/processes/purchase_order/start" if start else "/tasks/t1")
    page.get_by_label("说明").fill("两张凭证")
    chosen = page.locator("input[type=file]")
    for place, sent in enumerate(({**PDF}, {**PDF, "name": "假.pdf"}, {**PDF, "name": "假2.pdf"})):
        chosen.nth(place).set_input_files([sent])
    assert marked(page) == [False, False, False]
    send = page.locator("[data-answer] button.primary")
    send.click()
    # Both at once, and the first of them has the focus.
    page.get_by_text("不接受文件 假.pdf 的类型。").wait_for()
    page.get_by_text("不接受文件 假2.pdf 的类型。").wait_for()
    page.get_by_text("请查看标出的字段。").wait_for()
    assert marked(page) == [False, True, True]
    until(page, "document.activeElement === document.querySelectorAll('.fjs-filepicker-button')[1]")
    assert page.get_by_label("说明").input_value() == "两张凭证"
    # Another file is another matter; the other field still says what is wrong with its own.
    chosen.nth(1).set_input_files([{**PDF, "name": "真.pdf"}])
    until(page, "document.querySelectorAll('.fjs-form-field-error').length === 1")
    assert marked(page) == [False, False, True]
    chosen.nth(2).set_input_files([{**PDF, "name": "真2.pdf"}])
    send.click()
    page.wait_for_url(lambda url: "/tasks/" not in url and "/start" not in url)
    # What was taken the first time is not sent again.
    assert tried == ["合同.pdf", "假.pdf", "假2.pdf", "真.pdf", "真2.pdf"]


def test_a_file_that_does_not_get_through_is_named_at_its_field(page: Page, office: Office) -> None:
    page.goto("/tasks/t1")
    fill(page)
    page.locator("input[type=file]").set_input_files([PDF])
    page.route("**/files", lambda route: route.fulfill(status=413, body="<h1>Too large</h1>"))
    page.get_by_role("button", name="提交").click()
    page.get_by_text("文件 合同.pdf 没有传上去。").wait_for()
    assert marked(page) == [True] and not office.called("complete")
    # The same file may be tried again.
    page.unroute("**/files")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    assert office.called("complete")


def test_an_answer_refused_because_of_a_file_comes_back_with_its_field_marked(page: Page, office: Office) -> None:
    schema, values = with_files_in_rows()
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data=values)
    office.answers[user_tasks.complete] = FormInvalid(
        [
            Problem("answer.one_file", "Only one file is allowed here.", "rows[1].proof"),
            Problem("answer.too_many_files", "At most {most} files are allowed here.", "papers", {"most": 50}),
        ]
    )
    page.goto("/tasks/t1")
    page.locator("input[type=file]").nth(1).set_input_files([PDF])
    page.get_by_label("说明").fill("两张凭证")
    page.get_by_role("button", name="提交").click()
    page.locator(".notice.is-bad").wait_for()
    until(page, "document.querySelectorAll('.fjs-form-field-error').length === 2")
    assert marked(page) == [False, True, True]
    assert page.get_by_label("说明").input_value() == "两张凭证"
    assert page.locator("[data-where='rows[1].proof'] b").text_content() == "凭证: "


def test_the_diagram_shows_the_way_taken_and_who_has_it(page: Page) -> None:
    page.goto("/cases/c1")
    page.locator(".djs-element.is-active").wait_for()
    assert page.locator(".djs-shape.is-done").count() == 2
    assert page.locator(".djs-connection.is-taken").count() == 2
    assert page.locator(".badge").text_content() == "王芳"
    page.get_by_role("button", name="放大").click()


def test_the_diagram_says_once_what_an_element_waits_for_by_its_own_name(page: Page, office: Office) -> None:
    answer = office.answers[cases.case_page]
    [view] = answer.diagrams
    told = {"review": view.labels["review"], "draft": "王芳"}
    office.answers[cases.case_page] = replace(answer, diagrams=[replace(view, waiting=told)])
    page.goto("/cases/c1")
    page.locator(".badge").first.wait_for()
    assert page.locator(".badge").all_text_contents() == ["王芳"]


def in_a_row(steps: int) -> str:
    """A drawing of so many steps beside one another, 160 apart."""
    ids = [f"s{place}" for place in range(steps)]
    nodes = "".join(f'<bpmn:task id="{each}" name="{each}"/>' for each in ids)
    shapes = "".join(
        f'<bpmndi:BPMNShape id="{each}_di" bpmnElement="{each}">'
        f'<dc:Bounds x="{160 * place}" y="100" width="100" height="80"/></bpmndi:BPMNShape>'
        for place, each in enumerate(ids)
    )
    spaces = {"bpmn": "BPMN/20100524/MODEL", "bpmndi": "BPMN/20100524/DI", "dc": "DD/20100524/DC"}
    named = " ".join(f'xmlns:{short}="http://www.omg.org/spec/{long}"' for short, long in spaces.items())
    return (
        f'<bpmn:definitions {named} targetNamespace="t"><bpmn:process id="p">{nodes}</bpmn:process>'
        f'<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="pl" bpmnElement="p">{shapes}'
        "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"
    )


@pytest.mark.parametrize(("width", "steps", "whole"), [(1440, 8, True), (1440, 30, False), (390, 8, False)])
def test_a_drawing_opens_as_wide_as_the_page_or_where_the_case_stands(
    browser: Browser, address: str, office: Office, width: int, steps: int, whole: bool
) -> None:
    case = example_case(clock.now())
    [drawn] = case.diagrams
    active = f"s{steps // 2}"
    view = replace(drawn, xml=in_a_row(steps), done=[], active=[active], flows=[], labels={}, waiting={})
    office.answers[cases.case_page] = replace(case, diagrams=[view])
    page = opened(browser, address, viewport={"width": width, "height": 844})
    page.goto("/cases/c1")
    page.locator(".djs-element.is-active").wait_for()
    frame = page.locator("[data-diagram]").bounding_box()
    boxes = [page.locator(f".djs-shape[data-element-id=s{place}]").bounding_box() for place in range(steps)]
    stands = boxes[steps // 2]
    assert frame is not None and stands is not None and boxes[0] is not None and boxes[-1] is not None
    inside = [each for each in boxes if each and frame["x"] <= each["x"] <= frame["x"] + frame["width"] - each["width"]]
    assert (len(inside) == steps) is whole
    assert stands["width"] >= 100 * (0.45 if whole else 0.54)
    if not whole:
        middle = stands["x"] + stands["width"] / 2
        assert abs(middle - frame["x"] - frame["width"] / 2) < 12
    page.context.close()


def test_a_rules_problems_stand_at_their_lines_while_it_is_typed(page: Page, office: Office) -> None:
    page.goto("/rules/approval_limits?edit=1")
    page.get_by_text("检查完毕，没有问题。").wait_for()
    office.answers[drafts.check_rule] = [Problem("x", "This field is required.", line=2, column=1)]
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("rows: []")
    page.get_by_role("button", name="第 2 行").wait_for()
    page.locator(".cm-lint-marker-error").wait_for()
    page.get_by_role("button", name="保存为草稿").click()
    page.wait_for_load_state()
    assert office.called("save_rule")[0][1].endswith("rows: []")


def test_stock_is_drawn(page: Page) -> None:
    page.goto("/stock")
    until(page, "document.querySelector('canvas').width > 100")
    page.get_by_role("link", name="晶澳").click()
    page.get_by_text("技术参数").wait_for()
    until(page, "document.querySelector('canvas').width > 100")


def test_the_language_changes_with_the_choice(page: Page, office: Office) -> None:
    with page.expect_navigation():
        page.get_by_label("语言").select_option("en")
    assert office.called("set_language") == [("en",)]


@pytest.mark.parametrize(
    "where",
    ["/inbox", "/inbox/started", "/tasks/t1", "/cases/c1", "/processes", "/processes/p/start", "/rules",
     "/rules/approval_limits", "/rules/approval_limits?edit=1", "/stock", "/account", "/nowhere"],
)  # fmt: skip
def test_nothing_runs_off_a_phone(browser: Browser, address: str, where: str) -> None:
    page = opened(browser, address, viewport={"width": 360, "height": 740})
    page.goto(where)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.context.close()


def test_on_a_phone_a_short_word_of_a_report_stands_in_one_line(
    browser: Browser, address: str, office: Office
) -> None:
    told = ["王芳", "2026-10", "没有目标", "已办结", "良好", "尚未检视", "首次", "次/年", "部门"]
    columns = [reports.Column(f"c{at}", word) for at, word in enumerate(told)]
    row = reports.Row({column.key: column.name for column in columns})
    office.answers[reports.show] = reports.Report(columns, [row], None)
    office.answers[exported.terms] = exported.Terms("open", None, None, [])
    page = opened(browser, address, viewport={"width": 390, "height": 844})
    page.goto("/reports/team")
    line = "e => e.getBoundingClientRect().height < 2 * parseFloat(getComputedStyle(e).lineHeight) + 16"
    cells = page.locator("tbody td")
    assert cells.count() == len(told) and all(cell.evaluate(line) for cell in cells.all())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_on_the_smallest_phone_no_word_of_the_bar_lies_on_another(
    browser: Browser, address: str, office: Office
) -> None:
    page = opened(browser, address, viewport={"width": 320, "height": 640})
    # English words are the widest.
    office.present = {key: replace(actor, language="en") for key, actor in office.present.items()}
    page.goto("/inbox")
    assert page.get_by_role("link", name="Handbook").is_visible()
    edges = "all => all.map((each) => [each.getBoundingClientRect().left, each.getBoundingClientRect().right])"
    words = page.locator(".main-nav a span").evaluate_all(edges)
    assert len(words) > 4 and all(one[1] <= other[0] for one, other in pairwise(words))
    assert page.locator(".brand b").evaluate("each => each.getClientRects().length") == 1
    page.context.close()


def test_on_a_phone_the_open_list_is_in_sight_among_the_lists(browser: Browser, address: str) -> None:
    page = opened(browser, address, viewport={"width": 360, "height": 740})
    page.goto("/inbox/started")
    box = page.locator(".filters [aria-current]").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert page.evaluate("window.scrollY") == 0
    page.context.close()


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_a_title_keeps_its_number_whole_and_links_are_as_high_as_a_finger_needs(
    browser: Browser, address: str, office: Office, width: int
) -> None:
    answer = office.answers[cases.case_page]
    title = {"zh_Hans": "二零二六年九月采购计划 PP-2026-0007 与 PP-2026-0008 一并"}
    office.answers[cases.case_page] = replace(answer, title=title)
    page = opened(browser, address, viewport={"width": width, "height": 740})
    page.goto("/cases/c1")
    numbers = page.locator("h1 .nowrap")
    assert numbers.count() == 2
    # One line each, whatever the width.
    assert numbers.evaluate_all("all => all.map((each) => each.getClientRects().length)") == [1, 1]
    low = "all => all.map((each) => each.getBoundingClientRect().height).filter((height) => height < 24)"
    assert page.locator("main summary:visible, main .decision h3 a").evaluate_all(low) == []
    page.context.close()


def test_a_phone_shows_the_list_or_the_task(browser: Browser, address: str) -> None:
    page = opened(browser, address, viewport={"width": 360, "height": 740})
    page.get_by_role("link", name="审核采购计划").click()
    page.get_by_label("金额").wait_for()
    assert not page.locator(".list").is_visible()
    page.get_by_role("link", name="待办").first.click()
    page.locator("[data-list]").wait_for()
    page.context.close()


def test_the_first_tab_stop_leads_past_the_bar(page: Page) -> None:
    page.goto("/stock")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"


def test_on_a_phone_a_chosen_component_keeps_its_code(browser: Browser, address: str, office: Office) -> None:
    label = "澄照 310 W 单晶组件（72 片，双面双玻） · CZ-M72-310"
    kind = {"type": "select", "values": [{"label": label, "value": "CZ-M72-310"}]}
    fields = [
        {**kind, "id": "f_read", "key": "held", "label": "现有", "readonly": True},
        {**kind, "id": "f_asked", "key": "wanted", "label": "要买", "searchable": True},
    ]
    schema = {"type": "default", "id": "codes", "components": fields}
    data = {"held": "CZ-M72-310", "wanted": "CZ-M72-310"}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data=data)
    page = opened(browser, address, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto("/tasks/t1")
    shown = page.locator(".fjs-select-display")
    shown.wait_for()
    # All of it lies inside its box and inside the page.
    assert shown.evaluate("e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.parentElement.clientHeight + 1")
    until(page, "document.querySelectorAll('[data-whole]').length === 1")
    whole = page.locator("[data-whole]")
    assert whole.get_attribute("data-whole") == label
    assert whole.evaluate("e => getComputedStyle(e, '::after').content").strip('"') == label
    page.context.close()


def test_on_a_phone_a_notice_lies_on_no_heading(browser: Browser, address: str) -> None:
    page = opened(browser, address, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto("/tasks/t1")
    fill(page)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    flash, bar = page.locator(".flash").first.bounding_box(), page.locator(".bar").bounding_box()
    assert flash is not None and bar is not None
    assert bar["y"] <= flash["y"] and flash["y"] + flash["height"] <= bar["y"] + bar["height"]
    page.context.close()


def test_a_day_that_there_is_not_becomes_no_other_day(page: Page, office: Office) -> None:
    fields = [{"type": "datetime", "subtype": "date", "id": "f_day", "key": "told_on", "dateLabel": "告知日期"}]
    schema = {"type": "default", "id": "told", "components": fields}
    office.answers[tasks.task_page] = task_page(clock.now(), schema=schema, data={})
    page.goto("/tasks/t1")
    day = page.get_by_label("告知日期")
    for typed, stands in (("2026-11-31", ""), ("2026-02-29", ""), ("2026-13-01", ""), ("2026-11-30", "2026/11/30")):
        day.fill(typed)
        day.press("Enter")
        day.press("Tab")
        assert day.input_value() == stands
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/inbox")
    ((_, answers, *_),) = office.called("complete")
    assert answers == {"told_on": "2026-11-30"}
