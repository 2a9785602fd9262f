"""What is sold is what was listed by two people; what is in use stays listed; every change keeps what was before."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, documents, masters, products, reading
from tests.store.ledger.conftest import TODAY, Books

NEW = {"name": "晴野 580 W", "brand": "晴野", "model": "N72", "technology": "Mono-c-Si", "purchase_price": 520}
SOON = TODAY + dt.timedelta(days=20)


def proposed(books: Books, change: str, sku: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = books.do(
        "products.propose", change=change, component=sku, reason="市场需要", by="specialist", **more
    )
    return found


def decided(books: Books, change: dict[str, Any], decision: str = "approve", by: str = "supervisor") -> None:
    books.do("products.decide", product_change=change["product_change"], decision=decision, by=by)


def refused(books: Books, *args: Any, **more: Any) -> str:
    with pytest.raises(BpmnError) as error:
        proposed(books, *args, **more)
    assert error.value.code == "bad_change"
    return type(error.value.__cause__).__name__


def planned(books: Books, sku: str) -> dict[str, Any]:
    lines = [{"component": sku, "quantity": 1, "need_by": SOON, "est_price": 1}]
    found: dict[str, Any] = books.do("purchasing.record_plan", drafter="supervisor", lines=lines)
    return found


def ordered(books: Books, sku: str) -> dict[str, Any]:
    lines = [{"component": sku, "quantity": 1, "price": Decimal(1)}]
    found: dict[str, Any] = books.do(
        "sales.record_order", customer="K1", lines=lines, address="苏州", promised=SOON, recorded_by="specialist"
    )
    return found


def offered(books: Books) -> list[str]:
    return [each["value"] for each in reading.options(books.tx, ["components"])["components"]]


def test_a_draft_is_neither_offered_nor_sold_nor_planned_until_it_is_listed(books: Books) -> None:
    change = proposed(books, "list", "N1", **NEW)
    assert "N1" not in offered(books)
    for use in (planned, ordered):
        with pytest.raises(BpmnError) as error:
            use(books, "N1")
        assert error.value.code == "bad_lines" and isinstance(error.value.__cause__, catalogue.NotListed)
    decided(books, change)
    assert "N1" in offered(books)
    planned(books, "N1")
    ordered(books, "N1")


def test_a_new_component_needs_its_data_and_a_change_something_to_change(books: Books) -> None:
    assert refused(books, "list", "N1", brand="晴野") == "IncompleteProduct"
    assert refused(books, "change", "N1", sale_price=1) == "UnknownComponent"
    assert refused(books, "change", "M1") == "NothingChanges"
    assert refused(books, "list", "M1") == "WrongState"


def test_a_change_takes_effect_when_approved_and_keeps_what_was_before(books: Books) -> None:
    before = catalogue.component(books.tx, "M1").sale_price
    change = proposed(books, "change", "M1", sale_price=Decimal("701.5"), name_en="Module one")
    assert catalogue.component(books.tx, "M1").sale_price == before
    decided(books, change)
    row, [kept] = catalogue.component(books.tx, "M1"), books.rows(products.product_changes)
    assert row.sale_price == Decimal("701.5") and row.names["en"] == "Module one" and row.names["zh_Hans"]
    assert (kept.before["sale_price"], kept.after["sale_price"]) == (before, Decimal("701.5"))


def test_nobody_decides_on_their_own_proposal_and_a_returned_one_is_proposed_again(books: Books) -> None:
    change = proposed(books, "list", "N1", **NEW)
    with pytest.raises(BpmnError) as error:
        decided(books, change, by="specialist")
    assert error.value.code == "same_person"
    decided(books, change, "return")
    again = proposed(books, "list", "N1", purchase_price=515, product_change=change["product_change"])
    assert again["number"] == change["number"]
    decided(books, again, "reject", by="manager")
    assert catalogue.component(books.tx, "N1").state == "draft"
    with pytest.raises(documents.NotPossibleNow):
        decided(books, again)


@pytest.mark.parametrize("use", ["stock", "plan", "order"])
def test_what_is_in_use_is_not_delisted_nor_what_came_into_use_meanwhile(books: Books, use: str) -> None:
    change = proposed(books, "delist", "M1")
    {"stock": lambda: books.put("M1", 1), "plan": lambda: planned(books, "M1"), "order": lambda: ordered(books, "M1")}[
        use
    ]()
    with pytest.raises(BpmnError) as error:
        decided(books, change)
    assert error.value.code == "bad_change"
    assert refused(books, "delist", "M1") == "StillInUse"
    assert catalogue.component(books.tx, "M1").state == "listed"


def test_a_delisted_component_raises_no_alert_and_can_be_listed_again(books: Books) -> None:
    books.guard("M1", 10)
    decided(books, proposed(books, "delist", "M1"))
    assert "M1" not in [line.sku for line in reading.overview(books.tx)]
    assert not books.do("inventory.open_alert", component="M1")["opened"]
    books.put("M1", 1)
    assert books.sent == []
    decided(books, proposed(books, "list", "M1"))
    assert catalogue.component(books.tx, "M1").state == "listed"


def test_what_there_was_before_products_had_states_is_listed(books: Books) -> None:
    states = books.tx.connection.execute(sa.select(catalogue.components.c.state)).scalars()
    assert set(states) == {"listed"}


def test_two_open_changes_never_touch_the_same_of_a_component(books: Books) -> None:
    first = proposed(books, "change", "M1", sale_price=700)
    assert refused(books, "change", "M1", sale_price=710) == "OpenChange"
    proposed(books, "change", "M1", brand="晴野")
    proposed(books, "delist", "M1")
    assert refused(books, "delist", "M1") == "OpenChange"
    proposed(books, "change", "M1", sale_price=705, product_change=first["product_change"])


def test_whoever_decides_sees_what_stands_beside_what_is_to_be_and_nothing_that_has_moved_is_overwritten(
    books: Books,
) -> None:
    change = proposed(books, "change", "M1", supplier="S1", sale_price=Decimal("701.50"), name_en="Module one")
    told = {row["what"]: (row["before"], row["after"]) for row in change["comparison"]}
    before = catalogue.component(books.tx, "M1")
    assert told["sale_price"] == (masters.shown(before.sale_price), "701.5")
    assert told["name_en"] == (before.names.get("en"), "Module one") and "name" not in told
    books.tx.execute(sa.update(catalogue.components).values(sale_price=1))
    with pytest.raises(BpmnError) as error:
        decided(books, change)
    assert error.value.code == "bad_change" and isinstance(error.value.__cause__, masters.Overtaken)


def test_whoever_proposes_a_change_sees_how_the_product_stands_and_may_withdraw_it(books: Books) -> None:
    told = books.do("products.read", component="M1")
    assert told["component"] == "M1" and {"what": "purchase_price", "value": "500"} in told["present"]
    assert books.do("products.read", component="NO")["present"] == [] == books.do("products.read")["present"]
    given = {"change": "change", "component": "M1", "reason": "调价", "by": "specialist"}
    change = books.do("products.propose", sale_price=Decimal(701), **given)["product_change"]
    books.do("products.withdraw", product_change=change)
    books.do("products.withdraw")
    # What was withdrawn stands in nobody's way, and is not decided any more.
    assert books.do("products.propose", sale_price=Decimal(702), **given)["product_change"]
    with pytest.raises(documents.NotPossibleNow):
        books.do("products.decide", product_change=change, decision="approve", by="supervisor")
