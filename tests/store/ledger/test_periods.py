"""Finance closes a period once and for good; what comes later is posted to the next one, with both its days."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ledger import operations, periods
from runtime.ledger.budgets import budget_entries
from runtime.ledger.settlements import sales_facts, sales_payments
from runtime.ledger.stock import stock_movements
from tests.store.ledger.conftest import TODAY, Books
from tests.store.ledger.test_sales import order_of

FEBRUARY = dt.date(2026, 2, 26)
MARCH = dt.date(2026, 3, 1)


def begun(books: Books, **given: Any) -> str:
    closing: str = books.do("periods.begin", by="hr", **given)["closing"]
    return closing


def close(books: Books, **given: Any) -> None:
    books.do("periods.close", closing=begun(books), by="hr", **given)


def kinds(books: Books, closing: str) -> list[tuple[str, str]]:
    found = books.do("periods.check", closing=closing)
    assert found["open_total"] == len(found["items"])
    return [(item["kind"], item["document"]) for item in found["items"]]


def delivered(books: Books, shipped_on: dt.date, settled: bool = False) -> str:
    order = order_of(books, ("M1", 2))
    books.do("sales.allocate", order=order, warehouse="SH")
    sent = books.do(
        "sales.ship", order=order, warehouse="SH", carrier="德邦", tracking="1", shipped_on=shipped_on
    )["shipment"]
    books.do("sales.record_delivery", shipment=sent, delivered_on=shipped_on)
    if settled:
        books.do("sales.settle", order=order, amount=1200, paid=1200, by="specialist")
    return order


def received(books: Books, rejected: int = 0) -> str:
    line = {"component": "M1", "quantity": 100, "need_by": dt.date(2026, 4, 1), "est_price": Decimal(500)}
    plan = books.do("purchasing.record_plan", drafter="supervisor", lines=[line])["plan"]
    books.do("purchasing.approve_plan", plan=plan, approver="manager")
    signed = [{"component": "M1", "quantity": 100, "price": Decimal(500)}]
    order = books.do(
        "purchasing.sign_contract", plan=plan, supplier="S1", contract_no="HT", eta=TODAY, lines=signed
    )["order"]
    arrived = [{"component": "M1", "received": 60, "sampled": 5, "rejected": rejected}]
    receipt: str = books.do(
        "purchasing.record_inspection", order=order, inspector="specialist", lines=arrived
    )["receipt"]
    return receipt


def test_what_left_in_a_closed_month_is_posted_to_the_next_and_keeps_its_own_day(books: Books) -> None:
    books.put("M1", 50)
    close(books)
    delivered(books, FEBRUARY)
    _, sent = books.rows(stock_movements)
    assert (sent.business_date, sent.posting_date) == (FEBRUARY, MARCH)


def test_in_an_open_period_a_posting_stands_on_its_own_day(books: Books) -> None:
    books.put("M1", 50)
    delivered(books, FEBRUARY)
    close(books, allowed=["settlement SO-2026-0001"], allowed_by="lead", reason="三月结算")
    put, sent = books.rows(stock_movements)
    assert (put.posting_date, sent.posting_date) == (TODAY, FEBRUARY)


def test_goods_that_arrived_in_a_closed_month_cost_the_next_one(books: Books) -> None:
    books.today = FEBRUARY
    receipt = received(books)
    books.today = TODAY
    close(books, allowed=["put_away GR-2026-0001"], allowed_by="lead", reason="仓库盘点中")
    books.do("inventory.receive", receipt=receipt, warehouse="SH")
    [moved] = books.rows(stock_movements)
    spent = [row for row in books.rows(budget_entries) if row.kind == "actual"]
    assert [(row.business_date, row.posting_date) for row in (moved, *spent)] == [(FEBRUARY, MARCH)] * 2
    assert spent[0].amount == 30_000


def test_sales_of_an_open_period_are_counted_in_it(books: Books) -> None:
    books.put("M1", 50)
    close(books)
    delivered(books, TODAY, settled=True)
    [fact] = books.rows(sales_facts)
    assert (fact.settled_on, fact.posting_date) == (TODAY, TODAY)


def test_what_was_paid_in_a_closed_month_is_posted_to_the_next(books: Books) -> None:
    books.put("M1", 50)
    order = delivered(books, FEBRUARY)
    settled = books.do("sales.settle", order=order, amount=1200, paid=0, by="specialist")["settlement_number"]
    given = {"settlement_number": settled, "paid_on": FEBRUARY, "by": "hr"}
    books.do("payments.enter", amount=Decimal(200), reference="B1", **given)
    close(books)
    books.do("payments.enter", amount=Decimal(300), reference="B2", **given)
    found = [(row.paid_on, row.posting_date) for row in books.rows(sales_payments)]
    assert found == [(FEBRUARY, FEBRUARY), (FEBRUARY, MARCH)]


def test_the_database_itself_refuses_what_is_dated_into_a_closed_period(books: Books) -> None:
    books.put("M1", 50)
    close(books)
    [row] = books.rows(stock_movements)
    late = {**row._mapping, "id": None, "public_id": "late", "posting_date": FEBRUARY}
    late.pop("id")
    with pytest.raises(sa.exc.DBAPIError, match="the period is closed"), books.tx.savepoint():
        books.tx.execute(sa.insert(stock_movements).values(**late))
    for statement in (
        sa.update(periods.period_closings).values(state="preparing"),
        sa.delete(periods.period_closings),
    ):
        with pytest.raises(sa.exc.DBAPIError), books.tx.savepoint():
            books.tx.execute(statement)


def test_each_thing_that_is_not_finished_blocks_and_is_named(books: Books) -> None:
    books.put("M1", 50)
    received(books, rejected=10)
    delivered(books, TODAY)
    books.do("stocktake.open", kind="spot", warehouse="SH", components=["M1"], opened_by="supervisor")
    event = {"form": "internal", "area": "skills", "held_on": TODAY, "participants": [books.people["specialist"]]}
    led = {"trainer": books.people["manager"], "organiser": books.people["manager"]}
    operations.perform("training.open", books.call(), {"topic": "检测", **event, **led})
    award = books.do(
        "awards.nominate", person="specialist", by="supervisor", kind="money", title="星", fact="零差错", amount=500
    )["award"]
    books.do("awards.approve", award=award, by="manager")
    assert kinds(books, begun(books)) == []
    closing = books.rows(periods.period_closings)[0].public_id
    books.do("periods.drop", closing=closing)
    close(books)  # February
    books.today = dt.date(2026, 4, 3)
    found = kinds(books, begun(books))
    assert sorted(found) == [
        ("award", "AW-2026-0001"),
        ("put_away", "GR-2026-0001"),
        ("rejects", "GR-2026-0001"),
        ("settlement", "SO-2026-0001"),
        ("training", "TR-2026-0001"),
        ("variance", "CT-2026-0001"),
    ]


def test_what_nobody_has_allowed_keeps_a_period_open_and_nobody_allows_it_to_themselves(books: Books) -> None:
    books.put("M1", 50)
    delivered(books, FEBRUARY)
    closing = begun(books)
    item = "settlement SO-2026-0001"
    for given in (
        {},
        {"allowed": [item]},
        {"allowed": [item], "allowed_by": "lead"},
        {"allowed": ["settlement SO-2026-0002"], "allowed_by": "lead", "reason": "急"},
    ):
        with pytest.raises(BpmnError) as refused:
            books.do("periods.close", closing=closing, by="hr", **given)
        assert refused.value.code == "items_open"
    with pytest.raises(BpmnError) as refused:
        books.do("periods.close", closing=closing, by="hr", allowed=[item], allowed_by="hr", reason="急")
    assert refused.value.code == "same_person"
    assert books.do(
        "periods.close", closing=closing, by="hr", allowed=[item], allowed_by="lead", reason="急"
    ) == {"left_open": 1}


@pytest.mark.parametrize(
    ("period", "why"),
    [("2026-13", "a month"), ("2026-3", "a month"), ("2026-03", "not over"), ("2025-12", "closed already")],
)
def test_only_a_period_that_is_over_and_open_can_be_closed(books: Books, period: str, why: str) -> None:
    books.do("periods.close", closing=begun(books, period="2026-01"), by="hr")
    with pytest.raises(BpmnError) as refused:
        begun(books, period=period)
    assert refused.value.code == "bad_period" and why in str(refused.value.__cause__)


def test_periods_are_closed_one_at_a_time_and_none_is_left_out(books: Books) -> None:
    books.do("periods.close", closing=begun(books, period="2025-12"), by="hr")
    with pytest.raises(BpmnError, match="bad_period"):
        begun(books, period="2026-02")
    begun(books)
    with pytest.raises(BpmnError, match="under_way"):
        begun(books)
    assert [row.period for row in books.rows(periods.period_closings)] == ["2025-12", "2026-01"]
