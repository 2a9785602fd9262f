"""Stock: append-only movements, and the balances kept with them in the same transaction.

The database itself refuses to change or delete a movement. A mistake is put right by
another movement. Not here: who may post what (inventory, receipts, shipments)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.ids import public_id
from runtime.ledger import append_only, catalogue, documents, periods, safety
from runtime.ledger.operations import Call
from runtime.store.db import Id, Instant, Transaction, metadata
from runtime.store.prepared import Prepared, listed, numbered, size

stock_movements = sa.Table(
    "stock_movements",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    # opening | receipt | issue | return | correction | surplus | loss (of a stocktake)
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False),  # pieces, signed
    sa.Column("location", sa.String(100)),
    sa.Column("document", sa.String(32)),  # public id of what it was posted for
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(32)),
    sa.Column("reason", sa.Text),
    sa.Column("at", Instant, nullable=False),
    sa.Column("business_date", sa.Date, nullable=False),  # when the pieces moved
    sa.Column("posting_date", sa.Date, nullable=False),  # in the period that was open
    sa.CheckConstraint(
        "(kind IN ('opening', 'receipt', 'return', 'surplus') AND quantity > 0)"
        " OR (kind IN ('issue', 'loss') AND quantity < 0)"
        " OR (kind = 'correction' AND quantity <> 0)",
        name="kind",
    ),
    # reading.movements: of one component, newest first
    sa.Index("ix_stock_movements_component", "component_id", "id"),
)
append_only.protect(stock_movements)
periods.guard(stock_movements)

stock_balances = sa.Table(
    "stock_balances",
    metadata,
    sa.Column("component_id", sa.ForeignKey("components.id"), primary_key=True),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), primary_key=True),
    sa.Column("on_hand", sa.BigInteger, nullable=False),
    sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),  # for sales orders
    sa.CheckConstraint("on_hand >= 0", name="on_hand"),
    sa.CheckConstraint("reserved >= 0", name="reserved"),
)
_BALANCE = Prepared(
    sa.update(stock_balances)
    .where(
        stock_balances.c.component_id == sa.bindparam("c"), stock_balances.c.warehouse_id == sa.bindparam("w")
    )
    .values(on_hand=sa.bindparam("pieces"))
)


class StockShort(Conflict):
    """Warehouse {warehouse} has only {on_hand} pieces of {component}; {wanted} would leave it."""

    code = "stock.short"


@dataclass(frozen=True)
class Posting:
    """`quantity` pieces (signed) of a component into or out of a warehouse."""

    component_id: int
    warehouse_id: int
    quantity: int
    location: str | None = None


def post(
    call: Call,
    kind: str,
    postings: Sequence[Posting],
    document: str | None = None,
    reason: str | None = None,
    moved_on: dt.date | None = None,
) -> list[str]:
    """Write movements and balances, and warn of each component that is now below its safety stock.

    moved_on: when the pieces moved, if it was before today.
    Returns the movements' public ids. Raises StockShort, WarehouseClosed; then nothing was written."""
    tx = call.tx
    if into := {posting.warehouse_id for posting in postings if posting.quantity > 0}:
        catalogue.require_open(tx, into)
    touched = sorted({(posting.component_id, posting.warehouse_id) for posting in postings})
    documents.add_missing(
        tx, stock_balances, [{"component_id": c, "warehouse_id": w, "on_hand": 0} for c, w in touched]
    )
    held = balances(tx, [c for c, _ in touched], [w for _, w in touched])
    after = {key: held[key].on_hand for key in touched}
    for posting in postings:
        key = (posting.component_id, posting.warehouse_id)
        after[key] += posting.quantity
        if after[key] < 0:
            raise _short(tx, posting, after[key] - posting.quantity)
    if touched:
        _BALANCE.each(tx, [{"c": c, "w": w, "pieces": pieces} for (c, w), pieces in after.items()])
    ids = [public_id() for _ in postings]
    business_date = min(moved_on or call.today, call.today)
    periods.post(
        tx,
        stock_movements,
        [
            {
                "public_id": id_,
                "kind": kind,
                "component_id": p.component_id,
                "warehouse_id": p.warehouse_id,
                "quantity": p.quantity,
                "location": p.location,
                "document": document,
                "case": call.case,
                "actor": call.actor,
                "reason": reason,
                "at": call.now,
                "business_date": business_date,
            }
            for id_, p in zip(ids, postings, strict=True)
        ],
    )
    now = on_hand(tx, {p.component_id for p in postings})
    safety.settle(call, now)
    safety.warn(call, now)
    return ids


def balances(
    tx: Transaction, components: Collection[int], warehouses: Collection[int]
) -> dict[tuple[int, int], Any]:
    """(component, warehouse) → balance, held until the transaction ends."""
    wanted, places = set(components), set(warehouses)
    asked = _balances(size(wanted), size(places))
    rows = asked.rows(tx, **numbered("b_component_", wanted), **numbered("b_warehouse_", places))
    return {(row.component_id, row.warehouse_id): row for row in rows}


@lru_cache
def _balances(components: int, warehouses: int) -> Prepared:
    return Prepared(
        sa.select(stock_balances)
        .where(
            stock_balances.c.component_id.in_(listed("b_component_", components)),
            stock_balances.c.warehouse_id.in_(listed("b_warehouse_", warehouses)),
        )
        # Always in one order: two postings that cross must queue, not deadlock.
        .order_by(stock_balances.c.component_id, stock_balances.c.warehouse_id)
        .with_for_update()
    )


def on_hand(tx: Transaction, components: Collection[int] | None = None) -> dict[int, int]:
    """Component id → pieces in all warehouses; one that was never there is 0 if it was asked for by name."""
    if components is None:
        return {component: int(pieces) for component, pieces in _on_hand(None).all(tx)}
    rows = _on_hand(catalogue.way(components)).all(tx, **catalogue.those(components))
    found = {component: int(pieces) for component, pieces in rows}
    return found if isinstance(components, range) else dict.fromkeys(components, 0) | found


@lru_cache
def _on_hand(how: int | None) -> Prepared:
    balance = stock_balances.c
    query = sa.select(balance.component_id, sa.func.sum(balance.on_hand)).group_by(balance.component_id)
    if how is not None:
        query = query.where(catalogue.found_among(balance.component_id, how))
    return Prepared(query)


def reserve(tx: Transaction, warehouse_id: int, pieces: dict[int, int]) -> None:
    """Hold (or, negative, release) pieces of components in a warehouse for sales orders."""
    if pieces:
        held = sorted(pieces.items())
        rows = [{"b_component": c, "b_warehouse": warehouse_id, "b_pieces": number} for c, number in held]
        _RESERVE.each(tx, rows)


_RESERVE = Prepared(
    sa.update(stock_balances)
    .where(
        stock_balances.c.component_id == sa.bindparam("b_component"),
        stock_balances.c.warehouse_id == sa.bindparam("b_warehouse"),
    )
    .values(reserved=stock_balances.c.reserved + sa.bindparam("b_pieces"))
)


def _short(tx: Transaction, posting: Posting, before: int) -> StockShort:
    sku = catalogue.skus(tx, [posting.component_id])[posting.component_id]
    code = tx.scalar(
        sa.select(catalogue.warehouses.c.code).where(catalogue.warehouses.c.id == posting.warehouse_id)
    )
    return StockShort(component=sku, warehouse=code, on_hand=before, wanted=-posting.quantity)
