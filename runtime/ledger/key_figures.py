"""The key figures of a period, computed from collected data that was cleaned.

Plain functions over rows (snapshots.py); None: there is nothing to tell it by. Not here: what they should be and
which way is better (rules/key_figures.yaml)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = Mapping[str, Any]
Data = Mapping[str, Sequence[Row]]

# Figure → its unit: CNY, percent, days, pieces, times (a year), count.
UNITS = {
    "sales_amount": "CNY",
    "orders": "count",
    "on_time_delivery": "percent",
    "order_cycle": "days",
    "return_rate": "percent",
    "customer_issues": "percent",
    "stock_value": "CNY",
    "stock_turnover": "times",
    "stock_outs": "count",
    "below_safety": "count",
    "supplier_punctuality": "percent",
    "supplier_rejects": "percent",
    "work_on_time": "percent",
    "rework": "percent",
}


def compute(data: Data, since: dt.date, until: dt.date) -> dict[str, Decimal | None]:
    """Figure → value: money in CNY to the fen, shares in percent, days and times to one place.

    Of a month in which there was neither stock nor trade, such as one before the books were opened, nothing is
    0: it is not told."""
    days = (until - since).days + 1
    sales, arrived, stock = data["sales"], data["deliveries"], data["stock"]
    bought, work, customers = data["purchases"], data["work"], data["customers"]
    receipts = {row["receipt"]: row["received_on"] <= row["promised"] for row in bought}
    done = sum(row["done"] for row in work)
    orders = len({row["order"] for row in sales})
    kept = [row for row in stock if row["stocked"]]  # the others were never there yet
    traded = bool(kept or sales or arrived or bought)
    return {
        "sales_amount": sum((row["settled"] for row in customers), Decimal(0)) if traded else None,
        "orders": Decimal(orders) if traded else None,
        "on_time_delivery": _share(sum(row["on_time"] for row in arrived), len(arrived)),
        "order_cycle": _mean([(row["delivered_on"] - row["ordered_on"]).days for row in arrived]),
        "return_rate": _share(sum(row["returned"] for row in arrived), len(arrived)),
        "customer_issues": _share(sum(row["issues"] for row in customers), orders),
        "stock_value": _value(stock, "closing") if kept else None,
        "stock_turnover": _turnover(stock, days),
        "stock_outs": Decimal(sum(row["lowest"] <= 0 for row in kept)) if kept else None,
        "below_safety": Decimal(
            sum(row["safety_stock"] is not None and row["closing"] < row["safety_stock"] for row in kept)
        )
        if kept
        else None,
        "supplier_punctuality": _share(sum(receipts.values()), len(receipts)),
        "supplier_rejects": _share(
            sum(row["rejected"] for row in bought), sum(row["received"] for row in bought)
        ),
        "work_on_time": _share(done - sum(row["late"] for row in work), done),
        "rework": _share(sum(row["again"] for row in work), done),
    }


def _share(part: int, whole: int) -> Decimal | None:
    return _round(Decimal(part * 100) / whole, "0.1") if whole else None


def _mean(numbers: Sequence[int]) -> Decimal | None:
    return _round(Decimal(sum(numbers)) / len(numbers), "0.1") if numbers else None


def _value(stock: Sequence[Row], pieces: str) -> Decimal:
    return sum((_round(row[pieces] * row["price"], "0.01") for row in stock), Decimal(0))


def _turnover(stock: Sequence[Row], days: int) -> Decimal | None:
    return turnover(_value(stock, "issued"), _value(stock, "opening"), _value(stock, "closing"), days)


def turnover(issued: Decimal, opening: Decimal, closing: Decimal, days: int) -> Decimal | None:
    """Times a year: what was issued in so many days, over the mean of stock before and after, as if it went on."""
    held = opening + closing
    return _round(issued * 2 * 365 / held / days, "0.1") if held else None


def _round(value: Decimal, to: str) -> Decimal:
    return Decimal(value).quantize(Decimal(to), ROUND_HALF_UP)
