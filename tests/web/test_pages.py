"""What people see and what the pages ask of the runtime.

Not here: whether the runtime answers well (tests/commands, tests/acceptance)."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from runtime.commands import cases, deploy, drafts, user_tasks
from runtime.errors import Problem
from runtime.forms import FormInvalid
from runtime.queries import called, entered, inbox, named, processes, rules, search, standing, tasks, verdicts
from runtime.queries import cases as case_queries
from tests.web.stand_ins import (
    REVIEW,
    WANG,
    Office,
    clock,
    example_case,
    rule_page,
    send,
    signed_in,
    task_page,
    waits,
)
from web import show


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return signed_in(office.client())


def json_block(text: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" data-{name}>(.*?)</script>', text, re.S)
    assert found, f"no {name}"
    return json.loads(found[1])


def asked(office: Office, name: str) -> dict[str, Any]:
    """The named arguments with which a query was asked last."""
    return [named for called, _, _, named in office.calls if called == name][-1]


def test_the_inbox_lists_what_waits_with_counts(client: FlaskClient) -> None:
    page = client.get("/inbox").text
    assert "审核采购计划" in page and "PP-2026-0007" in page
    assert re.search(r"本组待认领</span><span class=\"count\">9<", page)
    assert "已逾期" in page and "已催办 1 次" in page


def test_the_list_is_narrowed_by_group_and_process_and_goes_on_from_its_cursor(
    office: Office, client: FlaskClient
) -> None:
    page = client.get("/inbox?only=group&process=purchase_plan&order=due").text
    assert asked(office, "todo") == {
        "only": "group", "process": "purchase_plan", "order": "due", "after": None,
    }  # fmt: skip
    onward = html.unescape(re.search(r'class="more"><a href="([^"]+)"', page)[1])  # type: ignore[index]
    assert onward.startswith("/inbox?")
    assert all(part in onward for part in ("only=group", "process=purchase_plan", "order=due"))
    client.get(onward)
    assert asked(office, "todo")["after"] == "2026-11-01T00:00:00+00:00~7"


def test_the_order_is_chosen_above_the_list_and_stays_while_it_is_narrowed(
    office: Office, client: FlaskClient
) -> None:
    page = client.get("/inbox?order=priority").text
    assert re.search(r'href="/inbox\?order=priority" aria-current="true">最紧急<', page)
    assert 'href="/inbox?only=mine&amp;order=priority"' in page and 'href="/tasks/t1?order=priority"' in page
    # What nobody sorts by is the usual order, not an error.
    client.get("/inbox?order=salary")
    assert asked(office, "todo")["order"] == "age"


def test_search_shows_tasks_and_cases_and_goes_on(office: Office, client: FlaskClient) -> None:
    page = client.get("/search?q=采购 <b>").text
    assert office.called("find") == [("采购 <b>",)]
    assert 'value="采购 &lt;b&gt;"' in page and "采购 &lt;b&gt;”的搜索结果" in page and "<b>”" not in page
    assert 'href="/tasks/t1"' in page and 'href="/cases/c2"' in page
    assert "只查看了最新的一部分" in page and "请再加一个词" in page
    onward = html.unescape(re.search(r'class="more"><a href="([^"]+)"', page)[1])  # type: ignore[index]
    assert onward.startswith("/search?") and "after=7" in onward and "q=" in onward
    client.get(onward)
    assert asked(office, "find") == {"after": "7"} and office.called("find")[-1] == ("采购 <b>",)


def test_search_says_when_nothing_was_found_and_what_can_be(office: Office, client: FlaskClient) -> None:
    office.answers[search.find] = search.Found("x")
    assert "没有找到您可以查看的内容" in client.get("/search?q=x").text
    empty = client.get("/search").text
    assert "没有找到" not in empty and "按标题" in empty and "PO-2026" in empty


def test_where_search_was_leads_to_where_it_is(office: Office, client: FlaskClient) -> None:
    kept = client.get("/inbox/search?q=PO-2026 a&after=7&_external=1")
    assert (kept.status_code, kept.location) == (302, "/search?q=PO-2026+a&after=7")


def unbroken(page: str) -> str:
    """The page without what keeps its numbers and codes whole."""
    return re.sub(r'<span class="nowrap">([A-Z0-9-]+)</span>', r"\1", page)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("采购计划PP-2026-0012已批准", '采购计划<span class="nowrap">PP-2026-0012</span>已批准'),
        ("QY-P60-265, 2026-10", '<span class="nowrap">QY-P60-265</span>, <span class="nowrap">2026-10</span>'),
        ("a-b, follow-up, 12", "a-b, follow-up, 12"),
        ("<b>SO-2026-0001</b> & co", '&lt;b&gt;<span class="nowrap">SO-2026-0001</span>&lt;/b&gt; &amp; co'),
        # Wider than a phone: it has to be broken somewhere.
        ("-".join(["LONG"] * 8), "-".join(["LONG"] * 8)),
    ],
)
def test_a_number_or_code_in_a_title_is_not_broken_at_its_hyphens(text: str, shown: str) -> None:
    assert str(show.whole(text)) == shown


def test_titles_of_lists_and_pages_keep_their_numbers_whole(client: FlaskClient) -> None:
    for address in ("/inbox", "/inbox/started", "/tasks/t1", "/cases/c1"):
        assert '<span class="nowrap">PP-2026-0007</span>' in client.get(address).text, address


def test_what_people_decided_stands_before_the_form_that_was_filled_in(office: Office, client: FlaskClient) -> None:
    page = office.answers[case_queries.case_page]
    told = verdicts.Verdict(clock.now(), "review", "审核", WANG, None, "退回修改", "先看 PO-2026-0012\n再比价")
    form = entered.Entered({"type": "default", "components": []}, {})
    office.answers[case_queries.case_page] = dataclasses.replace(page, verdicts=[told], entered=form)
    text = client.get("/cases/c1").text
    assert text.index('id="stands"') < text.index('id="verdicts"') < text.index('id="entered"')
    assert '<p class="remark">先看 <span class="nowrap">PO-2026-0012</span>\n再比价</p>' in text


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "is with Wang Fang, Department manager"), ("zh_Hans", "现由王芳、部门经理办理"),
     ("zh_Hant", "現由王芳、部門經理辦理")],
)  # fmt: skip
def test_a_line_of_a_case_says_with_whom_those_are_that_it_called(
    office: Office, client: FlaskClient, language: str, line: str
) -> None:
    office.present = {key: dataclasses.replace(actor, language=language) for key, actor in office.present.items()}
    held = standing.Standing(holders=(standing.Holder(WANG, ()), standing.Holder(None, ("manager",))))
    page = office.answers[inbox.started]
    row = dataclasses.replace(page.rows[0], standing=held)
    office.answers[inbox.started] = dataclasses.replace(page, rows=[row])
    office.answers[search.find] = search.Found("x", cases=[row])
    for address in ("/inbox/started", "/search?q=x"):
        assert f"<span>{line}</span>" in client.get(address).text


def test_search_leads_to_documents_components_and_partners(office: Office, client: FlaskClient) -> None:
    title = {"en": "Purchase", "zh_Hans": "采购执行"}
    case = named.DocumentHit("purchase_orders", "PO-2026-0001", title, "c9", clock.now())
    spoken = named.DocumentHit("contacts", "CO-2026-0002", {}, "", clock.now(), ("supplier", "SUP-1"), "<b>价格</b>")
    panel = named.ComponentHit("JA-1", {"en": "Module"}, "delisted")
    firm = named.PartnerHit("customer", "CU-1", {"zh_Hans": "光明"}, False)
    more = frozenset({"documents", "partners"})
    office.answers[search.find] = search.Found(
        "x", named=named.Named([case, spoken], [panel], [firm], more, partly=True)
    )
    page = unbroken(client.get("/search?q=x").text)
    assert "没有找到" not in page and "只查看了最新的一部分" in page
    assert page.count("请再加一个词") == page.count("请多输入几位编号") == 1
    links = re.findall(r'<li class="row"><a href="(.*?)"', page)
    assert links == [
        "/cases/c9", "/master-data/supplier/SUP-1/contacts", "/stock/JA-1", "/master-data/customer/CU-1/contacts",
    ]  # fmt: skip
    for said in ("采购订单 PO-2026-0001", "采购执行", "&lt;b&gt;价格", "已下架", "光明", "客户 CU-1", "停用"):
        assert said in page, said


def test_more_than_anybody_counts_is_shown_as_more(office: Office, client: FlaskClient) -> None:
    office.answers[inbox.counts] = inbox.Counts(inbox.MOST + 1, 3, inbox.MOST + 1, inbox.MOST, 5)
    page = client.get("/inbox").text
    counted = re.findall(r'class="count">(.*?)<', page)
    assert counted == ["999+", "3", "999+", "2", "999", "5"]  # the fourth: mentions


def test_a_list_takes_no_options_of_the_address_builder(client: FlaskClient) -> None:
    page = client.get("/inbox?_external=1&_scheme=javascript&_anchor=x").text
    assert "javascript:" not in page


def test_an_empty_inbox_says_what_to_do(office: Office, client: FlaskClient) -> None:
    office.answers[inbox.todo] = inbox.Page([], None)
    assert "没有待办事项" in client.get("/inbox").text


@pytest.mark.parametrize(
    "address", ["/inbox/done", "/inbox/started", "/processes", "/account", "/rules", "/stock"]
)
def test_every_list_opens(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("language", "with_wang", "several", "at"),
    [
        ("en", "waits for Review the purchase plan (Wang Fang)",
         "waits for Review the purchase plan (Department manager), Await the sheet and 3 more",
         "stands at Await the sheet"),
        ("zh_Hans", "等待：审核采购计划（王芳）",
         "等待：审核采购计划（部门经理）、等待交回，另有 3 步", "停在：等待交回"),
        ("zh_Hant", "等待：審核採購計劃（王芳）",
         "等待：審核採購計劃（部門經理）、等待交回，另有 3 步", "停在：等待交回"),
    ],
)  # fmt: skip
def test_a_line_of_a_case_says_where_it_waits_and_with_whom(
    office: Office, client: FlaskClient, language: str, with_wang: str, several: str, at: str
) -> None:
    office.present = {key: dataclasses.replace(actor, language=language) for key, actor in office.present.items()}
    assert with_wang in client.get("/inbox/started").text
    event = standing.Step("await_sheet", {"zh_Hans": "等待交回", "en": "Await the sheet"}, asked=False)
    review = waits("review_plan", REVIEW).first[0]
    for of, line in (
        (standing.Standing((review.names, *(event.names,) * 4), (review, event)), several),
        (standing.Standing((event.names,), (event,)), at),
    ):
        page = office.answers[inbox.started]
        row = dataclasses.replace(page.rows[0], standing=of)
        office.answers[inbox.started] = dataclasses.replace(page, rows=[row])
        assert f"<span>{line}</span>" in client.get("/inbox/started").text
        office.answers[search.find] = search.Found("x", cases=[row])
        assert f"<span>{line}</span>" in client.get("/search?q=x").text


@pytest.mark.parametrize(
    ("language", "heading", "with_wang", "with_group"),
    [("en", "Cases that it began and waits for", "is with Wang Fang", "is with Department manager"),
     ("zh_Hans", "由本事项发起并等待的事项", "现由王芳办理", "现由部门经理办理"),
     ("zh_Hant", "由本事項發起並等待的事項", "現由王芳辦理", "現由部門經理辦理")],
)  # fmt: skip
def test_a_case_lists_what_it_called_with_a_way_to_what_the_reader_may_open(
    office: Office, client: FlaskClient, language: str, heading: str, with_wang: str, with_group: str
) -> None:
    office.present = {key: dataclasses.replace(actor, language=language) for key, actor in office.present.items()}
    assert 'id="called"' not in client.get("/cases/c1").text
    now, sheet = clock.now(), {"zh_Hans": "盘点表 7 <1>"}
    hers, theirs = standing.Holder(WANG, ()), standing.Holder(None, ("manager",))
    rows = [
        called.Called("s1", sheet, "running", now, None, (hers,)),
        called.Called("", sheet, "running", now, None, (theirs,)),
        called.Called("", sheet, "completed", now, now),
    ]  # fmt: skip
    page = office.answers[case_queries.case_page]
    office.answers[case_queries.case_page] = dataclasses.replace(page, calls=called.Calls(rows, 3))
    text = client.get("/cases/c1").text
    told = text[text.index('id="called"') :]
    told = told[: told.index("</section>")]
    assert heading in told and told.count("盘点表 7 &lt;1&gt;") == 3 and told.count("<a ") == 1
    assert 'href="/cases/s1"' in told and with_wang in told and with_group in told


def test_a_task_opens_beside_its_list_and_alone_for_the_pane(client: FlaskClient) -> None:
    whole = client.get("/tasks/t1").text
    part = client.get("/tasks/t1", headers={"HX-Request": "true"}).text
    assert "<nav" in whole and "data-list" in whole
    assert "<nav" not in part and part.lstrip().startswith("<article")
    assert json_block(part, "values")["lines"][1]["quantity"] == 120


def test_a_form_cannot_break_out_of_its_json(office: Office, client: FlaskClient) -> None:
    hostile = "</script><script>alert(1)</script><!--"
    office.answers[tasks.task_page] = task_page(clock.now(), data={"comment": hostile})
    page = client.get("/tasks/t1").text
    assert "<script>alert" not in page
    assert json_block(page, "values") == {"comment": hostile}


def test_names_and_texts_are_never_markup(office: Office, client: FlaskClient) -> None:
    office.answers[tasks.task_page] = task_page(
        clock.now(), documentation="<img src=x onerror=alert(1)>{{7*7}}"
    )
    page = client.get("/tasks/t1").text
    assert "<img" not in page and "{{7*7}}" in page


def test_a_completed_task_leads_to_the_next_step_of_the_case_if_it_is_mine(
    office: Office, client: FlaskClient
) -> None:
    office.answers[user_tasks.complete] = user_tasks.Completed("c1", "t7")
    answer = send(client, "/tasks/t1", {"answers": '{"decision": "approve"}', "version": "4"})
    assert answer.headers["Location"] == "/tasks/t7"
    assert office.called("complete") == [("t1", {"decision": "approve"}, 4, None)]
    # What was typed is forgotten in the browser.
    assert 'data-finished="task:t1"' in client.get("/inbox").text


def test_otherwise_it_leads_back_to_the_list(client: FlaskClient) -> None:
    assert (
        send(client, "/tasks/t1?only=mine", {"answers": "{}", "version": "4"}).headers["Location"]
        == "/inbox?only=mine"
    )
    assert "已提交" in client.get("/inbox?only=mine").text


def test_numbers_reach_the_form_exactly(office: Office, client: FlaskClient) -> None:
    send(client, "/tasks/t1", {"answers": '{"amount": 0.1, "big": 12345678901234567890.25}', "version": "4"})
    ((_, answers, _, _),) = office.called("complete")
    assert str(answers["amount"]) == "0.1" and str(answers["big"]) == "12345678901234567890.25"


@pytest.mark.parametrize("answers", ["[1]", "no json", '{"a": NaN}', '{"a": 1e400', "[" * 100_000])
def test_answers_that_are_no_map_are_refused(client: FlaskClient, answers: str) -> None:
    assert send(client, "/tasks/t1", {"answers": answers, "version": "4"}).status_code == 400


def test_what_does_not_fit_comes_back_at_its_field_with_everything_typed(
    office: Office, client: FlaskClient
) -> None:
    office.answers[user_tasks.complete] = FormInvalid(
        [
            Problem("answer.required", "This field is required.", "decision"),
            Problem("answer.required", "This field is required.", "lines[1].quantity"),
        ]
    )
    typed = {"comment": "请核对", "lines": [{"quantity": 1}, {}]}
    answer = send(client, "/tasks/t1", {"answers": json.dumps(typed), "version": "4"})
    assert answer.status_code == 400
    assert json_block(answer.text, "values") == {**task_page(clock.now()).data, **typed}
    assert [problem["where"] for problem in json_block(answer.text, "problems")] == [
        "decision",
        "lines[1].quantity",
    ]
    assert "data-typed" in answer.text


def test_somebody_was_faster_is_said_kindly_and_keeps_what_was_typed(
    office: Office, client: FlaskClient
) -> None:
    office.answers[user_tasks.complete] = user_tasks.TaskChanged()
    answer = send(client, "/tasks/t1", {"answers": '{"comment": "x"}', "version": "3"})
    assert answer.status_code == 409
    assert "is-kind" in answer.text
    assert json_block(answer.text, "values") == {**task_page(clock.now()).data, "comment": "x"}


def test_what_can_only_be_read_is_there_when_a_form_comes_back(office: Office, client: FlaskClient) -> None:
    shown = {"approved": [{"component": "HX-M60-310", "quantity": 4}], "comment": "", "decision": "approve"}
    problem = FormInvalid([Problem("answer.date_passed", "This date has passed.", "comment")])
    office.answers[tasks.task_page] = task_page(clock.now(), data=shown)
    office.answers[user_tasks.complete] = office.answers[cases.start] = problem
    sent = {"answers": '{"comment": "x", "decision": null}', "version": "4"}
    form = processes.StartPage("purchase_plan", {}, "", "", {"components": []}, shown)
    office.answers[processes.start_page] = form
    for address in ("/tasks/t1", "/processes/purchase_plan/start"):
        answer = send(client, address, sent)
        assert answer.status_code == 400
        assert json_block(answer.text, "values") == {**shown, "comment": "x", "decision": None}


def test_a_field_that_both_changed_keeps_what_was_typed_and_shows_the_others_as_they_are_now(
    office: Office, client: FlaskClient
) -> None:
    page = client.get("/tasks/t1").text
    assert 'name="seen"' in page
    office.answers[tasks.task_page] = task_page(clock.now(), data={"comment": "theirs", "decision": "return"})
    problem = Problem(
        "answer.changed_meanwhile", "Somebody changed {field} to …", "comment", {"field": "comment"}
    )
    office.answers[user_tasks.complete] = user_tasks.FieldsChanged([problem], frozenset(["decision"]))
    sent = {"answers": '{"comment": "mine", "decision": null}', "version": "4", "seen": '{"comment": "old"}'}
    answer = send(client, "/tasks/t1", sent)
    assert answer.status_code == 409
    assert office.called("complete")[-1][3] == {"comment": "old"}
    assert json_block(answer.text, "values") == {"comment": "mine", "decision": "return"}
    assert [each["where"] for each in json_block(answer.text, "problems")] == ["comment"]
    # Sent again, it is over what is shown now.
    assert "theirs" in answer.text.partition('name="seen"')[2].partition(">")[0]


def test_what_was_seen_stays_what_was_seen_when_an_answer_does_not_fit(
    office: Office, client: FlaskClient
) -> None:
    office.answers[user_tasks.complete] = FormInvalid([Problem("answer.required", "no", "decision")])
    sent = {"answers": "{}", "version": "4", "seen": '{"comment": "long ago"}'}
    answer = send(client, "/tasks/t1", sent)
    assert "long ago" in answer.text.partition('name="seen"')[2].partition(">")[0]
    assert send(client, "/tasks/t1", sent | {"seen": "[]"}).status_code == 400


def test_a_group_task_is_taken_first(office: Office, client: FlaskClient) -> None:
    office.answers[tasks.task_page] = task_page(
        clock.now(), may_claim=True, may_complete=False, may_release=False
    )
    page = client.get("/tasks/t1").text
    assert "认领此任务" in page and "data-readonly" in page and 'name="answers"' not in page
    assert send(client, "/tasks/t1/claim", {}).headers["Location"] == "/tasks/t1"
    assert office.called("claim") == [("t1",)]


def test_a_process_starts_from_its_form(office: Office, client: FlaskClient) -> None:
    assert json_block(client.get("/processes/purchase_plan/start").text, "schema")["components"]
    answer = send(client, "/processes/purchase_plan/start", {"answers": '{"reason": "旺季"}'})
    assert answer.headers["Location"] == "/cases/c1"
    assert office.called("start") == [("purchase_plan", {"reason": "旺季"})]
    office.answers[cases.start] = FormInvalid(
        [Problem("answer.required", "This field is required.", "amount")]
    )
    answer = send(client, "/processes/purchase_plan/start", {"answers": '{"reason": "旺季"}'})
    assert answer.status_code == 400 and json_block(answer.text, "values") == {"reason": "旺季"}


def test_a_case_shows_where_it_stands_how_it_came_there_and_why(client: FlaskClient) -> None:
    page = client.get("/cases/c1").text
    assert "李敏完成了" in page and "大额采购由部门经理和分管领导审批" in page
    view = json_block(page, "view")
    assert (
        view["active"] == ["review"]
        and view["waiting"] == {"review": "王芳"}
        and "<bpmn:process" in view["xml"]
    )


def test_the_newest_decision_of_a_rule_is_not_the_one_that_is_folded_away(office: Office, client: FlaskClient) -> None:
    page = example_case(clock.now())
    asked = [dataclasses.replace(page.decisions[0], reasons=[f"第{n}次的理由"]) for n in range(1, 4)]
    office.answers[case_queries.case_page] = dataclasses.replace(page, decisions=asked)
    told = client.get("/cases/c1").text
    places = [told.index(part) for part in ("第3次的理由", "第2次的理由", "”另有 1 次", "第1次的理由")]
    assert places == sorted(places)


def test_a_confidential_case_says_that_it_is_not_shown_whole(office: Office, client: FlaskClient) -> None:
    page = example_case(clock.now())
    office.answers[case_queries.case_page] = case_queries.CasePage(
        **{**vars(page), "full": False, "decisions": [], "documents": []}
    )
    assert "此事项保密" in client.get("/cases/c1").text


def test_a_rule_reads_as_sentences(client: FlaskClient) -> None:
    page = html.unescape(client.get("/rules/approval_limits").text)
    assert "计划金额 > 50,000 且 类别 = “A”" in page
    assert "未填" in page and "不作决定" in page and "样例" in page


def test_a_rule_is_checked_while_it_is_typed(office: Office, client: FlaskClient) -> None:
    office.answers[drafts.check_rule] = [Problem("x", "This field is required.", "12:5", line=12, column=5)]
    answer = send(client, "/rules/approval_limits/check", {"text": "rule: x"})
    assert [(p["line"], p["column"], p["severity"]) for p in answer.json["problems"]] == [(12, 5, "error")]


def test_a_rule_that_does_not_hold_stays_in_the_editor(office: Office, client: FlaskClient) -> None:
    office.answers[drafts.save_rule] = deploy.DeploymentRefused(
        [Problem("x", "This field is required.", line=2)], count=1
    )
    answer = send(client, "/rules/approval_limits", {"text": "rule: 我的\n", "base": "3"})
    assert answer.status_code == 400 and "rule: 我的" in answer.text
    assert json_block(answer.text, "problems")[0]["line"] == 2


def test_a_draft_is_saved_on_its_base_and_handed_in_apart(office: Office, client: FlaskClient) -> None:
    send(client, "/rules/approval_limits", {"text": "rule: a\n", "base": "3"})
    assert office.called("save_rule") == [("approval_limits", "rule: a\n", 3)]
    asked = {"change_reason": "上级要求", "effective_on": "2026-04-01"}
    answer = send(client, "/rules/approval_limits/propose", asked)
    assert answer.headers["Location"].endswith("/cases/c1")
    assert office.called("start") == [("rule_amendment", {"rule": "approval_limits", **asked})]
    office.answers[cases.start] = FormInvalid([Problem("x", "This field is required.", "change_reason")])
    answer = send(client, "/rules/approval_limits/propose", {"effective_on": "2026-04-01"})
    assert answer.status_code == 400 and "is-kind" in answer.text and "2026-04-01" in answer.text


def test_a_draft_that_does_not_hold_is_kept_and_not_handed_in(office: Office, client: FlaskClient) -> None:
    office.unproven = [Problem("x", "This field is required.", line=7)]
    answer = send(client, "/rules/approval_limits", {"text": "rule: a\n", "base": "3"})
    assert json_block(answer.text, "problems")[0]["line"] == 7
    drawn = rule_page(clock.now())
    unproven = dataclasses.replace(drawn.draft, proven=False)  # type: ignore[type-var]
    office.answers[rules.rule_page] = dataclasses.replace(drawn, draft=unproven)
    assert "/propose" not in client.get("/rules/approval_limits").text


def test_what_a_draft_would_have_decided_stands_beside_it(client: FlaskClient) -> None:
    page = client.get("/rules/approval_limits").text
    assert "12 次判定中有 3 次结果会不同" in page and "期限：+4" in page
    assert "另有 1 次属于您无权查看的事项" in page and "金额未填，不能决定" in page


def test_who_may_not_edit_sees_no_editor(office: Office, client: FlaskClient) -> None:
    office.answers[rules.rule_page] = rule_page(clock.now(), may_edit=False, draft=None)
    page = client.get("/rules/approval_limits?edit=1").text
    assert "<textarea" not in page and "/propose" not in page


def test_stock_puts_first_what_is_below_its_safety_stock(client: FlaskClient) -> None:
    page = client.get("/stock").text
    drawn = json_block(page, "rows")
    assert [row["below"] for row in drawn] == [True, True, False, False, False, False]
    assert drawn[-1]["reorder_point"] is None  # without figures there is nothing to compare with
    assert "2 种低于安全库存" in page


def test_a_component_shows_its_movements_and_links_only_to_cases_that_may_be_read(
    client: FlaskClient,
) -> None:
    page = client.get("/stock/JAM72D42-585").text
    assert [point["quantity"] for point in json_block(page, "points")] == [400, 340, 230, 380, 180, 120]
    assert "销售出库" in page and "苏州仓" in page and "22.6 %" in page
    assert "/cases/c1" in page and "/cases/c0" not in page


def test_an_upload_is_kept_and_described(office: Office, client: FlaskClient) -> None:
    import io

    answer = send(client, "/files", {"file": (io.BytesIO(b"%PDF-1"), "合同.pdf", "application/pdf")})
    assert answer.json["$file"] == {
        "sha256": "f" * 64,
        "name": "合同.pdf",
        "media_type": "application/pdf",
        "size": 6,
    }


def test_a_file_is_always_a_download(client: FlaskClient) -> None:
    answer = client.get("/files/" + "f" * 64)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.mimetype == "application/pdf"
