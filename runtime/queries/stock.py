"""Stock as its pages show it: every component against its safety stock, one with its movements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from runtime import access
from runtime.identity import Actor, require
from runtime.ledger import reading
from runtime.ledger.reading import Movement, Review, StockLine
from runtime.queries.counted import counted
from runtime.store.cases import cases
from runtime.store.db import Transaction


@dataclass(frozen=True)
class ComponentPage:
    """`figures`: what the catalogue says, by column; `movements` newest first; `case` of a movement is
    empty where the reader may not see it. `counting`: the reader is asked to count it, so what the books
    say of its pieces is left out."""

    sku: str
    names: Mapping[str, str]
    line: StockLine | None
    figures: Mapping[str, Any]
    movements: list[Movement]
    reviews: list[Review]
    demand: list[tuple[str, int]]
    warehouses: list[tuple[str, Mapping[str, str], int, int]]
    readable: frozenset[str] = field(default_factory=frozenset)
    counting: bool = False

    @property
    def below(self) -> bool:
        return self.line is not None and self.line.below


def overview(tx: Transaction, actor: Actor) -> list[StockLine]:
    """Every listed component, by SKU."""
    require(actor, "read", "stock")
    hidden = counted(tx, actor)
    return [_veiled(line) if line.sku in hidden else line for line in reading.overview(tx)]


def component(tx: Transaction, actor: Actor, sku: str) -> ComponentPage:
    """Raises UnknownComponent."""
    require(actor, "read", "stock")
    figures = reading.component(tx, sku)
    if sku in counted(tx, actor):
        return ComponentPage(sku, figures["names"], None, figures, [], [], [], [], counting=True)
    movements = reading.movements(tx, sku)
    reviews = reading.reviews(tx, sku)
    readable = frozenset(
        tx.connection.execute(
            sa.select(cases.c.public_id).where(
                cases.c.public_id.in_({row.case for row in movements} | {row.case for row in reviews}),
                access.case_visible(actor),
            )
        ).scalars()
    )
    return ComponentPage(
        sku=sku,
        names=figures["names"],
        line=next((line for line in reading.overview(tx) if line.sku == sku), None),
        figures=figures,
        movements=movements,
        reviews=reviews,
        demand=reading.demand_by_month(tx, sku),
        warehouses=reading.by_warehouse(tx, sku),
        readable=readable,
    )


def _veiled(line: StockLine) -> StockLine:
    return replace(line, on_hand=None, on_order=0, quarantine=0, committed=0, alert=None, alert_case=None)
