"""What a customer is not content with: remedies of two people, inspected returns, credits that overwrite nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, documents, positions, remedies, settlements, stock
from tests.store.ledger.conftest import TODAY, Books

PROMISED = TODAY + dt.timedelta(days=10)


def delivered(books: Books, *lines: tuple[str, int, str], settle: bool = True) -> str:
    """The number of an order that has been delivered, and settled."""
    for sku, pieces, _ in lines:
        books.put(sku, pieces)
    asked = [{"component": sku, "quantity": pieces, "price": Decimal(price)} for sku, pieces, price in lines]
    made = books.do(
        "sales.record_order", customer="K1", lines=asked, address="苏州", promised=PROMISED, recorded_by="specialist"
    )
    order = made["order"]
    books.do("sales.confirm", order=order)
    books.do("sales.allocate", order=order, warehouse="SH")
    sent = books.do("sales.ship", order=order, warehouse="SH", carrier="德邦", tracking="1", shipped_on=TODAY)
    books.do("sales.record_delivery", shipment=sent["shipment"], delivered_on=TODAY)
    if settle:
        books.do("sales.settle", order=order, amount=made["amount"], paid=made["amount"], by="specialist")
    return str(made["number"])


def proposed(books: Books, order: str, remedy: str, lines: list[tuple[str, int]], **more: Any) -> dict[str, Any]:
    asked = [{"component": sku, "quantity": pieces} for sku, pieces in lines]
    told: dict[str, Any] = books.do(
        "issues.record", order_number=order, kind="damage", description="边框变形", remedy=remedy, by="specialist",
        proposal="合理", lines=asked, **more,
    )  # fmt: skip
    return told


def approved(books: Books, order: str, remedy: str, lines: list[tuple[str, int]], **more: Any) -> dict[str, Any]:
    told = proposed(books, order, remedy, lines, **more)
    books.do("issues.decide", remedy=told["remedy"], approved=True, by="supervisor")
    return told


def returned(books: Books, told: dict[str, Any], good: int, bad: int) -> dict[str, Any]:
    lines = [{"component": "M1", "good": good, "bad": bad}]
    found: dict[str, Any] = books.do(
        "returns.receive", shipment=told["shipment"], remedy=told["remedy"], lines=lines, reason="退货", by="specialist"
    )
    return found


def facts(books: Books) -> list[tuple[int, Decimal, bool]]:
    rows = books.rows(settlements.sales_facts)
    return [(row.quantity, row.amount, row.credit_id is not None) for row in rows]


def refused(books: Books, *args: Any, **more: Any) -> str:
    with pytest.raises(BpmnError) as error:
        proposed(books, *args, **more)
    assert error.value.code == "bad_remedy"
    return type(error.value.__cause__).__name__


def test_a_refund_after_settlement_corrects_the_facts_by_a_fact_of_its_own(books: Books) -> None:
    order = delivered(books, ("M1", 5, "260"))
    before = books.rows(settlements.settlements)
    told = approved(books, order, "refund", [("M1", 2)], amount=60)
    books.today += dt.timedelta(days=30)
    credit = books.do("credits.post", remedy=told["remedy"], by="supervisor")
    assert credit["amount"] == 60 and credit["after_settlement"]
    assert facts(books) == [(5, Decimal(1300), False), (0, Decimal(-60), True)]
    [settled] = books.rows(settlements.settlements)
    assert settled.outstanding == -60 and credit["refund_due"] == 60
    assert (settled.amount, settled.paid) == (before[0].amount, before[0].paid)
    assert [row.settled_on for row in books.rows(settlements.sales_facts)] == [TODAY, books.today]


def test_a_refund_is_spread_over_what_is_affected_to_the_fen(books: Books) -> None:
    order = delivered(books, ("M1", 3, "0.01"), ("M2", 1, "100"), ("M3", 2, "33.335"))
    told = approved(books, order, "refund", [("M1", 1), ("M2", 1), ("M3", 2)], amount=Decimal("50.01"))
    books.do("credits.post", remedy=told["remedy"], by="supervisor")
    parts = [row.amount for row in books.rows(remedies.sales_credit_lines)]
    assert sum(parts) == Decimal("50.01") and all(part > 0 for part in parts[-2:])


def test_what_is_credited_before_settlement_is_paid_less_and_counted_then(books: Books) -> None:
    order = delivered(books, ("M1", 5, "260"), settle=False)
    told = approved(books, order, "refund", [("M1", 1)], amount=60)
    assert not books.do("credits.post", remedy=told["remedy"], by="supervisor")["after_settlement"]
    assert facts(books) == []
    with pytest.raises(BpmnError) as error:
        books.do("sales.settle", order=told["order"], amount=1300, paid=1300, by="specialist")
    assert error.value.code == "amount_mismatch"
    books.do("sales.settle", order=told["order"], amount=1300, paid=1240, by="specialist")
    assert facts(books) == [(5, Decimal(1300), False), (0, Decimal(-60), True)]
    [credit], [settlement] = books.rows(remedies.sales_credits), books.rows(settlements.settlements)
    assert credit.settlement_id == settlement.id


def test_good_pieces_go_into_stock_and_bad_ones_wait_in_quarantine(books: Books) -> None:
    order = delivered(books, ("M1", 5, "260"))
    told = approved(books, order, "return", [("M1", 3)])
    back = returned(books, told, good=1, bad=2)
    m1 = catalogue.component(books.tx, "M1").id
    assert back["quarantined"] == 2 and books.on_hand("M1") == 1
    assert positions.positions(books.tx, [m1])[m1].quarantine == 2
    with pytest.raises(BpmnError):
        books.do("returns.dispose", sales_return=back["sales_return"], disposition="release", by="specialist")
    books.do("returns.dispose", sales_return=back["sales_return"], disposition="release", by="supervisor")
    assert books.on_hand("M1") == 3 and positions.positions(books.tx, [m1])[m1].quarantine == 0
    with pytest.raises(documents.NotPossibleNow):
        books.do("returns.dispose", sales_return=back["sales_return"], disposition="write_off", by="supervisor")
    books.do("credits.post", remedy=told["remedy"], by="supervisor")
    assert facts(books)[-1] == (-3, Decimal(-780), True)


def test_what_is_written_off_moves_nothing(books: Books) -> None:
    order = delivered(books, ("M1", 5, "260"))
    back = returned(books, approved(books, order, "return", [("M1", 2)]), good=0, bad=2)
    books.do("returns.dispose", sales_return=back["sales_return"], disposition="write_off", by="supervisor")
    assert books.on_hand("M1") == 0


def test_every_piece_that_was_to_come_back_is_told(books: Books) -> None:
    told = approved(books, delivered(books, ("M1", 5, "260")), "return", [("M1", 3)])
    with pytest.raises(BpmnError) as error:
        returned(books, told, good=1, bad=1)
    assert error.value.code == "pieces_differ"


def test_a_refused_delivery_is_inspected_and_not_settled(books: Books) -> None:
    order = delivered(books, ("M1", 5, "260"), settle=False)
    shipment = proposed(books, order, "none", [])["shipment"]
    [line] = books.do("returns.expect", shipment=shipment)["return_lines"]
    assert (line["component"], line["quantity"]) == ("M1", 5)
    lines = [{"component": "M1", "good": 4, "bad": 1}]
    books.do("returns.receive", shipment=shipment, lines=lines, reason="拒收", by="specialist")
    assert books.on_hand("M1") == 4
    assert refused(books, order, "refund", [("M1", 1)], amount=1) == "NotShippedYet"


def test_a_replacement_takes_only_what_is_not_reserved(books: Books) -> None:
    told = approved(books, delivered(books, ("M1", 5, "260")), "replace", [("M1", 2)])
    returned(books, told, good=0, bad=2)
    sending = {"remedy": told["remedy"], "carrier": "德邦", "tracking": "2", "shipped_on": TODAY}
    books.put("M1", 3)
    lines = [{"component": "M1", "quantity": 2, "price": Decimal(1)}]
    other = books.do(
        "sales.record_order", customer="K1", lines=lines, address="x", promised=PROMISED, recorded_by="specialist"
    )
    books.do("sales.confirm", order=other["order"])
    books.do("sales.allocate", order=other["order"], warehouse="SH")
    with pytest.raises(BpmnError) as error:
        books.do("replacements.ship", warehouse="SH", **sending)
    assert error.value.code == "stock_short" and "只有 1 件" in error.value.message
    books.do("stocktake.open", kind="spot")
    with pytest.raises(BpmnError) as error:
        books.do("replacements.ship", warehouse="SH", **sending)
    assert error.value.code == "stock_short" and "盘点" in error.value.message
    books.put("M1", 1)
    books.do("replacements.ship", warehouse="SH", **sending)
    assert [row.quantity for row in books.rows(stock.stock_movements) if row.kind == "issue"] == [-5, -2]
    # What was replaced is with the customer again, and may be returned again.
    proposed(books, "SO-2026-0001", "return", [("M1", 5)])


def test_nobody_decides_on_what_they_proposed_and_nothing_is_done_before(books: Books) -> None:
    told = proposed(books, delivered(books, ("M1", 5, "260")), "return", [("M1", 1)])
    with pytest.raises(BpmnError) as error:
        books.do("issues.decide", remedy=told["remedy"], approved=True, by="specialist")
    assert error.value.code == "same_person"
    for topic, inputs in (
        ("credits.post", {"by": "supervisor"}),
        ("replacements.ship", {"warehouse": "SH", "carrier": "x", "tracking": "1", "shipped_on": TODAY}),
        ("returns.expect", {"shipment": told["shipment"]}),
    ):
        with pytest.raises(documents.NotPossibleNow):
            books.do(topic, remedy=told["remedy"], **inputs)


def test_a_remedy_is_about_what_the_customer_has_and_its_value(books: Books) -> None:
    order = delivered(books, ("M1", 5, "260"))
    assert refused(books, "SO-2026-0077", "none", []) == "NoSuchOrder"
    assert refused(books, order, "return", []) == "NothingAffected"
    assert refused(books, order, "return", [("M1", 6)]) == "NotDelivered"
    assert refused(books, order, "return", [("M2", 1)]) == "NotDelivered"
    assert refused(books, order, "refund", [("M1", 1)]) == "RefundMissing"
    assert refused(books, order, "refund", [("M1", 1)], amount=Decimal("260.01")) == "RefundTooLarge"
    first = approved(books, order, "refund", [("M1", 5)], amount=1200)
    books.do("credits.post", remedy=first["remedy"], by="supervisor")
    assert refused(books, order, "refund", [("M1", 5)], amount=Decimal("100.01")) == "RefundTooLarge"
    returned(books, approved(books, order, "return", [("M1", 4)]), good=4, bad=0)
    assert refused(books, order, "return", [("M1", 2)]) == "NotDelivered"


def test_an_issue_has_a_remedy_after_another_until_it_is_solved(books: Books) -> None:
    order = delivered(books, ("M1", 5, "260"))
    first = approved(books, order, "none", [])
    again = proposed(books, order, "refund", [("M1", 1)], amount=9, issue=first["issue"])
    assert (again["number"], again["round"]) == (first["number"], 2)
    books.do("issues.close", issue=first["issue"], resolution="客户同意")
    with pytest.raises(documents.NotPossibleNow):
        proposed(books, order, "none", [], issue=first["issue"])


def test_no_piece_is_in_two_issues_at_once(books: Books) -> None:
    order = delivered(books, ("M1", 10, "600"))
    first = approved(books, order, "return", [("M1", 6)])
    assert proposed(books, order, "refund", [("M1", 4)], amount=Decimal(10))["round"] == 1
    assert refused(books, order, "return", [("M1", 4)]) == "InAnotherIssue"
    # A further remedy of the same issue is about the same pieces.
    assert proposed(books, order, "replace", [("M1", 6)], issue=first["issue"])["round"] == 2


def test_what_an_issue_was_about_is_free_again_once_it_is_carried_out_or_refused(books: Books) -> None:
    order = delivered(books, ("M1", 10, "600"))
    first = proposed(books, order, "refund", [("M1", 10)], amount=Decimal(100))
    assert refused(books, order, "refund", [("M1", 1)], amount=Decimal(1)) == "InAnotherIssue"
    books.do("issues.decide", remedy=first["remedy"], approved=False, by="supervisor")
    second = approved(books, order, "refund", [("M1", 10)], amount=Decimal(100))
    books.do("credits.post", remedy=second["remedy"], by="supervisor")
    assert proposed(books, order, "refund", [("M1", 10)], amount=Decimal(50))["round"] == 1
