"""Suppliers, customers, warehouses and components: state, last change, what is under way, and where to propose one.

Not here: changing any of it, which only processes do."""

from __future__ import annotations

from flask import Blueprint, render_template

from runtime.queries import masters
from web import current

bp = Blueprint("masters", __name__)

LISTS = {
    "supplier": "Suppliers",
    "customer": "Customers",
    "warehouse": "Warehouses",
    "component": "Components",
}
STATES = {
    "active": "active",
    "blocked": "blocked",
    "closed": "closed",
    "draft": "draft",
    "listed": "listed",
    "delisted": "delisted",
}


@bp.get("/master-data")
def listing() -> str:
    return render_template(
        "masters.html",
        lists=current.read(masters.lists),
        titles={key: current.say(word) for key, word in LISTS.items()},
        states={key: current.say(word) for key, word in STATES.items()},
    )
