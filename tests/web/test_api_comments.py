"""Programs comment on cases, are told what mentions whom they act for, and hand tasks on, as the description says."""

from __future__ import annotations

import pytest

from tests.diagrams import bpmn, end, start, user
from tests.office import Office
from tests.web.programs import Program

PLAIN = bpmn("plain", start(), user("ask", candidateGroups="specialist"), end())


@pytest.fixture
def case(firm: Office) -> str:
    firm.deploy(PLAIN)
    return firm.as_("spec").start("plain").id


def test_a_comment_is_written_changed_read_and_withdrawn(firm: Office, case: str) -> None:
    spec, boss, buyer = (Program(firm, who) for who in ("spec", "boss", "buyer"))
    task = firm.as_("spec").find("ask").id
    status, written = spec.post(f"/cases/{case}/comments", {"text": "@boss 数量对吗？", "task": task})
    assert status == 201
    comment = written["id"]
    refused = spec.code("POST", f"/cases/{case}/comments", {"text": "@buyer look"})
    assert refused == (400, "comment.cannot_see")
    _, told = boss.get("/inbox/mentions")
    assert told["unread"] == 1 and told["mentions"][0]["text"] == "@boss 数量对吗？"
    assert boss.post(f"/comments/{comment}/read") == (204, None)
    assert boss.get("/inbox/mentions")[1]["unread"] == 0
    assert boss.code("POST", f"/comments/{comment}/change", {"text": "mine"}) == (403, "comment.not_yours")
    assert spec.post(f"/comments/{comment}/change", {"text": "@boss 320？"}) == (204, None)
    [row] = boss.get(f"/cases/{case}/comments")[1]["comments"]
    assert (row["text"], row["about"], [each["name"] for each in row["mentions"]]) == (
        "@boss 320？",
        "ask",
        ["Boss"],
    )
    assert buyer.code("GET", f"/cases/{case}/comments") == (404, "case.not_found")
    assert buyer.code("POST", f"/comments/{comment}/withdraw") == (404, "comment.not_found")
    assert spec.post(f"/comments/{comment}/withdraw") == (204, None)
    assert spec.get(f"/cases/{case}/comments")[1]["comments"][0]["text"] == ""


def test_a_superior_hands_a_task_on(firm: Office, case: str) -> None:
    sup, spec = Program(firm, "sup"), Program(firm, "spec")
    task = firm.as_("spec").find("ask").id
    people = {each["name"]: each["id"] for each in sup.get(f"/tasks/{task}/receivers")[1]["people"]}
    assert people.keys() == {"Spec", "Spec2"} and spec.get(f"/tasks/{task}/receivers")[1]["people"] == []
    gift = {"person": people["Spec2"], "reason": "忙"}
    assert spec.code("POST", f"/tasks/{task}/give", gift) == (403, "user_task.not_yours_to_give")
    assert sup.code("POST", f"/tasks/{task}/give", gift | {"reason": " "})[0] == 400
    assert sup.post(f"/tasks/{task}/give", gift) == (204, None)
    assert firm.as_("spec2").find("ask").assignee is not None
