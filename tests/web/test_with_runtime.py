"""The pages over the real runtime: what a person does by HTTP happens in the books.

Not here: every page by itself (test_pages), whole processes (tests/acceptance)."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from runtime import demo
from runtime.commands import accounts
from runtime.identity import SYSTEM
from tests.web.stand_ins import send
from web.app import create_app

PLAN = {
    "plan_reason": "旺季",
    "lines": [{"component": "CZ-M60-265", "quantity": 20, "need_by": "2026-04-20", "est_price": "500.10"}],
}


class Browser:
    """Somebody at a browser."""

    def __init__(self, office: Any, username: str, password: str = demo.PASSWORD) -> None:
        self.app = create_app(office.runtime, demo.people())
        self.client: FlaskClient = self.app.test_client()
        self.entered = send(
            self.client, "/sign-in", {"username": username, "password": password}, page="/sign-in"
        )

    def start_plan(self) -> str:
        """The task to draft the plan, which is the starter's."""
        answer = send(self.client, "/processes/purchase_plan/start", {"answers": "{}"})
        return str(answer.headers["Location"])

    def complete(self, task: str, answers: dict[str, Any]) -> Any:
        version = re.search(r'name="version" value="(\d+)"', self.client.get(task).text)
        return send(
            self.client, task, {"answers": json.dumps(answers), "version": version[1] if version else 0}
        )


def test_a_plan_is_drafted_and_waits_for_the_manager(office: Any) -> None:
    supervisor = Browser(office, "chenjie")
    answer = supervisor.complete(supervisor.start_plan(), PLAN)
    assert answer.status_code == 302, answer.text
    manager = Browser(office, "wangfang")
    inbox = manager.client.get("/inbox").text
    task = re.search(r'href="(/tasks/\w+)"', inbox)
    assert task and "PP-2026-0001" in inbox
    page = manager.client.get(task[1]).text
    assert "10002.00" in page  # 20 × 500.10, to the cent
    case = re.search(r'href="(/cases/\w+)"', page)
    assert case
    shown = supervisor.client.get(case[1]).text
    assert "编制采购计划" in shown and "PP-2026-0001" in shown
    stranger = Browser(office, "guotao")
    assert stranger.client.get(case[1]).status_code == 404
    assert stranger.client.get(task[1]).status_code == 404


def test_what_does_not_fit_is_named_and_nothing_happens(office: Any) -> None:
    supervisor = Browser(office, "chenjie")
    task = supervisor.start_plan()
    wrong = {"lines": [{"component": "CZ-M60-265", "quantity": 0, "need_by": "2026-04-20"}]}
    answer = supervisor.complete(task, wrong)
    assert answer.status_code == 400
    assert 'data-where="lines[0].quantity"' in answer.text
    assert '"quantity": 0' in answer.text


def test_completing_twice_is_told_kindly(office: Any) -> None:
    supervisor = Browser(office, "chenjie")
    task = supervisor.start_plan()
    version = re.search(r'name="version" value="(\d+)"', supervisor.client.get(task).text)
    fields = {"answers": json.dumps(PLAN), "version": version[1]}  # type: ignore[index]
    assert send(supervisor.client, task, fields).status_code == 302
    again = send(supervisor.client, task, fields)
    assert again.status_code == 409 and "is-kind" in again.text
    assert len(office.cases_of("purchase_plan")) == 1


def test_a_lost_role_and_a_changed_password_count_from_the_next_request(office: Any) -> None:
    supervisor = Browser(office, "chenjie")
    assert "/processes/purchase_plan/start" in supervisor.client.get("/processes").text
    office.runtime.do(accounts.set_groups, SYSTEM, "chenjie", [])
    assert "/processes/purchase_plan/start" not in supervisor.client.get("/processes").text
    office.runtime.do(accounts.set_password, SYSTEM, "chenjie", "another password")
    assert supervisor.client.get("/inbox").headers["Location"].startswith("/sign-in")


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(office: Any) -> None:
    told = [
        re.search(r'role="alert">(.*?)<', Browser(office, name, "wrong").entered.text)[1]  # type: ignore[index]
        for name in ("chenjie", "nobody")
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_every_rule_and_component_opens_in_every_language(office: Any, language: str) -> None:
    admin = Browser(office, "linxi")
    send(admin.client, "/language", {"language": language})
    listing = admin.client.get("/rules").text
    rules = set(re.findall(r'href="(/rules/\w+)"', listing))
    assert len(rules) >= 5
    for rule in rules:
        assert admin.client.get(rule + "?edit=1").status_code == 200
    components = re.findall(r'href="(/stock/[^"]+)"', admin.client.get("/stock").text)
    assert len(components) >= 40
    assert admin.client.get(components[0]).status_code == 200


def test_a_rule_is_edited_by_an_admin_and_approved_by_whoever_answers_for_it(office: Any) -> None:
    admin = Browser(office, "linxi")
    page = admin.client.get("/rules/approval_limits?edit=1").text
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)[1]  # type: ignore[index]
    text = html.unescape(text).replace("\r\n", "\n").lstrip("\n") + "\n# 复核过\n"
    assert send(admin.client, "/rules/approval_limits/check", {"text": text}).json["problems"] == []
    broken = send(admin.client, "/rules/approval_limits/check", {"text": "rule: [\n"}).json["problems"]
    assert broken and broken[0]["line"] >= 1
    assert send(admin.client, "/rules/approval_limits", {"text": text, "base": 1}).status_code == 302
    assert "报请批准" in admin.client.get("/rules/approval_limits").text
    specialist = Browser(office, "liyang")
    asked = {"change_reason": "复核过", "effective_on": "2199-01-01"}
    assert send(specialist.client, "/rules/approval_limits/propose", asked).status_code == 403
    assert send(specialist.client, "/rules/approval_limits", {"text": text, "base": 1}).status_code == 403
    assert "草稿" not in specialist.client.get("/rules/approval_limits").text
    proposed = send(admin.client, "/rules/approval_limits/propose", asked)
    assert proposed.status_code == 302, proposed.text
    assert "/cases/" in proposed.headers["Location"]
    manager = Browser(office, "wangfang")
    assert "草稿" in manager.client.get("/rules/approval_limits").text
    listed = manager.client.get("/inbox").text
    task = re.search(r'href="(/tasks/\w+)"(?:(?!href=).)*?批准修订', listed, re.S)
    assert task, listed
    send(manager.client, f"{task[1]}/claim", {})
    assert manager.complete(task[1], {"amendment_decision": "approve"}).status_code == 302
    page = admin.client.get("/rules/approval_limits").text
    assert "第 2 版" in page and "王芳 批准" in page


def test_a_machine_reads_a_cases_variables_with_their_types(office: Any) -> None:
    supervisor = Browser(office, "chenjie")
    task = supervisor.start_plan()
    case = re.search(r'href="(/cases/\w+)"', supervisor.client.get(task).text)
    supervisor.complete(task, PLAN)
    assert case
    told = supervisor.client.get(f"{case[1]}/variables")
    assert told.mimetype == "application/json"
    line = told.get_json()["lines"][0]
    assert (line["est_price"], line["need_by"]) == ({"$decimal": "500.10"}, {"$date": "2026-04-20"})
    stranger = Browser(office, "qianwei")
    assert stranger.client.get(f"{case[1]}/variables").status_code == 404


def test_an_administrator_finds_what_found_no_receiver(office: Any) -> None:
    office.message("unheard_of", "A-1", amount=5)
    admin = Browser(office, "linxi")
    assert 'href="/operations"' in admin.client.get("/inbox").text
    page = admin.client.get("/operations").text
    assert "unheard_of" in page and "A-1" in page and "已保留" in page
    # Whoever may not send messages does not read what one from outside carries.
    assert "您无权查看" in page
    (message,) = re.findall(r"/operations/messages/(\w+)/discard", page)
    assert send(admin.client, f"/operations/messages/{message}/deliver", {}).status_code == 302
    office.settle()
    assert "unheard_of" in admin.client.get("/operations").text
    assert send(admin.client, f"/operations/messages/{message}/discard", {}).status_code == 302
    assert "unheard_of" not in admin.client.get("/operations").text
    assert send(admin.client, f"/operations/messages/{message}/discard", {}).status_code == 409
    others = Browser(office, "liyang")
    assert 'href="/operations"' not in others.client.get("/inbox").text
    assert others.client.get("/operations").status_code == 403


def test_the_page_and_the_list_of_a_leave_say_that_it_was_taken_back(office: Any) -> None:
    asked = {"leave_type": "personal", "leave_from": "2026-03-16", "leave_to": "2026-03-18", "leave_reason": "家中有事"}
    leave = office.as_("liyang").start("leave_request", **asked)
    office.as_("chenjie").do("review_request", decision="approve")
    office.later(hours=1)
    office.as_("liyang").start("leave_withdrawal", leave_number="LV-2026-0001")
    employee = Browser(office, "liyang")
    page = employee.client.get(f"/cases/{leave.id}").text
    assert "请假已准" in page and "这次请假已撤回。" in page
    assert re.search(r'<a href="/cases/\w+">撤回请假 <span class="nowrap">LV-2026-0001</span></a>', page)
    assert "之后已撤回" in employee.client.get("/inbox/started").text
