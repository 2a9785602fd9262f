"""Programs look into cases, and messages, signals and incidents come and go by the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from runtime.commands import accounts
from runtime.identity import SYSTEM
from tests.commands.test_messages import ORDER, order, standing
from tests.commands.test_signals import WAITS
from tests.commands.test_standing import COUNTING, SHEET, called
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office
from tests.web.programs import Program
from tests.web.test_api import BUY, begin
from tests.web.test_api import ORDER as FORM

# Its gateway asks for a variable that nobody wrote.
SUMS = bpmn(
    "sums",
    start(),
    user("ask", candidateGroups="specialist"),
    element("exclusiveGateway", "which"),
    end(),
    end("small"),
    flow("begun", "ask"),
    flow("ask", "which"),
    flow("which", "ended", "${total > 10}"),
    flow("which", "small", "${total <= 10}"),
)


@pytest.fixture
def system(firm: Office) -> Program:
    """Another system, which may send messages and signals."""
    firm.runtime.do(accounts.add_person, SYSTEM, "erp", {"en": "ERP"}, groups=["logistics"])
    for kind in ("message", "signal"):
        firm.runtime.do(accounts.grant, SYSTEM, "logistics", "send", kind, "any")
    return Program(firm, "erp")


# ---- cases


def test_a_case_says_with_whom_those_are_that_it_called(firm: Office) -> None:
    firm.deploy(COUNTING, SHEET)
    spec, sup = Program(firm, "spec"), Program(firm, "sup")
    case = spec.post("/processes/counting/start", {"answers": {}})[1]["case"]
    firm.settle()
    [sheet] = firm.cases_of("sheet")
    for who, its in ((spec, sheet.id), (sup, "")):
        told = who.get(f"/cases/{case}")[1]
        [each] = told["called"]
        assert (each["id"], each["whom"], each["ended_at"], told["called_more"]) == (
            its, "Operations specialist", None, 0,
        )  # fmt: skip


def test_the_list_of_what_one_began_says_with_whom_those_are_that_one_does_not_see(firm: Office) -> None:
    firm.deploy(COUNTING, called("sheet", "sheet_opened", "sheet_done", user("judge", candidateGroups="manager")))
    spec = Program(firm, "spec")
    spec.post("/processes/counting/start", {"answers": {}})
    firm.settle()
    [row] = spec.get("/inbox/started")[1]["cases"]
    assert (row["whom"], row["waiting_for"]) == ("Department manager", ["wait"])


def test_where_a_case_stands_what_it_holds_and_how_it_came_there(firm: Office) -> None:
    firm.deploy(BUY, FORM)
    spec = Program(firm, "spec")
    started = begin(spec)
    spec.post(f"/tasks/{started['next_task']}/complete", {"answers": {"note": "in a hurry"}})
    case = spec.get(f"/cases/{started['case']}")[1]
    assert (case["status"], case["full"], case["initiator"]["name"]) == ("running", True, "Spec")
    (standing_at,) = case["standing"]
    assert standing_at["active"] == ["approve_order"] and "check_order" in standing_at["done"]
    assert [task["element"] for task in case["tasks"]] == ["approve_order"]
    held = spec.get(f"/cases/{started['case']}/variables")[1]["variables"]
    assert held["amount"] == {"$decimal": "12.50"} and held["note"] == "in a hurry"
    told = spec.get(f"/cases/{started['case']}/history")[1]["moments"]
    assert [(each["kind"], each["element"]) for each in told] == [
        ("case_started", ""),
        ("task_opened", "check_order"),
        ("task_completed", "check_order"),
        ("task_opened", "approve_order"),
    ]
    assert told[2]["actor"]["name"] == "Spec"
    listed = spec.get("/inbox/started")[1]
    assert [each["id"] for each in listed["cases"]] == [started["case"]] and listed["next"] is None
    assert listed["cases"][0]["waiting_for"] == ["approve_order"]
    said = listed["cases"][0]
    assert said["more"] == 0
    assert said["steps"] == [
        {"element": "approve_order", "name": "approve_order", "person": None, "groups": ["manager"], "asked": True,
         "whom": "Department manager"}
    ]  # fmt: skip


def test_a_case_of_others_is_not_there(firm: Office) -> None:
    firm.deploy(BUY, FORM)
    case = begin(Program(firm, "spec"))["case"]
    buyer = Program(firm, "buyer")
    for part in ("", "/variables", "/history"):
        assert buyer.code("GET", f"/cases/{case}{part}") == (404, "case.not_found")
    assert buyer.get("/inbox/started")[1]["cases"] == []
    # Whoever operates sees where it stands, not what it holds.
    root = Program(firm, "root")
    assert root.get(f"/cases/{case}")[1]["full"] is False
    assert root.code("GET", f"/cases/{case}/variables") == (404, "case.not_found")


def test_what_people_decided_and_remarked_is_told_to_who_sees_the_case_whole(office: Office) -> None:
    plan = office.as_("chenjie").start("purchase_plan").id
    line = {"component": "CZ-M60-265", "quantity": 20, "need_by": "2026-04-20", "est_price": "500.10"}
    office.as_("chenjie").do("draft_plan", plan, plan_reason="旺季", lines=[line])
    office.as_("wangfang").do("review_plan", plan, manager_decision="return", manager_comment="请先比价")
    [verdict] = Program(office, "chenjie").get(f"/cases/{plan}")[1]["verdicts"]
    assert (verdict["element"], verdict["by"]["name"], verdict["away"]) == ("review_plan", "Wang Fang", None)
    assert (verdict["decided"], verdict["remark"]) == ("Return for changes", "请先比价")
    operator = Program(office, "linxi").get(f"/cases/{plan}")[1]
    assert (operator["full"], operator["verdicts"]) == (False, [])


# ---- messages and signals


def test_a_message_reaches_the_one_case_that_waits_for_it(firm: Office, system: Program) -> None:
    firm.deploy(ORDER)
    case, other = order(firm, "A-1"), order(firm, "A-2")
    body = '{"name": "paid", "key": "A-1", "payload": {"sum": 12.50, "on": {"$date": "2026-03-09"}}}'
    assert system.post("/messages", body) == (200, {"case": case.id})
    assert (standing(case), standing(other)) == ({"ship"}, {"payment"})
    assert case.variables["sum"] == Decimal("12.50") and str(case.variables["on"]) == "2026-03-09"


def test_a_message_for_nobody_or_for_several_is_refused_and_not_kept(firm: Office, system: Program) -> None:
    firm.deploy(ORDER)
    sent = {"name": "paid", "key": "A-1"}
    assert system.code("POST", "/messages", sent) == (400, "message.nobody_waits")
    both = order(firm, "A-1"), order(firm, "A-1")
    assert [standing(case) for case in both] == [{"payment"}, {"payment"}]
    assert system.code("POST", "/messages", sent) == (400, "message.several_wait")
    assert [standing(case) for case in both] == [{"payment"}, {"payment"}]


def test_who_was_not_granted_it_sends_nothing(firm: Office) -> None:
    firm.deploy(ORDER)
    case = order(firm, "A-1")
    root = Program(firm, "root")
    assert root.code("POST", "/messages", {"name": "paid", "key": "A-1"}) == (403, "not_granted")
    assert root.code("POST", "/signals", {"name": "strike"}) == (403, "not_granted")
    assert standing(case) == {"payment"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"sum": {"$decimal": "NaN"}}, "value.unsupported"),
        ({"sum": {"$decimal": "1e999999999"}}, "value.unsupported"),
        ({"when": {"$datetime": "2026-03-09T01:00:00"}}, "value.unsupported"),
        ({"who": {"$person": "boss"}}, "value.unsupported"),
        ({"what": {"$file": {"sha256": "a" * 64, "name": "x", "media_type": "text/plain", "size": 1}}}, None),
    ],
)
def test_a_payload_holds_values_and_files_of_ones_own(
    firm: Office, system: Program, payload: dict[str, Any], code: str | None
) -> None:
    firm.deploy(ORDER, WAITS)
    case = order(firm, "A-1")
    message = {"name": "paid", "key": "A-1", "payload": payload}
    assert system.code("POST", "/messages", message) == ((400, code) if code else (403, "file.not_yours"))
    signal = {"name": "strike", "payload": payload}
    assert system.code("POST", "/signals", signal) == (400, code or "signal.files")
    assert standing(case) == {"payment"}


@pytest.mark.parametrize("name", ["", "x" * 129])
def test_a_name_that_no_table_holds_is_refused(system: Program, name: str) -> None:
    assert system.code("POST", "/messages", {"name": name}) == (400, "message.too_long")
    assert system.code("POST", "/signals", {"name": name}) == (400, "message.too_long")
    assert system.code("POST", "/messages", {}) == (400, "request.invalid")


def test_a_signal_reaches_everybody_who_waits_once(firm: Office, system: Program) -> None:
    firm.deploy(WAITS)
    cases = [firm.as_("spec").start("waits") for _ in range(2)]
    for case in cases:
        firm.as_("spec").do("prepare", case.id)
    sent = {"name": "strike", "payload": {"days": 3}, "reference": "news 7"}
    assert system.post("/signals", sent) == (204, None)
    assert system.post("/signals", sent) == (204, None)
    firm.settle()
    assert [standing(case) for case in cases] == [{"react"}, {"react"}]
    assert [case.variables["days"] for case in cases] == [3, 3]


# ---- incidents


def test_incidents_are_listed_and_tried_again_by_who_operates(firm: Office) -> None:
    firm.deploy(SUMS)
    case = firm.as_("spec").start("sums")
    firm.as_("spec").do("ask", case.id)
    root, spec = Program(firm, "root"), Program(firm, "spec")
    assert spec.code("GET", "/incidents") == (403, "not_granted")
    (incident,) = root.get("/incidents")[1]["incidents"]
    assert (incident["case"], incident["element"]) == (case.id, "which")
    assert spec.code("POST", f"/incidents/{incident['id']}/retry") == (403, "not_granted")
    assert root.get(f"/cases/{case.id}")[1]["incidents"][0]["id"] == incident["id"]
    assert root.post(f"/incidents/{incident['id']}/retry") == (204, None)
    assert root.code("POST", f"/incidents/{incident['id']}/retry") == (409, "incident.resolved")
    assert root.code("POST", "/incidents/x/retry") == (404, "incident.unknown")


def stuck(firm: Office) -> tuple[Any, str]:
    """A case whose gateway needs a total that nobody wrote, and its incident."""
    firm.deploy(SUMS)
    case = firm.as_("spec").start("sums")
    firm.as_("spec").do("ask", case.id)
    (incident,) = Program(firm, "root").get("/incidents")[1]["incidents"]
    return case, incident["id"]


def test_a_program_corrects_what_a_step_needs_with_its_type(firm: Office) -> None:
    case, incident = stuck(firm)
    root = Program(firm, "root")
    body = '{"reason": "Forgotten", "variables": {"total": 12.50, "on": {"$date": "2026-03-09"}}}'
    assert root.post(f"/incidents/{incident}/correct", body) == (204, None)
    assert case.status == "completed" and case.variables["total"] == Decimal("12.50")
    assert str(case.variables["on"]) == "2026-03-09"
    assert root.code("POST", f"/incidents/{incident}/correct", body) == (409, "incident.resolved")


def test_a_program_skips_a_step_and_is_told_why_it_goes_no_further(firm: Office) -> None:
    case, incident = stuck(firm)
    root = Program(firm, "root")
    status, told = root.post(f"/incidents/{incident}/skip", {"reason": "Go on"})
    assert (status, told["code"]) == (409, "incident.goes_no_further")
    (problem,) = told["problems"]
    assert problem["code"] == "expression.unknown_name" and "total" in problem["message"]
    assert root.post(
        f"/incidents/{incident}/skip", {"reason": "It is small", "variables": {"total": 1}}
    ) == (204, None)
    assert case.status == "completed"


def test_what_holds_up_a_case_is_not_closed_and_a_case_is_cancelled_once(firm: Office) -> None:
    case, incident = stuck(firm)
    root = Program(firm, "root")
    closed = root.code("POST", f"/incidents/{incident}/close", {"reason": "Never mind"})
    assert closed == (409, "incident.still_held_up")
    assert root.post(f"/cases/{case.id}/cancel", {"reason": "Ordered twice"}) == (204, None)
    assert case.status == "cancelled" and root.get("/incidents")[1]["incidents"] == []
    assert root.code("POST", f"/cases/{case.id}/cancel", {"reason": "Again"}) == (409, "case.is_over")
    assert root.code("POST", "/cases/x/cancel", {"reason": "?"}) == (404, "case.nothing_to_cancel")


def test_only_who_operates_deals_with_incidents_and_only_with_a_reason(firm: Office) -> None:
    case, incident = stuck(firm)
    root, spec = Program(firm, "root"), Program(firm, "spec")
    for address, more in (
        (f"/incidents/{incident}/skip", {}),
        (f"/incidents/{incident}/correct", {"variables": {"total": 1}}),
        (f"/incidents/{incident}/close", {}),
        (f"/cases/{case.id}/cancel", {}),
    ):
        assert spec.code("POST", address, {"reason": "Because", **more}) == (403, "not_granted")
        assert root.code("POST", address, {"reason": "  ", **more}) == (400, "incident.reason_missing")
        assert root.code("POST", address, more) == (400, "request.invalid")
    assert case.status == "running" and len(firm.incidents()) == 1


@pytest.mark.parametrize("way", ["skip", "correct"])
def test_a_correction_holds_values_and_files_of_ones_own(firm: Office, way: str) -> None:
    case, incident = stuck(firm)
    root = Program(firm, "root")
    file = {"$file": {"sha256": "a" * 64, "name": "x", "media_type": "text/plain", "size": 1}}
    for value, refused in (
        (file, (403, "file.not_yours")),
        ({"$decimal": "NaN"}, (400, "value.unsupported")),
        ({"$person": "boss"}, (400, "value.unsupported")),
    ):
        sent = {"reason": "A guess", "variables": {"total": 1, "other": value}}
        assert root.code("POST", f"/incidents/{incident}/{way}", sent) == refused
    assert case.status == "running" and len(firm.incidents()) == 1
