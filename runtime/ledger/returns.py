"""Goods that come back from a customer: inspected, the good ones into stock, the others into quarantine.

Not here: what the customer is given for them (credits.py, replacements.py)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, documents, remedies, stock
from runtime.ledger.inputs import Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.remedies import sales_return_lines, sales_returns
from runtime.ledger.shipments import pieces_of, refused, shipments
from runtime.store.db import Transaction
from runtime.values import File


class PiecesDiffer(Invalid):
    """Of {component} {wanted} pieces were to come back; {given} were inspected. What did not arrive counts as bad."""

    code = "return.pieces_differ"


class ReturnLine(TypedDict):
    component: str
    good: Pieces
    bad: Pieces


class Expected(TypedDict):
    return_lines: list[dict[str, object]]
    return_warehouse: str | None


class Received(TypedDict):
    sales_return: str
    number: str
    quarantined: int


@operation("returns.expect")
def expect(call: Call, shipment: str, remedy: str | None = None) -> Expected:
    """What is to come back: the lines of an approved remedy, or, without one, all of the shipment.

    Each line has component, component_name, quantity, and good and bad to be filled in. return_warehouse: the code of
    that which they left, None if it is closed by now."""
    row = documents.get(call.tx, shipments, shipment)
    left = _warehouse(call.tx, row)
    return {
        "return_warehouse": left.code if left.active else None,
        "return_lines": [
            {"component": sku, "component_name": name, "quantity": pieces, "good": pieces, "bad": 0}
            for sku, name, pieces, _ in _expected(call.tx, row, remedy)
        ]
    }


@operation("returns.receive", errors=("pieces_differ", "warehouse_closed"))
def receive(
    call: Call,
    shipment: str,
    lines: list[ReturnLine],
    reason: str,
    by: Person,
    remedy: str | None = None,
    photos: list[File] | None = None,
    warehouse: str | None = None,
) -> Received:
    """Post what an inspection found: good pieces into the warehouse (default: that which they left), bad ones into
    quarantine.

    Without a remedy the customer refused all of the shipment, and that much of the order is not settled.
    quarantined: pieces. BPMN errors: pieces_differ, unless every expected piece is told; warehouse_closed."""
    tx = call.tx
    sent = documents.get(tx, shipments, shipment)
    told = {line["component"]: line for line in lines}
    expected = _expected(tx, sent, remedy)
    for sku, _, wanted, _ in expected:
        given = told[sku]["good"] + told[sku]["bad"] if sku in told else 0
        if given != wanted:
            raise refuse("pieces_differ", PiecesDiffer(component=sku, wanted=wanted, given=given))
    remedy_id = None
    if remedy is None:
        refused(tx, sent, reason)
    else:
        remedy_id = remedies.approved(tx, remedy, "return", "replace")[0].id
    sales_return, number = public_id(), documents.next_number(tx, "RT", call.today.year)
    return_id = documents.add(
        tx,
        sales_returns,
        public_id=sales_return,
        number=number,
        case=call.case,
        at=call.now,
        shipment_id=sent.id,
        remedy_id=remedy_id,
        reason=reason,
        photos=photos,
        inspected_by=by,
    )
    tx.insert(
        sales_return_lines,
        [
            {"return_id": return_id, "component_id": id_, "good": told[sku]["good"], "bad": told[sku]["bad"]}
            for sku, _, _, id_ in expected
        ],
    )
    place = _warehouse(tx, sent, warehouse)
    good = [stock.Posting(id_, place.id, told[sku]["good"]) for sku, _, _, id_ in expected if told[sku]["good"]]
    _post(call, good, sales_return, reason)
    return {
        "sales_return": sales_return,
        "number": number,
        "quarantined": sum(told[sku]["bad"] for sku, _, _, _ in expected),
    }


@operation("returns.dispose", errors=("same_person", "warehouse_closed"))
def dispose(
    call: Call,
    sales_return: str,
    disposition: Literal["release", "write_off"],
    by: Person,
    warehouse: str | None = None,
) -> None:
    """End the quarantine of a return: into stock after all (default: where its shipment left), or written off, which
    moves nothing since it never was in stock. BPMN errors: same_person, if the inspector disposes; warehouse_closed."""
    tx = call.tx
    row = documents.get(tx, sales_returns, sales_return)
    if row.inspected_by == by:
        raise refuse("same_person", documents.SamePerson())
    if row.disposition is not None:
        raise documents.NotPossibleNow(document=row.number, state=row.disposition)
    tx.execute(
        sa.update(sales_returns)
        .where(sales_returns.c.id == row.id)
        .values(disposition=disposition, disposed_by=by)
    )
    if disposition == "write_off":
        return
    sent = tx.first(sa.select(shipments).where(shipments.c.id == row.shipment_id))
    place = _warehouse(tx, sent, warehouse)
    lines = tx.all(
        sa.select(sales_return_lines).where(
            sales_return_lines.c.return_id == row.id, sales_return_lines.c.bad > 0
        )
    )
    postings = [stock.Posting(line.component_id, place.id, line.bad) for line in lines]
    _post(call, postings, sales_return, row.reason)


def _warehouse(tx: Transaction, sent: Any, code: str | None = None) -> Any:
    """The warehouse of this code, else that which a shipment left."""
    if code is not None:
        return catalogue.by_code(tx, catalogue.warehouses, code)
    return tx.first(sa.select(catalogue.warehouses).where(catalogue.warehouses.c.id == sent.warehouse_id))


def _post(call: Call, postings: list[stock.Posting], sales_return: str, reason: str) -> None:
    try:
        stock.post(call, "return", postings, document=sales_return, reason=reason)
    except catalogue.WarehouseClosed as error:
        raise refuse("warehouse_closed", error) from error


def _expected(tx: Transaction, sent: object, remedy: str | None) -> list[tuple[str, str, int, int]]:
    """(SKU, name, pieces, inner id) of what is to come back."""
    if remedy is None:
        lines = pieces_of(tx, sent.id)  # type: ignore[attr-defined]
        return [(line.sku, catalogue.name(line), line.quantity, line.component_id) for line in lines]
    row, _ = remedies.approved(tx, remedy, "return", "replace")
    return [
        (line.sku, catalogue.name(line), line.quantity, line.component_id) for line in remedies.lines_of(tx, row.id)
    ]
