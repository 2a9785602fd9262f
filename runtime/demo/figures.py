"""The opening balances of the demo department, in the form that ledger.open_books takes.

Catalogue and parties from data/, demand from history.py, stock so that everything is
above its safety stock and one component only just."""

from __future__ import annotations

import csv
import datetime as dt
import math
import random
import statistics
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from runtime.demo import history
from runtime.demo.people import PEOPLE

DATA = Path(__file__).parent / "data"
HISTORY_DAYS = 547  # eighteen months
WINDOW = 180  # days that a stock review looks back
# The component that a sales order of usual size brings below its safety stock, and by how much it is above.
NEARLY_SHORT, SPARE = "LJ-M60-295", 6
# What the shipped samples of rules/safety_stock.yaml say; here it only places the opening stock.
Z = {"A": 2.0537, "B": 1.6449, "C": 1.2816}
MEASURES = (
    "power",
    "voc",
    "isc",
    "vmp",
    "imp",
    "efficiency",
    "power_coefficient",
    "noct",
    "length",
    "width",
    "weight",
    "purchase_price",
    "sale_price",
)


def dataset(ids: Mapping[str, str], today: dt.date, ample: bool = False) -> dict[str, Any]:
    """ids: username → public id, for wages; today: the business date, the day after the history's end;
    `ample`: as much stock as a month of work needs until the first purchases arrive."""
    parties = _rows("parties.csv")
    components = _rows("components.csv")
    first_day = today - dt.timedelta(days=HISTORY_DAYS)
    demand = {
        row["sku"]: history.series(row["sku"], row["pattern"], Decimal(row["base"]), first_day, HISTORY_DAYS)
        for row in components
    }
    return {
        "suppliers": [_party(row) for row in parties if row["kind"] == "supplier"],
        "customers": [_party(row) for row in parties if row["kind"] == "customer"],
        "warehouses": [_warehouse(row) for row in parties if row["kind"] == "warehouse"],
        "components": [_component(row) for row in components],
        "parameters": [_parameters(row) for row in components if row["lead_time_days"]],
        "demand": [
            {"component": sku, "first_day": first_day, "pieces": pieces} for sku, pieces in demand.items()
        ],
        "stock": [place for row in components for place in _stock(row, demand[row["sku"]], ample)],
        "wages": [
            {"person": ids[person.username], "wage": person.wage, "effective_from": first_day.replace(day=1)}
            for person in PEOPLE
            if person.wage is not None
        ],
    }


@cache
def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(line for line in source if not line.startswith("#")))


def catalogue() -> list[dict[str, str]]:
    """The demo's components as the file has them."""
    return _rows("components.csv")


def customers() -> list[dict[str, str]]:
    return [row for row in _rows("parties.csv") if row["kind"] == "customer"]


def _names(row: Mapping[str, str]) -> dict[str, str]:
    return {"zh_Hans": row["name"], "zh_Hant": row["name_zh_hant"], "en": row["name_en"]}


def _party(row: Mapping[str, str]) -> dict[str, Any]:
    given = {name: row[name] for name in ("contact", "phone", "address") if row[name]}
    return {"code": row["code"], "names": _names(row), **given}


def _warehouse(row: Mapping[str, str]) -> dict[str, Any]:
    return {"code": row["code"], "names": _names(row), "address": row["address"]}


def _component(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "sku": row["sku"],
        "names": _names(row),
        "brand": row["brand"],
        "model": row["model"],
        "technology": row["technology"],
        "bifacial": row["bifacial"] == "1",
        "cells": int(row["cells"]),
        "usual_supplier": row["usual_supplier"],
        **{name: Decimal(row[name]) for name in MEASURES},
    }


def _parameters(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "component": row["sku"],
        "lead_time_days": int(row["lead_time_days"]),
        "lead_time_deviation": int(row["lead_time_deviation"]),
        "abc_class": row["abc_class"],
        "order_multiple": int(row["order_multiple"]),
        "economic_lot": int(row["order_multiple"]) * (4 if row["abc_class"] == "A" else 2),
    }


def _stock(row: Mapping[str, str], demand: list[int], ample: bool) -> list[dict[str, Any]]:
    """How many pieces lie where."""
    sku, recent = row["sku"], demand[-WINDOW:]
    if sku == NEARLY_SHORT and not ample:
        return [{"component": sku, "warehouse": "SH", "quantity": _safety(row, recent) + SPARE}]
    rnd = random.Random(sku)
    if row["lead_time_days"]:
        mean = statistics.fmean(recent)
        cover = mean * int(row["lead_time_days"])
        pieces = _safety(row, recent) + math.ceil(cover * (rnd.uniform(0.5, 2.0) + 2 * ample)) + 10
    else:
        pieces = rnd.randint(20, 80)
    away = pieces // (5 if ample else 3)
    return [
        {
            "component": sku,
            "warehouse": "SH",
            "quantity": pieces - away,
            "location": f"A{rnd.randint(1, 12):02d}",
        },
        {"component": sku, "warehouse": "XA", "quantity": away, "location": f"B{rnd.randint(1, 8):02d}"},
    ]


def _safety(row: Mapping[str, str], recent: list[int]) -> int:
    mean, deviation = statistics.fmean(recent), statistics.stdev(recent)
    lead, unsure = int(row["lead_time_days"]), int(row["lead_time_deviation"])
    return math.ceil(Z[row["abc_class"]] * math.sqrt(lead * deviation**2 + mean**2 * unsure**2))
