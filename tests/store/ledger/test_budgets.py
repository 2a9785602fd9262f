"""Budgets: nothing is promised beyond what was approved unless somebody above allowed it, to the fen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from runtime.engine.ports import BpmnError
from runtime.ledger import budget_gate
from tests.store.ledger.conftest import Books


def _approve(books: Books, **lines: str) -> str:
    rows = [{"line": line, "amount": Decimal(amount)} for line, amount in lines.items()]
    budget: str = books.do("budget.draft", year=2026, lines=rows, drafter="manager")["budget"]
    books.do("budget.approve", budget=budget, approver="lead")
    return budget


def _line(books: Books, line: str) -> Any:
    return next(row for row in books.do("budget.standing")["lines"] if row["line"] == line)


def test_who_drafts_a_budget_does_not_approve_it(books: Books) -> None:
    rows = [{"line": "training", "amount": Decimal(10)}]
    budget = books.do("budget.draft", year=2026, lines=rows, drafter="manager")["budget"]
    with pytest.raises(BpmnError, match="same_person"):
        books.do("budget.approve", budget=budget, approver="manager")


def test_before_the_first_budget_nothing_is_stopped_and_then_everything_beyond_it(books: Books) -> None:
    books.do("budget.commit", line="expenses", amount=Decimal(500), document="A")
    _approve(books, expenses="1000")
    books.do("budget.commit", line="expenses", amount=Decimal(500), document="B")
    with pytest.raises(BpmnError, match="over_budget"):
        books.do("budget.commit", line="expenses", amount=Decimal("0.01"), document="C")
    with pytest.raises(BpmnError, match="over_budget"):
        books.do("budget.commit", line="training", amount=Decimal(1), document="D")


def test_a_proposed_budget_is_compared_with_what_is_approved_and_taken_already(books: Books) -> None:
    _approve(books, expenses="1000", award="300")
    books.do("budget.commit", line="expenses", amount=Decimal(500), document="A")
    books.do("budget.actual", line="expenses", amount=Decimal(200), document="A")
    rows = [{"line": "expenses", "amount": Decimal(400)}, {"line": "training", "amount": Decimal(50)}]
    told = books.do("budget.draft", year=2026, lines=rows, drafter="manager")["compared"]
    seen = [(row["line"], row["amount"], row["in_force"], row["committed"], row["actual"]) for row in told]
    assert seen == [
        ("expenses", 400, 1000, 300, 200),
        ("training", 50, None, 0, 0),
        ("award", 0, 300, 0, 0),
    ]


def test_what_was_allowed_is_for_that_document_alone(books: Books) -> None:
    _approve(books, expenses="100")
    books.do("budget.allow", line="expenses", amount=Decimal(150), document="A", by="lead")
    with pytest.raises(BpmnError, match="over_budget"):
        books.do("budget.commit", line="expenses", amount=Decimal(150), document="B")
    books.do("budget.commit", line="expenses", amount=Decimal(150), document="A")
    with pytest.raises(BpmnError, match="over_budget"):
        books.do("budget.commit", line="expenses", amount=Decimal(1), document="A")


def test_a_receipt_turns_its_part_of_the_commitment_into_actual(books: Books) -> None:
    _approve(books, purchasing="1000")
    books.do("budget.commit", line="purchasing", amount=Decimal(600), document="PO")
    books.do("budget.actual", line="purchasing", amount=Decimal("200.25"), document="PO")
    assert (_line(books, "purchasing")["committed"], _line(books, "purchasing")["actual"]) == (
        Decimal("399.75"),
        Decimal("200.25"),
    )
    assert books.do("budget.release", document="PO")["released"] == Decimal("399.75")
    assert _line(books, "purchasing")["available"] == Decimal("799.75")
    with pytest.raises(BpmnError, match="nothing_committed"):
        books.do("budget.release", document="PO")


def test_a_frozen_line_takes_nothing_new(books: Books) -> None:
    _approve(books, training="100")
    books.do("budget.freeze", year=2026, lines=["training"], frozen=True)
    assert books.do("budget.gate", line="training", amount=Decimal(1))["verdict"] == "frozen"
    with pytest.raises(BpmnError, match="over_budget") as caught:
        books.do("budget.commit", line="training", amount=Decimal(1), document="TR")
    assert "已冻结" in caught.value.message
    books.do("budget.freeze", year=2026, lines=["training"], frozen=False)
    assert books.do("budget.gate", line="training", amount=Decimal(1))["verdict"] == "within"


def test_a_revision_replaces_the_limits_and_keeps_what_was_committed(books: Books) -> None:
    _approve(books, award="100")
    books.do("budget.commit", line="award", amount=Decimal(60), document="AW")
    _approve(books, award="70")
    assert _line(books, "award")["available"] == 10


def test_a_revision_lets_nothing_go_on_that_was_frozen(books: Books) -> None:
    _approve(books, training="1000", award="1000")
    books.do("budget.freeze", year=2026, lines=["training"], frozen=True)
    _approve(books, training="2000", award="2000")
    verdicts = [books.do("budget.gate", line=line, amount=Decimal(1))["verdict"] for line in ("training", "award")]
    assert verdicts == ["frozen", "within"]


def test_awards_and_training_ask_the_same_budget(books: Books) -> None:
    assert budget_gate.left(books.tx, "award", books.today) is None
    _approve(books, award="100")
    books.do("budget.commit", line="award", amount=Decimal(60), document="AW")
    assert budget_gate.left(books.tx, "award", books.today) == 40
    assert budget_gate.left(books.tx, "training", books.today) == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["commit", "actual", "release", "allow"]),
        st.sampled_from(["A", "B"]),
        st.decimals(min_value="0.01", max_value="90", places=2),
    ),
    max_size=12,
)


@hypothesis.settings(
    max_examples=40, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(steps=STEPS)
def test_commitments_and_actuals_stay_within_the_budget_and_what_was_allowed(
    books: Books, steps: list[tuple[str, str, Decimal]]
) -> None:
    with books.tx.connection.begin_nested() as undone:
        _approve(books, expenses="100")
        allowed = beyond = Decimal(0)
        for kind, document, amount in steps:
            before = _line(books, "expenses")["available"]
            try:
                extra = {} if kind == "release" else {"line": "expenses"}
                extra |= {"by": "lead"} if kind == "allow" else {}
                books.do(f"budget.{kind}", amount=amount, document=document, **extra)
            except BpmnError:
                continue
            allowed += amount if kind == "allow" else 0
            # What really was paid cannot be refused; everything else can.
            beyond += max(before - _line(books, "expenses")["available"], Decimal(0)) if kind == "actual" else 0
        line = _line(books, "expenses")
        assert line["committed"] >= 0 and line["actual"] >= 0
        assert line["available"] >= -allowed - beyond
        undone.rollback()
