"""Closed months of the books: by whom and when, what was let stay open, what was posted later.

Not here: closing one, which its process does."""

from __future__ import annotations

from flask import Blueprint, render_template

from runtime.queries import closings
from web import current

bp = Blueprint("closings", __name__)

BOOKS = {
    "stock_movements": "Stock movement",
    "budget_entries": "Budget entry",
    "sales_payments": "Payment",
    "sales_facts": "Sale",
}


@bp.get("/closed-months")
def listing() -> str:
    return render_template(
        "closings.html",
        closings=current.read(closings.listing),
        books={key: current.say(word) for key, word in BOOKS.items()},
    )
