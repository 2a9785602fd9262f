"""Training and careers: who is invited, who resits, what the assessor sees, who may decide."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime.calendar import Calendar
from runtime.engine.ports import BpmnError
from runtime.ledger import operations, training
from runtime.store import calendar
from tests.store.ledger.conftest import Books

DAY = dt.date(2026, 3, 12)


def refused(books: Books, topic: str, **inputs: Any) -> str:
    with pytest.raises(BpmnError) as caught:
        books.do(topic, **inputs)
    return caught.value.code


def opened(books: Books, *roles: str) -> str:
    event = {"topic": "组件检测", "form": "internal", "area": "skills", "held_on": DAY}
    people = [books.people[role] for role in roles]
    who = {"trainer": books.people["supervisor"], "organiser": books.people["manager"]}
    made = operations.perform("training.open", books.call(), {**event, **who, "participants": people})
    return str(made["training"])


def test_absent_and_failed_resit_once_and_the_last_score_counts(empty: Books) -> None:
    event = opened(empty, "specialist", "analyst", "manager", "supervisor")
    people = [empty.people[role] for role in ("specialist", "analyst", "manager")]
    lines = [{"person": person, "attended": person != people[2]} for person in people]
    held = empty.do("training.attended", training=event, lines=lines)
    assert (len(held["present"]), held["absent"]) == (2, [people[2]])
    scores = [{"person": people[0], "score": 60}, {"person": people[1], "score": Decimal("59.5")}]
    given = empty.do("training.score", training=event, lines=scores, by="supervisor")
    assert [row["person"] for row in given["resit"]] == people[1:]
    again = [{"person": person, "score": 55} for person in people[1:]]
    assert empty.do("training.score", training=event, lines=again, by="supervisor", resit=True)["resit"] == []
    assert training.results(empty.tx, people[1], DAY, DAY)[0]["score"] == 55


def test_nobody_scores_themselves_and_a_trainer_alone_is_no_training(empty: Books) -> None:
    event = opened(empty, "specialist")
    empty.do(
        "training.attended",
        training=event,
        lines=[{"person": empty.people["specialist"], "attended": True}],
    )
    own = [{"person": empty.people["specialist"], "score": 100}]
    assert refused(empty, "training.score", training=event, lines=own, by="specialist") == "same_person"
    with pytest.raises(BpmnError):
        opened(empty, "supervisor")


def test_a_plan_is_decided_by_who_did_not_draft_it(empty: Books) -> None:
    line = {"topic": "安全", "form": "online", "area": "business", "month": 4, "cost": Decimal("99.5")}
    assert refused(empty, "training.record_plan", year=2026, lines=[], drafted_by="manager") == "bad_plan"
    plan = empty.do("training.record_plan", year=2026, lines=[line, line], drafted_by="manager")
    assert (plan["total"], plan["budget_left"]) == (Decimal(199), None)
    decide = {"plan": plan["plan"], "outcome": "approved"}
    assert refused(empty, "training.decide_plan", by="manager", **decide) == "same_person"
    empty.do("training.decide_plan", by="lead", **decide)


def test_a_plan_for_a_frozen_budget_says_so(empty: Books) -> None:
    line = {"topic": "安全", "form": "online", "area": "business", "month": 4, "cost": Decimal(90)}
    budget = empty.do(
        "budget.draft", year=2026, lines=[{"line": "training", "amount": Decimal(100)}], drafter="manager"
    )
    empty.do("budget.approve", budget=budget["budget"], approver="lead")
    planned = empty.do("training.record_plan", year=2026, lines=[line], drafted_by="manager")
    assert planned["budget_left"] == 100
    empty.do("training.decide_plan", plan=planned["plan"], outcome="approved", by="lead")
    empty.do("budget.freeze", year=2026, lines=["training"], frozen=True)
    # What the plan in force has committed is another plan's to use, frozen or not.
    again = empty.do("training.record_plan", year=2026, lines=[line], drafted_by="manager")
    assert again["budget_left"] == 90
    with pytest.raises(BpmnError, match="bad_plan") as caught:
        empty.do("training.record_plan", year=2026, lines=[line, line], drafted_by="manager")
    assert "已冻结" in caught.value.message


def test_a_move_takes_a_place_of_the_vacancy_and_is_approved_by_another(empty: Books) -> None:
    people = empty.people

    def do(topic: str, **inputs: Any) -> Any:
        # The groups here are named like the people of `empty`.
        return operations.perform(topic, empty.call(), inputs)

    post = {"group": "supervisor", "open_until": DAY, "posted_by": people["hr"], "approved_by": people["lead"]}
    with pytest.raises(BpmnError):
        do("careers.post_vacancy", places=0, **post)
    do("careers.post_vacancy", places=1, **post)
    want = {"kind": "rotation", "to_group": "supervisor"}
    asked = do("careers.ask", person=people["specialist"], by=people["specialist"], **want)
    assert asked["places_left"] == 1
    assert refused(empty, "careers.approve", move=asked["move"], by="specialist") == "same_person"
    empty.do("careers.approve", move=asked["move"], by="manager")
    assert do("careers.ask", person=people["analyst"], by=people["analyst"], **want)["places_left"] == 0
    with pytest.raises(BpmnError):  # is there already
        do("careers.ask", person=people["supervisor"], by=people["supervisor"], **want)


def test_the_assessor_sees_what_stands_of_the_month(empty: Books) -> None:
    calendar.fill(empty.tx)
    cycle = empty.do("appraisals.open_cycle", period="2026-03")
    mine = next(o for o in cycle["appraisals"] if o["employee"] == empty.people["specialist"])
    for day in (dt.date(2026, 3, 2), dt.date(2026, 4, 1)):
        line = {"person": empty.people["specialist"], "day": day, "kind": "late", "minutes": 30}
        empty.do("attendance.record", lines=[line], by="hr")
    event = opened(empty, "specialist")
    empty.do(
        "training.attended",
        training=event,
        lines=[{"person": empty.people["specialist"], "attended": True}],
    )
    facts = empty.do("appraisals.facts", appraisal=mine["appraisal"])
    assert (facts["late"], facts["absences"]) == (1, 0)
    assert [(row["topic"], row["attended"]) for row in facts["trainings"]] == [("组件检测", True)]


@pytest.mark.parametrize(
    ("every", "number", "after", "due"),
    [
        ("week", 1, dt.date(2026, 3, 9), dt.date(2026, 3, 9)),
        ("week", 1, dt.date(2026, 3, 10), dt.date(2026, 3, 16)),
        ("week", 1, dt.date(2026, 9, 29), dt.date(2026, 10, 8)),  # over the National Day holidays
        ("quarter", 5, dt.date(2026, 3, 9), dt.date(2026, 4, 7)),  # 5 April is a Sunday, Qingming follows
        ("year", 5, dt.date(2026, 3, 9), dt.date(2027, 1, 5)),
        ("month", 31, dt.date(2026, 2, 10), dt.date(2026, 2, 28)),  # a shifted workday
    ],
)
def test_a_regular_matter_is_due_on_a_workday(every: str, number: int, after: dt.date, due: dt.date) -> None:
    days = Calendar(calendar.shipped())
    since = dt.datetime.combine(after, dt.time(0), dt.UTC)
    assert days.next_of(every, number, 9, since).date() == due
