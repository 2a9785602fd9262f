"""Stock: movements, balances, alerts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.errors import Invalid
from runtime.ledger import inputs, inventory, reading, safety, settlements, stock
from runtime.ledger.catalogue import UnknownComponent
from tests.store.ledger.conftest import Books


def test_every_movement_is_in_the_balance(books: Books) -> None:
    books.put("M1", 40)
    books.put("M1", 5, "XA")
    books.do("inventory.correct", component="M1", warehouse="SH", quantity=-3, reason="盘亏",
             approved_by="supervisor", drafted_by="specialist")
    assert books.on_hand("M1") == 42
    assert [m.balance for m in reading.movements(books.tx, "M1")] == [42, 45, 40]
    assert reading.by_warehouse(books.tx, "M1") == [("SH", {"en": "SH"}, 37, 0), ("XA", {"en": "XA"}, 5, 0)]
    assert reading.imbalances(books.tx) == []


def test_a_balance_that_was_tampered_with_is_found(books: Books) -> None:
    books.put("M1", 40)
    books.tx.execute(sa.update(stock.stock_balances).values(on_hand=41))
    assert reading.imbalances(books.tx) == [("M1", "SH", 41, 40)]


@pytest.mark.parametrize("table", [stock.stock_movements, settlements.sales_facts])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_the_database_refuses_to_change_what_was_posted(books: Books, table: sa.Table, verb: str) -> None:
    books.put("M1", 1)
    if table is settlements.sales_facts:
        sell_one(books)
    statement = sa.delete(table) if verb == "DELETE" else sa.update(table).values(quantity=1)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), books.tx.savepoint():
        books.tx.execute(statement)


def sell_one(books: Books) -> None:
    order = books.do(
        "sales.record_order", customer="K1", address="苏州", promised=books.today, recorded_by="specialist",
        lines=[{"component": "M1", "quantity": 1, "price": 600}],
    )["order"]
    books.do("sales.confirm", order=order)
    books.do("sales.allocate", order=order, warehouse="SH")
    shipment = books.do(
        "sales.ship", order=order, warehouse="SH", carrier="顺丰", tracking="1", shipped_on=books.today
    )["shipment"]
    books.do("sales.record_delivery", shipment=shipment, delivered_on=books.today)
    books.do("sales.settle", order=order, amount=600, paid=600, by="specialist")


def test_what_is_on_order_does_not_stop_the_alert(books: Books) -> None:
    """On hand 5, safety stock 10, 100 on order: somebody must know."""
    books.put("M1", 12)
    books.guard("M1", 10)
    order_of(books, "M1", 100)
    books.do("inventory.correct", component="M1", warehouse="SH", quantity=-7, reason="破损",
             approved_by="supervisor", drafted_by="specialist")
    assert books.sent == [("stock_below_safety", "M1", {"component": "M1"})]
    opened = books.do("inventory.open_alert", component="M1")
    assert opened["opened"] and (opened["on_hand"], opened["safety_stock"]) == (5, 10)
    [line] = [line for line in reading.overview(books.tx) if line.sku == "M1"]
    assert line.below and line.on_order == 100 and line.alert == opened["alert"]


def order_of(books: Books, sku: str, pieces: int) -> str:
    plan = books.do("purchasing.record_plan", drafter="supervisor", lines=[
        {"component": sku, "quantity": pieces, "need_by": books.today, "est_price": Decimal("500")}
    ])["plan"]
    books.do("purchasing.approve_plan", plan=plan, approver="manager")
    return books.do(
        "purchasing.sign_contract", plan=plan, supplier="S1", contract_no=f"HT-{plan}", eta=books.today,
        lines=[{"component": sku, "quantity": pieces, "price": Decimal("500")}],
    )["order"]


def test_stock_at_its_safety_stock_is_enough(books: Books) -> None:
    books.put("M1", 12)
    books.guard("M1", 10)
    books.do("inventory.correct", component="M1", warehouse="SH", quantity=-2, reason="破损",
             approved_by="supervisor")
    assert books.sent == []


def test_pieces_of_all_warehouses_count(books: Books) -> None:
    books.put("M1", 8)
    books.put("M1", 8, "XA")
    books.guard("M1", 10)
    books.do("inventory.correct", component="M1", warehouse="SH", quantity=-6, reason="x",
             approved_by="supervisor")
    assert books.sent == []


def test_a_component_has_at_most_one_open_alert(books: Books) -> None:
    books.guard("M1", 10)
    first = books.do("inventory.open_alert", component="M1", cause="出库")
    again = books.do("inventory.open_alert", component="M1")
    assert first["opened"] and not again["opened"] and again["alert"] == first["alert"]
    books.put("M1", 1)
    assert books.sent == []  # still short, but somebody is on it
    books.do("inventory.acknowledge_alert", alert=first["alert"], by="specialist", cause="旺季", urgency="high")
    books.do("inventory.close_alert", alert=first["alert"], reason="采购已完成")
    assert books.do("inventory.open_alert", component="M1")["opened"]


def test_an_alert_that_orders_cover_is_quiet_until_the_goods_are_in(books: Books) -> None:
    books.guard("M1", 10)
    alert = books.do("inventory.open_alert", component="M1")["alert"]
    books.do("inventory.close_alert", alert=alert, reason="在途订单已够", covered=True)
    assert not books.do("inventory.open_alert", component="M1")["opened"]
    books.put("M1", 3)
    assert books.rows(safety.stock_alerts)[0].state == "covered"
    books.put("M1", 7)
    assert books.rows(safety.stock_alerts)[0].state == "closed"


def test_an_alert_whose_orders_never_come_is_told_again(books: Books) -> None:
    books.guard("M1", 10)
    alert = books.do("inventory.open_alert", component="M1")["alert"]
    books.do("inventory.close_alert", alert=alert, reason="在途订单已够", covered=True)
    books.sent.clear()
    books.do("inventory.review_stock")
    assert books.rows(safety.stock_alerts)[0].state == "closed"
    assert [sent[1] for sent in books.sent] == ["M1"]


def test_the_database_itself_keeps_a_second_alert_out(books: Books) -> None:
    books.guard("M1", 10)
    books.do("inventory.open_alert", component="M1")
    [alert] = books.rows(safety.stock_alerts)
    values = {**alert._mapping, "public_id": "f" * 32}
    del values["id"]
    with pytest.raises(sa.exc.IntegrityError), books.tx.savepoint():
        books.tx.insert(safety.stock_alerts, [values])


def test_no_alert_opens_when_there_is_enough(books: Books) -> None:
    books.put("M1", 10)
    books.guard("M1", 10)
    assert books.do("inventory.open_alert", component="M1") == {
        "opened": False, "alert": None, "on_hand": 10, "safety_stock": 10,
    }


def test_a_warehouse_cannot_give_what_it_does_not_have(books: Books) -> None:
    books.put("M1", 3)
    with pytest.raises(BpmnError) as refused:
        books.do("inventory.correct", component="M1", warehouse="SH", quantity=-4, reason="x",
                 approved_by="supervisor")
    assert refused.value.code == "below_zero" and books.on_hand("M1") == 3


def test_nobody_approves_their_own_correction(books: Books) -> None:
    books.put("M1", 3)
    with pytest.raises(BpmnError) as refused:
        books.do("inventory.correct", component="M1", warehouse="SH", quantity=1, reason="x",
                 approved_by="specialist", drafted_by="specialist")
    assert refused.value.code == "same_person"


@pytest.mark.parametrize(("quantity", "error"), [
    (Decimal("1.5"), inputs.FractionOfAPiece),
    (10**30, inputs.TooManyPieces),
    (Decimal("1E400"), inputs.AmountOutOfRange),
    (Decimal("NaN"), inputs.WrongInput),
    (1.0, inputs.WrongInput),
    (True, inputs.WrongInput),
    ("7", inputs.WrongInput),
])
def test_odd_quantities_are_refused(books: Books, quantity: object, error: type[Invalid]) -> None:
    with pytest.raises(error):
        books.do("inventory.correct", component="M1", warehouse="SH", quantity=quantity, reason="x",
                 approved_by="supervisor")


def test_an_unknown_component_is_named(books: Books) -> None:
    with pytest.raises(UnknownComponent, match="M9"):
        books.do("inventory.figures", component="M9")


def test_a_review_says_why_it_fired_or_not(books: Books) -> None:
    for sku in ("M1", "M2"):
        demand = {"daily_demand": 40, "demand_deviation": 12}
        books.measure(sku, lead_time_days=14, lead_time_deviation=3, abc_class="A", **demand)
    books.put("M1", 1000)
    books.sent.clear()
    assert books.do("inventory.review_stock") == {"reviewed": 3, "below": ["M2"], "missing": ["M3"]}
    assert books.sent == [("stock_below_safety", "M2", {"component": "M2"})]
    [enough], [below], [missing] = (reading.reviews(books.tx, sku, 1) for sku in ("M1", "M2", "M3"))
    assert (enough.fired, enough.reason) == (False, "enough")
    assert (below.fired, below.reason, below.safety_stock, below.reorder_point) == (True, "below", 264, 824)
    assert below.inputs is not None and below.inputs["daily_demand"] == 40
    assert (missing.fired, missing.reason) == (False, "missing_parameters")
    books.do("inventory.open_alert", component="M2")
    books.sent.clear()
    books.do("inventory.review_stock")
    assert books.sent == [] and reading.reviews(books.tx, "M2", 1)[0].reason == "alert_open"


def test_figures_are_all_that_a_plan_is_decided_by(books: Books) -> None:
    with pytest.raises(BpmnError) as missing:
        books.do("inventory.figures", component="M1")
    assert missing.value.code == "missing_parameters" and "M1" in missing.value.message
    books.measure("M1", lead_time_days=14, daily_demand=40, demand_deviation=12, order_multiple=31, abc_class="C")
    books.put("M1", 50)
    order_of(books, "M1", 62)
    figures = books.do("inventory.figures", component="M1")
    assert figures["on_hand"] == 50 and figures["on_order"] == 62 and figures["committed"] == 0
    assert figures["order_multiple"] == 31 and figures["economic_lot"] == 31
    assert figures["usual_supplier"] == "S1" and figures["component_name"] == "组件M1"
    assert figures["safety_stock"] == 58 and figures["reorder_point"] == 618  # 1.2816 · 12 · √14, rounded up


def test_a_case_from_before_fills_what_parameters_lack_and_writes_over_nothing(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def completes(**given: Any) -> int:
        line = {"component": "M1", "lead_time_days": 14, **given}
        return int(books.do("inventory.set_parameters", lines=[line], by="supervisor")["completed"])

    books.put("M1", 10)
    assert completes(abc_class="A") == 1
    assert completes(abc_class="C", daily_demand=40, demand_deviation=12) == 1
    assert completes(abc_class="C", daily_demand=1) == 0
    [row] = books.rows(safety.stock_parameters)
    assert (row.abc_class, row.daily_demand, row.demand_deviation) == ("A", 40, 12)
    assert row.safety_stock is not None

    # A rule that lacks a figure does not stop it there: the next step tells so on a form.
    def refuses(*_: Any) -> Any:
        raise BpmnError("rule_refused", "未设定")

    monkeypatch.setattr(inventory, "review", refuses)
    assert completes() == 0


def test_whoever_approves_a_correction_sees_the_books_before_and_after_it_but_not_while_they_may_count(
    books: Books,
) -> None:
    books.put("M2", 10)
    asked = {"component": "M2", "warehouse": "SH", "quantity": -3}
    found = books.do("inventory.before_correction", **asked)
    assert found == {"book": 10, "corrected": 7, "value": Decimal("-1861.50")}
    books.do("stocktake.open", kind="spot", components=["M2"])
    found = books.do("inventory.before_correction", **asked)
    assert found == {"book": None, "corrected": None, "value": Decimal("-1861.50")}
