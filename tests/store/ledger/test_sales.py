"""Sales: from a customer's order to its settlement, and what goes wrong on the way."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import documents, reading, remedies, sales, settlements, stock
from tests.store.ledger.conftest import TODAY, Books

PROMISED = TODAY + dt.timedelta(days=7)


def order_of(books: Books, *lines: tuple[str, int], confirm: bool = True) -> str:
    order = books.do(
        "sales.record_order", customer="K1", address="苏州", promised=PROMISED, recorded_by="specialist",
        lines=[{"component": sku, "quantity": pieces, "price": 600} for sku, pieces in lines],
    )["order"]
    if confirm:
        books.do("sales.confirm", order=order)
    return order


def shipped(books: Books, order: str) -> str:
    assert not books.do("sales.allocate", order=order, warehouse="SH")["short"]
    return books.do(
        "sales.ship", order=order, warehouse="SH", carrier="德邦", tracking="DB1", shipped_on=TODAY
    )["shipment"]


def line(books: Books, sku: str) -> reading.StockLine:
    return next(one for one in reading.overview(books.tx) if one.sku == sku)


def test_an_order_from_recording_to_settlement(books: Books) -> None:
    books.put("M1", 50)
    recorded = books.do(
        "sales.record_order", customer="K1", address="苏州", promised=PROMISED, recorded_by="specialist",
        lines=[{"component": "M1", "quantity": 20, "price": Decimal("610.5")}],
    )
    order = recorded["order"]
    assert (recorded["number"], recorded["amount"]) == ("SO-2026-0001", 12210)
    assert line(books, "M1").committed == 0
    books.do("sales.confirm", order=order)
    assert line(books, "M1").committed == 20
    shipment = shipped(books, order)
    assert books.on_hand("M1") == 30 and line(books, "M1").committed == 0
    assert reading.by_warehouse(books.tx, "M1")[0][2:] == (30, 0)
    books.today = PROMISED
    assert books.do("sales.record_delivery", shipment=shipment, delivered_on=PROMISED, signed_by="沈航") == {
        "on_time": True
    }
    done = books.do("sales.settle", order=order, amount=12210, paid=10000, invoice="FP1", by="specialist")
    assert done["settlement_number"] == "ST-2026-0001"
    [fact] = books.rows(settlements.sales_facts)
    assert (fact.quantity, fact.amount, fact.settled_on) == (20, 12210, PROMISED)


def test_an_order_is_settled_once(books: Books) -> None:
    books.put("M1", 50)
    order = order_of(books, ("M1", 20))
    books.do("sales.record_delivery", shipment=shipped(books, order), delivered_on=TODAY)
    for _ in range(2):  # the same task, tried again
        books.do("sales.settle", key="same", order=order, amount=12000, paid=12000, by="specialist")
    assert len(books.rows(settlements.sales_facts)) == 1
    with pytest.raises(documents.NotPossibleNow):  # another task
        books.do("sales.settle", order=order, amount=12000, paid=12000, by="specialist")


@pytest.mark.parametrize(("amount", "paid"), [(11999, 11999), (12000, 12001)])
def test_a_settlement_must_match_the_order(books: Books, amount: int, paid: int) -> None:
    books.put("M1", 50)
    order = order_of(books, ("M1", 20))
    books.do("sales.record_delivery", shipment=shipped(books, order), delivered_on=TODAY)
    with pytest.raises(BpmnError) as refused:
        books.do("sales.settle", order=order, amount=amount, paid=paid, by="specialist")
    assert refused.value.code == "amount_mismatch" and "12000" in refused.value.message


def test_an_order_is_corrected_until_it_is_confirmed(books: Books) -> None:
    order = order_of(books, ("M1", 20), confirm=False)
    again = books.do(
        "sales.record_order", order=order, customer="K1", address="无锡", promised=PROMISED,
        recorded_by="supervisor", lines=[{"component": "M2", "quantity": 1, "price": 700}],
    )
    assert again["number"] == "SO-2026-0001" and again["amount"] == 700
    books.do("sales.confirm", order=order)
    with pytest.raises(documents.NotPossibleNow):
        books.do("sales.refuse", order=order, reason="x")


def test_nothing_arrives_on_a_day_that_has_not_come(books: Books) -> None:
    books.put("M1", 50)
    shipment, tomorrow = shipped(books, order_of(books, ("M1", 20))), TODAY + dt.timedelta(days=1)
    with pytest.raises(BpmnError) as refused:
        books.do("sales.record_delivery", shipment=shipment, delivered_on=tomorrow)
    assert refused.value.code == "delivered_before_shipped" and tomorrow.isoformat() in refused.value.message


def test_two_orders_never_get_the_same_piece(books: Books) -> None:
    books.put("M1", 30)
    first, second = order_of(books, ("M1", 20)), order_of(books, ("M1", 20))
    assert not books.do("sales.allocate", order=first, warehouse="SH")["short"]
    short = books.do("sales.allocate", order=second, warehouse="SH")
    assert short["short"] and short["short_lines"] == [
        {
            "component": "M1",
            "component_name": "组件M1",
            "wanted": 20,
            "missing": 10,
            "elsewhere": 0,
            "on_order": 0,
            "next_arrival": None,
        }
    ]
    books.do("sales.cancel", order=first, reason="客户取消")
    assert not books.do("sales.allocate", order=second, warehouse="SH")["short"]


def test_what_is_short_is_told_with_where_more_is_and_when_it_comes(books: Books) -> None:
    books.put("M1", 8, "XA")
    books.put("M1", 5)
    for eta, pieces in ((TODAY + dt.timedelta(days=9), 30), (TODAY + dt.timedelta(days=4), 20)):
        plan = books.do(
            "purchasing.record_plan", drafter="supervisor",
            lines=[{"component": "M1", "quantity": pieces, "need_by": eta, "est_price": 500, "reason": "补货"}],
        )["plan"]
        books.do("purchasing.approve_plan", plan=plan, approver="manager")
        books.do(
            "purchasing.sign_contract", plan=plan, supplier="S1", contract_no=f"HT-{pieces}", eta=eta,
            lines=[{"component": "M1", "quantity": pieces, "price": 500}],
        )
    [short] = books.do("sales.allocate", order=order_of(books, ("M1", 20)), warehouse="SH")["short_lines"]
    assert (short["wanted"], short["missing"], short["elsewhere"]) == (20, 15, 8)
    assert (short["on_order"], short["next_arrival"]) == (50, TODAY + dt.timedelta(days=4))
    # What others have reserved there is not free.
    elsewhere = order_of(books, ("M1", 6))
    books.do("sales.allocate", order=elsewhere, warehouse="XA")
    [short] = books.do("sales.allocate", order=order_of(books, ("M1", 20)), warehouse="SH")["short_lines"]
    assert (short["missing"], short["elsewhere"]) == (20, 2)


def test_stock_that_came_meanwhile_tops_up_the_order(books: Books) -> None:
    books.put("M1", 5)
    order = order_of(books, ("M1", 20))
    assert books.do("sales.allocate", order=order, warehouse="SH")["short_lines"][0]["missing"] == 15
    books.put("M1", 15)
    shipped(books, order)
    assert books.on_hand("M1") == 0


def test_a_part_is_delivered_when_the_customer_takes_it(books: Books) -> None:
    books.put("M1", 5)
    order = order_of(books, ("M1", 20), ("M2", 3))
    books.do("sales.allocate", order=order, warehouse="SH")
    assert books.do("sales.accept_partial", order=order) == {"amount": 3000}
    assert line(books, "M1").committed == 5 and line(books, "M2").committed == 0
    shipment = shipped(books, order)
    books.do("sales.record_delivery", shipment=shipment, delivered_on=TODAY)
    books.do("sales.settle", order=order, amount=3000, paid=3000, by="specialist")
    assert [fact.quantity for fact in books.rows(settlements.sales_facts)] == [5]
    assert [row.ordered for row in books.rows(sales.sales_order_lines)] == [20, 3]


def test_nothing_in_stock_is_no_part(books: Books) -> None:
    order = order_of(books, ("M1", 20))
    books.do("sales.allocate", order=order, warehouse="SH")
    with pytest.raises(BpmnError) as refused:
        books.do("sales.accept_partial", order=order)
    assert refused.value.code == "nothing_allocated"


def test_an_order_ships_from_one_warehouse(books: Books) -> None:
    books.put("M1", 20)
    books.put("M1", 20, "XA")
    order = order_of(books, ("M1", 20))
    books.do("sales.allocate", order=order, warehouse="SH")
    books.do("sales.allocate", order=order, warehouse="XA")
    assert [(code, reserved) for code, _, _, reserved in reading.by_warehouse(books.tx, "M1")] == [
        ("SH", 0), ("XA", 20)
    ]
    with pytest.raises(BpmnError) as refused:
        books.do("sales.ship", order=order, warehouse="SH", carrier="x", tracking="1", shipped_on=TODAY)
    assert refused.value.code == "not_allocated"


def test_an_order_that_is_not_reserved_does_not_ship(books: Books) -> None:
    books.put("M1", 20)
    order = order_of(books, ("M1", 20))
    with pytest.raises(BpmnError):
        books.do("sales.ship", order=order, warehouse="SH", carrier="x", tracking="1", shipped_on=TODAY)
    assert books.on_hand("M1") == 20


def test_shipping_below_safety_stock_warns_at_once(books: Books) -> None:
    books.put("M1", 46)
    books.put("M2", 46)
    books.guard("M1", 40)
    books.guard("M2", 10)
    shipped(books, order_of(books, ("M1", 10), ("M2", 10)))
    assert books.sent == [("stock_below_safety", "M1", {"component": "M1"})]


def test_a_late_delivery_is_late(books: Books) -> None:
    books.put("M1", 20)
    shipment = shipped(books, order_of(books, ("M1", 20)))
    books.today = late = PROMISED + dt.timedelta(days=1)
    assert books.do("sales.record_delivery", shipment=shipment, delivered_on=late) == {"on_time": False}


def test_nothing_arrives_before_it_left(books: Books) -> None:
    books.put("M1", 20)
    shipment = shipped(books, order_of(books, ("M1", 20)))
    with pytest.raises(BpmnError) as refused:
        books.do("sales.record_delivery", shipment=shipment, delivered_on=TODAY - dt.timedelta(days=1))
    assert refused.value.code == "delivered_before_shipped"


def test_refused_goods_come_back_and_are_not_settled(books: Books) -> None:
    books.put("M1", 20)
    order = order_of(books, ("M1", 20))
    shipment = shipped(books, order)
    books.do("sales.take_back", shipment=shipment, reason="拒收")
    assert books.on_hand("M1") == 20
    assert [row.kind for row in books.rows(stock.stock_movements)] == ["opening", "issue", "return"]
    with pytest.raises(documents.NotPossibleNow):
        books.do("sales.take_back", shipment=shipment, reason="拒收")
    with pytest.raises(documents.NotPossibleNow):
        books.do("sales.settle", order=order, amount=12000, paid=12000, by="specialist")


def test_what_a_customer_reports_is_kept(books: Books) -> None:
    order = order_of(books, ("M1", 1))
    books.do("sales.record_issue", order=order, kind="damaged", description="边框变形", by="specialist",
             resolution="换货")
    [issue] = books.rows(remedies.sales_issues)
    assert (issue.kind, issue.description, issue.resolution) == ("damaged", "边框变形", "换货")


@pytest.mark.parametrize("lines", [
    [],
    [{"component": "M1", "quantity": 0, "price": 1}],
    [{"component": "M1", "quantity": 1_000_000, "price": 1_000_001}],  # more than the books hold
])
def test_an_order_without_lines_or_beyond_all_measure_goes_back(books: Books, lines: list[Any]) -> None:
    with pytest.raises(BpmnError) as refused:
        books.do("sales.record_order", customer="K1", address="x", promised=PROMISED,
                 recorded_by="specialist", lines=lines)
    assert refused.value.code == "bad_lines"
