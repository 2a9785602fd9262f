"""Replacements: new pieces to a customer in place of those that an issue is about.

Not here: what comes back for them (returns.py)."""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

from runtime.errors import Conflict
from runtime.ids import public_id
from runtime.ledger import budgets, catalogue, counting, documents, remedies, stock
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.remedies import sales_replacements


class NothingToSend(Conflict):
    """Warehouse {warehouse} has {free} pieces of {component} that are not reserved; the replacement needs {wanted}."""

    code = "replacement.short"


class Replaced(TypedDict):
    replacement: str
    number: str


@operation("replacements.ship", errors=("stock_short",))
def ship(
    call: Call, remedy: str, warehouse: str, carrier: str, tracking: str, shipped_on: dt.date
) -> Replaced:
    """Issue what an approved replacement needs from the warehouse, of what is not reserved for sales orders.

    BPMN error: stock_short."""
    tx = call.tx
    row, _ = remedies.approved(tx, remedy, "replace")
    if budgets.committed_for(tx, remedy):
        budgets.actual(call, "compensation", row.amount, remedy)
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    lines = remedies.lines_of(tx, row.id)
    there = stock.balances(tx, [line.component_id for line in lines], [place.id])
    for line in lines:
        balance = there.get((line.component_id, place.id))
        free = max(balance.on_hand - balance.reserved, 0) if balance else 0
        if free < line.quantity:
            short = NothingToSend(warehouse=warehouse, free=free, component=line.sku, wanted=line.quantity)
            raise refuse("stock_short", counting.untold(tx, short))
    replacement, number = public_id(), documents.next_number(tx, "RP", call.today.year)
    documents.add(
        tx,
        sales_replacements,
        public_id=replacement,
        number=number,
        case=call.case,
        at=call.now,
        remedy_id=row.id,
        warehouse_id=place.id,
        carrier=carrier,
        tracking=tracking,
        shipped_on=shipped_on,
    )
    postings = [stock.Posting(line.component_id, place.id, -line.quantity) for line in lines]
    stock.post(call, "issue", postings, document=replacement, moved_on=shipped_on)
    return {"replacement": replacement, "number": number}
