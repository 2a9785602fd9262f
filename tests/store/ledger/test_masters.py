"""Master data changes by two people, from a day on, with what was before; what is blocked or closed is not used."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, counting, documents, masters, reading, safety
from runtime.store.cases import cases
from tests.store.ledger.conftest import NOW, TODAY, Books

SOON = TODAY + dt.timedelta(days=20)
OF_MASTERS = [each for each in doctor.INVARIANTS.values() if each.ask.__module__ == "runtime.doctor.masters"]


def proposed(
    books: Books, kind: str, action: str, code: str, by: str = "specialist", **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = books.do(
        f"masters.propose_{kind}", action=action, code=code, reason="合作有变", by=by, **more
    )
    return found


def approved(books: Books, change: dict[str, Any], by: str = "supervisor") -> dict[str, Any]:
    found: dict[str, Any] = books.do(
        "masters.decide", master_change=change["master_change"], decision="approve", by=by
    )
    return found


def changed(books: Books, *args: Any, **more: Any) -> dict[str, Any]:
    change = proposed(books, *args, **more)
    approved(books, change)
    books.do("masters.apply", master_change=change["master_change"])
    return change


def refused(books: Books, topic: str, **inputs: Any) -> tuple[str, str]:
    with pytest.raises(BpmnError) as error:
        books.do(topic, **inputs)
    return error.value.code, type(error.value.__cause__).__name__


def unfit(books: Books, kind: str, action: str, code: str, **more: Any) -> str:
    given: dict[str, Any] = {"action": action, "code": code, "reason": "合作有变", "by": "specialist"} | more
    code_, cause = refused(books, f"masters.propose_{kind}", **given)
    assert code_ == "bad_change"
    return cause


def stands(books: Books, kind: str, code: str) -> dict[str, Any]:
    found: dict[str, Any] = books.do("masters.read", kind=kind, subject=code)["present"]
    return found


def offered(books: Books, source: str) -> list[str]:
    return [each["value"] for each in reading.options(books.tx, [source])[source]]


def findings(books: Books) -> dict[str, list[str]]:
    found = {each.name: [one.where for one in each.ask(books.tx)] for each in OF_MASTERS}
    return {name: told for name, told in found.items() if told}


def test_a_change_takes_effect_when_another_approved_it_and_its_history_stays(books: Books) -> None:
    before = stands(books, "customer", "K1")
    wanted = {field: value for field, value in before.items() if field != "active"} | {"phone": "1390000"}
    change = proposed(books, "customer", "change", "K1", **wanted)
    assert change["comparison"] == [{"what": "phone", "before": before["phone"], "after": "1390000"}]
    assert stands(books, "customer", "K1") == before
    code, _ = refused(
        books, "masters.decide", master_change=change["master_change"], decision="approve", by="specialist"
    )
    assert code == "same_person"
    with pytest.raises(documents.NotPossibleNow):
        books.do("masters.apply", master_change=change["master_change"])
    approved(books, change)
    books.do("masters.apply", master_change=change["master_change"])
    assert stands(books, "customer", "K1") == before | {"phone": "1390000"}
    [kept] = books.rows(masters.master_history)
    assert (kept.before, kept.after) == ({"phone": before["phone"]}, {"phone": "1390000"})
    assert (kept.proposed_by, kept.approved_by) == (books.people["specialist"], books.people["supervisor"])


def test_what_the_form_left_empty_is_empty_afterwards_and_names_keep_their_languages(books: Books) -> None:
    changed(books, "supplier", "add", "S9", name="朗川", name_en="Langchuan", contact="邹凯")
    changed(books, "supplier", "change", "S9", name="朗川光伏", name_en="Langchuan")
    row = catalogue.by_code(books.tx, catalogue.suppliers, "S9")
    assert (row.names, row.contact, row.active) == ({"zh_Hans": "朗川光伏", "en": "Langchuan"}, None, True)


def test_what_is_incomplete_or_changes_nothing_is_refused(books: Books) -> None:
    assert unfit(books, "supplier", "add", "S1", name="重复") == "AlreadyThere"
    assert unfit(books, "supplier", "add", "S 9", name="空格") == "BadCode"
    assert unfit(books, "supplier", "add", "S9") == "FieldsMissing"
    assert unfit(books, "supplier", "unblock", "S1") == "NothingChanges"
    yesterday = TODAY - dt.timedelta(days=1)
    assert unfit(books, "supplier", "block", "S1", effective_on=yesterday) == "DayPassed"
    with pytest.raises(catalogue.UnknownSupplier):
        proposed(books, "supplier", "block", "S9")


def test_two_open_changes_never_touch_the_same_unless_the_case_of_one_was_given_up(books: Books) -> None:
    first = proposed(books, "supplier", "block", "S1")
    assert unfit(books, "supplier", "block", "S1") == "OpenChange"
    other = proposed(books, "supplier", "change", "S1", name="别的名字")
    assert other["change_number"] != first["change_number"]
    proposed(books, "supplier", "block", "S1", master_change=first["master_change"])
    books.tx.execute(
        sa.insert(cases).values(
            public_id="c" * 32, process="p", bindings={}, title={}, status="cancelled", confidential=False,
            version=1, state="{}", sequence=1, chain="", started_at=NOW,
        )
    )  # fmt: skip
    proposed(books, "supplier", "block", "S1")


def test_a_change_waits_for_its_day_and_is_judged_again_by_what_stands_then(books: Books) -> None:
    change = proposed(books, "customer", "change", "K1", name="新名", effective_on=SOON)
    assert approved(books, change)["waits"]
    with pytest.raises(documents.NotPossibleNow):
        books.do("masters.apply", master_change=change["master_change"])
    books.tx.execute(sa.update(catalogue.customers).values(names={"zh_Hans": "别人改的"}))
    books.today = SOON
    assert refused(books, "masters.apply", master_change=change["master_change"]) == (
        "bad_change",
        "Overtaken",
    )
    again = proposed(
        books,
        "customer",
        "change",
        "K1",
        name="新名",
        master_change=change["master_change"],
        effective_on=SOON,
    )
    assert (
        again["change_number"] == change["change_number"] and again["comparison"][0]["before"] == "别人改的"
    )
    assert not approved(books, again)["waits"]
    books.do("masters.apply", master_change=change["master_change"])
    assert stands(books, "customer", "K1")["name"] == "新名"


def test_a_withdrawn_change_is_over(books: Books) -> None:
    change = proposed(books, "warehouse", "change", "SH", name="上海仓")
    books.do("masters.withdraw", master_change=change["master_change"])
    books.do("masters.withdraw")
    with pytest.raises(documents.NotPossibleNow):
        approved(books, change)


def test_no_contract_is_signed_with_a_blocked_supplier(books: Books) -> None:
    changed(books, "supplier", "block", "S1")
    assert "S1" not in offered(books, "suppliers") and "S1" in offered(books, "every_supplier")
    lines = [{"component": "M1", "quantity": 1, "need_by": SOON, "est_price": 1}]
    plan = books.do("purchasing.record_plan", drafter="supervisor", lines=lines)["plan"]
    books.do("purchasing.approve_plan", plan=plan, approver="manager")
    signed = {
        "plan": plan,
        "contract_no": "HT-1",
        "eta": SOON,
        "lines": [{"component": "M1", "quantity": 1, "price": 1}],
    }
    told = refused(books, "purchasing.sign_contract", supplier="S1", **signed)
    assert told == ("supplier_blocked", "SupplierBlocked")
    changed(books, "supplier", "add", "S9", name="朗川")
    assert books.do("purchasing.sign_contract", supplier="S9", **signed)["number"]


def test_an_order_of_a_blocked_customer_is_recorded_to_be_refused_but_not_taken(books: Books) -> None:
    changed(books, "customer", "block", "K1")
    order: dict[str, Any] = {
        "customer": "K1", "address": "苏州", "promised": SOON, "recorded_by": "specialist",
        "lines": [{"component": "M1", "quantity": 1, "price": Decimal(1)}],
    }  # fmt: skip
    assert refused(books, "sales.record_order", **order) == ("customer_blocked", "CustomerBlocked")
    assert books.do("sales.record_order", taken=False, **order)["number"]
    changed(books, "customer", "unblock", "K1")
    assert books.do("sales.record_order", **order)["number"]


def test_only_an_empty_warehouse_is_closed_and_nothing_is_put_into_it(books: Books) -> None:
    books.put("M1", 2)
    assert unfit(books, "warehouse", "block", "SH") == "WarehouseInUse"
    changed(books, "warehouse", "add", "NJ", name="南京仓")
    change = proposed(books, "warehouse", "block", "NJ")
    approved(books, change)
    books.put("M1", 1, "NJ")
    told = refused(books, "masters.apply", master_change=change["master_change"])
    assert told == ("bad_change", "WarehouseInUse")
    moved = {
        "component": "M1",
        "warehouse": "NJ",
        "reason": "移走",
        "approved_by": "supervisor",
        "drafted_by": "hr",
    }
    books.do("inventory.correct", quantity=-1, **moved)
    books.do("masters.apply", master_change=change["master_change"])
    assert "NJ" not in offered(books, "warehouses")
    with pytest.raises(catalogue.WarehouseClosed):
        books.put("M1", 1, "NJ")
    # A correction that waited while it was closed comes back to whoever reviews it.
    with pytest.raises(BpmnError) as told:
        books.do("inventory.correct", quantity=1, **moved)
    assert told.value.code == "warehouse_closed" and "南京仓" in told.value.message


def test_a_warehouse_in_which_a_count_is_not_posted_yet_is_not_closed(books: Books) -> None:
    changed(books, "warehouse", "add", "NJ", name="南京仓")
    place = catalogue.by_code(books.tx, catalogue.warehouses, "NJ").id
    begun = {"case": "c" * 32, "at": NOW}
    count = documents.add(
        books.tx, counting.stocktakes, public_id="c1", number="ST1", state="judged", kind="spot", **begun
    )
    sheet = {"stocktake_id": count, "warehouse_id": place, "state": "done", "excluded": []}
    documents.add(books.tx, counting.stocktake_sheets, public_id="s1", number="ST1-1", **sheet, **begun)
    assert unfit(books, "warehouse", "block", "NJ") == "WarehouseCounted"
    books.tx.execute(sa.update(counting.stocktakes).values(state="posted"))
    changed(books, "warehouse", "block", "NJ")


def test_parameters_are_in_effect_at_once_and_the_component_is_reviewed_by_them(books: Books) -> None:
    books.put("M1", 100)
    first = {
        "lead_time_days": 14,
        "lead_time_deviation": 3,
        "abc_class": "A",
        "daily_demand": 40,
        "demand_deviation": 12,
    }
    books.sent.clear()
    books.measure("M1", **first)
    [row] = books.rows(safety.stock_parameters)
    assert (row.safety_stock, row.order_multiple, row.set_by) == (264, 1, books.people["specialist"])
    assert books.sent == [("stock_below_safety", "M1", {"component": "M1"})]
    books.measure("M1", **first | {"lead_time_deviation": None})
    [row] = books.rows(safety.stock_parameters)
    assert (row.lead_time_deviation, row.safety_stock) == (0, 93)  # 2.0537 · 12 · √14, rounded up


def test_a_data_sheet_is_corrected_whole_and_shows_what_is_ticked(books: Books) -> None:
    sheet = {"component": "M1", "reason": "厂家改版", "by": "analyst", "power_coefficient": Decimal("-0.35")}
    change = books.do("masters.propose_component", bifacial=True, weight=Decimal("19.20"), **sheet)
    told = {row["what"]: (row["before"], row["after"]) for row in change["comparison"]}
    assert told["bifacial"] == ("✗", "✓") and told["weight"][1] == "19.2" and told["power_coefficient"][1] == "-0.35"
    approved(books, change)
    books.do("masters.apply", master_change=change["master_change"])
    row = catalogue.component(books.tx, "M1")
    assert (row.bifacial, row.weight, row.power_coefficient) == (True, Decimal("19.2"), Decimal("-0.35"))
    assert findings(books) == {}


def test_parameters_that_cannot_be_are_refused(books: Books) -> None:
    given: dict[str, Any] = {
        "component": "M1",
        "lead_time_days": 9,
        "abc_class": "A",
        "reason": "补齐",
        "by": "hr",
    }
    told = refused(books, "masters.propose_parameters", order_multiple=0, **given)
    assert told == ("bad_change", "QuantityNotPositive")
    with pytest.raises(catalogue.UnknownComponent):
        books.do("masters.propose_parameters", **given | {"component": "M9", "order_multiple": 1})


def test_nobody_is_asked_twice_for_what_is_wanted_and_never_for_more_than_twenty_at_once(
    books: Books,
) -> None:
    wanted = books.do("masters.want", kind="parameters", subject="M1")
    assert refused(books, "masters.want", kind="parameters", subject="M1") == (
        "already_wanted",
        "AlreadyWanted",
    )
    asked = {"kind": "parameters", "subjects": ["M2", "M1", "M3"]}
    assert books.do("masters.unasked", **asked)["unasked"] == ["M2", "M3"]
    many = [f"N{number}" for number in range(30)]
    assert books.do("masters.unasked", kind="parameters", subjects=many)["unasked"] == many[:20]
    books.do("masters.withdraw", master_change=wanted["master_change"])
    assert books.do("masters.unasked", **asked)["unasked"] == ["M2", "M1", "M3"]


DEFECTS = [
    ("master_data_is_approved_by_another", "UPDATE master_changes SET decided_by = proposed_by", "master_changes/MD-"),
    ("master_data_is_approved_by_another",
     "UPDATE product_changes SET decided_by = proposed_by", "product_changes/PC-"),
    ("changes_in_effect_are_in_the_history",
     "UPDATE master_changes SET state = 'proposed' WHERE kind = 'supplier'", "master_changes/MD-"),
    ("changes_in_effect_are_in_the_history",
     "UPDATE master_changes SET state = 'in_effect' WHERE state = 'proposed'", "master_changes/MD-"),
    ("master_data_is_its_history", "UPDATE suppliers SET contact = '别人' WHERE code = 'S9'", "supplier/S9"),
    ("master_data_is_its_history", "UPDATE stock_parameters SET abc_class = 'C'", "parameters/M1"),
    ("closed_warehouses_are_empty",
     "UPDATE stock_balances SET warehouse_id = (SELECT id FROM warehouses WHERE code = 'NJ')", "warehouses/NJ"),
]  # fmt: skip


@pytest.fixture
def maintained(books: Books) -> Books:
    """A change of each kind in effect, one that waits, and a closed warehouse."""
    books.put("M1", 2)
    changed(books, "supplier", "add", "S9", name="朗川", contact="邹凯")
    changed(books, "customer", "change", "K1", name="新名")
    changed(books, "warehouse", "add", "NJ", name="南京仓")
    changed(books, "warehouse", "block", "NJ")
    books.measure("M1", lead_time_days=14, abc_class="A", daily_demand=40, demand_deviation=12)
    proposed(books, "customer", "block", "K1")
    product = {"change": "change", "component": "M1", "reason": "调价", "by": "specialist"}
    change = books.do("products.propose", sale_price=Decimal(701), **product)["product_change"]
    books.do("products.decide", product_change=change, decision="approve", by="supervisor")
    assert findings(books) == {}
    return books


@pytest.mark.parametrize(("invariant", "statement", "where"), DEFECTS, ids=lambda each: each[:50])
def test_a_defect_of_master_data_is_seen(maintained: Books, invariant: str, statement: str, where: str) -> None:
    maintained.tx.connection.exec_driver_sql(statement)
    assert any(place.startswith(where) for place in findings(maintained)[invariant])
