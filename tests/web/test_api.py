"""Programs do by the API what people do by the pages; what they are told is as the API describes itself."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.diagrams import bpmn, end, start, user
from tests.office import Office
from tests.web.programs import Program, check, described
from web.api import openapi
from web.api.routes import PREFIX, ROUTES

LABELS = {"label_en": "x", "label_zh_hant": "x"}
ORDER = json.dumps(
    {
        "id": "order", "type": "default", "schemaVersion": 19, "executionPlatform": "Camunda Platform",
        "components": [
            {"type": "number", "id": "f1", "key": "amount", "label": "x", "decimalDigits": 4,
             "validate": {"required": True}, "properties": LABELS},
            {"type": "textfield", "id": "f2", "key": "note", "label": "x", "properties": LABELS},
        ],
    }
)  # fmt: skip
BUY = bpmn(
    "buy",
    start(camunda__formRef="order", camunda__formRefBinding="deployment"),
    user("check_order", candidateGroups="specialist", formRef="order", formRefBinding="deployment"),
    user("approve_order", candidateGroups="manager", formRef="order", formRefBinding="deployment"),
    end(),
)


@pytest.fixture
def spec(firm: Office) -> Program:
    firm.deploy(BUY, ORDER)
    return Program(firm, "spec")


def begin(program: Program, **more: Any) -> dict[str, Any]:
    """A case of `buy`, started by the program."""
    status, started = program.post("/processes/buy/start", '{"answers": {"amount": 12.50}}', **more)
    assert status in (200, 201), started
    return dict(started)


def test_a_program_carries_a_case_from_its_start_to_the_next_persons_desk(
    firm: Office, spec: Program
) -> None:
    assert [each["key"] for each in spec.get("/processes")[1]["processes"]] == ["buy"]
    assert spec.get("/processes/buy")[1]["form"]["components"][0]["key"] == "amount"
    started = begin(spec)
    inbox = spec.get("/inbox")[1]
    assert [(each["id"], each["element"]) for each in inbox["tasks"]] == [
        (started["next_task"], "check_order")
    ]
    assert spec.post(f"/tasks/{started['next_task']}/claim") == (204, None)
    task = spec.get(f"/tasks/{started['next_task']}")[1]
    assert task["task"]["state"] == "claimed" and task["may_complete"]
    body = {"answers": {"note": "in a hurry"}, "version": task["version"]}
    status, done = spec.post(f"/tasks/{started['next_task']}/complete", body)
    assert (status, done) == (200, {"case": started["case"], "next_task": None})
    assert spec.get("/inbox/done")[1]["tasks"][0]["id"] == started["next_task"]
    assert spec.get("/inbox/counts")[1] == {"todo": 0, "mine": 0, "group": 0, "done": 1, "started": 1}
    assert [row.element for row in firm.as_("boss").inbox()] == ["approve_order"]
    assert firm.as_("boss").page("approve_order").data == {"amount": 12.5, "note": "in a hurry"}


def test_amounts_arrive_and_leave_to_the_last_digit(firm: Office, spec: Program) -> None:
    exact = "90071992547409.9312"  # a double would make it …9.94
    status, started = spec.post("/processes/buy/start", '{"answers": {"amount": ' + exact + "}}")
    assert status == 201
    raw = spec.client.get(f"{PREFIX}/tasks/{started['next_task']}", headers=spec.headers).data
    assert b'"amount":90071992547409.9312' in raw
    assert json.loads(raw, parse_float=Decimal)["data"]["amount"] == Decimal(exact)


def test_the_next_task_is_the_starters_own(spec: Program) -> None:
    started = begin(spec)
    assert spec.get(f"/tasks/{started['next_task']}")[1]["task"]["case"] == started["case"]


def test_a_taken_task_goes_back_to_its_group(firm: Office, spec: Program) -> None:
    task = begin(spec)["next_task"]
    assert spec.post(f"/tasks/{task}/claim")[0] == 204
    other = Program(firm, "spec2")
    assert other.code("POST", f"/tasks/{task}/claim") == (409, "user_task.taken")
    assert spec.post(f"/tasks/{task}/release")[0] == 204
    assert other.post(f"/tasks/{task}/claim")[0] == 204
    body = {"answers": {"note": "x"}}
    assert spec.code("POST", f"/tasks/{task}/complete", body) == (409, "user_task.taken")


def test_a_task_is_completed_once(spec: Program) -> None:
    task = begin(spec)["next_task"]
    assert spec.post(f"/tasks/{task}/complete", {"answers": {}})[0] == 200
    assert spec.code("POST", f"/tasks/{task}/complete", {"answers": {}}) == (
        409,
        "user_task.already_completed",
    )


def test_each_wrong_answer_is_told_with_its_field(spec: Program) -> None:
    task = begin(spec)["next_task"]
    body = {"answers": {"amount": "lots", "colour": "red"}}
    status, told = spec.post(f"/tasks/{task}/complete", body)
    assert (status, told["code"]) == (400, "form.invalid")
    assert {each["field"]: each["code"] for each in told["problems"]} == {
        "amount": "answer.not_a_number",
        "colour": "answer.unknown_field",
    }


def test_what_somebody_changed_meanwhile_is_not_overwritten(firm: Office, spec: Program) -> None:
    task = begin(spec)["next_task"]
    page = spec.get(f"/tasks/{task}")[1]
    body = {"answers": {"note": "mine"}, "version": page["version"] + 1}
    assert spec.code("POST", f"/tasks/{task}/complete", body) == (409, "user_task.changed")
    # What was seen comes back as it was told, a decimal too, and is recognised.
    page["data"]["amount"] = str(page["data"]["amount"])
    seen = json.dumps(page["data"]).replace('"12.50"', "12.50").replace('"12.5"', "12.5")
    assert (
        spec.post(f"/tasks/{task}/complete", '{"answers": {"note": "mine"}, "seen": ' + seen + "}")[0] == 200
    )


def test_a_start_whose_answer_was_lost_is_asked_for_again(firm: Office, spec: Program) -> None:
    first = begin(spec, Idempotency_Key="order 77")
    assert begin(spec, Idempotency_Key="order 77") == first
    assert begin(spec, Idempotency_Key="order 78")["case"] != first["case"]
    assert (
        Program(firm, "spec2").post(
            "/processes/buy/start", '{"answers": {"amount": 12.50}}', Idempotency_Key="order 77"
        )[1]
        != first
    ), "a key is its sender's own"
    refused = spec.code(
        "POST", "/processes/buy/start", {"answers": {"amount": 13}}, Idempotency_Key="order 77"
    )
    assert refused == (409, "request.repeated_otherwise")
    assert spec.code(
        "POST", "/processes/buy/start", {"answers": {"amount": 13}}, Idempotency_Key="x" * 256
    ) == (400, "request.bad_idempotency_key")
    assert spec.get("/inbox/counts")[1]["started"] == 2
    # Once the first task is done, it is no longer offered.
    spec.post(f"/tasks/{first['next_task']}/complete", {"answers": {}})
    assert begin(spec, Idempotency_Key="order 77") == {"case": first["case"], "next_task": None}


def test_a_long_inbox_comes_page_by_page(spec: Program) -> None:
    begun = [begin(spec)["next_task"] for _ in range(5)]
    found: list[str] = []
    after = ""
    while True:
        page = spec.get(f"/inbox?limit=2{after and f'&after={after}'}")[1]
        found += [each["id"] for each in page["tasks"]]
        if page["next"] is None:
            break
        after = page["next"].replace("+", "%2B")
    assert found == begun
    assert spec.get("/inbox?only=mine")[1]["tasks"] == []
    assert len(spec.get("/inbox?process=buy&only=group")[1]["tasks"]) == 5
    assert spec.code("GET", "/inbox?after=yesterday") == (400, "page.bad_cursor")


def test_sentences_are_in_the_language_asked_for(firm: Office, spec: Program) -> None:
    for language, sentence in (("en", "no such"), ("zh-Hans", "没有"), ("zh-TW", "沒有")):
        told = Program(firm, "spec", language).post("/tasks/x/complete", {"colour": "red"})[1]
        assert told["code"] == "request.invalid"
        field = told["problems"][0]["message"]
        assert sentence in field or field == "There is no field colour here."


def test_whom_a_token_stands_for(spec: Program) -> None:
    who = spec.get("/session")[1]
    assert (who["username"], who["groups"], who["csrf_token"]) == ("spec", ["specialist"], None)


# ---- its description


def test_every_address_of_the_api_is_described_and_no_other(spec: Program) -> None:
    served = {
        (method, rule.rule.removeprefix(PREFIX).replace("<", "{").replace(">", "}"))
        for rule in spec.app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {(method.upper(), path) for path, each in described()["paths"].items() for method in each}
    assert served - {("GET", "/openapi.json")} == told
    assert len({route.endpoint for route in ROUTES}) == len(ROUTES)


def test_the_description_is_served_and_says_how_to_sign_in(spec: Program) -> None:
    answer = spec.client.get(f"{PREFIX}/openapi.json", headers=spec.headers)
    assert answer.json == json.loads(json.dumps(openapi.document()))
    assert answer.json["openapi"] == "3.1.0" and answer.json["security"] == [{"token": []}, {"session": []}]
    assert spec.client.get(f"{PREFIX}/openapi.json").status_code == 401


def test_every_address_says_what_it_does_and_every_reference_leads_somewhere() -> None:
    document = described()
    for path, each in document["paths"].items():
        for operation in each.values():
            assert operation["summary"].endswith("."), path
            assert {"401", "403", "default"} <= set(operation["responses"])
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, f"{name} is used nowhere"
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.partition('"')[0] in document["components"]["schemas"]


def test_an_answer_that_says_more_than_is_described_is_noticed(spec: Program) -> None:
    answer = spec.client.get(f"{PREFIX}/session", headers=spec.headers)
    check("GET", "/session", answer)
    answer.data = json.dumps({**json.loads(answer.data), "password": "x"})
    with pytest.raises(Exception, match="Additional properties"):
        check("GET", "/session", answer)
