"""Whoever operates deals with incidents and cancels cases on the pages: with a reason, by typed values, seeing why not.

Not here: what each way does to a case (tests/commands/test_incidents.py)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest

from runtime.commands import cancelling, incidents
from tests.diagrams import bpmn, element, end, properties, start
from tests.web.stand_ins import send
from tests.web.test_api_cases import SUMS
from tests.web.test_with_runtime import Browser
from web import typed


@pytest.fixture
def held_up(office: Any) -> tuple[Any, str]:
    """A case whose gateway needs a total that nobody wrote, and its incident."""
    office.deploy(SUMS)
    case = office.as_("liyang").start("sums")
    office.as_("liyang").do("ask", case.id)
    admin = Browser(office, "linxi")
    send(admin.client, "/language", {"language": "en"})
    (incident,) = set(re.findall(r'href="/incidents/(\w+)"', admin.client.get("/operations").text))
    return case, incident


def correction(*rows: tuple[str, str, str], **fields: str) -> dict[str, Any]:
    names, kinds, texts = map(list, zip(*rows, strict=True))
    return {"reason": "It was forgotten", "name": names, "kind": kinds, "value": texts, **fields}


def test_variables_are_corrected_with_their_types(office: Any, held_up: tuple[Any, str]) -> None:
    case, incident = held_up
    admin = Browser(office, "linxi")
    page = admin.client.get(f"/cases/{case.id}").text
    assert f"/incidents/{incident}" in page and f"/cases/{case.id}/cancel" in page
    sent = correction(
        ("total", "number", "12.50"), ("pieces", "number", " 7 "), ("urgent", "yes", ""), ("late", "no", ""),
        ("day", "date", "2026-03-09"), ("at", "moment", "2026-03-09 14:30"), ("wait", "duration", "P3D"),
        ("lines", "json", '[{"sku": "A", "price": 0.10}]'), ("note", "text", "two\r\nlines"),
        ("none", "nothing", ""), ("", "text", ""),
    )  # fmt: skip
    answer = send(admin.client, f"/incidents/{incident}/correct", sent)
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/operations")
    assert case.status == "completed"
    held = case.variables
    assert [held[name] for name in ("total", "pieces", "urgent", "late")] == [Decimal("12.50"), 7, True, False]
    assert (held["day"], held["none"]) == (dt.date(2026, 3, 9), None)
    assert held["at"] == dt.datetime(2026, 3, 9, 6, 30, tzinfo=dt.UTC)  # of the business zone
    assert held["lines"] == [{"sku": "A", "price": Decimal("0.10")}]
    assert held["wait"] == dt.timedelta(days=3)


def test_what_does_not_fit_is_said_at_its_field_and_nothing_typed_is_lost(
    office: Any, held_up: tuple[Any, str]
) -> None:
    case, incident = held_up
    admin = Browser(office, "linxi")
    sent = correction(
        ("total", "number", "twelve"), ("", "text", "lost?"), ("when", "date", "9.3."), ("when", "text", "x")
    )
    answer = send(admin.client, f"/incidents/{incident}/correct", sent)
    assert answer.status_code == 400
    for told in (*(typed.WRONG[kind] for kind in ("number", "date")), *typed.NAMES[:2]):
        assert told in answer.text
    for kept in ("It was forgotten", "twelve", "lost?", "9.3."):
        assert kept in answer.text
    assert answer.text.count('aria-invalid="true"') == 4 and case.status == "running"
    # One variable at least is needed, and a reason.
    answer = send(admin.client, f"/incidents/{incident}/correct", {"reason": " "})
    assert answer.status_code == 400
    assert typed.NAMES[0] in answer.text and incidents.ReasonMissing.sentence() in answer.text


def test_one_more_variable_is_asked_for_before_anything_is_judged(
    office: Any, held_up: tuple[Any, str]
) -> None:
    case, incident = held_up
    admin = Browser(office, "linxi")
    sent = correction(("total", "number", "twelve"), more="1", reason="")
    answer = send(admin.client, f"/incidents/{incident}/skip", sent)
    assert answer.status_code == 200 and "aria-invalid" not in answer.text
    skip = answer.text.partition('id="skip"')[2].partition("</details>")[0]
    assert skip.count('name="value"') == 2 and "twelve" in skip
    assert case.status == "running"


def test_no_value_breaks_the_page(office: Any, held_up: tuple[Any, str]) -> None:
    case, incident = held_up
    admin = Browser(office, "linxi")
    texts = ("", "x", "NaN", "1e999999999", "9" * 200, "[" * 100_000, '{"$file": 1}', "٣x")
    for kind in ("number", "date", "moment", "duration", "json"):
        sent = correction(*((f"other{place}", kind, text) for place, text in enumerate(texts)))
        answer = send(admin.client, f"/incidents/{incident}/correct", sent)
        assert answer.status_code == 400
        assert answer.text.count('class="wrong"') == len(texts), kind
    assert case.status == "running"


def test_why_a_way_is_refused_is_said_where_it_was_chosen(office: Any, held_up: tuple[Any, str]) -> None:
    case, incident = held_up
    admin = Browser(office, "linxi")
    closed = send(admin.client, f"/incidents/{incident}/close", {"reason": "Never mind"})
    assert closed.status_code == 409 and "Never mind" in closed.text
    assert incidents.StillHeldUp.sentence() in closed.text.partition('id="close"')[2]
    skipped = send(admin.client, f"/incidents/{incident}/skip", {"reason": "Go on"})
    assert skipped.status_code == 409 and incidents.GoesNoFurther.sentence() in skipped.text
    for way in ("skip", "correct", "close"):
        answer = send(admin.client, f"/incidents/{incident}/{way}", {"reason": "  "})
        assert answer.status_code == 400 and incidents.ReasonMissing.sentence() in answer.text
    file = '{"$file": {"sha256": "' + "a" * 64 + '", "name": "x", "media_type": "text/plain", "size": 1}}'
    sent = correction(("total", "number", "1"), ("paper", "json", file))
    assert send(admin.client, f"/incidents/{incident}/skip", sent).status_code == 403
    assert case.status == "running" and len(office.incidents()) == 1


def test_who_comes_second_is_told_who_was_faster_and_why(office: Any, held_up: tuple[Any, str]) -> None:
    _, incident = held_up
    admin = Browser(office, "linxi")
    root = office.as_("linxi").actor
    office.runtime.do(incidents.correct, root, incident, "It is in the contract", {"total": 4})
    answer = send(admin.client, f"/incidents/{incident}/skip", {"reason": "My own words"})
    assert answer.status_code == 409
    for told in (incidents.IncidentResolved.sentence(), "Lin Xi", "It is in the contract", "My own words"):
        assert told in answer.text
    assert "<textarea" not in answer.text
    assert admin.client.get("/incidents/x").status_code == 404
    assert send(admin.client, f"/incidents/{incident}/forget", {"reason": "?"}).status_code == 404
    assert send(admin.client, "/incidents/x/close", {"reason": "?"}).status_code == 404


def test_a_message_that_fits_two_cases_has_no_step_to_skip_and_is_given_up(office: Any) -> None:
    office.deploy(
        bpmn("wait", start(), element("receiveTask", "arrived", "<extensionElements><camunda:properties>"
             '<camunda:property name="correlation_key" value="${&quot;K&quot;}"/></camunda:properties>'
             "</extensionElements>", messageRef="m"), end(), before='<message id="m" name="goods"/>')
    )  # fmt: skip
    for _ in range(2):
        office.as_("liyang").start("wait")
    office.message("goods", "K")
    for _ in range(3):
        office.later(minutes=11)
    admin = Browser(office, "linxi")
    send(admin.client, "/language", {"language": "en"})
    (incident,) = set(re.findall(r'href="/incidents/(\w+)"', admin.client.get("/operations").text))
    page = admin.client.get(f"/incidents/{incident}").text
    assert incidents.NoStep.sentence() in page
    assert 'id="retry"' in page and 'id="close"' in page
    assert 'id="skip"' not in page and 'id="correct"' not in page
    forced = send(admin.client, f"/incidents/{incident}/skip", {"reason": "Go on"})
    assert forced.status_code == 409 and incidents.NoStep.sentence() in forced.text
    answer = send(admin.client, f"/incidents/{incident}/close", {"reason": "Sent by mistake"})
    assert answer.status_code == 302 and office.incidents() == []


def test_a_case_is_cancelled_after_its_consequences_were_read(office: Any) -> None:
    office.deploy(SUMS)
    case = office.as_("liyang").start("sums")
    admin = Browser(office, "linxi")
    send(admin.client, "/language", {"language": "en"})
    page = admin.client.get(f"/cases/{case.id}/cancel").text
    assert "ask" in page and "nothing is compensated" in page and 'name="reason"' in page
    assert send(admin.client, f"/cases/{case.id}/cancel", {"reason": " "}).status_code == 400
    assert case.status == "running"
    answer = send(admin.client, f"/cases/{case.id}/cancel", {"reason": "Ordered twice"})
    assert answer.status_code == 302 and case.status == "cancelled"
    shown = admin.client.get(answer.headers["Location"])
    assert shown.status_code == 200 and f"/cases/{case.id}/cancel" not in shown.text
    starter = Browser(office, "liyang")
    send(starter.client, "/language", {"language": "en"})
    told = starter.client.get(f"/cases/{case.id}").text
    assert "Lin Xi cancelled the case" in told and "Ordered twice" in told
    assert office.as_("liyang").inbox() == []
    again = send(admin.client, f"/cases/{case.id}/cancel", {"reason": "Again, please"})
    assert again.status_code == 409 and "Again, please" in again.text
    assert cancelling.CaseIsOver.sentence() in again.text


def test_only_who_operates_is_offered_it_and_no_other_site_may_send_it(
    office: Any, held_up: tuple[Any, str]
) -> None:
    case, incident = held_up
    starter, admin = Browser(office, "liyang"), Browser(office, "linxi")
    page = starter.client.get(f"/cases/{case.id}").text
    assert "/cancel" not in page and "/incidents/" not in page
    assert starter.client.get(f"/incidents/{incident}").status_code == 403
    assert starter.client.get(f"/cases/{case.id}/cancel").status_code == 403
    for way in (f"/incidents/{incident}/{each}" for each in ("retry", "skip", "correct", "close")):
        sent = correction(("total", "number", "1"))
        assert send(starter.client, way, sent).status_code == 403
        assert admin.client.post(way, data=sent).status_code == 400
    assert send(starter.client, f"/cases/{case.id}/cancel", {"reason": "?"}).status_code == 403
    assert admin.client.post(f"/cases/{case.id}/cancel", data={"reason": "?"}).status_code == 400
    assert case.status == "running" and len(office.incidents()) == 1


def test_of_a_confidential_case_no_task_and_no_reason_is_told_to_who_does_not_see_it(office: Any) -> None:
    office.deploy(SUMS.replace("<startEvent", properties(confidential="true") + "<startEvent", 1))
    case, other = (office.as_("liyang").start("sums") for _ in range(2))
    office.as_("liyang").do("ask", case.id)
    admin = Browser(office, "linxi")
    send(admin.client, "/language", {"language": "en"})
    (incident,) = set(re.findall(r'href="/incidents/(\w+)"', admin.client.get("/operations").text))
    page = admin.client.get(f"/incidents/{incident}").text
    assert "expression.unknown_name" in page and "${total" not in page
    asked = admin.client.get(f"/cases/{other.id}/cancel").text
    assert "withdrawn (1)" in asked and "withdrawn:" not in asked
    refused = send(admin.client, f"/incidents/{incident}/skip", {"reason": "Go on"})
    assert refused.status_code == 409 and "${total" not in refused.text
    answer = send(admin.client, f"/cases/{case.id}/cancel", {"reason": "Ordered twice"})
    assert answer.headers["Location"] == "/operations" and case.status == "cancelled"
