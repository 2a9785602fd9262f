"""What was said with suppliers and customers, and what becomes of what was promised."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, contacts, documents
from tests.store.ledger.conftest import TODAY, Books

DUE = TODAY + dt.timedelta(days=5)


def logged(books: Books, **more: Any) -> dict[str, Any]:
    told = {"party": "supplier", "code": "S1", "held_on": TODAY, "subject": "交期", "said": "答应补齐"} | more
    found: dict[str, Any] = books.do("contacts.log", by="supervisor", **told)
    return found


def promised(books: Books) -> str:
    lines = [{"promised_by": "them", "promise": "补齐尾货", "due_on": DUE}]
    return str(logged(books, promises=lines)["promises"][0]["public_id"])


def settled(books: Books, promise: str, outcome: str, due_on: dt.date | None = None) -> None:
    books.do("contacts.settle_promise", promise=promise, outcome=outcome, note="已核对", due_on=due_on)


def refused(books: Books, **more: Any) -> str:
    with pytest.raises(BpmnError) as error:
        logged(books, **more)
    assert error.value.code == "bad_contact"
    return type(error.value.__cause__).__name__


def test_a_contact_is_with_one_supplier_or_customer_and_not_in_the_future(books: Books) -> None:
    logged(books)
    logged(books, party="customer", code="K1")
    rows = books.rows(contacts.contacts)
    assert [(row.supplier_id is None, row.customer_id is None) for row in rows] == [(False, True), (True, False)]
    with pytest.raises(catalogue.UnknownCustomer):
        logged(books, party="customer", code="S1")
    assert refused(books, held_on=TODAY + dt.timedelta(days=1)) == "InTheFuture"
    early = [{"promised_by": "us", "promise": "寄资料", "due_on": TODAY - dt.timedelta(days=1)}]
    assert refused(books, promises=early) == "DueBeforeHeld"


def test_a_promise_is_put_off_to_a_later_day_only_and_settled_once(books: Books) -> None:
    promise = promised(books)
    for day in (None, DUE):
        with pytest.raises(BpmnError) as error:
            settled(books, promise, "put_off", day)
        assert error.value.code == "bad_contact"
    settled(books, promise, "put_off", DUE + dt.timedelta(days=3))
    settled(books, promise, "broken")
    [row] = books.rows(contacts.contact_promises)
    assert (row.state, row.due_on, row.outcome) == ("broken", DUE + dt.timedelta(days=3), "已核对")
    with pytest.raises(documents.NotPossibleNow):
        settled(books, promise, "kept")
