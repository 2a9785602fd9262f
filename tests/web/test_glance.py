"""The front page of reports: each figure as its report tells it, to whoever that report may be told, and no more."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from runtime.identity import SYSTEM, Actor
from runtime.ids import public_id
from runtime.ledger.budgets import budget_lines, budgets
from runtime.ledger.catalogue import customers, warehouses
from runtime.ledger.sales import sales_orders
from runtime.ledger.shipments import shipments
from runtime.ledger.training import training_records, trainings
from runtime.queries import reports
from runtime.queries.reports import goods
from runtime.queries.reports.glance import Figure, first_day
from runtime.store.db import Transaction
from tests.office import Office
from tests.web.test_reports import STAFF, settled, show
from tests.web.test_with_runtime import Browser
from web.sparklines import sparkline

MOST = 20  # statements for all figures together


def glance(office: Office, who: str) -> dict[str, Figure]:
    _, found = office.runtime.read(reports.at_a_glance, office.as_(who).actor)
    return {each.name: each for each in found}


def delivered(office: Office, *sent: tuple[str, str, str]) -> None:
    """As if orders had been taken, shipped and signed for: the days of order and arrival, and of the promise."""

    def write(tx: Transaction, actor: Actor) -> None:
        customer, warehouse = tx.scalar(sa.select(customers.c.id)), tx.scalar(sa.select(warehouses.c.id))
        for place, (ordered, arrived, promised) in enumerate(sent):
            day, until = dt.date.fromisoformat(arrived), dt.date.fromisoformat(promised)
            at = dt.datetime.fromisoformat(f"{ordered}T04:00:00+00:00")
            kept = {"case": "c" * 32, "at": at}
            order = {
                "public_id": public_id(), "number": f"SO-{place}", "state": "delivered", "customer_id": customer,
                "address": "x", "promised": until, "amount": Decimal(1), "recorded_by": "a" * 32,
            }  # fmt: skip
            tx.insert(sales_orders, [kept | order])
            number = tx.scalar(sa.select(sa.func.max(sales_orders.c.id)))
            shipment = {
                "public_id": public_id(), "number": f"SH-{place}", "order_id": number, "warehouse_id": warehouse,
                "carrier": "x", "tracking": "x", "shipped_on": day, "delivered_on": day, "on_time": day <= until,
            }  # fmt: skip
            tx.insert(shipments, [kept | shipment])

    office.runtime.do(write, SYSTEM)


def trained(office: Office, topic: str, came: dict[str, bool]) -> None:
    """As if a training of these had been held in February: username → whether they came, and passed."""

    def write(tx: Transaction, actor: Actor) -> None:
        one = {
            "public_id": public_id(), "number": f"TR-{topic}", "topic": topic, "form": "course", "area": "x",
            "held_on": dt.date(2026, 2, 10), "trainer": "a" * 32, "organiser": "a" * 32, "state": "held",
            "cost": Decimal(0), "covered": Decimal(0), "case": "c" * 32, "at": tx.now,
        }  # fmt: skip
        tx.insert(trainings, [one])
        training = tx.scalar(sa.select(sa.func.max(trainings.c.id)))
        tx.insert(
            training_records,
            [
                {"training_id": training, "person": office.as_(who).actor.public_id, "attended": attended}
                for who, attended in came.items()
            ],
        )

    office.runtime.do(write, SYSTEM)


def test_each_figure_is_what_the_report_behind_it_tells(office: Office) -> None:
    delivered(
        office,
        ("2026-01-05", "2026-01-10", "2026-01-09"),
        ("2026-02-02", "2026-02-06", "2026-02-09"),
        ("2026-02-02", "2026-02-12", "2026-02-09"),
    )
    found = glance(office, "wangfang")
    days = (first_day(dt.date(2026, 3, 9)), dt.date(2026, 3, 9))
    assert days[0] == dt.date(2025, 10, 1)
    shipping = {row.cells["month"]: row.cells for row in show(office, "wangfang", "shipping", *days).rows}
    on_time = found["on_time_delivery"]
    # March has no delivery yet: the newest month that tells something is meant, and what is not known stays open.
    assert (on_time.month, on_time.value) == ("2026-02", Decimal("50.0")) == ("2026-02", shipping["2026-02"]["on_time"])
    assert on_time.curve == [("2026-01", Decimal(0)), ("2026-02", Decimal("50.0")), ("2026-03", None)]
    assert (on_time.target, on_time.verdict, on_time.bad) == (Decimal(95), "missed", True)
    cycle = found["order_cycle"]
    assert (cycle.value, cycle.target, cycle.verdict) == (Decimal("7.0"), Decimal(10), "met")
    stock = show(office, "wangfang", "stock", *days).rows[-1].cells
    assert found["stock_value"].value == stock["closing"] > 0 and found["stock_value"].target is None
    assert found["stock_turnover"].value == stock["turnover"]
    late = show(office, "wangfang", "overdue", *days).rows
    assert found["overdue_now"].value == sum(row.cells["overdue"] for row in late)


def test_suppliers_are_told_together_month_by_month_as_each_is_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = dt.date(2026, 2, 10)
    days = {"A": [dt.date(2026, 1, 9), dt.date(2026, 2, 10)], "B": [dt.date(2026, 2, 11), dt.date(2026, 2, 12)]}
    rows = [
        SimpleNamespace(
            code=code, names={"en": code}, received_on=day, promised=promised, case="c" * 32, received=1, rejected=0
        )
        for code, all_days in days.items()
        for day in all_days
    ]
    monkeypatch.setattr(goods, "_received", lambda ask: rows)
    alone = {row.cells["supplier"]["en"]: row.cells["on_time"] for row in show(office, "wangfang", "suppliers").rows}
    assert alone == {"A": 100, "B": 0}
    found = glance(office, "wangfang")["supplier_punctuality"]
    assert found.curve == [("2026-01", Decimal(100)), ("2026-02", Decimal("33.3")), ("2026-03", None)]
    assert (found.value, found.target, found.verdict) == (Decimal("33.3"), Decimal(90), "missed")


def test_the_budget_is_told_of_what_is_approved(office: Office) -> None:
    def write(tx: Transaction, actor: Actor) -> None:
        tx.execute(sa.update(budgets).values(state="replaced"))
        one = {"public_id": public_id(), "number": "B-9", "state": "approved", "year": 2026, "amount": Decimal(100)}
        tx.insert(budgets, [one | {"drafter": "a" * 32, "case": "c" * 32, "at": tx.now}])
        budget = tx.scalar(sa.select(sa.func.max(budgets.c.id)))
        tx.insert(budget_lines, [{"budget_id": budget, "line": "training", "amount": Decimal(100)}])

    office.runtime.do(write, SYSTEM)
    found = glance(office, "wangfang")["budget_spent"]
    [row] = [row for row in show(office, "wangfang", "budget").rows if row.cells["approved"] is not None]
    assert (found.value, found.of) == (row.cells["spent_share"], Decimal(100))


def test_groups_that_a_report_hides_are_hidden_here(office: Office) -> None:
    settled(office, "2026-01", dict(zip(STAFF, ("good", "good", "good", "satisfactory", "excellent"), strict=True)))
    settled(office, "2026-02", {"liyang": "good", "zhangmin": "satisfactory"})
    graded = glance(office, "xuhui")["graded_well"]
    assert graded.hidden and graded.value is None and graded.month == "2026-02"
    assert graded.curve == [("2026-01", Decimal("80.0")), ("2026-02", None), ("2026-03", None)]
    assert glance(office, "sunli")["graded_well"].value == glance(office, "wangfang")["graded_well"].value == 50
    # One training of five and one of two in the same month: what is told is told of the five alone.
    trained(office, "large", dict.fromkeys(STAFF, True) | {"liyang": False})
    assert glance(office, "xuhui")["came_to_training"].value == 80
    trained(office, "small", {"liyang": False, "zhangmin": False})
    assert glance(office, "xuhui")["came_to_training"].value == 80
    assert glance(office, "sunli")["came_to_training"].value == Decimal("57.1")
    page = Browser(office, "xuhui").client.get("/reports").text
    assert "人数不足五人" in page or "不显示" in page


def test_one_sees_the_figures_of_ones_reports_alone(office: Office) -> None:
    assert glance(office, "liyang") == {} == glance(office, "linxi")
    assert glance(office, "sunli").keys() == {"overdue_now", "graded_well", "came_to_training"}
    assert glance(office, "sunli")["overdue_now"].report == "overdue_people"
    settled(office, "2026-02", {"liyang": "good"})
    for who in ("wangfang", "sunli", "xuhui"):
        client = Browser(office, who).client
        page = client.get("/reports").text
        links = re.findall(r'class="card figure[^"]*" href="([^"]+)"', page)
        assert len(links) == len(glance(office, who))
        for link in links:
            assert client.get(link.replace("&amp;", "&")).status_code == 200


def test_all_figures_cost_as_many_statements_as_ever(office: Office) -> None:
    glance(office, "wangfang")
    with office.counted() as few:
        glance(office, "wangfang")
    delivered(office, *(("2026-02-02", "2026-02-06", "2026-02-09") for _ in range(30)))
    settled(office, "2026-02", dict.fromkeys(STAFF, "good"))
    trained(office, "large", dict.fromkeys(STAFF, True))
    for _ in range(5):
        office.as_("chenjie").start("purchase_plan")
    glance(office, "wangfang")  # what was deployed is read again after cases began
    with office.counted() as many:
        glance(office, "wangfang")
    assert len(many) == len(few) <= MOST, "\n".join(many)


def test_a_company_that_has_only_begun_is_told_when_figures_come(blank: Office) -> None:
    assert all(each.value in (None, 0) for each in glance(blank, "wangfang").values())
    page = Browser(blank, "wangfang").client.get("/reports").text
    assert "第一批数字" in page and "sparkline" not in page


def test_a_curve_goes_from_edge_to_edge_and_breaks_where_nothing_is_known() -> None:
    assert sparkline([None, 5]) is None
    drawn = sparkline([Decimal(0), None, Decimal(10), Decimal(5)], Decimal(20))
    assert drawn is not None and drawn.target == 4.0  # the highest
    assert drawn.runs == ["4.0,36.0", "158.7,20.0 236.0,28.0"]
    assert drawn.last == (236.0, 28.0)
    level = sparkline([3, 3])
    assert level is not None and level.runs == ["4.0,20.0 236.0,20.0"] and level.target is None
