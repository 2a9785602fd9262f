"""Attacks on the whole house: real runtime, real pages, the demo department.

What a floor alone refuses is tried where the floor is: XML and diagrams (core/bpmn, core/test_xml),
expressions and FEEL, rule files, forms, rights by function (commands/test_access), the doors
(web/test_doors)."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from runtime import clock, demo
from runtime.commands import accounts
from runtime.commands.world import BoundWorld
from runtime.identity import SYSTEM
from runtime.ledger.inputs import WrongInput
from runtime.queries import incidents
from runtime.store.cases import cases
from runtime.store.user_tasks import user_tasks
from tests.commands.test_deputies import on_leave
from tests.conftest import START
from tests.databases import Databases
from tests.office import Office, Runtime, Settings
from tests.web.stand_ins import send, token
from web.app import create_app

REPORT = {
    "component": "CZ-M60-265",
    "warehouse": "SH",
    "difference": "shortage",
    "pieces": 1,
    "reason": "盘点",
}
LINE = {"component": "CZ-M60-265", "quantity": 20, "need_by": "2026-04-20", "est_price": "500.10"}
MARKUP = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> {{7*7}} [x](javascript:alert(1)) \u202e"
)


class House(Office):
    """The department, and everybody's browser."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.app = create_app(runtime, demo.people())
        self.browsers: dict[str, FlaskClient] = {}

    def at(self, username: str) -> FlaskClient:
        """That person's browser, signed in."""
        if username not in self.browsers:
            self.browsers[username] = self.app.test_client()
            fields = {"username": username, "password": demo.PASSWORD}
            answer = send(self.browsers[username], "/sign-in", fields, page="/sign-in")
            assert answer.status_code == 302, answer.text
        return self.browsers[username]

    def ids(self, column: sa.Column[Any], *where: Any) -> list[str]:
        return self.runtime.read(
            lambda tx, actor: list(tx.connection.execute(sa.select(column).where(*where)).scalars()), SYSTEM
        )

    def drafting(self) -> str:
        """A new plan's drafting task, which is the supervisor's."""
        start = send(self.at("chenjie"), "/processes/purchase_plan/start", {"answers": "{}"})
        return str(start.headers["Location"])

    def plan(self, **more: Any) -> str:
        """A plan that awaits its review: that task."""
        fields = {"plan_reason": "旺季", "lines": [LINE], **more}
        answer = self.complete("chenjie", self.drafting(), json.dumps(fields))
        assert answer.status_code == 302, answer.text
        self.settle()
        newest = user_tasks.c.element == "review_plan"
        return f"/tasks/{self.ids(user_tasks.c.public_id, newest)[-1]}"

    def complete(self, username: str, task: str, answers: str, version: str | None = None) -> Any:
        client = self.at(username)
        if version is None:
            found = re.search(r'name="version" value="(\d+)"', client.get(task).text)
            version = found[1] if found else "1"
        return send(client, task, {"answers": answers, "version": version})


@pytest.fixture(scope="module")
def house(
    databases: Databases, seeded_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("attacked") / "home"
    with databases.copied(seeded_home, folder) as home, clock.frozen(START):
        runtime = Runtime(Settings(home=home, demo=True))
        runtime.load()
        attacked = House(runtime)
        yield attacked
        runtime.close()


@pytest.fixture(scope="module")
def month(house: House) -> House:
    """Everybody is appraised; every bonus waits for its rate, and its wage is known to the case."""
    started = send(house.at("sunli"), "/processes/monthly_appraisal/start", {"answers": "{}"})
    assert started.status_code == 302
    house.settle()
    for element, answers in (
        ("self_assess", {"self_work": "90", "self_ability": "90", "self_attitude": "90"}),
        ("assess_employee", {"work": "85", "ability": "90", "attitude": "90"}),
        ("calibrate_grades", {}),
        ("confirm_result", {"confirmation": "accept"}),
    ):
        for person in demo.people():
            desk = house.as_(person.username)
            for row in [row for row in desk.inbox() if row.element == element]:
                words = (
                    {"assessment_comment": f"机密评语 {row.case_title['en']}"} if "work" in answers else {}
                )
                desk.do(element, row.case, **answers, **words)
        house.settle()
        if element == "assess_employee":
            _nobody_is_told_before_publication(house)
    assert len(house.cases_of("employee_bonus")) == 6 and not house.incidents()
    return house


def _nobody_is_told_before_publication(house: House) -> None:
    """The assessed person sees where their case stands, and neither score nor comment; no more does the manager."""
    case = next(case for case in house.cases_of("employee_appraisal") if case.variables["employee_name"] == "李洋")
    for who, sees in (("liyang", False), ("wangfang", False), ("sunli", True)):
        answer = house.at(who).get(f"/cases/{case.id}")
        shown = answer.status_code == 200 and 'id="decisions"' in answer.text
        assert shown == sees, who


WAGES = {str(person.wage): person for person in demo.people() if person.wage}


def figures(text: str) -> set[str]:
    """The wages that stand in a page, however they are written; an id may hold any digits by chance."""
    plain = re.sub(r"\b[0-9a-f]{32}\b", "", text).replace(",", "")
    return {wage for wage in WAGES if re.search(rf"(?<![0-9]){wage}(?![0-9])", plain)}


# ---- salaries, appraisals, bonuses


@pytest.mark.parametrize("who", ["wuting", "guotao", "zhangmin", "xuhui", "linxi"])
def test_no_page_shows_somebody_elses_wage_or_assessment(month: House, who: str) -> None:
    secret = cases.c.confidential.is_(True)
    held = cases.c.id == user_tasks.c.case_id
    pages = [
        *("/inbox", "/inbox/done", "/inbox/started", "/inbox?process=employee_bonus", "/stock", "/rules"),
        *("/rules/bonus_tier", "/processes", "/account"),
        *(f"/cases/{case}" for case in month.ids(cases.c.public_id, secret)),
        *(f"/tasks/{task}" for task in month.ids(user_tasks.c.public_id, held, secret)),
    ]
    own = {wage for wage, person in WAGES.items() if person.username == who}
    name = {person.username: person.names["en"] for person in demo.people()}[who]
    for page in pages:
        answer = month.at(who).get(page)
        assert answer.status_code in (200, 404), page
        assert figures(answer.text) <= own, page
        assert all(name in words for words in re.findall(r"机密评语 [^\"<]*", answer.text)), page


def test_whoever_may_see_a_wage_does(month: House) -> None:
    case = next(case for case in month.cases_of("employee_bonus") if case.variables["wage"] == 11200)
    for who in ("liyang", "chenjie", "wangfang", "zhaoming", "sunli", "qianwei"):
        assert "11200" in figures(month.at(who).get(f"/cases/{case.id}").text), who


def test_who_sets_the_rate_sees_the_form_and_not_what_was_decided(month: House) -> None:
    task = next(row for row in month.as_("linxi").inbox() if row.element == "set_bonus_rate")
    page = month.at("linxi").get(f"/tasks/{task.id}").text
    values = json.loads(re.search(r"data-values>(.*?)</script>", page)[1])  # type: ignore[index]
    assert set(values) <= {"period", "grade", "rate_problem", "rate_note"}
    shown = month.at("linxi").get(f"/cases/{task.case}").text
    view = json.loads(re.search(r"data-view>(.*?)</script>", shown)[1])  # type: ignore[index]
    assert (view["active"], view["done"], view["flows"]) == (["set_bonus_rate"], [], [])
    assert 'id="decisions"' not in shown
    assert not re.search(r'class="is-(decided|operated|ended|message_sent|timer_fired)"', shown)


def test_a_step_that_fails_tells_no_figures_to_the_log_or_the_administrator(
    month: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = next(case for case in month.cases_of("employee_bonus") if case.variables["wage"] == 9600)

    def fail(world: BoundWorld, rule: str, inputs: Any, step: Any) -> Any:
        raise WrongInput(input="wage", topic=rule, expected="text", given=inputs["wage"])

    monkeypatch.setattr(BoundWorld, "decide", fail)
    month.as_("linxi").do("set_bonus_rate", case.id, rate_note="批准")
    said = "".join(capsys.readouterr())
    assert "step_parked" in said and case.id in said and not figures(said)
    page = month.at("linxi").get(f"/cases/{case.id}").text
    assert "operation.wrong_input" in page and not figures(page)
    rows = month.runtime.read(incidents.listing, month.as_("linxi").actor)
    assert [row.reason for row in rows if row.case == case.id] == ["operation.wrong_input"]
    # Kept whole for whoever owns the installation.
    assert any("9600" in reason for reason in month.incidents())


def test_a_crash_is_logged_without_what_stood_in_the_variables(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(tx: Any, actor: Any, username: str, password: str) -> None:
        tx.connection.execute(sa.text("SELECT :secret FROM nowhere"), {"secret": password})

    monkeypatch.setattr(accounts, "sign_in", crash)
    fields = {"username": "limin", "password": "hunter2 of old"}
    answer = send(house.app.test_client(), "/sign-in", fields, page="/sign-in")
    said = "".join(capsys.readouterr())
    assert answer.status_code == 500 and "nowhere" not in answer.text
    assert "request failed" in said and "nowhere" in said and "hunter2" not in said


# ---- tasks of others, one's own requests, lost roles


def test_a_task_of_others_does_not_exist_by_its_address(house: House) -> None:
    task = house.plan()
    for who in ("guotao", "liyang", "sunli", "linxi"):
        client = house.at(who)
        for address in (f"{task}/claim", f"{task}/release", task):
            assert send(client, address, {"answers": "{}", "version": "1"}).status_code == 404, (who, address)
        assert client.get(task).status_code == 404


def test_nobody_approves_their_own_request_by_a_second_role(house: House) -> None:
    house.runtime.do(accounts.set_groups, SYSTEM, "chenjie", ["supervisor", "manager"])
    try:
        task = house.plan()
        assert house.complete("chenjie", task, '{"manager_decision": "approve"}').status_code == 403
        assert send(house.at("chenjie"), f"{task}/claim", {}).status_code == 403
        assert "data-readonly" in house.at("chenjie").get(task).text
    finally:
        house.runtime.do(accounts.set_groups, SYSTEM, "chenjie", ["supervisor"])


def test_who_loses_a_role_loses_what_they_took_by_it(house: House) -> None:
    task = house.plan()
    assert send(house.at("wangfang"), f"{task}/claim", {}).status_code == 302
    version = re.search(r'name="version" value="(\d+)"', house.at("wangfang").get(task).text)
    try:
        house.runtime.do(accounts.set_groups, SYSTEM, "wangfang", [])
        house.runtime.do(accounts.set_groups, SYSTEM, "zhaoming", ["division_lead", "manager"])
        answer = house.complete("wangfang", task, '{"manager_decision": "approve"}', version[1])  # type: ignore[index]
        assert answer.status_code == 404
        assert task not in house.at("wangfang").get("/inbox").text
        assert send(house.at("zhaoming"), f"{task}/claim", {}).status_code == 302
    finally:
        house.runtime.do(accounts.set_groups, SYSTEM, "wangfang", ["manager"])
        house.runtime.do(accounts.set_groups, SYSTEM, "zhaoming", ["division_lead"])


def test_a_deputy_sees_in_whose_place_they_act_and_for_how_long(house: House) -> None:
    on_leave(house, "wangfang", "chenjie")
    told = house.at("chenjie").get("/inbox").get_data(as_text=True)
    assert "王芳（部门经理）休假到 2026-03-09，这段时间的任务由您代办。" in told
    # The division lead has only what the deputy is kept from: the plan that the deputy drafted.
    plan = house.as_("chenjie").start("purchase_plan").id
    house.as_("chenjie").do("draft_plan", plan, plan_reason="备货", lines=[LINE])
    assert plan not in {row.case for row in house.as_("chenjie").inbox()}
    [task] = [row for row in house.as_("zhaoming").inbox() if row.case == plan]
    listed = house.at("zhaoming").get("/inbox").get_data(as_text=True)
    assert "任务先由 陈杰 代办；陈杰 不能办的，才由您办。" in listed
    row = listed.split(f"/tasks/{task.id}", 1)[1].split("</li>", 1)[0]
    assert '<span class="in-place">代 王芳</span>' in row
    assert "由您代 王芳 办理。" in house.at("zhaoming").get(f"/tasks/{task.id}").get_data(as_text=True)


def test_who_is_dismissed_is_out_at_once(house: House) -> None:
    client = house.at("machao")
    assert client.get("/inbox").status_code == 200
    house.runtime.do(accounts.deactivate, SYSTEM, "machao")
    assert client.get("/inbox").headers["Location"].startswith("/sign-in")
    again = send(client, "/sign-in", {"username": "machao", "password": demo.PASSWORD}, page="/sign-in")
    assert again.status_code == 403


@pytest.mark.parametrize(
    "process", ["employee_bonus", "opening_balances", "monthly_appraisal", "plan_approval"]
)
def test_a_process_of_others_is_not_started_by_its_address(house: House, process: str) -> None:
    assert house.at("liyang").get(f"/processes/{process}/start").status_code == 404
    answer = send(house.at("liyang"), f"/processes/{process}/start", {"answers": "{}"})
    assert answer.status_code == 403
    assert not house.ids(cases.c.id, cases.c.initiator_id == house.as_("liyang").actor.id)


@pytest.mark.parametrize("who", ["linxi", "chenjie", "wangfang", "qianwei"])
def test_nobody_opens_the_books_alone(house: House, who: str) -> None:
    client = house.at(who)
    assert "/processes/opening_balances/start" not in client.get("/processes").get_data(as_text=True)
    assert client.get("/processes/opening_balances/start").status_code == 404
    answer = send(client, "/processes/opening_balances/start", {"answers": "{}"})
    assert answer.status_code == 403


def test_only_an_administrator_tries_again_or_touches_a_rule(house: House) -> None:
    for who in ("wangfang", "sunli", "qianwei"):
        for page in ("/operations", "/incidents/y", "/cases/x/cancel"):
            assert house.at(who).get(page).status_code == 403, (who, page)
        for address in (
            "/cases/x/incidents/y/retry",
            "/operations/incidents/y/retry",
            *(f"/incidents/y/{way}" for way in ("retry", "skip", "correct", "close")),
            "/cases/x/cancel",
            "/operations/messages/y/deliver",
            "/operations/messages/y/discard",
            "/rules/bonus_tier",
            "/rules/bonus_tier/check",
        ):
            answer = send(house.at(who), address, {"text": "rule: x", "base": "1"})
            assert answer.status_code == 403, (who, address)
        asked = {"change_reason": "x", "effective_on": "2026-04-01"}
        assert send(house.at(who), "/rules/bonus_tier/propose", asked).status_code == 403


def test_a_draft_stands_on_a_version_that_exists(house: House) -> None:
    text = (Path("rules") / "bonus_tier.yaml").read_text(encoding="utf-8") + "\n# 改\n"
    for base in ("0", "-1", "7", "9" * 40):
        assert send(house.at("linxi"), "/rules/bonus_tier", {"text": text, "base": base}).status_code == 400


# ---- what people type


@pytest.mark.parametrize(
    "answers",
    [
        '{"plan_reason": NaN}',
        '{"lines": [{"component": "CZ-M60-265", "quantity": 1e400, "need_by": "2026-04-20"}]}',
        json.dumps({"lines": [{**LINE, "quantity": 10**30}]}),
        json.dumps({"lines": [{**LINE, "quantity": 10**4000}]}),
        json.dumps({"lines": [{**LINE, "quantity": -1}]}),
        json.dumps({"lines": [{**LINE, "need_by": "9999-12-31"}]}),
        json.dumps({"lines": [{**LINE, "est_price": "1e400"}]}),
        json.dumps({"lines": [{**LINE, "component": "' OR 1=1 --"}]}),
        json.dumps({"lines": [{**LINE, "total": 1, "plan": "x"}]}),
        json.dumps({"lines": [LINE] * 501}),
        json.dumps({"plan_reason": "a\0b", "lines": [LINE]}),
        json.dumps({"plan_reason": "长" * 100_000, "lines": [LINE]}),
        '{"plan_reason": "\\ud800"}',
        '{"\\ud800": 1}',
        '{"lines": [{"\\udfff": 1}]}',
        '{"__proto__": {"x": 1}, "constructor": 1}',
        json.dumps({"approved": True, "draft_plan_by": "somebody", "initiator": "somebody"}),
        json.dumps({f"a{number}": 1 for number in range(20_000)}),
        '{"a":' * 900 + "1" + "}" * 900,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:30],
)
def test_hostile_answers_are_refused_and_change_nothing(house: House, answers: str) -> None:
    task = house.drafting()
    answer = house.complete("chenjie", task, answers)
    assert answer.status_code == 400
    assert len(answer.data) < 800_000 and "Infinity" not in answer.text and "NaN" not in answer.text
    assert 'name="version" value="1"' in house.at("chenjie").get(task).text


def test_what_is_typed_is_text_to_the_next_reader(house: House) -> None:
    task = house.plan(plan_reason=MARKUP.replace("\u202e", ""), lines=[{**LINE, "reason": MARKUP}])
    page = house.at("wangfang").get(task).text
    assert "<script>alert" not in page and "<img src=x" not in page
    values = json.loads(re.search(r"data-values>(.*?)</script>", page)[1])  # type: ignore[index]
    assert "{{7*7}}" in values["plan_reason"]


def test_read_only_answers_are_not_taken(house: House) -> None:
    task = house.plan()
    sent = {"manager_decision": "approve", "amount": "1", "drafter": "x", "plan_number": "PP-0000-0001"}
    answer = house.complete("wangfang", task, json.dumps(sent))
    assert answer.status_code == 302
    assert house.cases_of("purchase_plan")[-1].variables["plan_number"] != "PP-0000-0001"


@pytest.mark.parametrize("page", ["/inbox", "/inbox/done", "/inbox/started"])
@pytest.mark.parametrize(
    "cursor",
    [
        "2026-01-01T00:00:00+00:00~" + "9" * 30,
        "2026-01-01T00:00:00+00:00~" + "9" * 5000,
        "2026-01-01T00:00:00+00:00~-1",
        "0001-01-01T00:00:00+14:00~1",
        "9999-12-31T23:59:59-14:00~1",
        "2026-01-01T00:00:00~1",
        "2026-01-01T00:00:00+00:00~1 OR 1=1",
    ],
    ids=lambda text: text[:40],
)
def test_a_cursor_that_was_tampered_with_leads_nowhere(house: House, page: str, cursor: str) -> None:
    assert house.at("chenjie").get(page, query_string={"after": cursor}).status_code == 400


@pytest.mark.parametrize(
    "address",
    ["/tasks/%00", "/cases/a%00b", "/stock/%00", "/inbox?process=%00", "/inbox?after=%00", "/files/%00"],
)
def test_a_nul_goes_nowhere(house: House, address: str) -> None:
    assert house.at("chenjie").get(address).status_code == 400


def test_an_odd_address_is_only_not_found(house: House) -> None:
    for address in (
        "/tasks/' OR 1=1",
        "/cases/%ff",
        "/stock/..%2f..%2fetc",
        "/tasks/\u202e",
        "/rules/{{7*7}}",
    ):
        answer = house.at("chenjie").get(address)
        assert answer.status_code == 404 and "49" not in answer.text.split("<main")[1], address


# ---- files


def store(house: House, who: str, name: str, data: bytes, media_type: str = "text/plain") -> Any:
    headers = {"X-CSRFToken": token(house.at(who)), "Accept": "application/json"}
    sent = {"file": (io.BytesIO(data), name, media_type)}
    return house.at(who).post("/files", data=sent, headers=headers)


def test_a_file_is_not_reached_through_somebody_elses_case(house: House) -> None:
    kept = store(house, "liyang", "evidence.pdf", b"%PDF-1.4 what only Li Yang has").json
    address = f"/files/{kept['$file']['sha256']}"
    assert house.at("chenjie").get(address).status_code == 404
    taken = {**REPORT, "evidence": [kept]}
    start = "/processes/stock_correction/start"
    before = len(house.cases_of("stock_correction"))
    assert send(house.at("chenjie"), start, {"answers": json.dumps(taken)}).status_code == 403
    assert len(house.cases_of("stock_correction")) == before
    assert house.at("chenjie").get(address).status_code == 404
    # Whoever has it may give it, and who is to decide on it may read it.
    assert send(house.at("liyang"), start, {"answers": json.dumps(taken)}).status_code == 302
    assert house.at("chenjie").get(address).status_code == 200
    assert house.at("wuting").get(address).status_code == 404


def test_the_same_file_may_be_sent_with_two_forms(house: House) -> None:
    kept = [store(house, "zhoulei", "photo.pdf", b"%PDF-1.4 taken once, sent twice").json for _ in range(2)]
    for each in kept:
        fields = {"answers": json.dumps({**REPORT, "evidence": [each]})}
        answer = send(house.at("zhoulei"), "/processes/stock_correction/start", fields)
        assert answer.status_code == 302


def test_a_download_is_what_was_uploaded_and_nothing_else_is_said_of_it_later(house: House) -> None:
    kept = store(house, "liyang", "../<b>\u202egpj.pdf", b"%PDF-<script>alert(1)</script>").json["$file"]
    assert kept["name"] == "<b>gpj.pdf" and kept["media_type"] == "application/pdf"
    start = "/processes/stock_correction/start"
    for wrong in ({"name": "x.pdf"}, {"media_type": "image/png"}):
        fields = {"answers": json.dumps({**REPORT, "evidence": [{"$file": {**kept, **wrong}}]})}
        assert send(house.at("liyang"), start, fields).status_code == 403
    fields = {"answers": json.dumps({**REPORT, "evidence": [{"$file": kept}]})}
    assert send(house.at("liyang"), start, fields).status_code == 302
    answer = house.at("liyang").get(f"/files/{kept['sha256']}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "gpj.pdf" in answer.headers["Content-Disposition"]
    assert answer.mimetype == "application/pdf" and "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("x.bpmn", b"<html><script>alert(1)</script>", "text/html"),
        ("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml"),
        ("x.png", b"<svg onload='alert(1)'/>", "image/png"),
        ("x.zip", b"PK\x03\x04", "application/zip"),
        ("x.pdf", b"MZ", "application/pdf"),
    ],
)
def test_what_could_run_is_not_kept(house: House, name: str, data: bytes, media_type: str) -> None:
    assert store(house, "liyang", name, data, media_type).status_code == 400


# ---- sessions and HTTP


def test_nothing_at_all_is_written_without_the_token_or_with_another_sessions(house: House) -> None:
    foreign = token(house.at("wangfang"))
    for rule in house.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()):
            continue
        address = house.app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "x"))
        for fields in ({}, {"csrf_token": foreign}, {"csrf_token": ""}):
            answer = house.at("chenjie").post(address, data=fields)
            assert answer.status_code == 400 and "刷新后重试" in answer.text, address


def test_a_cookie_that_was_tampered_with_is_nobodys(house: House) -> None:
    client = house.app.test_client()
    for value in ("x", "eyJwZXJzb24iOiJ4In0.x.x", "\x80", "a" * 4000):
        client.set_cookie("guicheng", value)
        assert client.get("/inbox").headers["Location"].startswith("/sign-in")


def test_guessing_stays_slow_behind_forged_addresses(house: House) -> None:
    client = house.app.test_client()
    codes = []
    for number in range(11):
        headers = {"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"}
        fields = {"username": " Hujun " if number % 2 else "hujun", "password": "x"}
        codes.append(send(client, "/sign-in", fields, page="/sign-in", headers=headers).status_code)
    assert codes == [403] * 10 + [429]


def test_the_demo_answers_under_no_other_name(house: House) -> None:
    client = house.app.test_client()
    assert client.get("/sign-in", base_url="http://127.0.0.1:8000").status_code == 200
    for host in ("rebound.example", "localhost.evil.example", "127.0.0.1.evil.example"):
        assert client.get("/sign-in", base_url=f"http://{host}").status_code == 400
    moved = client.get("/inbox", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert moved.headers["Location"].startswith("/sign-in")


def test_odd_headers_break_nothing(house: House) -> None:
    client = house.app.test_client()
    for headers in (
        {"Accept-Language": "en;q=nan, " + "x-" * 4000},
        {"Accept-Language": "*;q=0, zh-Hant;q=1e400"},
        {"Accept": "a/b;q=inf"},
        {"Cookie": "language=../../etc/passwd"},
        {"X-HTTP-Method-Override": "POST"},
        {"Content-Type": "multipart/form-data"},
    ):
        assert client.get("/sign-in", headers=headers).status_code == 200, headers


def test_a_long_password_is_still_a_password(house: House) -> None:
    house.runtime.do(accounts.set_password, SYSTEM, "xuhui", "长" * 3000)
    fields = {"username": "xuhui", "password": "长" * 3000}
    assert send(house.app.test_client(), "/sign-in", fields, page="/sign-in").status_code == 302
    house.runtime.do(accounts.set_password, SYSTEM, "xuhui", demo.PASSWORD)
    house.browsers.pop("xuhui", None)
