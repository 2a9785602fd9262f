"""A wage is entered by one, confirmed by another, and changes no month whose bonus was computed from it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ids import public_id
from runtime.ledger import wages
from runtime.ledger.appraisals import appraisal_cycles, appraisals
from runtime.ledger.bonuses import bonuses
from runtime.ledger.documents import add
from tests.store.ledger.conftest import NOW, Books

APRIL = dt.date(2026, 4, 1)


def change(books: Books, **changed: Any) -> Any:
    usual = {"person": "specialist", "wage": Decimal(9500), "definition": "base", "effective_from": APRIL}
    return books.do("wages.change", **{**usual, "entered_by": "hr", "confirmed_by": "lead", **changed})


def bonus(books: Books, period: str, state: str) -> None:
    """A bonus of the specialist for a month."""
    person = books.people["specialist"]
    made = {"case": "c" * 32, "at": NOW}
    cycle = add(books.tx, appraisal_cycles, public_id=public_id(), period=period, state="open", **made)
    of = {"employee": person, "state": "settled", "cycle_id": cycle}
    appraisal = add(books.tx, appraisals, public_id=public_id(), **of, **made)
    add(
        books.tx, bonuses, public_id=public_id(), appraisal_id=appraisal, employee=person, state=state,
        grade="good", wage=Decimal(9000), **made,
    )  # fmt: skip


def test_a_wage_counts_from_its_day_and_the_one_before_until_then(books: Books) -> None:
    change(books, wage=Decimal(9000), effective_from=dt.date(2026, 1, 1))
    change(books)
    person = books.people["specialist"]
    assert wages.in_effect(books.tx, person, dt.date(2026, 3, 31)) == 9000
    assert wages.in_effect(books.tx, person, APRIL) == 9500
    newest = books.rows(wages.wages)[-1]
    assert (newest.definition, newest.confirmed_by) == ("base", books.people["lead"])


@pytest.mark.parametrize(
    "hands",
    [
        {"confirmed_by": "hr"},
        {"person": "hr"},
        {"person": "lead"},
    ],
)
def test_who_enters_who_confirms_and_whose_it_is_are_three(books: Books, hands: dict[str, str]) -> None:
    with pytest.raises(BpmnError) as refused:
        change(books, **hands)
    assert refused.value.code == "same_person"


@pytest.mark.parametrize("state", ["recorded", "confirmed", "exported"])
def test_a_month_whose_bonus_was_computed_keeps_its_wage(books: Books, state: str) -> None:
    bonus(books, "2026-04", state)
    with pytest.raises(BpmnError, match="2026-04") as refused:
        change(books)
    assert refused.value.code == "bad_wage"
    change(books, effective_from=dt.date(2026, 5, 1))


def test_a_bonus_that_is_only_prepared_is_computed_from_the_new_wage(books: Books) -> None:
    bonus(books, "2026-04", "prepared")
    change(books)


def test_a_wage_of_nothing_is_none(books: Books) -> None:
    with pytest.raises(BpmnError):
        change(books, wage=Decimal(0))


def test_a_new_wage_is_held_against_the_one_that_it_would_follow(books: Books) -> None:
    def present(day: dt.date) -> Any:
        return books.do("wages.present", person="specialist", day=day)

    assert present(APRIL) == {"wage": None, "effective_from": None, "definition": None}
    since = dt.date(2026, 1, 1)
    change(books, wage=Decimal(9000), effective_from=since)
    change(books, wage=Decimal(9800), effective_from=dt.date(2026, 5, 1), definition="base_and_allowances")
    assert present(APRIL) == {"wage": 9000, "effective_from": since, "definition": "base"}
    assert present(dt.date(2026, 6, 1))["wage"] == 9800, "what holds by then, though it does not yet"
    assert present(dt.date(2025, 6, 1))["wage"] == 9000, "what holds today, where it is to count from earlier"
