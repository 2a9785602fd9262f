"""The demo department: who is in it, and figures that repeat."""

from __future__ import annotations

import datetime as dt
import statistics
from decimal import Decimal

from runtime import demo
from runtime.demo import figures, history
from runtime.identity import GROUPS, hash_password

TODAY = dt.date(2026, 3, 9)
IDS = {person.username: f"{number:032x}" for number, person in enumerate(demo.people())}


def test_six_people_of_the_department_and_eight_whom_they_work_with() -> None:
    groups = [person.group for person in demo.people()]
    assert set(groups) == set(GROUPS) and len(groups) == 14
    inside = [group for group in groups if group in ("manager", "supervisor", "specialist", "analyst")]
    assert len(inside) == 6


def test_everybody_but_one_has_a_superior_who_comes_first() -> None:
    seen: set[str] = set()
    for person in demo.people():
        assert person.superior is None or person.superior in seen
        assert set(person.names) == {"zh_Hans", "zh_Hant", "en"}
        seen.add(person.username)
    assert [person.group for person in demo.people() if person.superior is None] == ["division_lead"]


def test_people_are_introduced_in_the_readers_language() -> None:
    assert demo.introduced("en")[1] == ("wangfang", "Wang Fang", "Department manager")
    assert demo.introduced("zh_Hant")[0] == ("zhaoming", "趙明", "分管領導")


def test_the_demos_password_is_one_that_is_accepted() -> None:
    assert hash_password("wangfang", demo.PASSWORD)


def test_the_same_day_gives_the_same_figures() -> None:
    assert demo.dataset(IDS, TODAY) == demo.dataset(IDS, TODAY)


def test_components_have_electrical_data_that_fit_together() -> None:
    parts = demo.dataset(IDS, TODAY)["components"]
    assert len(parts) == 40
    for part in parts:
        assert part["vmp"] < part["voc"] and part["imp"] < part["isc"]
        assert abs(part["vmp"] * part["imp"] / part["power"] - 1) < Decimal("0.02")
        area = part["length"] * part["width"] / 1_000_000
        assert abs(part["power"] / area / 10 - part["efficiency"]) < Decimal("0.1")
        assert part["sale_price"] > part["purchase_price"] > 0


def test_demand_has_the_three_patterns() -> None:
    steady, seasonal, rare = (
        history.series("A", pattern, Decimal(8), dt.date(2025, 1, 1), 365) for pattern in "XYZ"
    )
    assert rare.count(0) < 365 and rare.count(0) > rare.count(1)
    assert statistics.stdev(seasonal) > statistics.stdev(steady)
    june, august = seasonal[151:181], seasonal[212:242]
    assert sum(june) > 1.2 * sum(august)


def test_every_component_is_above_its_safety_stock_and_one_only_just() -> None:
    given = demo.dataset(IDS, TODAY)
    pieces: dict[str, int] = {}
    for place in given["stock"]:
        pieces[place["component"]] = pieces.get(place["component"], 0) + place["quantity"]
    demand = {row["component"]: row["pieces"][-figures.WINDOW:] for row in given["demand"]}
    rows = {row["sku"]: row for row in figures._rows("components.csv")}
    spare = {
        one["component"]: pieces[one["component"]]
        - figures._safety(rows[one["component"]], demand[one["component"]])
        for one in given["parameters"]
    }
    assert min(spare.values()) == spare[demo.NEARLY_SHORT] == figures.SPARE
    assert set(rows) - set(spare) == {"YC-P72-280", "CZ-M120-280"}
