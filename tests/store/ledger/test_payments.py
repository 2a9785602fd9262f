"""What customers owe and pay, in parts; how far they may order on account."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, receivables, sales, settlements
from tests.store.ledger.conftest import TODAY, Books
from tests.store.ledger.test_issues import approved
from tests.store.ledger.test_sales import order_of, shipped

LATER = TODAY + dt.timedelta(days=30)


def settled(books: Books, pieces: int = 20, paid: int = 0) -> str:
    """An order of so many pieces at 600, delivered and settled, to be paid by LATER; the settlement's number."""
    books.put("M1", pieces)
    order = order_of(books, ("M1", pieces))
    books.do("sales.record_delivery", shipment=shipped(books, order), delivered_on=TODAY)
    amount = {"amount": pieces * 600, "paid": paid}
    done = books.do("sales.settle", order=order, by="specialist", invoice="FP1", due_on=LATER, **amount)
    return str(done["settlement_number"])


def pays(books: Books, settlement: str, amount: Any, reference: str = "B1", day: dt.date = TODAY) -> Any:
    given = {"amount": amount, "paid_on": day, "reference": reference, "by": "hr"}
    return books.do("payments.enter", settlement_number=settlement, **given)


def test_a_customer_pays_in_parts_until_nothing_is_outstanding(books: Books) -> None:
    number = settled(books, paid=2000)
    assert pays(books, number, 4000)["outstanding"] == 6000
    assert pays(books, number, Decimal("6000"), "B2")["outstanding"] == 0
    told = books.do("payments.receivable", settlement_number=number)
    assert (told["paid"], told["outstanding"], told["credited"]) == (12000, 0, 0)
    assert [(each["payment_number"], each["amount"], each["reference"]) for each in told["payments"]] == [
        ("PM-2026-0001", 2000, "FP1"), ("PM-2026-0002", 4000, "B1"), ("PM-2026-0003", 6000, "B2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "reference", "day", "why"),
    [
        (12001, "B1", TODAY, "12001"),
        (0, "B1", TODAY, "大于零"),
        (1, "B1", TODAY + dt.timedelta(days=1), "2026-03-10"),
        (1, "FP0", TODAY, "PM-2026-0001"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_with_its_reason(
    books: Books, amount: int, reference: str, day: dt.date, why: str
) -> None:
    number = settled(books)
    if reference == "FP0":
        pays(books, number, 1, reference)
    with pytest.raises(BpmnError) as refused:
        pays(books, number, amount, reference, day)
    assert refused.value.code == "bad_payment" and why in refused.value.message


def test_a_payment_tried_again_is_entered_once(books: Books) -> None:
    number = settled(books)
    given = {"settlement_number": number, "amount": 5, "paid_on": TODAY, "reference": "B1", "by": "hr"}
    first, second = (books.do("payments.enter", key="same", **given) for _ in range(2))
    assert first == second and len(books.rows(settlements.sales_payments)) == 1


def test_no_settlement_of_that_number(books: Books) -> None:
    with pytest.raises(BpmnError) as refused:
        books.do("payments.receivable", settlement_number="ST-1")
    assert refused.value.code == "no_such_settlement"


def test_a_credit_lowers_what_is_owed_and_what_was_paid_beyond_is_paid_back(books: Books) -> None:
    number = settled(books, paid=11000)
    order = str(books.rows(sales.sales_orders)[0].number)
    told = approved(books, order, "refund", [("M1", 20)], amount=3000)
    credit = books.do("credits.post", remedy=told["remedy"], by="supervisor")
    assert credit["refund_due"] == 2000 and ("receivable_changed", number, {}) in books.sent
    with pytest.raises(BpmnError) as refused:
        pays(books, number, 1)
    assert refused.value.code == "bad_payment"
    given = {"settlement_number": number, "paid_on": TODAY, "reference": "R1"}
    with pytest.raises(BpmnError) as refused:
        books.do("payments.refund", by="supervisor", **given)
    assert refused.value.code == "same_person"
    assert books.do("payments.refund", by="hr", **given)["amount"] == 2000
    [kept] = books.rows(settlements.settlements)
    assert (kept.amount, kept.paid, kept.outstanding) == (12000, 9000, 0)
    with pytest.raises(BpmnError) as refused:
        books.do("payments.refund", by="hr", **given)
    assert refused.value.code == "bad_payment"


def owed(books: Books) -> receivables.Standing:
    customer = catalogue.by_code(books.tx, catalogue.customers, "K1")
    return receivables.standing(books.tx, customer.id, books.today)


def test_what_a_customer_owes_is_what_left_and_is_not_paid(books: Books) -> None:
    number = settled(books, paid=2000)
    books.put("M1", 5)
    order = order_of(books, ("M1", 10))
    assert owed(books) == receivables.Standing(Decimal(10000), Decimal(0), 0, Decimal(6000), 0)
    books.do("sales.allocate", order=order, warehouse="SH")
    books.do("sales.ship", order=order, warehouse="SH", carrier="德邦", tracking="1", shipped_on=TODAY)
    assert owed(books) == receivables.Standing(Decimal(13000), Decimal(0), 0, Decimal(3000), 0)
    books.today = LATER + dt.timedelta(days=3)
    assert (owed(books).overdue, owed(books).overdue_days) == (10000, 3)
    pays(books, number, 10000)
    assert owed(books) == receivables.Standing(Decimal(3000), Decimal(0), 0, Decimal(3000), 1)


def test_an_order_beyond_the_credit_is_confirmed_only_when_somebody_else_released_it(books: Books) -> None:
    order = order_of(books, ("M1", 834), confirm=False)  # 500,400 CNY of a new customer
    told = books.do("sales.check_credit", order=order)
    assert (told["within"], told["credit_verdict"]) == (False, "over_limit")
    assert (told["credit_limit"], told["exposure"]) == (500000, 500400)
    for released, why in ((None, "beyond_credit"), ("specialist", "same_person")):
        with pytest.raises(BpmnError) as refused:
            books.do("sales.confirm", order=order, released_by=released)
        assert refused.value.code == why
    books.do("sales.confirm", order=order, released_by="supervisor")
    [kept] = books.rows(sales.sales_orders)
    assert (kept.credit_verdict, kept.credit_released_by) == ("over_limit", books.people["supervisor"])


def test_who_has_something_overdue_for_long_orders_no_more_without_a_release(books: Books) -> None:
    settled(books)
    books.today = LATER + dt.timedelta(days=16)
    order = order_of(books, ("M1", 1), confirm=False)
    assert books.do("sales.check_credit", order=order)["credit_verdict"] == "overdue"


def test_the_books_keep_payments_as_they_are(books: Books) -> None:
    settled(books, paid=1)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), books.tx.connection.begin_nested():
        books.tx.execute(sa.update(settlements.sales_payments).values(amount=2))
