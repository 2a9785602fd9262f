"""What a stocktake counts: tables of sheets and lines, what is due by its ABC class, snapshots.

The class is decided over the value of a year's demand, the most valuable first
(rules/abc_class.yaml), which also says how many days may lie between two counts. Not here:
what is counted and what follows (stocktakes.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.ids import public_id
from runtime.ledger import catalogue, demand, documents, stock
from runtime.ledger.operations import Call
from runtime.store.db import Exact, Id, Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared

YEAR = 365


class TooFew(Conflict):
    """Warehouse {warehouse} has fewer pieces of {component} than this needs. How many is told once they are counted."""

    code = "stocktake.too_few"


stocktakes = sa.Table(
    "stocktakes",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),  # cycle | spot
    sa.Column("opened_by", sa.String(32)),
    sa.Column("surplus", Exact),  # CNY, as judged
    sa.Column("loss", Exact),
    sa.Column("explained_by", sa.String(32)),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("recount_reason", sa.Text),
)

stocktake_sheets = sa.Table(
    "stocktake_sheets",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(24), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stocktake_id", sa.ForeignKey("stocktakes.id"), nullable=False, index=True),
    sa.Column("warehouse_id", sa.ForeignKey("warehouses.id"), nullable=False),
    sa.Column("excluded", Tagged, nullable=False),  # public ids of who may not count it
    sa.Column("counting_case", sa.String(32)),
    # blind: what is being counted
    sa.Index(
        "ix_stocktake_sheets_open",
        "id",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)

stocktake_lines = sa.Table(
    "stocktake_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sheet_id", sa.ForeignKey("stocktake_sheets.id"), nullable=False),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False, index=True),
    sa.Column("abc_class", sa.String(1), nullable=False),
    sa.Column("unit_price", Exact, nullable=False),  # CNY a piece, what a variance is valued by
    sa.Column("book", sa.BigInteger, nullable=False),  # pieces in the books at the snapshot
    sa.Column("snapshot", sa.BigInteger, nullable=False),  # id of the last movement in it
    sa.Column("state", sa.String(8), nullable=False, server_default="open"),  # open | again | done
    sa.Column("why", sa.String(8)),  # of a recount: moved | beyond
    sa.Column("counted", sa.BigInteger),
    sa.Column("counted_by", sa.String(32)),
    sa.Column("counted_at", Instant),
    sa.Column("first_counted", sa.BigInteger),
    sa.Column("first_counted_by", sa.String(32)),
    sa.Column("note", sa.Text),
    sa.Column("variance", sa.BigInteger),
    sa.Column("within", sa.Boolean),
    sa.Column("cause", sa.String(20)),
    sa.Column("cause_note", sa.Text),
    sa.Column("replaced", sa.Boolean, nullable=False, server_default=sa.false()),  # counted anew
    sa.UniqueConstraint("sheet_id", "component_id"),
    sa.CheckConstraint("book >= 0 AND counted >= 0", name="pieces"),
)

_BUSY = Prepared(
    sa.select(stocktake_lines.c.component_id, stocktake_sheets.c.warehouse_id)
    .join(stocktake_sheets)
    .where(stocktake_sheets.c.state == sa.literal_column("'open'"))
)
_MOVED = stock.stock_movements.c
_ENTERED = Prepared(
    sa.select(_MOVED.component_id, _MOVED.warehouse_id, sa.func.min(_MOVED.business_date).label("day")).group_by(
        _MOVED.component_id, _MOVED.warehouse_id
    )
)
_COUNTED = Prepared(
    sa.select(
        stocktake_lines.c.component_id,
        stocktake_sheets.c.warehouse_id,
        sa.func.max(stocktake_lines.c.counted_at).label("at"),
    )
    .join(stocktake_sheets)
    .where(stocktake_lines.c.state == sa.literal_column("'done'"))
    .group_by(stocktake_lines.c.component_id, stocktake_sheets.c.warehouse_id)
)


@dataclass(frozen=True)
class Item:
    """A component in a warehouse that is to be counted, by inner ids."""

    component_id: int
    warehouse_id: int
    abc_class: str


def due(call: Call, by_class: bool, warehouse: str | None, skus: Collection[str] | None) -> list[Item]:
    """What is to be counted now: of what the warehouses hold, the named components, and of those
    (`by_class`) the ones whose last count is as long ago as their class allows."""
    tx = call.tx
    held = stock.stock_balances.c
    query = (
        sa.select(held.component_id, held.warehouse_id)
        .join(catalogue.components, catalogue.components.c.id == held.component_id)
        .join(catalogue.warehouses, catalogue.warehouses.c.id == held.warehouse_id)
        .order_by(catalogue.warehouses.c.code, catalogue.components.c.sku)
    )
    if warehouse is not None:
        query = query.where(held.warehouse_id == catalogue.by_code(tx, catalogue.warehouses, warehouse).id)
    if skus:
        known = catalogue.components_by_sku(tx, skus)
        query = query.where(held.component_id.in_([row.id for row in known.values()]))
    places = [(row.component_id, row.warehouse_id) for row in tx.all(query)]
    busy = {(component, place) for component, place in _BUSY.all(tx)}
    classes = classify(call)
    last = _last_counted(call) if by_class else {}
    items = []
    for component, place in places:
        abc_class, days = classes[component]
        ago = (call.today - last.get((component, place), dt.date.min)).days
        if (component, place) not in busy and (not by_class or ago >= days):
            items.append(Item(component, place, abc_class))
    return items


def classify(call: Call) -> dict[int, tuple[str, int]]:
    """Component id → its ABC class, and the days between two counts of it."""
    tx = call.tx
    daily = demand.daily(tx, call.today, YEAR)
    worth = {
        row.id: (daily[row.id].mean if row.id in daily else Decimal(0)) * YEAR * row.purchase_price
        for row in tx.all(sa.select(catalogue.components.c.id, catalogue.components.c.purchase_price))
    }
    total = sum(worth.values())
    ranked = sorted(worth, key=lambda component: (-worth[component], component))
    facts, before = [], Decimal(0)
    for component in ranked:
        # Without any demand nothing is worth more than anything else.
        share = before * 100 / total if total else Decimal(100)
        facts.append({"share_before": share.quantize(Decimal("0.0001"))})
        before += worth[component]
    outcomes = call.decide_many("abc_class", facts)
    return {
        component: (str(outcome["abc_class"]), int(outcome["days_between_counts"]))
        for component, outcome in zip(ranked, outcomes, strict=True)
    }


def write_sheets(
    call: Call, count_id: int, number: str, kind: str, items: Sequence[Item], barred: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Sheets of one warehouse each, with snapshots; `barred` may not count. [{sheet, lines}]."""
    tx = call.tx
    duties = call.decide("count_duties", {"kind": kind})
    prices = {
        row.id: row.purchase_price
        for row in tx.all(sa.select(catalogue.components.c.id, catalogue.components.c.purchase_price))
    }
    made = tx.scalar(
        sa.select(sa.func.count())
        .select_from(stocktake_sheets)
        .where(stocktake_sheets.c.stocktake_id == count_id)
    )
    size, written = int(duties["lines_per_sheet"]), []
    for place in sorted({item.warehouse_id for item in items}):
        here = [item for item in items if item.warehouse_id == place]
        for begin in range(0, len(here), size):
            part = here[begin : begin + size]
            ids = [item.component_id for item in part]
            excluded = set(barred)
            if not duties["keeper_may_count"]:
                excluded |= _keepers(call, place, ids, int(duties["keeper_days"]))
            made += 1
            sheet = public_id()
            sheet_id = documents.add(
                tx,
                stocktake_sheets,
                public_id=sheet,
                number=f"{number}-{made:02d}",
                case=call.case,
                at=call.now,
                state="open",
                stocktake_id=count_id,
                warehouse_id=place,
                excluded=sorted(excluded),
            )
            seen = snapshot(tx, place, ids)
            tx.insert(
                stocktake_lines,
                [
                    {
                        "sheet_id": sheet_id,
                        "component_id": item.component_id,
                        "abc_class": item.abc_class,
                        "unit_price": prices[item.component_id],
                        **seen[item.component_id],
                    }
                    for item in part
                ],
            )
            written.append({"sheet": sheet, "lines": len(part)})
    return written


def snapshot(tx: Transaction, warehouse_id: int, components: Collection[int]) -> dict[int, dict[str, int]]:
    """Component id → what the books say now (`book`), and up to which movement (`snapshot`)."""
    # The balances are held, so nothing is posted between the two.
    held = stock.balances(tx, components, [warehouse_id])
    newest = _newest(tx, warehouse_id, components)
    books = {c: held[c, warehouse_id].on_hand if (c, warehouse_id) in held else 0 for c in components}
    return {c: {"book": books[c], "snapshot": newest.get(c, 0)} for c in components}


def overtaken(tx: Transaction, warehouse_id: int, lines: Collection[Any]) -> set[int]:
    """Ids of the components that have moved since their snapshot."""
    newest = _newest(tx, warehouse_id, [line.component_id for line in lines])
    return {line.component_id for line in lines if newest.get(line.component_id, 0) > line.snapshot}


def being_counted(tx: Transaction, component_id: int, warehouse_id: int | None = None) -> bool:
    """Whether the component stands on an open sheet of the warehouse, or of any."""
    found = (
        sa.select(1)
        .select_from(stocktake_lines.join(stocktake_sheets))
        .where(stocktake_sheets.c.state == "open", stocktake_lines.c.component_id == component_id)
    )
    if warehouse_id is not None:
        found = found.where(stocktake_sheets.c.warehouse_id == warehouse_id)
    return tx.scalar(found.limit(1)) is not None


def untold(tx: Transaction, short: Conflict) -> Conflict:
    """What a lack of pieces (params: component, warehouse) is refused with: while they are counted there its sentence,
    which says how many the books have, could be read by who counts."""
    told = {name: short.params[name] for name in ("component", "warehouse")}
    row = catalogue.component(tx, told["component"])
    place = catalogue.by_code(tx, catalogue.warehouses, told["warehouse"])
    return TooFew(**told) if being_counted(tx, row.id, place.id) else short


def facts(line: Any, counted: int) -> dict[str, Any]:
    """What the tolerance of a line is decided by."""
    return {
        "abc_class": line.abc_class,
        "book": line.book,
        "counted": counted,
        "unit_price": line.unit_price,
    }


def lines_of(tx: Transaction, *, count: int | None = None, sheets: Collection[int] = ()) -> list[Any]:
    """Lines of a stocktake (row id) or of sheets, with sku, names, warehouse_id and its code."""
    chosen = stocktake_sheets.c.stocktake_id == count if count else stocktake_sheets.c.id.in_(sheets)
    return list(
        tx.all(
            sa.select(
                stocktake_lines,
                catalogue.components.c.sku,
                catalogue.components.c.names,
                stocktake_sheets.c.warehouse_id,
                catalogue.warehouses.c.code,
            )
            .join(stocktake_sheets, stocktake_sheets.c.id == stocktake_lines.c.sheet_id)
            .join(catalogue.components, catalogue.components.c.id == stocktake_lines.c.component_id)
            .join(catalogue.warehouses, catalogue.warehouses.c.id == stocktake_sheets.c.warehouse_id)
            .where(chosen, stocktake_lines.c.replaced.is_(False))
            .order_by(stocktake_lines.c.id)
        )
    )


def _newest(tx: Transaction, warehouse_id: int, components: Collection[int]) -> dict[int, int]:
    moved = stock.stock_movements.c
    rows = tx.all(
        sa.select(moved.component_id, sa.func.max(moved.id).label("last"))
        .where(moved.warehouse_id == warehouse_id, moved.component_id.in_(components))
        .group_by(moved.component_id)
    )
    return {row.component_id: int(row.last) for row in rows}


def _last_counted(call: Call) -> dict[tuple[int, int], dt.date]:
    """(component, warehouse) → the day it was last counted, or first entered."""
    found = {(component, place): day for component, place, day in _ENTERED.all(call.tx)}
    return found | {
        (component, place): at.astimezone(call.zone).date() for component, place, at in _COUNTED.all(call.tx)
    }


def _keepers(call: Call, warehouse_id: int, components: Collection[int], days: int) -> set[str]:
    """Who kept the record: public ids of whoever posted a movement of these within so many days."""
    moved = stock.stock_movements.c
    since = call.today - dt.timedelta(days=days)
    query = sa.select(moved.actor).where(
        moved.warehouse_id == warehouse_id,
        moved.component_id.in_(components),
        moved.actor.is_not(None),
        moved.kind != "opening",
        moved.business_date >= since,
    )
    return set(call.tx.connection.execute(query.distinct()).scalars())
