"""The books are whole after everything that is done with them; each defect, planted by hand, is seen and named."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.store import accounts
from runtime.store.cases import cases
from tests.store.ledger.conftest import NOW, TODAY, Books

SOON = dt.date(2026, 4, 1)
OF_THE_BOOKS = [
    each
    for each in doctor.INVARIANTS.values()
    if each.ask.__module__.rpartition(".")[2] in ("books", "commitments", "documents", "periods", "selling")
]


def findings(books: Books) -> dict[str, list[tuple[str, str]]]:
    """Invariant → (finding, where)."""
    found = {each.name: [(one.rule, one.where) for one in each.ask(books.tx)] for each in OF_THE_BOOKS}
    return {name: told for name, told in found.items() if told}


@pytest.fixture
def busy(books: Books) -> Books:
    """Plans, orders, receipts with rejects of every fate, sales in every state, an alert."""
    books.tx.execute(
        sa.insert(cases).values(
            public_id="c" * 32, process="p", bindings={}, title={}, status="running", confidential=False,
            version=1, state="{}", sequence=1, chain="", started_at=NOW,
        )
    )  # fmt: skip

    def do(topic: str, **inputs: object) -> dict[str, object]:
        books.calls += 1
        return books.do(topic, key=f"{'c' * 32}/element/{books.calls}/{topic}", **inputs)

    books.guard("M2", 200)
    for number, (fate, ending) in enumerate(
        [("return", None), ("replace", "purchasing.close_order"), ("concession", None), (None, None)]
    ):
        lines = [
            {"component": "M1", "quantity": 100, "need_by": SOON, "est_price": Decimal("499.99")},
            {"component": "M3", "quantity": 7, "need_by": SOON, "est_price": Decimal("0.3333")},
        ]
        plan = do("purchasing.record_plan", drafter="supervisor", lines=lines)["plan"]
        do("purchasing.approve_plan", plan=plan, approver="manager")
        priced = [
            {"component": each["component"], "quantity": each["quantity"], "price": each["est_price"]} for each in lines
        ]
        order = do(
            "purchasing.sign_contract", plan=plan, supplier="S1", contract_no=f"HT-{number}", eta=SOON, lines=priced
        )["order"]
        arrived = [{"component": "M1", "received": 60, "sampled": 5, "rejected": 10}]
        receipt = do("purchasing.record_inspection", order=order, inspector="specialist", lines=arrived)["receipt"]
        if fate:
            do("purchasing.dispose", receipt=receipt, disposition=fate, by="manager")
            do("inventory.receive", receipt=receipt, warehouse="SH")
        if ending:
            do(ending, order=order, reason="够了")
    for state in ("recorded", "confirmed", "shipped", "delivered", "settled", "returned", "cancelled"):
        line = [{"component": "M1", "quantity": 3, "price": Decimal("600.125")}]
        order = do(
            "sales.record_order", customer="K1", address="苏州", promised=SOON, recorded_by="specialist", lines=line
        )["order"]
        if state == "recorded":
            continue
        do("sales.confirm", order=order)
        do("sales.allocate", order=order, warehouse="SH")
        if state == "cancelled":
            do("sales.cancel", order=order, reason="不要了")
        if state in ("confirmed", "cancelled"):
            continue
        sent = do("sales.ship", order=order, warehouse="SH", carrier="德邦", tracking="1", shipped_on=TODAY)["shipment"]
        if state == "returned":
            do("sales.take_back", shipment=sent, reason="拒收")
        if state in ("delivered", "settled"):
            do("sales.record_delivery", shipment=sent, delivered_on=TODAY)
        if state == "settled":
            do("sales.settle", order=order, amount=Decimal("1800.38"), paid=0, by="specialist")
    for number, remedy in (("SO-2026-0004", "refund"), ("SO-2026-0005", "return"), ("SO-2026-0005", "replace")):
        told = do(
            "issues.record", order_number=number, kind="damage", description="坏", remedy=remedy, by="specialist",
            lines=[{"component": "M1", "quantity": 1}], amount=Decimal("9.99"),
        )  # fmt: skip
        do("issues.decide", remedy=told["remedy"], approved=True, by="supervisor")
        if remedy != "refund":
            back = [{"component": "M1", "good": int(remedy == "return"), "bad": int(remedy == "replace")}]
            do("returns.receive", shipment=told["shipment"], remedy=told["remedy"], lines=back, reason="坏", by="hr")
        if remedy != "replace":
            do("credits.post", remedy=told["remedy"], by="supervisor")
            continue
        do("replacements.ship", remedy=told["remedy"], warehouse="SH", carrier="德邦", tracking="2", shipped_on=TODAY)
    # Two parts, of which the first was refused; then the customer wants no more than one piece of the rest.
    lines = [{"component": "M1", "quantity": 6, "price": Decimal("600.125")}]
    order = do(
        "sales.record_order", customer="K1", address="苏州", promised=SOON, recorded_by="specialist", lines=lines
    )["order"]
    do("sales.confirm", order=order)
    books.put("M1", 2, "XA")
    do("sales.allocate", order=order, warehouse="XA")
    sent = do("sales.ship", order=order, warehouse="XA", carrier="德邦", tracking="3", shipped_on=TODAY)["shipment"]
    do("sales.take_back", shipment=sent, reason="拒收")
    change = {"order": order, "kind": "amend", "reason": "少要", "by": "supervisor"}
    do("order_changes.apply", lines=[{**lines[0], "quantity": 1}], **change)
    do("payments.enter", settlement_number="ST-2026-0001", amount=7, paid_on=TODAY, reference="B1", by="hr")
    raised = do(
        "escalations.raise", issue="门坏了", impact="迟发", wanted="修", wanted_from="superior", raised_by="specialist"
    )
    do("escalations.answer", escalation=raised["escalation"], answer="已修", by="supervisor")
    wanted = do(
        "exports.request", scope="suppliers", first_day=TODAY, last_day=TODAY, purpose="盘点", by="specialist"
    )
    do("exports.make", export=wanted["export"], approved_by="supervisor")
    books.tx.execute(sa.delete(accounts.grants).where(accounts.grants.c.kind == "report"))
    books.tx.insert(accounts.grants, [{"group": "analyst", "verb": "read", "kind": "report", "relation": "any"}])
    days = {"first_day": TODAY, "last_day": TODAY}
    wanted = do("exports.request", scope="report", report="suppliers", purpose="评审", by="analyst", **days)
    do("exports.make", export=wanted["export"], approved_by="manager")
    taker = accounts.find(books.tx, public_id=books.people["analyst"]).id
    told = {"kind": "csv", "since": TODAY, "until": TODAY, "rows": 3}
    for level, approval in (("confidential", wanted["export_number"]), ("open", None)):
        accounts.log(books.tx, taker, "report.exported", "suppliers", **told, level=level, approval=approval)
    accounts.log(books.tx, taker, "report.exported", "suppliers", **told)  # before reports were classed
    do("inventory.open_alert", component="M2")
    assert findings(books) == {}
    return books


# A closed period, entered past the books: period, the day that opens, and the last posting before it.
CLOSED = (
    "INSERT INTO period_closings"
    ' (public_id, "case", at, number, period, opens, state, closed_by, closed_at, items, last_postings)'
    " SELECT '{0}', '"
    + "c" * 32
    + "', at, 'MC-{0}', '{0}', '{1}', 'closed', 'f', at, NULL,"
    ' \'{{"stock_movements": {2}, "budget_entries": {2}, "sales_facts": {2}}}\''
    " FROM stock_movements LIMIT 1"
)
DEFECTS = [
    ("UPDATE stock_balances SET on_hand = on_hand + 1",
     "stock_is_its_movements", "stock_differs", "stock_balances/M1/SH"),
    ("UPDATE stock_balances SET reserved = reserved + 1",
     "reserved_is_its_allocations", "reserved_differs", "stock_balances/M1/SH"),
    ("DELETE FROM stock_balances", "stock_is_its_movements", "stock_differs", "stock_balances/"),
    ("UPDATE sales_allocations SET quantity = quantity + 1",
     "allocations_fit", "allocation_unfit", "sales_orders/SO-"),
    ("UPDATE sales_orders SET state = 'recorded' WHERE state = 'confirmed'",
     "allocations_fit", "allocation_unfit", "sales_orders/SO-"),
    ("INSERT INTO stock_movements"
     " (public_id, kind, component_id, warehouse_id, quantity, document, \"case\", at, business_date, posting_date)"
     " SELECT 'twice', kind, component_id, warehouse_id, quantity, document, \"case\", at, business_date, posting_date"
     " FROM stock_movements WHERE kind = 'receipt' LIMIT 1",
     "documents_moved_stock", "movement_differs", "stock_movements/"),
    ("UPDATE shipment_lines SET quantity = quantity + 1",
     "documents_moved_stock", "movement_differs", "stock_movements/"),
    ("DROP INDEX uq_stock_alerts_open; INSERT INTO stock_alerts"
     " (public_id, \"case\", at, component_id, state, on_hand, safety_stock)"
     " SELECT 'twice', \"case\", at, component_id, state, on_hand, safety_stock FROM stock_alerts",
     "one_alert", "alerts_twice", "components/M2"),
    ("INSERT INTO demand (component_id, day, pieces) SELECT id, '2026-01-01', 5 FROM components WHERE sku = 'M1'",
     "demand_in_series", "demand_outside", "demand/"),
    ("ALTER TABLE effects RENAME TO once; CREATE TABLE effects AS SELECT * FROM once UNION ALL SELECT * FROM once",
     "effects_once", "effect_twice", "effects/"),
    ("UPDATE effects SET topic = 'wages.record'", "effects_once", "effect_misnamed", "effects/"),
    ("UPDATE purchase_plans SET amount = amount + 100",
     "amounts_are_their_lines", "amount_differs", "purchase_plans/PP-"),
    ("UPDATE purchase_order_lines SET price = price + 100",
     "amounts_are_their_lines", "amount_differs", "purchase_orders/PO-"),
    ("UPDATE sales_orders SET amount = amount - 100",
     "amounts_are_their_lines", "amount_differs", "sales_orders/SO-"),
    ("UPDATE settlements SET amount = amount - 100",
     "amounts_are_their_lines", "amount_differs", "settlements/ST-"),
    ("UPDATE purchase_order_lines SET cancelled = cancelled + 1 WHERE cancelled + accepted + rejected < quantity",
     "order_lines_are_their_receipts", "order_line_differs", "purchase_orders/PO-"),
    ("UPDATE purchase_receipt_lines SET stored = stored - 1 WHERE stored > 0",
     "order_lines_are_their_receipts", "order_line_differs", "purchase_orders/PO-"),
    ("UPDATE purchase_plan_lines SET quantity = quantity - 1",
     "orders_within_plans", "beyond_plan", "purchase_plans/PP-"),
    ("UPDATE purchase_plans SET amount = amount - 100",
     "orders_within_plans", "beyond_plan_amount", "purchase_plans/PP-"),
    ("UPDATE purchase_orders SET state = 'closed'",
     "ended_orders_hold_no_budget", "budget_held", "purchase_orders/PO-"),
    ("UPDATE purchase_plans SET state = 'approved'",
     "states_have_documents", "state_without_document", "purchase_plans/PP-"),
    ("UPDATE sales_orders SET state = 'settled' WHERE state = 'delivered'",
     "states_have_documents", "state_without_document", "sales_orders/SO-"),
    ("UPDATE sales_order_lines SET shipped = shipped - 1 WHERE shipped > 0",
     "lines_are_their_shipments", "shipped_differs", "sales_orders/SO-"),
    ("UPDATE sales_orders SET state = 'shipped' WHERE state = 'confirmed'",
     "lines_are_their_shipments", "shipped_differs", "sales_orders/SO-"),
    ("UPDATE sales_orders SET credit_verdict = 'overdue', credit_released_by = recorded_by",
     "credit_is_released_by_others", "credit_not_released", "sales_orders/SO-"),
    ("UPDATE settlements SET paid = paid + 10000",
     "payments_are_counted", "payments_differ", "settlements/ST-"),
    ("UPDATE settlements SET outstanding = 0",
     "payments_are_counted", "payments_differ", "settlements/ST-"),
    ("UPDATE sales_order_changes SET amount_after = amount_after + 100",
     "changes_are_their_lines", "change_differs", "sales_order_changes/OC-"),
    ("UPDATE sales_credits SET amount = amount - 100",
     "amounts_are_their_lines", "amount_differs", "sales_credits/CN-"),
    ("UPDATE sales_credit_lines SET amount = amount + 100",
     "credits_correct_the_facts", "credit_not_in_facts", "sales_credits/CN-"),
    ("UPDATE sales_remedies SET state = 'proposed'",
     "remedies_are_approved", "remedy_not_approved", "sales_returns/RT-"),
    ("UPDATE sales_remedies SET decided_by = proposed_by",
     "remedies_are_approved", "remedy_not_approved", "sales_credits/CN-"),
    ("UPDATE sales_return_lines SET good = good + 1",
     "documents_moved_stock", "movement_differs", "stock_movements/"),
    ("UPDATE sales_remedy_lines SET quantity = quantity + 1",
     "documents_moved_stock", "movement_differs", "stock_movements/"),
    ("UPDATE escalations SET answered_by = raised_by",
     "issues_are_answered_by_others", "issue_not_answered", "escalations/IE-"),
    ("UPDATE components SET state = 'delisted'",
     "only_listed_components_are_ordered", "unlisted_ordered", "purchase_orders/PO-"),
    ("UPDATE data_exports SET approved_by = requested_by",
     "exports_approved_apart", "export_not_approved", "data_exports/EX-"),
    ("UPDATE data_exports SET requested_by = 'x' WHERE scope = 'report'",
     "reports_taken_as_approved", "report_taken_unapproved", "admin_log/"),
    ("UPDATE data_exports SET report = 'stock' WHERE scope = 'report'",
     "reports_taken_as_approved", "report_taken_unapproved", "admin_log/"),
    ("UPDATE data_exports SET last_day = '2026-03-10' WHERE scope = 'report'",
     "reports_taken_as_approved", "report_taken_unapproved", "admin_log/"),
    ("UPDATE data_exports SET state = 'requested', made_at = NULL WHERE scope = 'report'",
     "reports_taken_as_approved", "report_taken_unapproved", "admin_log/"),
    ("UPDATE data_exports SET closed_at = '2026-03-01T00:00:00.000000Z' WHERE scope = 'report'",
     "reports_taken_as_approved", "report_taken_unapproved", "admin_log/"),
    ("UPDATE data_exports SET valid_until = NULL WHERE scope = 'report'",
     "approvals_of_reports_end", "approval_endless", "data_exports/EX-"),
    ("UPDATE document_numbers SET last = last + 1",
     "numbers_have_no_gaps", "numbers_with_gaps", "purchase_plans/PP-2026"),
    (CLOSED.format("2026-03", "2026-04-01", 0),
     "postings_are_in_open_periods", "posted_elsewhere", "stock_movements/"),
    (CLOSED.format("2025-12", "2026-01-01", 0).replace("2026-01-01", "2026-04-01"),
     "periods_close_in_order", "closing_not_whole", "period_closings/MC-"),
    (CLOSED.format("2025-12", "2026-01-01", 99) + ";" + CLOSED.format("2026-02", "2026-03-01", 99),
     "periods_close_in_order", "period_left_out", "period_closings/MC-"),
    (CLOSED.format("2025-12", "2026-01-01", 99).replace("NULL", "'[\"x\"]'"),
     "periods_close_in_order", "left_open_alone", "period_closings/MC-"),
    ("UPDATE purchase_receipts SET \"case\" = 'nowhere'",
     "entries_have_cases", "entry_without_case", "purchase_receipts/GR-"),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "invariant", "finding", "where"), DEFECTS, ids=lambda each: each[:40])
def test_a_defect_of_the_books_is_seen(
    busy: Books, statements: str, invariant: str, finding: str, where: str
) -> None:
    for statement in statements.split(";"):
        busy.tx.connection.exec_driver_sql(statement)
    found = findings(busy)[invariant]
    assert any(rule == finding and place.startswith(where) for rule, place in found), found
