"""A sales order goes in parts; what has not left of it can be changed, given up, or is lost before it leaves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, order_changes, reading, sales, shipments
from tests.store.ledger.conftest import TODAY, Books
from tests.store.ledger.test_sales import PROMISED, line, order_of


def sends(books: Books, order: str, warehouse: str = "SH") -> str:
    books.do("sales.allocate", order=order, warehouse=warehouse)
    sent = {"carrier": "德邦", "tracking": "DB1", "shipped_on": TODAY}
    return str(books.do("sales.ship", order=order, warehouse=warehouse, **sent)["shipment"])


def changes(books: Books, order: str, *lines: tuple[str, int, int], **more: Any) -> Any:
    """The customer wants these lines (component, pieces, price) instead, or with none nothing more."""
    if lines:
        more["lines"] = [{"component": sku, "quantity": pieces, "price": price} for sku, pieces, price in lines]
    given: dict[str, Any] = {"kind": "amend", "reason": "客户改单", "by": "specialist", **more}
    return books.do("order_changes.apply", order=order, **given)


def agreed(books: Books) -> list[tuple[int, int, int]]:
    return [(row.ordered, row.quantity, row.shipped) for row in books.rows(sales.sales_order_lines)]


def state(books: Books) -> str:
    return str(books.rows(sales.sales_orders)[0].state)


def test_an_order_goes_in_parts_until_all_of_it_has_arrived(books: Books) -> None:
    books.put("M1", 5)
    order = order_of(books, ("M1", 20))
    first = sends(books, order)
    assert state(books) == "confirmed" and line(books, "M1").committed == 15
    books.do("sales.record_delivery", shipment=first, delivered_on=TODAY)
    assert state(books) == "confirmed"
    books.put("M1", 15, "XA")
    second = sends(books, order, "XA")
    assert state(books) == "shipped" and line(books, "M1").committed == 0
    books.do("sales.record_delivery", shipment=second, delivered_on=TODAY)
    told = books.do("sales.progress", order=order)
    assert (told["order_state"], told["open_total"], told["shipped_total"]) == ("delivered", 0, 20)
    assert books.do("sales.settle", order=order, amount=12000, paid=0, by="specialist")["outstanding"] == 12000


def test_an_order_can_be_chosen_for_a_change_while_something_of_it_is_here(books: Books) -> None:
    def offered() -> list[dict[str, str]]:
        return reading.options(books.tx, ["open_orders"], "en")["open_orders"]

    books.put("M1", 20)
    order_of(books, ("M1", 20), confirm=False)
    assert offered() == []
    order = order_of(books, ("M1", 20))
    assert offered() == [{"value": "SO-2026-0002", "label": "江南电力 · SO-2026-0002"}]
    sends(books, order)
    assert offered() == []


def test_reserved_pieces_that_were_lost_are_told_and_nothing_leaves(books: Books) -> None:
    books.put("M1", 20)
    order = order_of(books, ("M1", 20))
    books.do("sales.allocate", order=order, warehouse="SH")
    books.do(
        "inventory.correct", component="M1", warehouse="SH", quantity=-3, reason="漏雨", approved_by="manager",
        drafted_by="specialist",
    )
    given = {"warehouse": "SH", "carrier": "德邦", "tracking": "1", "shipped_on": TODAY}
    with pytest.raises(BpmnError) as refused:
        books.do("sales.ship", order=order, **given)
    assert refused.value.code == "reserved_lost" and "17" in refused.value.message
    books.do("stocktake.open", kind="spot")
    with pytest.raises(BpmnError) as refused:
        books.do("sales.ship", order=order, **given)
    assert refused.value.code == "reserved_lost" and "17" not in refused.value.message  # who counts it may read that
    # What is there is reserved anew and leaves; the rest is still to be shipped.
    assert books.do("sales.allocate", order=order, warehouse="SH")["allocated_total"] == 17
    books.do("sales.ship", order=order, **given)
    assert agreed(books) == [(20, 20, 17)] and state(books) == "confirmed"
    with pytest.raises(BpmnError) as refused:
        books.do("sales.ship", order=order, **given)
    assert refused.value.code == "not_allocated"


def test_a_part_that_the_customer_refused_shrinks_the_order(books: Books) -> None:
    books.put("M1", 5)
    order = order_of(books, ("M1", 20), ("M2", 1))
    first = sends(books, order)
    books.do("sales.record_delivery", shipment=first, delivered_on=TODAY)
    assert books.do("returns.expect", shipment=first)["return_lines"][0]["quantity"] == 5
    lines = [{"component": "M1", "good": 4, "bad": 1}]
    books.do("returns.receive", shipment=first, lines=lines, reason="型号不对", by="specialist")
    assert agreed(books) == [(20, 15, 0), (1, 1, 0)] and state(books) == "confirmed"
    books.do("sales.cancel", order=order, reason="不要了")
    assert state(books) == "cancelled"


def test_the_whole_order_refused_in_two_parts_is_returned(books: Books) -> None:
    books.put("M1", 5)
    order = order_of(books, ("M1", 6))
    first = sends(books, order)
    books.do("sales.take_back", shipment=first, reason="拒收")
    second = sends(books, order)
    assert agreed(books) == [(6, 1, 1)]
    books.do("sales.take_back", shipment=second, reason="拒收")
    assert state(books) == "returned" and books.on_hand("M1") == 5


def test_an_amended_order_frees_what_was_reserved_and_tells_who_works_on_it(books: Books) -> None:
    books.put("M1", 20)
    order = order_of(books, ("M1", 20))
    books.do("sales.allocate", order=order, warehouse="SH")
    later = PROMISED + dt.timedelta(days=9)
    done = changes(books, order, ("M1", 8, 600), ("M2", 2, 700), address="无锡", promised=later)
    assert (done["number"], done["amount"], done["order_state"]) == ("OC-2026-0001", 6200, "confirmed")
    assert books.sent[-1] == ("sales_order_changed", "SO-2026-0001", {})
    assert not books.rows(sales.allocations) and agreed(books) == [(20, 8, 0), (2, 2, 0)]
    [kept] = books.rows(order_changes.sales_order_changes)
    assert (kept.amount_before, kept.amount_after, kept.after["address"]) == (12000, 6200, "无锡")
    told = books.do("sales.progress", order=order)
    assert (told["promised"], told["address"], told["open_total"]) == (later, "无锡", 10)


def test_of_an_order_of_which_a_part_has_left_only_the_rest_is_changed(books: Books) -> None:
    books.put("M1", 5)
    order = order_of(books, ("M1", 20), ("M2", 1))
    sends(books, order)
    told = books.do("order_changes.read", order_number="SO-2026-0001")
    assert [(one["component"], one["quantity"], one["shipped"]) for one in told["lines"]] == [
        ("M1", 20, 5), ("M2", 1, 0),
    ]  # fmt: skip
    for wanted, why in (
        ([("M1", 4, 600)], "5"),
        ([("M2", 1, 600)], "5"),
        ([("M1", 9, 590)], "600"),
        ([("M1", 20, 600), ("M2", 1, 600)], "SO-2026-0001"),
        ([("M1", 9, 600), ("M1", 9, 600)], "M1"),
    ):
        with pytest.raises(BpmnError) as refused:
            changes(books, order, *wanted)
        assert refused.value.code in ("bad_change", "bad_lines") and why in refused.value.message
    changes(books, order, ("M1", 9, 600))
    assert agreed(books) == [(20, 9, 5)]
    assert changes(books, order, kind="cancel")["order_state"] == "shipped"
    assert agreed(books) == [(20, 5, 5)]
    with pytest.raises(BpmnError) as refused:
        changes(books, order, kind="cancel")
    assert refused.value.code == "no_change" and "退货" in refused.value.message
    [shipment] = books.rows(shipments.shipments)
    books.do("sales.record_delivery", shipment=shipment.public_id, delivered_on=TODAY)
    books.do("sales.settle", order=order, amount=3000, paid=3000, by="specialist")
    with pytest.raises(BpmnError) as refused:
        books.do("order_changes.read", order_number="SO-2026-0001")
    assert refused.value.code == "no_change"


def test_before_anything_has_left_the_customer_may_give_up_all_of_it(books: Books) -> None:
    books.put("M1", 20)
    order = order_of(books, ("M1", 20))
    books.do("sales.allocate", order=order, warehouse="SH")
    assert changes(books, order, kind="cancel")["order_state"] == "cancelled"
    assert line(books, "M1").committed == 0 and not books.rows(sales.allocations)
    with pytest.raises(BpmnError) as refused:
        changes(books, order, ("M1", 1, 600))
    assert refused.value.code == "no_change"


def test_an_order_that_is_still_being_checked_is_corrected_there(books: Books) -> None:
    order_of(books, ("M1", 20), confirm=False)
    for number in ("SO-2026-0001", "SO-1"):
        with pytest.raises(BpmnError) as refused:
            books.do("order_changes.read", order_number=number)
        assert refused.value.code == "no_change"


def test_more_than_the_credit_reaches_for_needs_a_release_by_somebody_else(books: Books) -> None:
    order = order_of(books, ("M1", 20))
    more = [{"component": "M1", "quantity": 900, "price": 600}]
    told = books.do("order_changes.weigh", order=order, kind="amend", lines=more)
    assert (told["within"], told["amount_after"], told["credit_verdict"]) == (False, 540000, "over_limit")
    for released, why in ((None, "beyond_credit"), ("specialist", "same_person")):
        with pytest.raises(BpmnError) as refused:
            changes(books, order, ("M1", 900, 600), released_by=released)
        assert refused.value.code == why
    changes(books, order, ("M1", 900, 600), released_by="supervisor")
    # To less than before nobody need agree.
    assert books.do("order_changes.weigh", order=order, kind="amend", lines=[{**more[0], "quantity": 899}])["within"]


def blocked(books: Books) -> None:
    books.tx.execute(sa.update(catalogue.customers).values(active=False))


@pytest.mark.parametrize(
    "wanted",
    [[("M1", 21, 600)], [("M1", 20, 600), ("M2", 1, 500)], [("M1", 19, 600), ("M2", 1, 500)], [("M1", 20, 601)]],
    ids=["more pieces", "a new line", "another component", "more money"],
)
def test_a_blocked_customer_gets_nothing_more_of_an_order(
    books: Books, wanted: list[tuple[str, int, int]]
) -> None:
    order = order_of(books, ("M1", 20))
    blocked(books)
    with pytest.raises(BpmnError) as refused:
        changes(books, order, *wanted)
    assert refused.value.code == "bad_change" and "已停用" in refused.value.message
    assert agreed(books) == [(20, 20, 0)]


def test_a_blocked_customers_order_becomes_smaller_goes_elsewhere_or_is_cancelled(books: Books) -> None:
    order = order_of(books, ("M1", 20))
    blocked(books)
    changes(books, order, ("M1", 12, 600))
    changes(books, order, address="无锡", promised=PROMISED)
    changes(books, order, kind="cancel")
    assert state(books) == "cancelled"


def test_of_two_changes_agreed_at_once_the_second_is_agreed_anew(books: Books) -> None:
    order = order_of(books, ("M1", 20))
    seen = [{"component": "M1", "quantity": 20, "price": 600}]
    changes(books, order, ("M1", 10, 600), agreed_on=seen)
    with pytest.raises(BpmnError) as refused:
        changes(books, order, ("M1", 25, 600), agreed_on=seen)
    assert isinstance(refused.value.__cause__, order_changes.ChangedMeanwhile)
    # What has left meanwhile is no change of it.
    books.put("M1", 4)
    sends(books, order)
    changes(books, order, ("M1", 25, 600), agreed_on=[{"component": "M1", "quantity": 10, "price": 600}])
    assert agreed(books) == [(25, 25, 4)]
