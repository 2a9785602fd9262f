"""Where the pieces of each component are: in stock, on order, in quarantine, promised to customers.

Reads only, three statements whatever the number of components."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.ledger import stock
from runtime.ledger.orders import order_lines, orders
from runtime.ledger.sales import sales_order_lines, sales_orders
from runtime.store.db import Transaction


@dataclass(frozen=True)
class Position:
    """Pieces of one component. on_order: of open orders, not yet in stock · quarantine: of
    those, how many have arrived · committed: of confirmed sales orders, not yet shipped."""

    on_hand: int = 0
    on_order: int = 0
    quarantine: int = 0
    committed: int = 0

    @property
    def projected(self) -> int:
        return self.on_hand + self.on_order - self.committed


def positions(tx: Transaction, components: Collection[int]) -> dict[int, Position]:
    """Component id → its position, for each that was asked for."""
    on_hand = stock.on_hand(tx, components)
    line = order_lines.c
    incoming = {
        row.component_id: row
        for row in tx.all(
            sa.select(
                line.component_id,
                sa.func.sum(line.quantity - line.cancelled - line.stored).label("on_order"),
                sa.func.sum(line.accepted - line.stored + line.rejected).label("quarantine"),
            )
            .join(orders)
            .where(orders.c.state == "open", line.component_id.in_(set(components)))
            .group_by(line.component_id)
        )
    }
    sold = sales_order_lines.c
    committed = {
        row.component_id: int(row.pieces)
        for row in tx.all(
            sa.select(sold.component_id, sa.func.sum(sold.quantity).label("pieces"))
            .join(sales_orders)
            .where(sales_orders.c.state == "confirmed", sold.component_id.in_(set(components)))
            .group_by(sold.component_id)
        )
    }
    return {id_: _position(on_hand[id_], incoming.get(id_), committed.get(id_, 0)) for id_ in components}


def _position(on_hand: int, coming: Any, committed: int) -> Position:
    if coming is None:
        return Position(on_hand, committed=committed)
    return Position(on_hand, int(coming.on_order), int(coming.quarantine), committed)
