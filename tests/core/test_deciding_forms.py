"""Whoever decides sees what they decide on: what was entered stands in the form of whoever says yes or no.

Not here: that nobody decides their own (tests/acceptance/segregation.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests.acceptance import segregation

PROCESSES = Path(__file__).resolve().parents[2] / "processes"
BPMN, CAMUNDA = "{http://www.omg.org/spec/BPMN/20100524/MODEL}", "{http://camunda.org/schema/1.0/bpmn}"
DESKS = segregation.forms([PROCESSES])
SHARED = "superior_approval"
# Process → what is asked there and stands elsewhere in the form that decides, or is nothing to decide on.
ELSEWHERE = {
    "annual_budget": {"budget_lines"},  # beside what is in force, committed and spent
    # worth what request_amount says; by when it is decided; recorded as order_number
    "customer_issue": {"refund_amount", "urgency", "older_order"},
    "employee_appraisal": {"self_work", "self_ability", "self_attitude", "self_evidence", "superior_note"},  # graded
    "goal_plan": {"goals", "plan_title", "strategy"},  # in words, as goals_text
    "import_review": {"import_action", "workbook", "control_count", "control_quantity", "control_amount"},  # compared
    "purchase_execution": {"arrival_note", "arrival_result", "cancel_reason"},  # of goods that have come, or never will
}


def root(process: str) -> ElementTree.Element:
    return ElementTree.parse(PROCESSES / process / f"{process}.bpmn").getroot()


def form_of(node: ElementTree.Element) -> str:
    return node.get(CAMUNDA + "formRef", "")


def shown(form: str) -> set[str]:
    """The variables that a form shows: in fields, tables and texts."""
    [path] = PROCESSES.glob(f"*/{form}.form")
    text = path.read_text(encoding="utf-8")
    named = re.findall(r'"dataSource": "=\s*(\w+)', text) + re.findall(r"{{(\w+)}}", text)
    return set(DESKS[form].shown) | set(named)


def entered(process: str) -> set[str]:
    """What whoever begins the matter fills in: at the start, or in the first step that asks something."""
    for kind in ("startEvent", "userTask"):
        for node in root(process).iter(BPMN + kind):
            if form_of(node) in DESKS:
                desk = DESKS[form_of(node)]
                return set() if desk.verdict else set(desk.asked) - ELSEWHERE.get(process, set())
    return set()


def calls(called: str) -> Iterator[tuple[str, ElementTree.Element]]:
    for path in sorted(PROCESSES.glob("*/*.bpmn")):
        for node in root(path.stem).iter(BPMN + "callActivity"):
            if node.get("calledElement") == called:
                yield path.stem, node


def test_what_was_entered_stands_in_the_form_of_whoever_decides() -> None:
    unseen = {
        (path.stem, node.get("id")): sorted(missing)
        for path in sorted(PROCESSES.glob("*/*.bpmn"))
        for node in root(path.stem).iter(BPMN + "userTask")
        if form_of(node) in DESKS and DESKS[form_of(node)].verdict
        if (path.stem, node.get("id")) not in segregation.OWN
        if (missing := entered(path.stem) - shown(form_of(node)))
    }
    assert unseen == {}


def test_what_goes_to_a_superior_goes_whole_and_is_shown_to_both_who_decide() -> None:
    seen = shown("review_request")
    withheld, hidden = {}, {}
    for process, node in calls(SHARED):
        given = {each.get("target", ""): each for each in node.iter(CAMUNDA + "in")}
        told = {
            name: each.get("source") or each.get("sourceExpression", "")
            for name, each in given.items()
            if name in seen
        }
        read = set(re.findall(r"\w+", " ".join(told.values())))
        if missing := entered(process) - read:
            withheld[process] = sorted(missing)
        unread = {name for name in given if name not in seen} - {"barred", "levels", "beyond", "decide_days"}
        if unread:
            hidden[process] = sorted(unread)
    assert (withheld, hidden) == ({}, {})


def test_human_resources_decide_by_the_form_of_the_superior() -> None:
    """What a kind of request shows is written down once: of two forms one was forgotten."""
    assert {form_of(node) for node in root(SHARED).iter(BPMN + "userTask")} == {"review_request"}


def test_the_shared_form_calls_whom_it_is_about_by_what_they_are() -> None:
    components = json.loads((PROCESSES / SHARED / "review_request.form").read_text(encoding="utf-8"))["components"]
    named = {each.get("key"): each for each in components}
    for kind, key in (("award", "nominee"), ("promotion", "candidate"), ("rotation", "candidate")):
        assert f'"{kind}"' in named["applicant"]["conditional"]["hide"]
        assert f'"{kind}"' in named[key]["conditional"]["hide"]


def test_a_count_is_reviewed_also_where_everybody_up_the_line_took_part_in_it() -> None:
    """By somebody who never counts: with the manager, the division lead and the administrator among those who
    counted or explained, it was nobody's (a year, seed 117)."""
    named = {
        node.get("id"): each.get("value")
        for node in root("variance_approval").iter(BPMN + "userTask")
        for each in node.iter(CAMUNDA + "property")
        if each.get("name") == "fallback"
    }
    assert named == {"review_variances": "hr", "review_loss": "hr"}
