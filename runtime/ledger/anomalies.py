"""Anomalies of stock as somebody saw them, and how they were dealt with.

Not here: counting (stocktakes.py), correcting the books (inventory.correct)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypedDict

import sqlalchemy as sa

from runtime.ids import public_id
from runtime.ledger import catalogue, counting, documents, stock
from runtime.ledger.inputs import Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Tagged, metadata
from runtime.values import File

stock_anomalies = sa.Table(
    "stock_anomalies",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("book", sa.BigInteger, nullable=False),  # pieces in the books when it was reported
    sa.Column("actual", sa.BigInteger),  # pieces seen, where they were counted
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("evidence", Tagged),  # list of files
    sa.Column("reported_by", sa.String(32), nullable=False),
    sa.Column("severity", sa.String(16)),
    sa.Column("handling", sa.String(16)),
    sa.Column("note", sa.Text),
    sa.Column("handled_by", sa.String(32)),
)
NEXT = {"open": {"handled"}}


class Recorded(TypedDict):
    anomaly: str
    number: str
    book: int | None
    pieces_off: int
    value_off: Decimal


@operation("anomalies.record")
def record(
    call: Call,
    component: str,
    warehouse: str,
    kind: Literal["quantity", "damage", "misplaced", "label", "quality", "other"],
    description: str,
    reported_by: Person,
    actual: Pieces | None = None,
    evidence: list[File] | None = None,
) -> Recorded:
    """Keep what somebody saw beside what the books say.

    pieces_off: how far they are apart, 0 where nothing was counted; value_off: in CNY. While the
    component is being counted there, book is None and both are 0: the reporter may be who counts."""
    tx = call.tx
    row = catalogue.component(tx, component)
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    held = stock.balances(tx, [row.id], [place.id]).get((row.id, place.id))
    book = held.on_hand if held else 0
    blind = counting.being_counted(tx, row.id, place.id)
    off = 0 if actual is None or blind else abs(actual - book)
    anomaly, number = public_id(), documents.next_number(tx, "SA", call.today.year)
    documents.add(
        tx,
        stock_anomalies,
        public_id=anomaly,
        number=number,
        case=call.case,
        at=call.now,
        state="open",
        component_id=row.id,
        warehouse_id=place.id,
        kind=kind,
        book=book,
        actual=actual,
        description=description,
        evidence=evidence,
        reported_by=reported_by,
    )
    value = (off * row.purchase_price).quantize(Decimal("0.01"), ROUND_HALF_UP)
    seen = None if blind else book
    return {"anomaly": anomaly, "number": number, "book": seen, "pieces_off": off, "value_off": value}


@operation("anomalies.handle", errors=("same_person",))
def handle(
    call: Call,
    anomaly: str,
    handling: Literal["spot_count", "correct", "move", "none"],
    severity: Literal["minor", "major", "critical"],
    by: Person,
    note: str | None = None,
) -> None:
    """Keep how an anomaly was dealt with. BPMN error: same_person, if the reporter did so."""
    row = documents.get(call.tx, stock_anomalies, anomaly)
    if row.reported_by == by:
        raise refuse("same_person", documents.SamePerson())
    documents.change(
        call.tx, stock_anomalies, row, "handled", NEXT, handling=handling, severity=severity, note=note, handled_by=by
    )
