"""Stock on hand against safety stock and reorder point; one component's movements.

Not here: changing stock, which only processes do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from runtime.queries import stock
from web import current, show

bp = Blueprint("stock", __name__)


@bp.get("/stock")
def overview() -> str:
    rows = current.read(stock.overview)
    # What needs somebody comes first; then what is nearest to its reorder point.
    rows = sorted(rows, key=lambda row: (not row.below, _cover(row), row.sku))
    drawn = [
        {
            "sku": row.sku,
            "name": show.label(row.names, row.sku),
            "on_hand": _plot(row.on_hand),
            "safety_stock": _plot(row.safety_stock),
            "reorder_point": _plot(row.reorder_point),
            "below": row.below,
        }
        for row in rows
    ]
    return render_template("stock.html", rows=rows, drawn=drawn)


@bp.get("/stock/<sku>")
def component(sku: str) -> str:
    return render_template("component.html", component=current.read(stock.component, sku))


def _cover(row: Any) -> float:
    return float(row.on_hand / row.reorder_point) if row.reorder_point else float("inf")


def _plot(value: Any) -> float | None:
    # A place on a picture, not a figure: the table beside it holds the exact ones.
    return None if value is None else float(value)
