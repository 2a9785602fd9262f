"""Signing in, sessions, headers, CSRF, hosts: what every request must pass.

Not here: who may do what (tests/commands)."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from flask.testing import FlaskClient

from runtime.errors import Failed
from runtime.queries import inbox
from tests.web.stand_ins import PASSWORD, PEOPLE, Office, send, signed_in, token
from web.security import safe_next


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client()


def test_nothing_but_the_door_opens_without_signing_in(office: Office, client: FlaskClient) -> None:
    machines = {"/health", "/healthz", "/readyz", "/metrics"}
    open_to_all = {"/sign-in", "/static/<path:filename>", "/language", *machines}
    for rule in office.app.url_map.iter_rules():
        if rule.rule in open_to_all:
            continue
        address = re.sub(r"<[^>]+>", "x", rule.rule)
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        answer = send(client, address, {}, page="/sign-in") if method == "POST" else client.get(address)
        if rule.rule.startswith("/api/"):
            assert answer.status_code == 401 and answer.mimetype == "application/problem+json", address
        else:
            assert answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in"), address
    assert not office.calls


def test_after_signing_in_one_is_where_one_wanted_to_be(client: FlaskClient) -> None:
    to = client.get("/cases/c1?x=1").headers["Location"]
    assert to == "/sign-in?next=/cases/c1?x%3D1"
    answer = send(
        client,
        "/sign-in",
        {"username": "limin", "password": PASSWORD, "next": "/cases/c1?x=1"},
        page="/sign-in",
    )
    assert answer.headers["Location"] == "/cases/c1?x=1"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil",
        "",
        None,
        "evil",
    ],
)
def test_nobody_is_sent_elsewhere(client: FlaskClient, target: str | None) -> None:
    assert safe_next(target) is None
    answer = send(
        client, "/sign-in", {"username": "limin", "password": PASSWORD, "next": target or ""}, page="/sign-in"
    )
    assert answer.headers["Location"] == "/inbox"


def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nobody(client: FlaskClient) -> None:
    def told(username: str) -> tuple[int, str]:
        answer = send(client, "/sign-in", {"username": username, "password": "wrong"}, page="/sign-in")
        return answer.status_code, answer.text.split('role="alert">')[1].split("</p>")[0]

    assert told("wangfang") == told("nobody") and told("nobody")[0] == 403


def test_guessing_is_slow(client: FlaskClient) -> None:
    codes = [
        send(client, "/sign-in", {"username": "wangfang", "password": "x"}, page="/sign-in").status_code
        for _ in range(11)
    ]
    assert codes == [403] * 10 + [429]
    # The colleague at the next desk still gets in.
    signed_in(client, "limin")


def test_signing_in_makes_a_new_session(client: FlaskClient) -> None:
    before = token(client, "/sign-in")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    signed_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/sign-out", data={"csrf_token": before}).status_code == 400


def test_a_cookie_is_not_for_scripts_and_secure_over_https(client: FlaskClient) -> None:
    plain = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in plain and "SameSite=Lax" in plain and "Secure" not in plain
    secure = Office().client().get("/sign-in", base_url="https://localhost")
    assert "Secure" in secure.headers["Set-Cookie"]
    assert secure.headers["Strict-Transport-Security"]


def test_a_demoted_person_loses_the_role_at_once_and_a_dismissed_one_the_session(
    office: Office, client: FlaskClient
) -> None:
    signed_in(client)
    office.present["wangfang"] = dataclasses.replace(PEOPLE["wangfang"], groups=frozenset())
    client.get("/inbox")
    assert office.calls[-1][1] is not None and office.calls[-1][1].groups == frozenset()
    office.present["wangfang"] = dataclasses.replace(PEOPLE["wangfang"], epoch=1)
    assert client.get("/inbox").headers["Location"].startswith("/sign-in")


def test_signing_out_ends_it(client: FlaskClient) -> None:
    signed_in(client)
    send(client, "/sign-out", {})
    assert client.get("/inbox").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/tasks/t1",
        "/tasks/t1/claim",
        "/processes/p/start",
        "/rules/r",
        "/rules/r/propose",
        "/files",
        "/language",
        "/sign-out",
        "/account/password",
        "/account/tokens",
        "/account/tokens/t/revoke",
    ],
)
def test_nothing_is_written_without_the_token(office: Office, client: FlaskClient, address: str) -> None:
    signed_in(client)
    before = len(office.calls)
    answer = client.post(address, data={"answers": "{}", "version": "1", "language": "en"})
    assert answer.status_code == 400 and "刷新后重试" in answer.text
    assert {name for name, *_ in office.calls[before:]} <= {"by_session"}


@pytest.mark.parametrize(
    ("sent_from", "back_to"),
    [
        ("http://localhost/tasks/t1?only=mine", "/tasks/t1?only%3Dmine"),
        ("http://evil.example/tasks/t1", ""),
        ("http://localhost//evil.example", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_whoever_was_signed_out_meanwhile_signs_in_and_is_back_where_the_form_was_sent_from(
    office: Office, client: FlaskClient, sent_from: str, back_to: str
) -> None:
    before = len(office.calls)
    answer = client.post("/tasks/t1", data={"answers": "{}", "version": "1"}, headers={"Referer": sent_from})
    assert answer.status_code == 302 and len(office.calls) == before
    place = answer.headers["Location"]
    assert place == "/sign-in?" + (f"next={back_to}&" if back_to else "") + "unsent=1"
    told = client.get(place, headers={"Accept-Language": "zh-CN"}).text
    assert "没有提交" in told and f'name="next" value="{"/tasks/t1?only=mine" if back_to else ""}"' in told
    # A program, and what a page's script sends, is told plainly.
    assert client.post("/files", headers={"Accept": "application/json"}).status_code in (400, 403)


def test_reading_never_writes(office: Office, client: FlaskClient) -> None:
    signed_in(client)
    before = len(office.calls)
    for address in ("/tasks/t1/claim", "/sign-out", "/language", "/rules/r/propose", "/files"):
        assert client.get(address).status_code == 405
    for address in ("/", "/inbox", "/tasks/t1", "/cases/c1", "/rules/approval_limits", "/stock"):
        client.get(address)
    writing = {
        "sign_in",
        "set_language",
        "claim",
        "release",
        "complete",
        "start",
        "save_rule",
        "store",
    }
    assert not writing & {name for name, *_ in office.calls[before:]}


def test_every_answer_carries_the_policy(client: FlaskClient) -> None:
    signed_in(client)
    for address in ("/inbox", "/sign-in", "/nowhere", "/health", "/static/app.css"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        for part in (
            "default-src 'self'",
            "script-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ):
            assert part in policy
        assert "unsafe" not in policy and "nonce" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"


def test_only_the_editor_may_write_a_style_sheet_and_each_time_under_another_name(
    client: FlaskClient,
) -> None:
    signed_in(client)
    policies = [
        client.get("/rules/approval_limits?edit=1").headers["Content-Security-Policy"] for _ in range(2)
    ]
    assert policies[0] != policies[1] and all("style-src 'self' 'nonce-" in policy for policy in policies)
    assert all("script-src 'self';" in policy for policy in policies)


def test_pages_are_kept_by_no_cache(client: FlaskClient) -> None:
    signed_in(client)
    assert client.get("/inbox").headers["Cache-Control"] == "no-store"
    # What refuses below the assets is a page again, with the reader's name on it.
    for refused in (client.get("/static/none.css"), client.post("/static/app.css")):
        assert refused.status_code >= 400 and refused.headers["Cache-Control"] == "no-store"


def test_no_page_has_inline_script_style_or_handlers(client: FlaskClient) -> None:
    signed_in(client)
    for address in (
        "/inbox",
        "/tasks/t1",
        "/cases/c1",
        "/rules/approval_limits?edit=1",
        "/stock",
        "/processes/p/start",
        "/account",
    ):
        page = client.get(address).text
        assert not re.search(r"<[^>]+\s(on\w+|style)\s*=", page), address
        assert not re.search(r"<script(?![^>]*(\ssrc=|application/json))", page), address
        assert "<style" not in page


def test_only_known_hosts_are_answered(office: Office) -> None:
    client = Office(hosts="inbox.example, localhost").client()
    assert client.get("/sign-in", base_url="http://evil.example").status_code == 400
    assert client.get("/sign-in", base_url="http://inbox.example").status_code == 200


def test_too_much_is_refused(office: Office, client: FlaskClient) -> None:
    signed_in(client)
    fields = {"answers": "x" * (10 * 1024 * 1024 + 1), "csrf_token": token(client)}
    answer = client.post("/tasks/t1", data=fields, headers={"Accept": "application/json"})
    assert answer.status_code == 413 and "10 MB" in answer.json["message"] and not office.called("complete")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The file 合同.pdf has 12 MB; a file may have 10 MB at most."),
        ("zh_Hans", "文件 合同.pdf 有 12 MB，每个文件最多 10 MB。"),
        ("zh_Hant", "檔案 合同.pdf 有 12 MB，每個檔案最多 10 MB。"),
    ],
)
def test_a_file_that_is_too_large_to_be_read_is_refused_by_name(
    office: Office, client: FlaskClient, language: str, words: str
) -> None:
    office.present["wangfang"] = dataclasses.replace(PEOPLE["wangfang"], language=language)
    signed_in(client)
    headers = {"X-CSRFToken": token(client), "Accept": "application/json"}
    # A little less than 12 MB with what surrounds it: told is the request's size, rounded up.
    large = io.BytesIO(b"%PDF-".ljust(12 * 1024 * 1024 - 1024, b"x"))
    sent = {"before": "1", "file": (large, "../合同.pdf", "application/pdf")}
    answer = client.post("/files", data=sent, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (413, "file.too_large")
    assert answer.json["message"].startswith(words) and not office.called("store")


def test_a_file_as_large_as_a_file_may_be_is_taken(office: Office, client: FlaskClient) -> None:
    signed_in(client)
    headers = {"X-CSRFToken": token(client), "Accept": "application/json"}
    largest = io.BytesIO(b"%PDF-".ljust(10 * 1024 * 1024, b"x"))
    answer = client.post("/files", data={"file": (largest, "a.pdf", "application/pdf")}, headers=headers)
    assert answer.status_code == 200 and answer.json["$file"]["size"] == 10 * 1024 * 1024


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain"])
def test_what_is_too_large_and_names_no_file_is_refused_all_the_same(client: FlaskClient, kind: str) -> None:
    signed_in(client)
    headers = {"X-CSRFToken": token(client), "Accept": "application/json"}
    answer = client.post("/files", data=b"x" * (11 * 1024 * 1024), headers=headers, content_type=kind)
    assert answer.status_code in (400, 413) and "error" in answer.json


def test_one_click_is_for_the_demo_only() -> None:
    assert PASSWORD in Office(demo=True).client().get("/sign-in").text
    assert PASSWORD not in Office(demo=False).client().get("/sign-in").text


@pytest.mark.parametrize(("chosen", "words"), [("en", "To do"), ("zh_Hans", "待办"), ("zh_Hant", "待辦")])
def test_the_language_is_remembered_for_the_browser_and_the_person(
    office: Office, client: FlaskClient, chosen: str, words: str
) -> None:
    answer = send(client, "/language", {"language": chosen, "next": "/inbox"}, page="/sign-in")
    assert f"language={chosen}" in answer.headers["Set-Cookie"]
    assert f'lang="{chosen.replace("_", "-")}"' in client.get("/sign-in").text
    signed_in(client)
    send(client, "/language", {"language": chosen})
    assert office.called("set_language") == [(chosen,)]
    office.present["wangfang"] = dataclasses.replace(PEOPLE["wangfang"], language=chosen)
    assert words in client.get("/inbox").text


def test_a_stranger_is_met_in_the_language_of_their_browser(client: FlaskClient) -> None:
    def met(asked: str) -> str:
        return client.get("/sign-in", headers={"Accept-Language": asked}).text

    assert 'lang="en"' in met("en-GB,en;q=0.9") and 'lang="zh-Hant"' in met("zh-TW,zh;q=0.9")
    assert 'lang="zh-Hans"' in met("zh-CN") and 'lang="zh-Hans"' in met("de-DE")


def test_what_breaks_is_told_without_its_insides(office: Office, client: FlaskClient) -> None:
    signed_in(client)
    for broken in (RuntimeError("password=hunter2"), Failed()):
        office.answers[inbox.todo] = broken
        answer = client.get("/inbox")
        assert answer.status_code == 500
        assert "编号" in answer.text and "hunter2" not in answer.text


def test_there_is_no_such_page_in_the_readers_language(client: FlaskClient) -> None:
    signed_in(client)
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and "页面不存在" in answer.text
    assert client.get("/nowhere", headers={"Accept": "application/json"}).json["error"] == "http.404"


def test_a_changed_password_keeps_only_this_session(office: Office, client: FlaskClient) -> None:
    signed_in(client)

    def change(actor: object, old: str, new: str) -> None:
        office.present["wangfang"] = dataclasses.replace(PEOPLE["wangfang"], epoch=1)

    from runtime.commands import accounts

    office.answers[accounts.change_password] = change
    new = {"old": PASSWORD, "new": PASSWORD, "again": "another"}
    assert "两次输入" in send(client, "/account/password", new).text
    assert send(client, "/account/password", {**new, "again": PASSWORD}).status_code == 302
    assert client.get("/inbox").status_code == 200


def test_the_server_says_that_it_is_up(client: FlaskClient) -> None:
    assert client.get("/health").json == {"status": "ok"}
