"""What may be wrong with collected data: each check finds rows of one set; the rule data_quality weighs them.

Plain functions over rows (snapshots.py). Not here: how many may be wrong, whether such rows are dropped and who
puts them right (rules/data_quality.yaml)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Row = Mapping[str, Any]
Data = Mapping[str, Sequence[Row]]
SHOWN = 20  # how many of the rows found are named
UNUSUAL = 10  # times the usual quantity of a component
ENOUGH = 5  # lines of a component, below which nothing is usual


@dataclass(frozen=True)
class Check:
    """A check of the rows of `set`; `key` names a row to people."""

    name: str
    set: str
    key: str
    find: Callable[[Sequence[Row], Data], list[int]]  # places of the rows


@dataclass(frozen=True)
class Finding:
    """`places` of the rows that a check found, of `rows` in all."""

    check: Check
    rows: int
    places: Sequence[int]
    examples: Sequence[str]


def examine(data: Data) -> list[Finding]:
    """Every check, whether it finds anything or not."""
    found = []
    for check in CHECKS:
        rows = data[check.set]
        places = check.find(rows, data)
        examples = list(dict.fromkeys(str(rows[place][check.key]) for place in places))[:SHOWN]
        found.append(Finding(check, len(rows), places, examples))
    return found


def without(data: Data, dropped: Mapping[str, set[int]]) -> dict[str, list[Row]]:
    """The rows that stay."""
    return {
        name: [row for place, row in enumerate(rows) if place not in dropped.get(name, ())]
        for name, rows in data.items()
    }


def _each(wrong: Callable[[Row], bool]) -> Callable[[Sequence[Row], Data], list[int]]:
    return lambda rows, data: [place for place, row in enumerate(rows) if wrong(row)]


def _twice(rows: Sequence[Row], data: Data) -> list[int]:
    """The later of two orders that a customer gave on one day for just the same lines."""
    orders: dict[str, list[Row]] = {}
    for row in rows:
        orders.setdefault(row["order"], []).append(row)
    seen: set[Any] = set()
    again: set[str] = set()
    for number in sorted(orders):
        lines = orders[number]
        if all(line["state"] in ("refused", "cancelled") for line in lines):
            continue
        what = tuple(sorted((line["component"], line["ordered"]) for line in lines))
        same = (lines[0]["customer"], lines[0]["ordered_on"], what)
        if same in seen:
            again.add(number)
        seen.add(same)
    return [place for place, row in enumerate(rows) if row["order"] in again]


def _unusual(rows: Sequence[Row], data: Data) -> list[int]:
    """Lines of many times what is usual of their component."""
    by: dict[str, list[int]] = {}
    for row in rows:
        by.setdefault(row["component"], []).append(row["ordered"])
    usual = {component: median(pieces) for component, pieces in by.items() if len(pieces) >= ENOUGH}
    return [
        place
        for place, row in enumerate(rows)
        if row["component"] in usual and row["ordered"] > UNUSUAL * usual[row["component"]]
    ]


def _unreachable(rows: Sequence[Row], data: Data) -> list[int]:
    return [
        place
        for place, row in enumerate(rows)
        if row["active"] and not (row["reachable"] and row["addressed"])
    ]


def _given_up(rows: Sequence[Row], data: Data) -> list[int]:
    """Customers who are no longer served and ordered all the same."""
    wanted = Counter(row["customer"] for row in data["sales"])
    return [
        place
        for place, row in enumerate(rows)
        if not row["active"] and (row["orders"] or wanted[row["customer"]])
    ]


CHECKS = (
    Check(
        "sales_without_price", "sales", "order", _each(lambda row: row["quantity"] > 0 and not row["price"])
    ),
    Check(
        "sales_promised_before_order",
        "sales",
        "order",
        _each(lambda row: row["promised"] < row["ordered_on"]),
    ),
    Check("sales_order_twice", "sales", "order", _twice),
    Check("sales_unusual_quantity", "sales", "order", _unusual),
    Check(
        "delivery_before_order",
        "deliveries",
        "shipment",
        _each(lambda row: row["shipped_on"] < row["ordered_on"]),
    ),
    Check(
        "stock_without_price",
        "stock",
        "component",
        _each(lambda row: row["closing"] > 0 and not row["price"]),
    ),
    Check("stock_without_safety", "stock", "component", _each(lambda row: row["safety_stock"] is None)),
    Check("stock_in_doubt", "stock", "component", _each(lambda row: row["in_doubt"])),
    Check("customer_unreachable", "customers", "customer", _unreachable),
    Check("customer_given_up", "customers", "customer", _given_up),
    Check("receipt_undecided", "purchases", "receipt", _each(lambda row: row["undecided"])),
)
