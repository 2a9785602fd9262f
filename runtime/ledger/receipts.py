"""Goods that arrive: inspection, what becomes of rejects, and putting the accepted into stock.

Per line: accepted = received − rejected + taken by concession. Only accepted pieces
become a stock movement. Not here: how many may be sampled or be faulty (rules)."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import budgets, catalogue, documents, stock
from runtime.ledger.inputs import Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.orders import left, lines_of, order_lines, orders, outstanding_lines
from runtime.store.db import Id, Tagged, Transaction, metadata
from runtime.values import File

receipts = sa.Table(
    "purchase_receipts",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("order_id", sa.ForeignKey("purchase_orders.id"), nullable=False, index=True),
    sa.Column("received_on", sa.Date, nullable=False),
    sa.Column("lot", sa.String(100)),
    sa.Column("inspector", sa.String(32), nullable=False),
    sa.Column("photos", Tagged),  # list of files
    sa.Column("note", sa.Text),
    sa.Column("disposition", sa.String(16)),  # return | replace | concession; NULL: none, or not yet
    sa.Column("disposed_by", sa.String(32)),
    sa.Column("disposition_note", sa.Text),
)

receipt_lines = sa.Table(
    "purchase_receipt_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("receipt_id", sa.ForeignKey("purchase_receipts.id"), nullable=False, index=True),
    sa.Column("order_line_id", sa.ForeignKey("purchase_order_lines.id"), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False),  # pieces, as are all below
    sa.Column("sampled", sa.BigInteger),
    sa.Column("rejected", sa.BigInteger, nullable=False),
    sa.Column("conceded", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("stored", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("note", sa.Text),
    sa.CheckConstraint("rejected <= received AND conceded <= rejected", name="rejected"),
    sa.CheckConstraint("stored <= received - rejected + conceded", name="stored"),
)


class OverDelivery(Invalid):
    """{received} pieces of {component} arrived but only {outstanding} are outstanding on order {order}."""

    code = "receipt.over_delivery"


class MoreThanReceived(Invalid):
    """Of {component}, {pieces} pieces cannot be sampled or rejected when {received} were received."""

    code = "receipt.more_than_received"


class NotOnOrder(Invalid):
    """The component {component} is not on order {order}."""

    code = "receipt.not_on_order"


class NothingRejected(Conflict):
    """Nothing of receipt {receipt} awaits a decision."""

    code = "receipt.nothing_rejected"


class NothingToStore(Conflict):
    """Everything that was accepted of receipt {receipt} is in stock already."""

    code = "receipt.nothing_to_store"


class InspectionLine(TypedDict):
    component: str
    received: Pieces
    sampled: NotRequired[Pieces]
    rejected: Pieces
    note: NotRequired[str]


class Inspected(TypedDict):
    receipt: str
    number: str
    accepted_total: int
    rejected_total: int
    outstanding_total: int
    outstanding_lines: list[dict[str, Any]]
    lines_received: list[dict[str, Any]]


class Disposed(TypedDict):
    accepted_total: int
    rejected_total: int
    outstanding_total: int
    outstanding_lines: list[dict[str, Any]]


class Stored(TypedDict):
    received_total: int


@operation(
    "purchasing.record_inspection",
    errors=("bad_lines", "over_delivery", "more_than_received", "not_on_order"),
)
def record_inspection(
    call: Call,
    order: str,
    lines: list[InspectionLine],
    inspector: Person,
    lot: str | None = None,
    photos: list[File] | None = None,
    note: str | None = None,
) -> Inspected:
    """Record what arrived of an open order, and how much of it failed inspection.

    Nothing is in stock yet. `lines_received` has component, received, accepted, rejected; `outstanding_lines`
    component, component_name, quantity, price, accepted, outstanding, on_hand.
    BPMN errors: bad_lines, over_delivery, more_than_received, not_on_order."""
    tx = call.tx
    row = documents.get(tx, orders, order)
    documents.require_state(row, "open")
    ordered = {line.sku: line for line in lines_of(tx, row.id)}
    seen: set[str] = set()
    for line in lines:
        _check_line(row.number, line, ordered, seen)
    receipt = public_id()
    number = documents.next_number(tx, "GR", call.today.year)
    receipt_id = documents.add(
        tx,
        receipts,
        public_id=receipt,
        number=number,
        case=call.case,
        at=call.now,
        order_id=row.id,
        received_on=call.today,
        lot=lot,
        inspector=inspector,
        photos=photos,
        note=note,
    )
    tx.insert(
        receipt_lines,
        [
            {
                "receipt_id": receipt_id,
                "order_line_id": ordered[line["component"]].id,
                "component_id": ordered[line["component"]].component_id,
                "received": line["received"],
                "sampled": line.get("sampled"),
                "rejected": line["rejected"],
                "note": line.get("note"),
            }
            for line in lines
        ],
    )
    documents.update_rows(
        tx,
        order_lines,
        [
            {
                "row_id": ordered[line["component"]].id,
                "accepted": line["received"] - line["rejected"],
                "rejected": line["rejected"],
            }
            for line in lines
        ],
    )
    missing = outstanding_lines(tx, row.id)
    return {
        "receipt": receipt,
        "number": number,
        "accepted_total": sum(line["received"] - line["rejected"] for line in lines),
        "rejected_total": sum(line["rejected"] for line in lines),
        "outstanding_total": sum(line["outstanding"] for line in missing),
        "outstanding_lines": missing,
        "lines_received": [
            {
                "component": line["component"],
                "component_name": catalogue.name(ordered[line["component"]]),
                "received": line["received"],
                "accepted": line["received"] - line["rejected"],
                "rejected": line["rejected"],
            }
            for line in lines
        ],
    }


@operation("purchasing.dispose", errors=("same_person",))
def dispose(
    call: Call,
    receipt: str,
    disposition: Literal["return", "replace", "concession"],
    by: Person,
    note: str | None = None,
) -> Disposed:
    """Decide once what becomes of a receipt's rejects.

    return: the order shrinks by them · replace: they stay outstanding · concession: they are
    accepted, by another person than the inspector (BPMN error: same_person). The accepted and
    rejected totals are the receipt's, the outstanding total the order's."""
    tx = call.tx
    row = documents.get(tx, receipts, receipt)
    lines = _lines(tx, row.id)
    rejected = [line for line in lines if line.rejected]
    if row.disposition is not None or not rejected:
        raise NothingRejected(receipt=row.number)
    if disposition == "concession" and by == row.inspector:
        raise refuse("same_person", documents.SamePerson())
    tx.execute(
        sa.update(receipts)
        .where(receipts.c.id == row.id)
        .values(disposition=disposition, disposed_by=by, disposition_note=note)
    )
    documents.update_rows(
        tx,
        order_lines,
        [
            {
                "row_id": line.order_line_id,
                "rejected": -line.rejected,
                "cancelled": line.rejected if disposition == "return" else 0,
                "accepted": line.rejected if disposition == "concession" else 0,
            }
            for line in rejected
        ],
    )
    if disposition == "concession":
        documents.update_rows(
            tx, receipt_lines, [{"row_id": line.id, "conceded": line.rejected} for line in rejected]
        )
    lines, missing = _lines(tx, row.id), outstanding_lines(tx, row.order_id)
    return {
        "accepted_total": sum(accepted(line) for line in lines),
        "rejected_total": sum(line.rejected - line.conceded for line in lines),
        "outstanding_total": sum(line["outstanding"] for line in missing),
        "outstanding_lines": missing,
    }


@operation("inventory.receive", errors=("warehouse_closed",))
def receive(call: Call, receipt: str, warehouse: str, location: str | None = None) -> Stored:
    """Put into stock what was accepted of a receipt and is not there yet; pieces posted.

    What it cost, at the contract's prices, is spent: it takes the place of as much of the order's
    commitment in the budget. BPMN errors: warehouse_closed."""
    tx = call.tx
    row = documents.get(tx, receipts, receipt)
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    waiting = [(line, accepted(line) - line.stored) for line in _lines(tx, row.id)]
    waiting = [(line, pieces) for line, pieces in waiting if pieces]
    if not waiting:
        raise NothingToStore(receipt=row.number)
    documents.update_rows(
        tx, receipt_lines, [{"row_id": line.id, "stored": pieces} for line, pieces in waiting]
    )
    documents.update_rows(
        tx, order_lines, [{"row_id": line.order_line_id, "stored": pieces} for line, pieces in waiting]
    )
    postings = [stock.Posting(line.component_id, place.id, pieces, location) for line, pieces in waiting]
    try:
        stock.post(call, "receipt", postings, document=receipt, moved_on=row.received_on)
    except catalogue.WarehouseClosed as error:
        raise refuse("warehouse_closed", error) from error
    _spend(call, row, [(line.order_line_id, pieces) for line, pieces in waiting])
    return {"received_total": sum(pieces for _, pieces in waiting)}


def _spend(call: Call, receipt: Any, stored: list[tuple[int, int]]) -> None:
    order_id = receipt.order_id
    prices = {
        row.id: row.price for row in call.tx.all(sa.select(order_lines).where(order_lines.c.order_id == order_id))
    }
    cost = documents.amount_of((pieces, prices[line]) for line, pieces in stored)
    order = call.tx.scalar(sa.select(orders.c.public_id).where(orders.c.id == order_id))
    if cost:
        budgets.actual(call, "purchasing", cost, str(order), spent_on=receipt.received_on)


def accepted(line: Any) -> int:
    """Pieces of a receipt's line that are ours to store."""
    return int(line.received - line.rejected + line.conceded)


def _lines(tx: Transaction, receipt_id: int) -> list[Any]:
    return list(
        tx.all(
            sa.select(receipt_lines)
            .where(receipt_lines.c.receipt_id == receipt_id)
            .order_by(receipt_lines.c.id)
        )
    )


def _check_line(order: str, line: InspectionLine, ordered: dict[str, Any], seen: set[str]) -> None:
    component = line["component"]
    if component in seen:
        raise refuse("bad_lines", documents.ComponentTwice(component=component))
    seen.add(component)
    if component not in ordered:
        raise refuse("not_on_order", NotOnOrder(component=component, order=order))
    received = line["received"]
    for pieces in (line["rejected"], line.get("sampled", 0)):
        if pieces > received:
            raise refuse(
                "more_than_received", MoreThanReceived(component=component, pieces=pieces, received=received)
            )
    # Rejects of an earlier delivery still count: nobody has decided yet whether they stay.
    expected = left(ordered[component]) - ordered[component].rejected
    if received > expected:
        raise refuse(
            "over_delivery",
            OverDelivery(component=component, received=received, outstanding=expected, order=order),
        )
