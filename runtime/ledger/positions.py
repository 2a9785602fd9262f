"""Where the pieces of each component are: in stock, on order, in quarantine, promised to customers.

Reads only, three statements whatever the number of components."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.ledger import stock
from runtime.ledger.orders import order_lines, orders
from runtime.ledger.remedies import sales_return_lines, sales_returns
from runtime.ledger.sales import sales_order_lines, sales_orders
from runtime.store.db import Transaction


@dataclass(frozen=True)
class Position:
    """Pieces of one component. on_order: of open orders, not yet in stock · quarantine: how many of
    those have arrived, and what came back from customers and is not disposed of ·
    committed: of confirmed sales orders, not yet shipped."""

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
    line, back = order_lines.c, sales_return_lines.c
    coming = sa.union_all(
        sa.select(
            line.component_id,
            (line.quantity - line.cancelled - line.stored).label("on_order"),
            (line.accepted - line.stored + line.rejected).label("quarantine"),
        )
        .join(orders)
        .where(orders.c.state == "open", line.component_id.in_(set(components))),
        sa.select(back.component_id, sa.literal(0), back.bad)
        .join(sales_returns)
        .where(sales_returns.c.disposition.is_(None), back.bad > 0, back.component_id.in_(set(components))),
    ).subquery()
    incoming = {
        row.component_id: row
        for row in tx.all(
            sa.select(
                coming.c.component_id,
                sa.func.sum(coming.c.on_order).label("on_order"),
                sa.func.sum(coming.c.quarantine).label("quarantine"),
            ).group_by(coming.c.component_id)
        )
    }
    sold = sales_order_lines.c
    committed = {
        row.component_id: int(row.pieces)
        for row in tx.all(
            sa.select(sold.component_id, sa.func.sum(sold.quantity - sold.shipped).label("pieces"))
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
