"""Stock on hand against safety stock and reorder point; one component's movements.

Not here: changing stock, which only processes do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from runtime.queries import stock
from web import current, show

bp = Blueprint("stock", __name__)

# Columns of the catalogue that say what a component is: English label and unit.
FIGURES = {
    "brand": ("Brand", ""),
    "model": ("Model", ""),
    "technology": ("Technology", ""),
    "power": ("Power", "W"),
    "efficiency": ("Efficiency", "%"),
    "voc": ("Open-circuit voltage", "V"),
    "isc": ("Short-circuit current", "A"),
    "vmp": ("Voltage at maximum power", "V"),
    "imp": ("Current at maximum power", "A"),
    "power_coefficient": ("Temperature coefficient of power", "%/K"),
    "length": ("Length", "mm"),
    "width": ("Width", "mm"),
    "weight": ("Weight", "kg"),
    "usual_supplier": ("Usual supplier", ""),
}
KINDS = {
    "opening": "Opening balance",
    "receipt": "Goods receipt",
    "issue": "Goods issue",
    "return": "Customer return",
    "correction": "Stock correction",
    "surplus": "Surplus of a stocktake",
    "loss": "Loss of a stocktake",
}
REASONS = {
    "below": "below safety stock",
    "enough": "enough",
    "alert_open": "an alert is open already",
    "missing_parameters": "figures are missing",
}


@bp.get("/stock")
def overview() -> str:
    rows = current.read(stock.overview)
    # What needs somebody comes first; then what is nearest to its reorder point.
    rows = sorted(rows, key=lambda row: (not row.below, _cover(row), row.sku))
    drawn = [
        {
            "sku": row.sku,
            "name": show.label(row.names, row.sku),
            "on_hand": row.on_hand,
            "safety_stock": row.safety_stock,
            "reorder_point": row.reorder_point,
            "below": row.below,
        }
        for row in rows
        if row.on_hand is not None
    ]
    return render_template("stock.html", rows=rows, drawn=drawn)


@bp.get("/stock/<sku>")
def component(sku: str) -> str:
    page = current.read(stock.component, sku)
    line = page.line
    words = {
        "on_hand": current.say("On hand"),
        "safety_stock": current.say("Safety stock"),
        "reorder_point": current.say("Reorder point"),
        "levels": {
            "safety_stock": line.safety_stock if line else None,
            "reorder_point": line.reorder_point if line else None,
        },
        "zone": show.zone().key,
        "language": current.language().replace("_", "-"),
    }
    return render_template(
        "component.html",
        component=page,
        points=[{"at": row.at.isoformat(), "quantity": row.balance} for row in reversed(page.movements)],
        words=words,
        stands=_stands(line),
        figures=_figures(page.figures),
        warehouses={code: show.label(names, code) for code, names, *_ in page.warehouses},
        kinds={key: current.say(word) for key, word in KINDS.items()},
        reasons={key: current.say(word) for key, word in REASONS.items()},
    )


def _stands(line: Any) -> list[tuple[str, Any]]:
    if line is None:
        return []
    return [
        (current.say("On hand"), line.on_hand),
        (current.say("Committed"), line.committed),
        (current.say("On order"), line.on_order),
        (current.say("In quarantine"), line.quarantine),
        (current.say("Safety stock"), line.safety_stock),
        (current.say("Reorder point"), line.reorder_point),
    ]


def _figures(found: Any) -> list[tuple[str, str]]:
    return [
        (current.say(label), f"{show.shown(found[name])} {unit}".strip())
        for name, (label, unit) in FIGURES.items()
        if found.get(name) is not None
    ]


def _cover(row: Any) -> float:
    known = row.reorder_point and row.on_hand is not None
    return float(row.on_hand / row.reorder_point) if known else float("inf")
