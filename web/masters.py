"""Suppliers, customers, warehouses and components: state, last change, what is under way, and where to propose one;
what was spoken of with a supplier or customer.

Not here: changing any of it, which only processes do."""

from __future__ import annotations

from flask import Blueprint, render_template

from runtime.queries import contacts, masters
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


PROMISED_BY = {"us": "By us", "them": "By them"}
PROMISES = {"open": "not settled", "kept": "was kept", "broken": "was broken"}


@bp.get("/master-data/<kind>/<code>/contacts")
def party_contacts(kind: str, code: str) -> str:
    return render_template(
        "contacts.html",
        party=current.read(contacts.of_party, kind, code),
        promised_by={key: current.say(word) for key, word in PROMISED_BY.items()},
        states={key: current.say(word) for key, word in PROMISES.items()},
    )
