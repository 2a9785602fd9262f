"""What is tried against the API: other people's tokens and tasks, forged requests, bodies made to hurt."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from runtime import clock, demo
from runtime.commands import accounts, tokens
from runtime.identity import SYSTEM
from runtime.queries.tokens import own
from tests.conftest import START
from tests.office import Office, Runtime, Settings
from tests.web.programs import Program, check
from tests.web.stand_ins import send, token
from tests.web.test_api import BUY, ORDER, begin
from web.api.reading import MAX_BODY, MAX_DEPTH
from web.api.routes import PREFIX, ROUTES


@pytest.fixture
def spec(firm: Office) -> Program:
    firm.deploy(BUY, ORDER)
    return Program(firm, "spec")


@pytest.fixture(scope="module")
def desk(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The same for all that changes nobody and nothing but its own case."""
    home = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(empty_home, home)
    with clock.frozen(START):
        runtime = Runtime(Settings(home=home))
        runtime.load()
        office = Office(runtime)
        office.deploy(BUY, ORDER)
        yield Program(office, "spec")
        runtime.close()


def with_amount(text: str) -> str:
    return '{"answers": {"amount": ' + text + "}}"


def everywhere() -> list[tuple[str, str]]:
    """Every address of the API, with something in its holes."""
    return [(route.method, re.sub(r"<\w+>", "x", route.path)) for route in ROUTES] + [
        ("GET", "/openapi.json")
    ]


def refused(program: Program, authorization: str | None) -> None:
    """Every address says 401 to this header, and nothing else."""
    for method, path in everywhere():
        headers = {"Authorization": authorization} if authorization is not None else {}
        answer = program.client.open(PREFIX + path, method=method, headers=headers)
        check(method, path, answer)
        assert answer.status_code in (401, 429), (method, path)
        assert answer.status_code == 429 or answer.headers["WWW-Authenticate"].startswith("Bearer")


# ---- tokens


def test_without_a_token_nothing_is_told(spec: Program) -> None:
    refused(spec, None)


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Basic c3BlYzp4", "bearer\tx", "Bearer " + "a" * 4000, "Bearer \u00ff"],
)
def test_what_is_no_token_opens_nothing(desk: Program, header: str) -> None:
    refused(desk, header)


def test_what_is_no_token_is_told_that_there_is_no_such_address(spec: Program) -> None:
    for _ in range(62):  # nor does being held up change that
        assert spec.code("GET", "/nothing", Authorization="Bearer guicheng_none") == (404, "http.404")


def test_a_token_counts_whatever_the_case_of_its_scheme(spec: Program) -> None:
    assert spec.get("/session", Authorization=f"bearer {spec.made.secret}")[0] == 200
    assert spec.code("GET", "/session", Authorization=f"Bearer {spec.made.secret}x") == (401, "token.refused")


def test_a_revoked_token_opens_nothing_from_the_next_request_on(firm: Office, spec: Program) -> None:
    assert spec.get("/session")[0] == 200
    firm.runtime.do(tokens.revoke, firm.as_("spec").actor, spec.made.id)
    assert spec.code("GET", "/session") == (401, "token.refused")


def test_an_expired_token_opens_nothing(firm: Office, spec: Program) -> None:
    firm.later(days=30, seconds=-1)
    assert spec.get("/session")[0] == 200
    clock.shift(dt.timedelta(seconds=1))
    assert spec.code("GET", "/session") == (401, "token.refused")


def test_the_token_of_somebody_who_left_opens_nothing(firm: Office, spec: Program) -> None:
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec")
    assert spec.code("GET", "/session") == (401, "token.refused")


def test_a_lost_right_counts_at_once(firm: Office, spec: Program) -> None:
    begin(spec)
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec", [])
    assert spec.code("POST", "/processes/buy/start", {}) == (403, "process.not_yours_to_start")
    assert spec.get("/inbox")[1]["tasks"] == []


def test_a_token_signs_in_to_no_page(firm: Office, spec: Program) -> None:
    for page in ("/inbox", "/account", "/processes"):
        answer = spec.client.get(page, headers=spec.headers)
        assert answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")
    before = firm.runtime.read(own, firm.as_("spec").actor)
    answer = spec.client.post("/account/tokens", headers=spec.headers, data={"name": "x", "days": "7"})
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")
    assert firm.runtime.read(own, firm.as_("spec").actor) == before


def test_who_tries_many_tokens_is_held_up_and_holds_up_nobody(spec: Program) -> None:
    codes = [
        spec.client.get(f"{PREFIX}/session", headers={"Authorization": f"Bearer {number}"}).status_code
        for number in range(62)
    ]
    assert codes == [401] * 60 + [429] * 2
    assert spec.get("/session")[0] == 200


# ---- cookies


class Tab:
    """A page of ours in somebody's browser, whose script calls the API."""

    def __init__(self, office: Any, username: str) -> None:
        self.program = Program(office, username)
        self.client: FlaskClient = self.program.app.test_client()
        send(self.client, "/sign-in", {"username": username, "password": demo.PASSWORD}, page="/sign-in")

    def post(self, path: str, csrf: str | None, **headers: str) -> Any:
        if csrf is not None:
            headers["X-CSRFToken"] = csrf
        answer = self.client.post(PREFIX + path, json={}, headers=headers)
        check("POST", path, answer)
        return answer


def test_a_session_needs_its_own_csrf_token_to_change_anything(office: Office) -> None:
    tab, other = Tab(office, "chenjie"), Tab(office, "wangfang")
    foreign = other.client.get(f"{PREFIX}/session").json["csrf_token"]
    for method, path in everywhere():
        if method != "GET":
            for csrf in (None, "", "x", foreign):
                answer = tab.post(path, csrf)
                assert (answer.status_code, answer.json["code"]) == (400, "csrf"), path
    own = tab.client.get(f"{PREFIX}/session").json["csrf_token"]
    assert tab.post("/processes/purchase_plan/start", own).status_code == 201
    assert tab.post("/processes/purchase_plan/start", token(tab.client)).status_code == 201


def test_a_wrong_token_beside_a_good_cookie_is_a_wrong_token(office: Office) -> None:
    tab = Tab(office, "chenjie")
    own = tab.client.get(f"{PREFIX}/session").json["csrf_token"]
    assert tab.post("/processes/purchase_plan/start", own, Authorization="Bearer x").status_code == 401


def test_another_site_may_neither_read_nor_send(office: Office) -> None:
    tab = Tab(office, "chenjie")
    answer = tab.client.get(f"{PREFIX}/session", headers={"Origin": "https://evil.example"})
    assert not any(name.startswith("Access-Control") for name, _ in answer.headers)
    # What a form of another site can send: no JSON, and no header of ours.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = tab.client.post(
            f"{PREFIX}/processes/purchase_plan/start", data="{}", headers={"Content-Type": kind}
        )
        assert answer.status_code == 400 and answer.json["code"] == "csrf"


# ---- other people's work


def test_other_peoples_tasks_are_not_there(firm: Office, spec: Program) -> None:
    task = begin(spec)["next_task"]
    buyer = Program(firm, "buyer")
    for method, path in (("GET", ""), ("POST", "/claim"), ("POST", "/release"), ("POST", "/complete")):
        assert buyer.code(method, f"/tasks/{task}{path}") == (404, "user_task.not_found")
    assert buyer.get("/inbox")[1]["tasks"] == []
    assert firm.as_("spec").page("check_order").may_claim


def test_a_process_that_is_not_ones_to_start_is_not_started(firm: Office, spec: Program) -> None:
    buyer = Program(firm, "buyer")
    assert buyer.get("/processes")[1]["processes"] == []
    assert buyer.code("GET", "/processes/buy") == (404, "process.unknown")
    assert buyer.code("POST", "/processes/buy/start", {"answers": {"amount": 1}}) == (
        403,
        "process.not_yours_to_start",
    )


# ---- bodies


@pytest.mark.parametrize(
    "body",
    [
        {"assignee": "spec"}, {"answers": {}, "state": "completed"}, {"answers": {}, "completed_by": 1},
        {"answers": {}, "actor": "boss"}, {"answers": {}, "__class__": {}}, {"answers": {}, "as": "boss"},
    ],
)  # fmt: skip
def test_nothing_is_set_that_is_not_asked_for(desk: Program, body: dict[str, Any]) -> None:
    task = begin(desk)["next_task"]
    assert desk.code("POST", f"/tasks/{task}/complete", body) == (400, "request.invalid")
    assert desk.get(f"/tasks/{task}")[1]["task"]["state"] == "ready"


@pytest.mark.parametrize("name", ["initiator", "check_order_by", "amount_approved", "__proto__", "a" * 5000])
def test_a_variable_that_the_form_does_not_ask_for_is_refused(desk: Program, name: str) -> None:
    task = begin(desk)["next_task"]
    assert desk.code("POST", f"/tasks/{task}/complete", {"answers": {name: "boss"}}) == (400, "form.invalid")


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "null", "[]", "1", '"x"', '{"answers": {"amount": NaN}}', '{"answers": {"amount": -Infinity}}',
        '{"answers": {"note": "a\\u0000b"}}', '{"answers": {"a\\u0000b": 1}}', b"\xff\xfe{\x00}\x00",
        b'{"answers": {"note": "\xff"}}', '{"answers": ' + "[" * 100_000,
        with_amount("[" * MAX_DEPTH + "]" * MAX_DEPTH),
        with_amount('{"a":' * 900 + "1" + "}" * 900),
        with_amount("9" * 5000),
    ],
    ids=lambda body: str(body)[:40],
)  # fmt: skip
def test_what_is_no_json_of_ours_is_refused(desk: Program, body: str) -> None:
    task = begin(desk)["next_task"]
    if body == "":
        body = " "
    assert desk.code("POST", f"/tasks/{task}/complete", body) == (400, "request.not_json")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e-400", "9" * 200, "1.00001", "1e9999999999"])
def test_a_number_that_no_book_holds_is_refused_by_its_field(desk: Program, number: str) -> None:
    task = begin(desk)["next_task"]
    status, told = desk.post(f"/tasks/{task}/complete", with_amount(number))
    assert status == 400 and told["problems"][0]["field"] == "amount"


@pytest.mark.parametrize(
    "body",
    [{"answers": []}, {"answers": None}, {"version": "1"}, {"version": 1.0}, {"version": True}, {"seen": []}],
    ids=str,
)
def test_nothing_is_converted(desk: Program, body: dict[str, Any]) -> None:
    task = begin(desk)["next_task"]
    assert desk.code("POST", f"/tasks/{task}/complete", body) == (400, "request.invalid")


def test_a_large_body_is_not_read(desk: Program) -> None:
    task = begin(desk)["next_task"]
    body = json.dumps({"answers": {"note": "x" * MAX_BODY}})
    assert desk.code("POST", f"/tasks/{task}/complete", body) == (413, "http.413")
    wide = json.dumps({"answers": {f"k{number}": 0 for number in range(50_000)}})
    status, told = desk.post(f"/tasks/{task}/complete", wide)
    assert (status, told["code"]) == (400, "form.invalid") and len(told["problems"]) <= 20


def test_a_body_that_is_not_called_json_is_not_read(desk: Program) -> None:
    task = begin(desk)["next_task"]
    address = f"{PREFIX}/tasks/{task}/complete"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
        answer = desk.client.post(address, data="{}", headers={**desk.headers, "Content-Type": kind})
        check("POST", f"/tasks/{task}/complete", answer)
        assert (answer.status_code, answer.json["code"]) == (415, "request.wrong_type")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=1e3",
        "limit=-1",
        "only=everybody",
        "sort=salary",
        "after=x",
        "process=%00",
    ],
)
def test_a_query_that_was_tampered_with_is_refused(desk: Program, query: str) -> None:
    assert desk.code("GET", f"/inbox?{query}")[0] == 400


# ---- answers


def test_no_answer_is_a_page_and_none_is_kept_by_a_proxy(desk: Program) -> None:
    for method, path in [*everywhere(), ("GET", "/nowhere"), ("PUT", "/inbox"), ("GET", "/../inbox")]:
        answer = desk.client.open(
            PREFIX + path, method=method, headers={**desk.headers, "Accept": "text/html"}
        )
        if answer.data:
            assert answer.mimetype in ("application/json", "application/problem+json"), path
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert {"authorization", "cookie"} <= {each.lower() for each in answer.vary}


def test_what_breaks_is_told_without_its_reason(
    firm: Office, spec: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret: /etc/passwd")

    monkeypatch.setattr("runtime.queries.inbox.todo", crash)
    status, told = spec.call("GET", "/inbox")
    assert (status, told["code"]) == (500, "failed") and "passwd" not in json.dumps(told)


def test_a_token_stands_neither_in_the_log_nor_in_the_database(
    firm: Office, spec: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.get("/session")
    spec.get("/nowhere")
    spec.get("/session", Authorization="Bearer guicheng_secret-guess")
    told = "".join(capsys.readouterr())
    home = firm.runtime.settings.home
    files = b"".join(path.read_bytes() for path in home.glob("guicheng.db*"))
    assert b"a program" in files
    assert spec.made.secret not in told and spec.made.secret.encode() not in files
    assert "secret-guess" not in told
