"""Plans and goals: agreed by another person, reviewed until each is reached or given up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.errors import Invalid
from runtime.ledger import goals
from tests.store.ledger.conftest import Books

JUNE = dt.date(2026, 6, 30)


def goal(name: str = "Turnover", due_on: dt.date = JUNE) -> dict[str, Any]:
    return {"goal": name, "measure": "A year", "target": "6", "due_on": due_on}


def agreed(books: Books, *names: str, owner: str = "supervisor", by: str = "manager") -> str:
    wanted = [goal(name) for name in names or ("Turnover",)]
    plan: str = books.do("goals.draft", owner=owner, title="Q2", strategy="Steady", goals=wanted)["goal_plan"]
    books.do("goals.approve", goal_plan=plan, by=by)
    return plan


def states(books: Books) -> list[str]:
    return [row.state for row in sorted(books.rows(goals.goals), key=lambda row: row.number)]


def progress(number: int, outcome: str, **other: Any) -> dict[str, Any]:
    return {"number": number, "progress": Decimal(40), "outcome": outcome} | other


def test_a_plan_has_goals_with_a_day_to_come(books: Books) -> None:
    said = {"owner": "supervisor", "title": "Q2", "strategy": "Steady"}
    for wrong in ([], [goal(due_on=books.today)]):
        with pytest.raises(BpmnError, match="bad_goals"):
            books.do("goals.draft", **said, goals=wrong)
    told = books.do("goals.draft", **said, goals=[goal()])
    assert told["goal_plan_number"] == "GP-2026-0001" and "Turnover" in told["goals_text"]
    books.do("goals.draft", **said, goals=[goal("Speed"), goal("Price")], goal_plan=told["goal_plan"])
    assert [row.goal for row in books.rows(goals.goals)] == ["Speed", "Price"]


def test_nobody_approves_or_confirms_their_own_goals(books: Books) -> None:
    with pytest.raises(BpmnError, match="same_person"):
        agreed(books, by="supervisor")
    plan = agreed(books)
    told = {"goal_plan": plan, "progress": [progress(1, "on_track")], "by": "supervisor"}
    with pytest.raises(BpmnError, match="same_person"):
        books.do("goals.review", **told, confirmed_by="supervisor")


def test_what_is_due_is_each_open_goal_with_its_owner_and_superior(books: Books) -> None:
    agreed(books, "Turnover", "Speed")
    agreed(books, "Cost", owner="manager", by="lead")
    books.do("goals.draft", owner="supervisor", title="Later", strategy="?", goals=[goal()])
    reviews = books.do("goals.due")["reviews"]
    assert [(each["owner"], each["superior"], len(each["progress"])) for each in reviews] == [
        (books.people["supervisor"], books.people["manager"], 2),
        (books.people["manager"], books.people["lead"], 1),
    ]
    books.tx.execute(sa.text("UPDATE people SET active = false WHERE username = 'linyue'"))
    assert len(books.do("goals.due")["reviews"]) == 1


def test_a_plan_is_closed_when_its_last_goal_has_ended(books: Books) -> None:
    plan = agreed(books, "Turnover", "Speed")
    told = {"goal_plan": plan, "by": "supervisor", "confirmed_by": "manager"}
    with pytest.raises(Invalid, match="measures"):
        books.do(
            "goals.review", **told, progress=[progress(1, "behind", measures=" "), progress(2, "on_track")]
        )
    books.do(
        "goals.review", **told, progress=[progress(1, "reached"), progress(2, "behind", measures="Weekly")]
    )
    assert states(books) == ["reached", "open"]
    # Of another review that began before: what has ended stays.
    books.do("goals.review", **told, progress=[progress(1, "given_up"), progress(2, "given_up")])
    assert states(books) == ["reached", "given_up"]
    assert [row.state for row in books.rows(goals.goal_plans)] == ["closed"]
    # And of a third, now that nothing is open any more.
    books.do("goals.review", **told, progress=[progress(1, "reached"), progress(2, "reached")])
    assert states(books) == ["reached", "given_up"]
    assert len(books.rows(goals.goal_reviews)) == 3


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE goal_plans SET decided_by = owner", "own_goals"),
        ("UPDATE goal_plans SET state = 'closed'", "goals_do_not_fit"),
        ("UPDATE goals SET state = 'reached'", "goals_do_not_fit"),
        ("INSERT INTO goal_reviews (goal_id, \"case\", progress, outcome, reported_by, confirmed_by, at) SELECT g.id, "
         "'c', 0, 'behind', p.owner, p.owner, p.at FROM goals g JOIN goal_plans p ON p.id = g.plan_id", "own_goals"),
    ],
)  # fmt: skip
def test_goals_that_do_not_fit_are_seen(books: Books, statement: str, finding: str) -> None:
    agreed(books)
    every = [doctor.INVARIANTS[name] for name in ("goals_are_agreed_by_another", "closed_plans_have_no_open_goals")]
    assert [problem for each in every for problem in each.ask(books.tx)] == []
    books.tx.execute(sa.text(statement))
    assert {problem.rule for each in every for problem in each.ask(books.tx)} == {finding}
