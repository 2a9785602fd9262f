"""Purchasing: from a plan to stock that is right to the piece."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, documents, inputs, orders, plans, reading, receipts
from runtime.ledger.catalogue import UnknownComponent
from runtime.ledger.positions import positions
from runtime.values import File
from tests.store.ledger.conftest import Books

SOON = dt.date(2026, 4, 1)


def line(component: str, quantity: Any, price: Any = 500) -> dict[str, Any]:
    return {"component": component, "quantity": quantity, "need_by": SOON, "est_price": price}


def approved(books: Books, *lines: dict[str, Any]) -> str:
    plan = books.do("purchasing.record_plan", drafter="supervisor", lines=list(lines), reason="旺季")["plan"]
    books.do("purchasing.approve_plan", plan=plan, approver="manager", comment="同意")
    return plan


def sign(books: Books, plan: str, *lines: tuple[str, int, Any], contract: str = "HT-1") -> dict[str, Any]:
    return books.do(
        "purchasing.sign_contract", plan=plan, supplier="S1", contract_no=contract, eta=SOON, terms="货到付款",
        lines=[{"component": sku, "quantity": pieces, "price": price} for sku, pieces, price in lines],
    )


def ordered(books: Books, sku: str = "M1", pieces: int = 100) -> str:
    return sign(books, approved(books, line(sku, pieces)), (sku, pieces, 500))["order"]


def inspect(books: Books, order: str, received: int, rejected: int = 0, sku: str = "M1") -> dict[str, Any]:
    return books.do(
        "purchasing.record_inspection", order=order, inspector="specialist", lot="L1",
        lines=[{"component": sku, "received": received, "sampled": 5, "rejected": rejected, "note": "隐裂"}],
    )


def code(refused: pytest.ExceptionInfo[BpmnError]) -> str:
    return refused.value.code


def test_a_plan_is_numbered_and_adds_up(books: Books) -> None:
    first = books.do("purchasing.record_plan", drafter="supervisor", lines=[
        line("M1", 31, Decimal("499.99")), line("M3", 3, Decimal("0.3333")),
    ])
    assert first["number"] == "PP-2026-0001"
    assert first["amount"] == Decimal("15500.69")  # 15,499.69 + 1.00: each line to the fen
    assert books.do("purchasing.record_plan", drafter="supervisor", lines=[line("M1", 1)])["number"].endswith("2")
    shown = books.do("purchasing.plan_lines", plan=first["plan"])
    assert shown["drafter"] == books.people["supervisor"]
    assert shown["lines"][0] == {
        "component": "M1", "component_name": "组件M1", "quantity": 31, "need_by": SOON,
        "est_price": Decimal("499.99"), "reason": None,
    }


def test_a_returned_plan_keeps_its_number_and_gets_new_lines(books: Books) -> None:
    first = books.do("purchasing.record_plan", drafter="supervisor", lines=[line("M1", 31)], reason="旺季")
    again = books.do(
        "purchasing.record_plan", drafter="supervisor", plan=first["plan"], lines=[line("M2", 10, 600)]
    )
    assert (again["plan"], again["number"]) == (first["plan"], first["number"])
    shown = books.do("purchasing.plan_lines", plan=first["plan"])
    assert shown["amount"] == 6000 and [one["component"] for one in shown["lines"]] == ["M2"]
    assert shown["reason"] == "旺季"


def test_a_line_without_a_price_takes_the_purchase_price(books: Books) -> None:
    plan = books.do("purchasing.record_plan", drafter="supervisor", lines=[
        {"component": "M2", "quantity": 2, "need_by": SOON}
    ])
    assert plan["amount"] == 1241


def test_nobody_approves_their_own_plan(books: Books) -> None:
    plan = books.do("purchasing.record_plan", drafter="manager", lines=[line("M1", 1)])["plan"]
    with pytest.raises(BpmnError) as refused:
        books.do("purchasing.approve_plan", plan=plan, approver="manager")
    assert code(refused) == "same_person" and "起草" in refused.value.message
    books.do("purchasing.approve_plan", plan=plan, approver="lead")


def test_a_rejected_plan_is_not_bought(books: Books) -> None:
    plan = books.do("purchasing.record_plan", drafter="supervisor", lines=[line("M1", 1)])["plan"]
    books.do("purchasing.reject_plan", plan=plan, by="manager", comment="不急")
    with pytest.raises(documents.NotPossibleNow):
        sign(books, plan, ("M1", 1, 500))
    with pytest.raises(documents.NotPossibleNow):
        books.do("purchasing.approve_plan", plan=plan, approver="manager")


@pytest.mark.parametrize("lines", [
    [],
    [line("M1", 1), line("M1", 2)],
    [line("M1", 0)],
    [line("M1", 1_000_000_000, Decimal("1E+11"))],  # more than the books hold
])
def test_lines_that_make_no_sense_go_back_to_the_person(books: Books, lines: list[Any]) -> None:
    with pytest.raises(BpmnError) as refused:
        books.do("purchasing.record_plan", drafter="supervisor", lines=lines)
    assert code(refused) == "bad_lines"


@pytest.mark.parametrize(("given", "error"), [
    (line("M9", 1), UnknownComponent),
    (line("M1", -5), inputs.NegativeQuantity),
    (line("M1", Decimal("2.5")), inputs.FractionOfAPiece),
    (line("M1", 10**30), inputs.TooManyPieces),
    (line("M1", 1, Decimal(-1)), inputs.NegativeAmount),
    (line("M1", 1, Decimal("0.00001")), inputs.TooManyDecimals),
    (line("M1", 1, Decimal("1E+14")), inputs.AmountOutOfRange),
    (line("M1", "1"), inputs.WrongInput),
    ({"component": "M1", "quantity": 1}, inputs.MissingInput),
    ({**line("M1", 1), "need_by": dt.datetime(2026, 4, 1, tzinfo=dt.UTC)}, inputs.WrongInput),
    ("M1", inputs.WrongInput),
])
def test_what_cannot_be_booked_is_named(books: Books, given: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        books.do("purchasing.record_plan", drafter="supervisor", lines=[given])
    assert books.rows(plans.plans) == []


def test_a_contract_makes_an_order(books: Books) -> None:
    photo = File("a" * 64, "合同.pdf", "application/pdf", 10)
    plan = approved(books, line("M1", 100))
    signed = books.do(
        "purchasing.sign_contract", plan=plan, supplier="S2", contract_no="HT-9", eta=SOON, attachment=[photo],
        lines=[{"component": "M1", "quantity": 100, "price": Decimal("488.5")}],
    )
    assert signed["number"] == "PO-2026-0001" and signed["amount"] == 48850 and signed["eta"] == SOON
    [contract] = books.rows(orders.contracts)
    assert contract.attachment == [photo] and contract.contract_no == "HT-9"
    owed = books.do("purchasing.outstanding", order=signed["order"])
    assert owed["outstanding_total"] == 100 and owed["lines"][0]["component_name"] == "组件M1"


@pytest.mark.parametrize("lines", [
    [("M1", 101, 400)],  # more pieces
    [("M2", 1, 400)],  # another component
    [("M1", 100, Decimal("510.01"))],  # more money than is tolerated
])
def test_a_contract_stays_within_the_plan(books: Books, lines: list[Any]) -> None:
    with pytest.raises(BpmnError) as refused:
        sign(books, approved(books, line("M1", 100)), *lines)
    assert code(refused) == "beyond_plan" and "PP-2026-0001" in refused.value.message


@pytest.mark.parametrize(("price", "approver", "kept"), [
    (Decimal(500), None, None),
    (Decimal(505), None, "rule"),  # one in a hundred more is tolerated
    (Decimal(900), "manager", "person"),
])
def test_what_lets_a_contract_go_beyond_its_plan_is_kept_and_is_no_defect(
    books: Books, price: Decimal, approver: str | None, kept: str | None
) -> None:
    plan = approved(books, line("M1", 100))
    books.do(
        "purchasing.sign_contract", plan=plan, supplier="S1", contract_no="HT-1", eta=SOON,
        lines=[{"component": "M1", "quantity": 100, "price": price}], deviation_approved_by=approver,
    )
    [contract] = books.rows(orders.contracts)
    assert (contract.beyond, contract.deviation_approved_by) == (kept, books.people.get(approver or ""))
    assert list(doctor.INVARIANTS["orders_within_plans"].ask(books.tx)) == []


def test_several_contracts_together_stay_within_the_plan(books: Books) -> None:
    plan = approved(books, line("M1", 100))
    first = sign(books, plan, ("M1", 60, 500))
    with pytest.raises(BpmnError):
        sign(books, plan, ("M1", 41, 500), contract="HT-2")
    sign(books, plan, ("M1", 40, 500), contract="HT-3")
    books.do("purchasing.cancel_order", order=first["order"], reason="供应商停产")
    sign(books, plan, ("M1", 60, 500), contract="HT-4")


def test_a_contract_number_is_used_once_with_a_supplier(books: Books) -> None:
    plan = approved(books, line("M1", 100))
    sign(books, plan, ("M1", 50, 500))
    with pytest.raises(BpmnError) as refused:
        sign(books, plan, ("M1", 50, 500))
    assert code(refused) == "contract_number_taken"


def test_only_accepted_pieces_reach_the_stock(books: Books) -> None:
    order = ordered(books)
    seen = inspect(books, order, received=60, rejected=4)
    assert (seen["accepted_total"], seen["rejected_total"], seen["outstanding_total"]) == (56, 4, 44)
    [missing] = seen["outstanding_lines"]
    assert (missing["component"], missing["quantity"], missing["accepted"]) == ("M1", 100, 56)
    assert (missing["outstanding"], missing["on_hand"]) == (44, 0)
    assert seen["lines_received"][0]["accepted"] == 56 and seen["number"] == "GR-2026-0001"
    assert books.on_hand("M1") == 0
    row = reading.overview(books.tx)[0]
    assert (row.on_order, row.quarantine) == (100, 60)
    assert books.do("inventory.receive", receipt=seen["receipt"], warehouse="SH", location="A01") == {
        "received_total": 56
    }
    assert books.on_hand("M1") == 56
    [moved] = reading.movements(books.tx, "M1")
    assert (moved.kind, moved.quantity, moved.document) == ("receipt", 56, seen["receipt"])
    with pytest.raises(receipts.NothingToStore):
        books.do("inventory.receive", receipt=seen["receipt"], warehouse="SH")


def test_what_was_to_go_into_a_warehouse_that_closed_meanwhile_waits_for_another(books: Books) -> None:
    receipt = inspect(books, ordered(books), received=60)["receipt"]
    closed = sa.update(catalogue.warehouses).where(catalogue.warehouses.c.code == "XA").values(active=False)
    books.tx.execute(closed)
    with pytest.raises(BpmnError) as refused:
        books.do("inventory.receive", receipt=receipt, warehouse="XA")
    assert code(refused) == "warehouse_closed" and books.on_hand("M1") == 0


@pytest.mark.parametrize(("disposition", "expected", "on_order"), [
    ("return", (56, 4, 40), 96),
    ("replace", (56, 4, 44), 100),
    ("concession", (60, 0, 40), 100),
])
def test_what_becomes_of_rejects(
    books: Books, disposition: str, expected: tuple[int, int, int], on_order: int
) -> None:
    order = ordered(books)
    receipt = inspect(books, order, received=60, rejected=4)["receipt"]
    done = books.do("purchasing.dispose", receipt=receipt, disposition=disposition, by="manager")
    assert (done["accepted_total"], done["rejected_total"], done["outstanding_total"]) == expected
    [missing] = done["outstanding_lines"]
    assert missing["outstanding"] == expected[2]
    assert missing["quantity"] == missing["accepted"] + missing["cancelled"] + missing["outstanding"]
    assert reading.overview(books.tx)[0].on_order == on_order
    with pytest.raises(receipts.NothingRejected):
        books.do("purchasing.dispose", receipt=receipt, disposition="return", by="manager")
    books.do("inventory.receive", receipt=receipt, warehouse="SH")
    rest = expected[2]
    last = inspect(books, order, received=rest)
    assert last["outstanding_total"] == 0 and last["outstanding_lines"] == []
    books.do("inventory.receive", receipt=last["receipt"], warehouse="XA")
    books.do("purchasing.close_order", order=order, reason="货已收齐")
    assert books.on_hand("M1") == expected[0] + rest
    assert reading.overview(books.tx)[0].on_order == 0


def test_the_inspector_does_not_grant_their_own_concession(books: Books) -> None:
    receipt = inspect(books, ordered(books), received=60, rejected=4)["receipt"]
    with pytest.raises(BpmnError) as refused:
        books.do("purchasing.dispose", receipt=receipt, disposition="concession", by="specialist")
    assert code(refused) == "same_person"


@pytest.mark.parametrize(("lines", "expected"), [
    ([{"component": "M1", "received": 101, "rejected": 0}], "over_delivery"),
    ([{"component": "M2", "received": 1, "rejected": 0}], "not_on_order"),
    ([{"component": "M1", "received": 5, "rejected": 6}], "more_than_received"),
    ([{"component": "M1", "received": 5, "rejected": 0, "sampled": 6}], "more_than_received"),
    ([{"component": "M1", "received": 5, "rejected": 0}] * 2, "bad_lines"),
])
def test_an_inspection_that_cannot_be_right_goes_back(books: Books, lines: list[Any], expected: str) -> None:
    order = ordered(books)
    with pytest.raises(BpmnError) as refused:
        books.do("purchasing.record_inspection", order=order, inspector="specialist", lines=lines)
    assert code(refused) == expected and books.rows(receipts.receipts) == []


def test_rejects_without_a_decision_still_take_up_the_order(books: Books) -> None:
    order = ordered(books)
    inspect(books, order, received=60, rejected=10)
    with pytest.raises(BpmnError) as refused:
        inspect(books, order, received=41)
    assert code(refused) == "over_delivery"
    with pytest.raises(orders.RejectsUndecided):
        books.do("purchasing.close_order", order=order, reason="x")


def test_an_order_closed_short_no_longer_waits_for_the_rest(books: Books) -> None:
    order = ordered(books)
    receipt = inspect(books, order, received=60)["receipt"]
    books.do("inventory.receive", receipt=receipt, warehouse="SH")
    books.do("purchasing.close_order", order=order, reason="按短少结案")
    assert reading.overview(books.tx)[0].on_order == 0 and books.on_hand("M1") == 60
    assert books.do("purchasing.outstanding", order=order)["outstanding_total"] == 0
    with pytest.raises(documents.NotPossibleNow):
        inspect(books, order, received=1)


def test_an_order_of_which_something_came_is_closed_not_cancelled(books: Books) -> None:
    order = ordered(books)
    inspect(books, order, received=60)
    books.do("purchasing.cancel_order", order=order, reason="迟到")
    [row] = books.rows(orders.orders)
    assert row.state == "closed" and row.end_reason == "迟到"


def test_what_purchasing_sends_back_is_approved_anew_and_no_longer_allowed_beyond_the_budget(books: Books) -> None:
    rows = [{"line": "purchasing", "amount": Decimal(1000)}]
    budget = books.do("budget.draft", year=2026, lines=rows, drafter="manager")["budget"]
    books.do("budget.approve", budget=budget, approver="lead")
    plan = books.do("purchasing.record_plan", drafter="supervisor", lines=[line("M1", 100)])["plan"]
    books.do("purchasing.approve_plan", plan=plan, approver="lead", over_budget=True)
    books.do("purchasing.send_back", plan=plan, by="specialist", reason="供应商两个月后才交货")
    [row] = books.rows(plans.plans)
    assert (row.state, row.comment, row.decided_by) == ("proposed", "供应商两个月后才交货", None)
    gate = {"line": "purchasing", "amount": Decimal(50000), "document": plan}
    assert books.do("budget.gate", **gate)["verdict"] == "over"
    again = books.do("purchasing.record_plan", drafter="supervisor", plan=plan, lines=[line("M1", 2)])
    assert (again["plan"], again["amount"]) == (plan, 1000)
    books.do("purchasing.approve_plan", plan=plan, approver="manager")
    sign(books, plan, ("M1", 2, 500))
    with pytest.raises(documents.NotPossibleNow):  # it is ordered by now
        books.do("purchasing.send_back", plan=plan, by="specialist", reason="x")


def test_a_plan_that_came_back_and_is_not_wanted_any_more_ends(books: Books) -> None:
    plan = approved(books, line("M1", 100))
    books.do("purchasing.send_back", plan=plan, by="specialist", reason="x")
    books.do("purchasing.drop_demand", plan=plan, by="supervisor", reason="改用 M2")
    [row] = books.rows(plans.plans)
    assert (row.state, row.comment) == ("rejected", "改用 M2")
    books.do("purchasing.drop_demand", by="supervisor")  # of an order nothing is left to end


def test_what_a_supplier_cancels_is_committed_no_more_and_is_planned_anew(books: Books) -> None:
    order = ordered(books)
    receipt = inspect(books, order, received=60)["receipt"]
    books.do("inventory.receive", receipt=receipt, warehouse="SH")
    done = books.do("purchasing.cancel_order", order=order, reason="供应商停产")
    assert done == {
        "released": 20000,
        "open_lines": [
            {"component": "M1", "component_name": "组件M1", "quantity": 40, "need_by": SOON, "est_price": 500}
        ],
    }  # fmt: skip
    [spent] = books.do("budget.standing")["lines"]
    assert (spent["committed"], spent["actual"]) == (0, 30000)


def test_an_alert_that_a_cancelled_order_covered_is_raised_again(books: Books) -> None:
    books.put("M1", 5)
    books.guard("M1", 50)
    order = ordered(books)
    alert = books.do("inventory.open_alert", component="M1")["alert"]
    books.do("inventory.close_alert", alert=alert, reason="在途订单已够", covered=True)
    books.sent.clear()
    books.do("purchasing.cancel_order", order=order, reason="供应商停产")
    assert books.sent == [("stock_below_safety", "M1", {"component": "M1"})]
    assert books.do("inventory.open_alert", component="M1")["opened"]


def test_a_late_order_is_expected_later(books: Books) -> None:
    order = ordered(books)
    later = SOON + dt.timedelta(days=5)
    assert books.do("purchasing.expect", order=order, eta=later, note="船期延误") == {"eta": later}
    [row] = books.rows(orders.orders)
    assert (row.promised, row.eta) == (SOON, later)


def test_a_document_is_found_by_its_id(books: Books) -> None:
    order = ordered(books)
    found = reading.document(books.tx, order)
    assert found is not None
    assert (found.kind, found.number, found.state) == ("purchase_orders", "PO-2026-0001", "open")
    assert reading.amount_of(books.tx, order) == 50000
    assert reading.document(books.tx, "0" * 32) is None
    with pytest.raises(documents.NoSuchDocument):
        books.do("purchasing.outstanding", order="0" * 32)


def test_positions_take_three_statements_whatever_the_number(books: Books, statements: list[str]) -> None:
    statements.clear()
    positions(books.tx, [1, 2, 3])
    assert len(statements) == 3
    statements.clear()
    inspect(books, ordered(books), received=60)
    assert len(statements) < 45
