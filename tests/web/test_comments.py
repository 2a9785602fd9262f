"""Comments on the pages: said beside what they are about, as text and nothing else, and told by the bell.

Not here: who may (tests/commands/test_comments.py)."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from runtime.commands import comments
from runtime.identity import Person
from runtime.queries import cases as case_queries
from runtime.queries import comments as queries
from tests.web.stand_ins import Office, names, send, signed_in


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> FlaskClient:
    found = office.client()
    signed_in(found)
    return found


def test_a_thread_stands_on_the_cases_page_and_beside_its_task(client: FlaskClient) -> None:
    for address in ("/cases/c1", "/tasks/t1"):
        page = client.get(address).text
        assert '<span class="mention">@王芳</span> 数量对吗？' in page, address
        assert "&lt;b&gt;对&lt;/b&gt;" in page and "<b>对" not in page
        assert "关于“审核采购计划”" in page and "提到了您" in page and "修改于" in page
    assert 'name="task" value="t1"' in client.get("/tasks/t1").text
    assert 'name="task"' not in client.get("/cases/c1").text


def test_who_does_not_see_the_case_whole_is_shown_no_thread_and_no_box(
    office: Office, client: FlaskClient
) -> None:
    office.answers[queries.thread] = queries.Thread("c1")
    for address in ("/cases/c1", "/tasks/t1"):
        assert 'class="comments"' not in client.get(address).text
    office.answers[queries.thread] = case_queries.NoSuchCase()
    assert client.get("/tasks/t1").status_code == 200 and client.get("/cases/c1").status_code == 404


def test_what_is_sent_is_there_where_it_was_written(office: Office, client: FlaskClient) -> None:
    office.answers[comments.write] = "k7"
    sent = send(client, "/cases/c1/comments", {"text": "對\r\n吗？"}, page="/cases/c1")
    assert sent.headers["Location"] == "/cases/c1#comment-k7"
    beside = send(client, "/cases/c1/comments", {"text": "@王芳", "task": "t1"}, page="/tasks/t1")
    assert beside.headers["Location"] == "/tasks/t1#comment-k7"
    assert office.called("write") == [("c1", "對\r\n吗？", None), ("c1", "@王芳", "t1")]


def test_what_is_refused_is_said_beside_what_was_typed(office: Office, client: FlaskClient) -> None:
    office.answers[comments.write] = comments.CannotSee(name="<b>甲")
    for task, page in (("", "/cases/c1"), ("t1", "/tasks/t1")):
        told = send(client, "/cases/c1/comments", {"text": "@甲 </textarea><b>", "task": task}, page=page)
        assert told.status_code == 400 and "&lt;b&gt;甲无权查看这个事项" in told.text
        assert "@甲 &lt;/textarea&gt;&lt;b&gt;</textarea>" in told.text
    office.answers[comments.change] = comments.NoLongerChangeable(minutes=15)
    told = send(client, "/cases/c1/comments/k2/change", {"text": "不对"}, page="/cases/c1")
    assert told.status_code == 409 and "15 分钟" in told.text
    assert re.search(r"<details open><summary>更改", told.text) and "不对</textarea>" in told.text


def test_ones_own_comment_is_changed_and_withdrawn_from_its_place(
    office: Office, client: FlaskClient
) -> None:
    page = client.get("/cases/c1").text
    assert '/comments/k2/withdraw"' in page and '/comments/k1/withdraw"' not in page
    office.answers |= {comments.change: None, comments.withdraw: None}
    assert send(client, "/cases/c1/comments/k2/change", {"text": "不"}, page="/cases/c1").status_code == 302
    gone = send(client, "/cases/c1/comments/k2/withdraw", {"task": "t1"}, page="/tasks/t1")
    assert gone.headers["Location"] == "/tasks/t1#comment-k2"
    assert office.called("change") == [("k2", "不")] and office.called("withdraw") == [("k2",)]


def test_the_bell_counts_on_every_page_and_leads_to_what_mentions_one(
    office: Office, client: FlaskClient
) -> None:
    assert re.search(r'class="bell is-ringing".*?bell-count">2<', client.get("/stock").text)
    page = client.get("/inbox/mentions").text
    assert "@王芳 数量对吗？" in page and "李敏" in page
    office.answers |= {comments.read: "c1", comments.read_all: None, queries.unread: 0}
    opened = send(client, "/comments/k1/read", {}, page="/inbox/mentions")
    assert opened.headers["Location"] == "/cases/c1#comment-k1"
    assert send(client, "/inbox/mentions/read", {}, page="/inbox/mentions").status_code == 302
    assert "is-ringing" not in client.get("/stock").text


def test_reading_marks_nothing_as_read(office: Office, client: FlaskClient) -> None:
    for address in ("/cases/c1", "/tasks/t1", "/inbox/mentions", "/inbox"):
        client.get(address)
    assert client.get("/comments/k1/read").status_code == 405
    assert office.called("read") == [] and office.called("read_all") == []


def test_whom_one_may_mention_is_offered_by_name_with_the_reason_against(
    office: Office, client: FlaskClient
) -> None:
    zhao = Person("c" * 32, names("赵强", "趙強", "Zhao Qiang"))
    office.answers[queries.mentionable] = [queries.Offered(zhao, "zhaoqiang", "赵强", "无权查看这个事项")]
    assert client.get("/cases/c1/mentionable?q=赵").json == {
        "people": [{"name": "赵强", "username": "zhaoqiang", "write": "赵强", "why": "无权查看这个事项"}]
    }
    assert office.called("mentionable") == [("c1", "赵", "zh_Hans")]
