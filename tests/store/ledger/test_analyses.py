"""Data analyses: what was collected stays, bad data is seen, and nobody decides on their own report."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import doctor
from runtime.engine.ports import BpmnError
from runtime.errors import Conflict
from runtime.ledger import analyses, catalogue, data_checks, key_figures, operations, snapshots, stock
from tests.store.ledger.conftest import TODAY, Books
from tests.store.ledger.test_sales import PROMISED, order_of, shipped

APRIL = dt.date(2026, 4, 3)
DUE = dt.date(2026, 4, 20)
SAID = {"model": "trend", "model_version": "1", "model_description": "Month against month"}


def begin(books: Books, period: str | None = None) -> str:
    books.today = APRIL
    analysis: str = books.do("analysis.open", **({"period": period} if period else {}))["analysis"]
    books.do("analysis.collect", analysis=analysis)
    return analysis


def cleaned(books: Books, analysis: str) -> dict[str, Any]:
    done: dict[str, Any] = books.do("analysis.clean", analysis=analysis)
    return done


def figures(told: dict[str, Any]) -> dict[str, Any]:
    return {each["figure"]: each["value"] for each in told["figures"]}


def traded(books: Books) -> None:
    """A sound month: one order of 20 pieces, delivered in time and settled."""
    books.tx.execute(sa.text("UPDATE customers SET contact = 'Shen Hang', phone = '13800000000'"))
    for sku in ("M1", "M2", "M3"):
        books.put(sku, 50)
        books.guard(sku, 10)
    order = order_of(books, ("M1", 20))
    shipment = shipped(books, order)
    books.today = PROMISED
    books.do("sales.record_delivery", shipment=shipment, delivered_on=PROMISED)
    books.today = TODAY
    books.do("sales.settle", order=order, amount=12000, paid=12000, by="specialist")


def submitted(books: Books, *kinds: str) -> str:
    traded(books)
    analysis = begin(books)
    assert cleaned(books, analysis)["good"]
    said = {"analysis": analysis, "by": "analyst", "method": "Compared", "results": "Steady"}
    books.do("analysis.record_result", **said, **SAID)
    recommendations = [
        {"kind": kind, "finding": f"Found {n}", "recommendation": f"Do {n}"}
        for n, kind in enumerate(kinds or ("problem",), 1)
    ]
    books.do("analysis.submit", **said, purpose="The month", recommendations=recommendations)
    return analysis


def decide(books: Books, analysis: str, role: str, by: str, *decisions: dict[str, Any]) -> None:
    """As `books.do`, which would take the role for a person."""
    given = {"analysis": analysis, "role": role, "by": books.people[by], "decisions": list(decisions)}
    operations.perform("analysis.decide", books.call(), given)


def adopt(books: Books, number: int, **other: Any) -> dict[str, Any]:
    return {
        "number": number, "adopt": "adopt", "action": f"Act {number}", "due_on": DUE,
        "owner": books.people["specialist"],
    } | other  # fmt: skip


def drop(number: int) -> dict[str, Any]:
    return {"number": number, "adopt": "drop", "reason": "Later"}


def test_the_month_before_is_analysed_unless_another_that_is_over_is_named(books: Books) -> None:
    books.today = APRIL
    told = books.do("analysis.open")
    assert (told["period"], told["since"], told["until"]) == ("2026-03", dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    for period in ("2026-04", "2027-01", "2026-13", "March"):
        with pytest.raises(BpmnError, match="not_a_month"):
            books.do("analysis.open", period=period)
    with pytest.raises(BpmnError, match="under_way"):
        books.do("analysis.open", period="2026-03")
    assert books.do("analysis.open", period="2026-02")["analysis_number"] == "DA-2026-0002"


def test_figures_of_a_month_are_those_of_its_books(books: Books) -> None:
    traded(books)
    told = cleaned(books, begin(books))
    found = figures(told)
    assert found["sales_amount"] == 12000 and found["orders"] == 1
    assert (found["on_time_delivery"], found["order_cycle"], found["return_rate"]) == (100, 7, 0)
    # 30 × 500 + 50 × 620.5 + 50 × 0.3333, to the fen each
    assert found["stock_value"] == Decimal("46041.67")
    # 20 × 500 issued of the mean of 56041.67 and 46041.67, in 31 days
    assert found["stock_turnover"] == Decimal("2.3")
    assert (found["stock_outs"], found["below_safety"]) == (0, 0)
    assert "supplier_punctuality" not in found  # nothing arrived, so there is nothing to tell
    verdicts = {each["figure"]: (each["target"], each["verdict"]) for each in told["figures"]}
    assert verdicts["on_time_delivery"] == (95, "met") and verdicts["stock_turnover"] == (6, "missed")
    assert verdicts["orders"] == (None, "none")


def test_what_was_collected_stays_as_it_was_and_its_hash_tells(books: Books) -> None:
    traded(books)
    analysis = begin(books)
    books.today = TODAY
    order_of(books, ("M2", 5), confirm=False)
    books.today = APRIL
    [row] = [each for each in books.rows(analyses.analysis_sets) if each.name == "sales"]
    rows, digest = snapshots.unpack(row.content)
    assert (len(rows), row.row_count, digest) == (1, 1, row.sha256)
    assert rows[0]["order"] == "SO-2026-0001" and rows[0]["amount"] == 12000
    books.do("analysis.clean", analysis=analysis)
    again = books.do("analysis.collect", analysis=analysis)
    assert again["attempt"] == 2 and {each["name"]: each["rows"] for each in again["sets"]}["sales"] == 2
    for change in (sa.delete(analyses.analysis_sets), sa.update(analyses.analysis_sets).values(sha256="")):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), books.tx.connection.begin_nested():
            books.tx.execute(change)


def test_of_customers_no_contact_is_kept(books: Books) -> None:
    books.tx.execute(sa.text("UPDATE customers SET contact = 'Shen Hang', phone = '13800000000'"))
    begin(books)
    for row in books.rows(analyses.analysis_sets):
        kept = str(snapshots.unpack(row.content)[0])
        assert "Shen" not in kept and "13800000000" not in kept


def test_data_that_fails_is_told_to_its_owner_and_needs_a_caveat(books: Books) -> None:
    books.put("M1", 50)
    analysis = begin(books)
    told = cleaned(books, analysis)
    # No component has a safety stock, and the only customer has no contact.
    assert not told["good"]
    assert {each["owner"]: [one["check"] for one in each["checks"]] for each in told["faults"]} == {
        "supervisor": ["stock_without_safety"],
        "specialist": ["customer_unreachable"],
    }
    [check] = [each for each in told["checks"] if each["check"] == "stock_without_safety"]
    assert (check["rows"], check["found"], check["dropped"], check["examples"]) == (3, 3, 0, "M1、M2、M3")
    said = {"analysis": analysis, "by": "analyst", "method": "m", "results": "r", **SAID}
    with pytest.raises(Conflict, match="caveat"):
        books.do("analysis.record_result", **said)
    repair = {"analysis": analysis, "owner": "supervisor", "by": books.people["supervisor"], "mended": False}
    operations.perform("analysis.record_repair", books.call(), repair | {"note": "New"})
    books.do("analysis.accept_data", analysis=analysis, caveat="No safety stock yet", by="analyst")
    books.do("analysis.record_result", **said)


def test_what_is_dropped_is_in_no_figure(books: Books) -> None:
    traded(books)
    # The same again on the same day: counted once.
    order_of(books, ("M1", 20), confirm=False)
    told = cleaned(books, begin(books))
    [check] = [each for each in told["checks"] if each["check"] == "sales_order_twice"]
    assert (check["found"], check["dropped"], check["verdict"]) == (1, 1, "stop")
    assert figures(told)["orders"] == 1


def test_a_models_version_never_becomes_something_else(books: Books) -> None:
    traded(books)
    analysis = begin(books)
    cleaned(books, analysis)
    said = {"analysis": analysis, "by": "analyst", "method": "m", "results": "r"}
    books.do("analysis.record_result", **said, **SAID)
    books.do("analysis.record_result", **said, **SAID)
    with pytest.raises(BpmnError, match="other_model"):
        books.do("analysis.record_result", **said, **SAID | {"model_description": "Week against week"})
    books.do("analysis.record_result", **said, **SAID | {"model_version": "2", "model_description": "Weeks"})
    assert [row.version for row in books.rows(analyses.analysis_models)] == ["1", "2"]


def test_a_report_has_all_of_its_parts(books: Books) -> None:
    traded(books)
    analysis = begin(books)
    cleaned(books, analysis)
    said = {"analysis": analysis, "by": "analyst", "method": "m", "results": "r"}
    books.do("analysis.record_result", **said, **SAID)
    one = {"kind": "chance", "finding": "f", "recommendation": "do"}
    parts = {**said, "purpose": "p", "recommendations": [one]}
    for part in ("purpose", "method", "results"):
        with pytest.raises(Exception, match="must be written"):
            books.do("analysis.submit", **parts | {part: " "})
    with pytest.raises(BpmnError) as refused:
        books.do("analysis.submit", **parts | {"recommendations": []})
    assert refused.value.code == "no_recommendation"
    books.do("analysis.submit", **parts)
    with pytest.raises(Conflict):
        books.do("analysis.submit", **parts)


def test_the_next_report_knows_what_the_last_one_said(books: Books) -> None:
    submitted(books)
    books.today = dt.date(2026, 5, 3)
    told = books.do("analysis.open")
    books.do("analysis.collect", analysis=told["analysis"])
    now = {each["figure"]: each for each in cleaned(books, told["analysis"])["figures"]}
    assert (now["sales_amount"]["value"], now["sales_amount"]["former"]) == (0, 12000)


def test_nobody_decides_on_the_report_that_they_wrote(books: Books) -> None:
    analysis = submitted(books)
    with pytest.raises(BpmnError, match="same_person"):
        decide(books, analysis, "manager", "analyst", drop(1))


@pytest.mark.parametrize(
    "wrong", [{"action": " "}, {"owner": None}, {"due_on": None}, {"due_on": dt.date(2026, 4, 2)}]
)
def test_what_is_adopted_has_an_action_an_owner_and_a_day_to_come(books: Books, wrong: dict[str, Any]) -> None:
    analysis = submitted(books)
    for decisions in ([adopt(books, 1, **wrong)], [{"number": 1, "adopt": "drop"}], []):
        with pytest.raises(BpmnError, match="bad_decisions"):
            decide(books, analysis, "manager", "manager", *decisions)


def test_what_the_manager_does_not_adopt_is_not_done(books: Books) -> None:
    analysis = submitted(books, "problem", "chance", "chance")
    decide(books, analysis, "manager", "manager", adopt(books, 1), adopt(books, 2), drop(3))
    with pytest.raises(Conflict, match="by both"):
        books.do("analysis.settle", analysis=analysis)
    decide(books, analysis, "supervisor", "supervisor", adopt(books, 1, action="Mine"), drop(2), adopt(books, 3))
    actions = books.do("analysis.settle", analysis=analysis)["actions"]
    number = "DA-2026-0001"
    assert [(each["key"], each["action"]) for each in actions] == [
        (f"{number}-1-manager", "Act 1"), (f"{number}-1-supervisor", "Mine"), (f"{number}-2-manager", "Act 2"),
    ]  # fmt: skip
    assert {each["giver"] for each in actions} == {books.people["manager"], books.people["supervisor"]}


OF_REPORTS = {
    "data_differs": "collected_data_is_unchanged",
    "report_differs": "reports_say_what_they_said",
    "report_undecided": "reports_are_decided_by_both",
}


def broken(books: Books) -> list[str]:
    every = [doctor.INVARIANTS[name] for name in OF_REPORTS.values()]
    return [problem.rule for each in every for problem in each.ask(books.tx)]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE analyses SET results = 'Better'", "report_differs"),
        ("UPDATE analyses SET purpose = ''", "report_differs"),
        ("UPDATE analysis_recommendations SET text = 'Nothing' WHERE number = 1", "report_differs"),
        ("INSERT INTO analysis_figures (analysis_id, figure, value, better, verdict) "
         "SELECT id, 'more', 10000, 'none', 'none' FROM analyses", "report_differs"),
        ("DELETE FROM analysis_decisions WHERE role = 'manager'", "report_undecided"),
        ("UPDATE analysis_decisions SET by = (SELECT analyst FROM analyses)", "report_undecided"),
        ("INSERT INTO analysis_sets (analysis_id, attempt, name, row_count, sha256, content, at) SELECT "
         "analysis_id, 2, name, row_count + 1, sha256, content, at FROM analysis_sets WHERE name = 'stock'",
         "data_differs"),
        ("INSERT INTO analysis_sets (analysis_id, attempt, name, row_count, sha256, content, at) SELECT "
         "analysis_id, 2, name, row_count, 'x', content, at FROM analysis_sets WHERE name = 'stock'",
         "data_differs"),
    ],
)  # fmt: skip
def test_a_report_that_was_tampered_with_is_seen(books: Books, statement: str, finding: str) -> None:
    analysis = submitted(books, "problem", "chance")
    for role in ("manager", "supervisor"):
        decide(books, analysis, role, role, adopt(books, 1), drop(2))
    books.do("analysis.settle", analysis=analysis)
    assert broken(books) == []
    books.tx.execute(sa.text(statement))
    assert set(broken(books)) == {finding}


# --- checks and figures by themselves ----------------------------------------------

DAY = dt.date(2026, 3, 2)
SALE = {
    "order": "A", "customer": "K1", "component": "M1", "ordered_on": DAY, "promised": DAY, "state": "confirmed",
    "ordered": 10, "quantity": 10, "price": Decimal(1), "amount": Decimal(10),
}  # fmt: skip
STOCK = {
    "component": "M1", "price": Decimal(2), "stocked": True, "opening": 10, "received": 0, "issued": 0, "corrected": 0,
    "closing": 10, "lowest": 10, "safety_stock": 5, "in_doubt": False,
}  # fmt: skip
CUSTOMER = {
    "customer": "K1", "active": True, "reachable": True, "addressed": True, "orders": 0, "issues": 0,
    "settled": Decimal(0),
}  # fmt: skip
EMPTY: dict[str, list[Any]] = {name: [] for name in snapshots.SETS}


@pytest.mark.parametrize(
    ("check", "name", "row"),
    [
        ("sales_without_price", "sales", SALE | {"price": Decimal(0)}),
        ("sales_promised_before_order", "sales", SALE | {"promised": DAY - dt.timedelta(days=1)}),
        ("delivery_before_order", "deliveries", {"shipment": "S", "shipped_on": DAY, "ordered_on": PROMISED}),
        ("stock_without_price", "stock", STOCK | {"price": Decimal(0)}),
        ("stock_without_safety", "stock", STOCK | {"safety_stock": None}),
        ("stock_in_doubt", "stock", STOCK | {"in_doubt": True}),
        ("customer_unreachable", "customers", CUSTOMER | {"addressed": False}),
        ("customer_given_up", "customers", CUSTOMER | {"active": False, "orders": 1}),
        ("receipt_undecided", "purchases", {"receipt": "R", "undecided": True}),
    ],
)  # fmt: skip
def test_each_check_finds_what_it_is_for(check: str, name: str, row: dict[str, Any]) -> None:
    data = EMPTY | {name: [row]}
    assert [each.check.name for each in data_checks.examine(data) if each.places] == [check]


def test_a_line_of_many_times_the_usual_is_unusual_once_there_is_a_usual() -> None:
    lines = [SALE | {"order": f"O{n}", "customer": f"K{n}"} for n in range(5)]
    great = SALE | {"order": "X", "ordered": 101}
    found = {each.check.name: each.examples for each in data_checks.examine(EMPTY | {"sales": [*lines, great]})}
    assert found["sales_unusual_quantity"] == ["X"]
    few = data_checks.examine(EMPTY | {"sales": [*lines[:3], great]})
    assert [each.check.name for each in few if each.places] == []


def test_what_ran_out_is_seen_at_any_days_end_and_what_was_never_there_is_not(books: Books) -> None:
    books.put("M1", 20)
    shipped(books, order_of(books, ("M1", 20)))
    books.today = dt.date(2026, 3, 12)
    component = catalogue.component(books.tx, "M1")
    place = catalogue.by_code(books.tx, catalogue.warehouses, "SH")
    stock.post(books.call(), "receipt", [stock.Posting(component.id, place.id, 30)])
    told = cleaned(books, begin(books))
    assert figures(told)["stock_outs"] == 1
    before_there_was_any = figures(cleaned(books, begin(books, "2026-02")))
    assert before_there_was_any.keys() & {"stock_outs", "below_safety", "stock_value", "sales_amount"} == set()


def test_without_data_nothing_is_told() -> None:
    """Not 0: a chart would show a business that began where only its records did."""
    assert key_figures.compute(EMPTY, DAY, DAY) == dict.fromkeys(key_figures.UNITS)


def test_turnover_is_what_went_out_over_what_lay_there_as_if_for_a_year() -> None:
    assert key_figures.turnover(Decimal(100), Decimal(300), Decimal(100), 31) == Decimal("5.9")
    assert key_figures.turnover(Decimal(100), Decimal(0), Decimal(0), 31) is None


def test_a_month_without_sales_but_with_stock_sold_nothing() -> None:
    stock = {"stocked": True, "price": 2, "opening": 3, "closing": 3, "issued": 0, "lowest": 3, "safety_stock": 5}
    found = key_figures.compute({**EMPTY, "stock": [stock]}, DAY, DAY)
    assert {name: found[name] for name in ("sales_amount", "orders", "stock_value", "stock_outs", "below_safety")} == {
        "sales_amount": 0, "orders": 0, "stock_value": 6, "stock_outs": 0, "below_safety": 1,
    }  # fmt: skip
