"""Awards and trainings commit the budget as purchases do: at approval, spent when paid or held, free when cancelled."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.ledger import awards, operations
from runtime.ledger.budgets import budget_entries
from tests.store.ledger.conftest import TODAY, Books
from tests.store.ledger.test_issues import delivered, proposed

MAY = dt.date(2026, 5, 12)


def approved(books: Books, **lines: int) -> None:
    rows = [{"line": line, "amount": Decimal(amount)} for line, amount in lines.items()]
    budget = books.do("budget.draft", year=2026, lines=rows, drafter="manager")["budget"]
    books.do("budget.approve", budget=budget, approver="lead")


def taken(books: Books, line: str) -> tuple[Decimal, Decimal]:
    """(committed, spent)."""
    found = next(row for row in books.do("budget.standing")["lines"] if row["line"] == line)
    return found["committed"], found["actual"]


def nominated(books: Books, amount: int) -> str:
    award: str = books.do(
        "awards.nominate", person="specialist", by="supervisor", kind="money", title="星", fact="零差错",
        amount=Decimal(amount),
    )["award"]  # fmt: skip
    return award


def event(books: Books, topic: str, cost: int | None = None, document: str | None = None) -> str:
    who = {"trainer": books.people["manager"], "organiser": books.people["manager"]}
    of = {"topic": topic, "form": "internal", "area": "skills", "held_on": MAY, "document": document}
    people = [books.people["specialist"]]
    given = {**who, **of, "participants": people, "cost": None if cost is None else Decimal(cost)}
    return str(operations.perform("training.open", books.call(), given)["training"])


def planned(books: Books, **costs: int) -> str:
    lines = [
        {"topic": topic, "form": "internal", "area": "skills", "month": 5, "cost": Decimal(cost)}
        for topic, cost in costs.items()
    ]
    plan: str = books.do("training.record_plan", year=2026, lines=lines, drafted_by="manager")["plan"]
    return plan


def agree(books: Books, plan: str) -> None:
    books.do("training.decide_plan", plan=plan, outcome="approved", by="lead")


def held(books: Books, training: str, cost: int | None = None) -> None:
    lines = [{"person": books.people["specialist"], "attended": True}]
    books.do("training.attended", training=training, lines=lines, cost=None if cost is None else Decimal(cost))


def refused(books: Books, act: Any, *given: Any) -> str:
    with pytest.raises(BpmnError) as caught, books.tx.savepoint():
        act(books, *given)
    return caught.value.code


def test_an_award_is_committed_when_it_is_approved_and_spent_when_it_is_paid(books: Books) -> None:
    approved(books, award=1000)
    award = nominated(books, 800)
    books.do("awards.approve", award=award, by="manager")
    assert taken(books, "award") == (800, 0)
    books.do("awards.pay", award=award, by="hr")
    assert taken(books, "award") == (0, 800)


def test_of_two_awards_that_fit_alone_the_second_needs_the_division_lead(books: Books) -> None:
    approved(books, award=1000)
    first, second = nominated(books, 800), nominated(books, 800)
    books.do("awards.approve", award=first, by="manager")

    def approve(books: Books) -> None:
        books.do("awards.approve", award=second, by="manager")

    assert refused(books, approve) == "over_budget"
    books.do("budget.allow", line="award", amount=Decimal(800), document=second, by="lead")
    approve(books)
    assert taken(books, "award") == (1600, 0)


def test_a_certificate_alone_takes_nothing(books: Books) -> None:
    approved(books, award=0)
    award = books.do(
        "awards.nominate", person="specialist", by="supervisor", kind="certificate", title="星", fact="零差错"
    )["award"]
    books.do("awards.approve", award=award, by="manager")
    assert books.do("budget.standing")["lines"][0]["committed"] == 0


def test_a_training_has_what_its_plan_committed_and_what_it_did_not_cost_is_free(books: Books) -> None:
    approved(books, training=1000)
    agree(books, planned(books, 检测=600, 安全=400))
    assert taken(books, "training") == (1000, 0)
    training = event(books, "检测", 500)
    assert taken(books, "training") == (1000, 0)
    held(books, training, 450)
    # 50 of the event are free, 100 of the line and 400 of the other are still the plan's.
    assert taken(books, "training") == (500, 450)


def test_what_goes_beyond_the_plan_needs_the_budget_and_then_the_division_lead(books: Books) -> None:
    approved(books, training=1000)
    agree(books, planned(books, 检测=600))
    given = {"topic": "检测", "held_on": MAY, "cost": Decimal(1200)}
    priced = operations.perform("training.price", books.call(), given)
    assert priced["beyond"] == 600
    assert refused(books, event, "检测", 1200) == "over_budget"
    books.do("budget.allow", line="training", amount=Decimal(600), document=priced["document"], by="lead")
    event(books, "检测", 1200, priced["document"])
    assert taken(books, "training") == (1200, 0)
    # What was allowed for one event is not for the next.
    assert refused(books, event, "检测", 1, priced["document"]) == "over_budget"


def test_a_cancelled_training_gives_its_plan_back_what_was_the_plans(books: Books) -> None:
    approved(books, training=1000)
    agree(books, planned(books, 检测=600))
    training = event(books, "检测", 900)
    assert taken(books, "training") == (900, 0)
    books.do("training.cancel", training=training)
    assert taken(books, "training") == (600, 0)
    event(books, "检测", 600)
    assert taken(books, "training") == (600, 0)


def test_a_training_that_cost_more_than_was_committed_needs_the_budget_again(books: Books) -> None:
    approved(books, training=500)
    training = event(books, "检测", 500)
    assert refused(books, held, training, 501) == "over_budget"
    books.do("budget.allow", line="training", amount=Decimal(1), document=training, by="lead")
    held(books, training, 501)
    assert taken(books, "training") == (0, 501)


def test_a_new_plan_of_the_year_takes_the_place_of_the_former(books: Books) -> None:
    approved(books, training=1000)
    agree(books, planned(books, 检测=600))
    training = event(books, "检测", 200)
    again = planned(books, 检测=700, 安全=100)
    agree(books, again)
    assert taken(books, "training") == (1000, 0)
    books.do("training.cancel", training=training)
    assert taken(books, "training") == (800, 0)


def test_a_plan_beyond_the_budget_is_not_approved(books: Books) -> None:
    approved(books, training=500)
    plan = planned(books, 检测=600)
    assert refused(books, agree, plan) == "over_budget"
    assert books.do("budget.standing")["lines"][0]["committed"] == 0


def claimed(books: Books, amount: int, spent_on: dt.date = TODAY) -> str:
    claim: str = books.do(
        "expenses.claim", person="specialist", purpose="打车送样", amount=Decimal(amount), spent_on=spent_on
    )["claim"]
    return claim


def test_an_expense_is_committed_when_approved_and_spent_on_its_own_day(books: Books) -> None:
    approved(books, expenses=100)
    claim = claimed(books, 80, TODAY - dt.timedelta(days=5))
    books.do("expenses.approve", claim=claim, by="supervisor")
    assert taken(books, "expenses") == (80, 0)
    books.do("expenses.pay", claim=claim, by="hr")
    assert taken(books, "expenses") == (0, 80)
    spent = next(row for row in books.rows(budget_entries) if row.kind == "actual")
    assert spent.business_date == TODAY - dt.timedelta(days=5)


def test_nobody_approves_or_pays_their_own_expense_and_the_budget_is_held_against_it(books: Books) -> None:
    approved(books, expenses=100)

    def act(books: Books, topic: str, claim: str, by: str) -> None:
        books.do(topic, claim=claim, by=by)

    claim = claimed(books, 80)
    assert refused(books, act, "expenses.approve", claim, "specialist") == "same_person"
    books.do("expenses.approve", claim=claim, by="supervisor")
    assert refused(books, act, "expenses.pay", claim, "specialist") == "same_person"
    assert refused(books, act, "expenses.approve", claimed(books, 21), "supervisor") == "over_budget"
    assert refused(books, claimed, 5, TODAY + dt.timedelta(days=1)) == "bad_claim"


def test_the_doctor_sees_an_award_or_a_training_that_costs_what_the_budget_does_not_know(books: Books) -> None:
    def findings() -> list[str]:
        told = doctor.INVARIANTS["awards_expenses_and_trainings_in_budget"].ask(books.tx)
        return [f"{problem.rule} {problem.where}" for problem in told]

    approved(books, award=1000, training=1000)
    award = nominated(books, 800)
    books.do("awards.approve", award=award, by="manager")
    held(books, event(books, "检测", 500), 300)
    books.do("training.cancel", training=event(books, "安全", 500))
    assert findings() == []
    books.tx.execute(sa.update(awards.awards).values(amount=Decimal(900)))
    books.tx.connection.exec_driver_sql("UPDATE trainings SET cost = cost + 10000")
    assert findings() == ["budget_differs awards/AW-2026-0001", "budget_differs trainings/TR-2026-0001"]


def test_what_a_customer_is_given_beyond_the_limit_is_held_and_spent_when_it_is_credited(books: Books) -> None:
    def findings() -> list[str]:
        told = doctor.INVARIANTS["remedies_in_budget"].ask(books.tx)
        return [f"{problem.rule} {problem.where}" for problem in told]

    approved(books, compensation=3000)
    order = delivered(books, ("M1", 10, "600"))
    first = proposed(books, order, "refund", [("M1", 5)], amount=Decimal(2500))
    second = proposed(books, order, "replace", [("M1", 5)])
    decided = {"approved": True, "by": "supervisor", "budgeted": True}
    books.do("issues.decide", remedy=first["remedy"], **decided)
    with pytest.raises(BpmnError) as told:
        books.do("issues.decide", remedy=second["remedy"], **decided)
    assert told.value.code == "over_budget" and findings() == []
    assert taken(books, "compensation") == (2500, 0)
    books.do("budget.allow", line="compensation", amount=3000, document=second["remedy"], by="manager")
    books.do("issues.decide", remedy=second["remedy"], **decided)
    books.do("credits.post", remedy=first["remedy"], by="supervisor")
    books.put("M1", 5)
    sent = {"warehouse": "SH", "carrier": "德邦", "tracking": "2", "shipped_on": TODAY}
    books.do("replacements.ship", remedy=second["remedy"], **sent)
    assert taken(books, "compensation") == (0, 5500) and findings() == []
    books.tx.connection.exec_driver_sql("UPDATE sales_credits SET amount = amount + 10000")
    assert findings() == ["budget_differs sales_issues/CI-2026-0001/1"]
