"""Watching stock: reviews against safety stock, alerts, the figures a plan is made from, corrections.

Topics inventory.*, except inventory.receive (receipts.py). Not here: how much is safe
(rules/safety_stock.yaml decides, with what is gathered here)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, counting, demand, documents, safety, stock
from runtime.ledger.catalogue import among
from runtime.ledger.inputs import Change, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.positions import positions
from runtime.ledger.safety import OPEN, stock_alerts, stock_parameters, stock_reviews
from runtime.store import accounts, cases
from runtime.store.db import Instant
from runtime.store.prepared import Prepared

# Components of one transaction of a review: while it lasts nobody else writes into SQLite.
PART = 2_000
_LEVEL = Prepared(
    sa.update(stock_parameters)
    .where(stock_parameters.c.component_id == sa.bindparam("row_id"))
    .values(
        safety_stock=sa.bindparam("safety"),
        reorder_point=sa.bindparam("reorder"),
        reviewed_at=sa.bindparam("at", type_=Instant),
    )
)


class ParametersMissing(Invalid):
    """The component {component} lacks stock parameters or demand, so its safety stock is unknown."""

    code = "stock.parameters_missing"


class NothingToCorrect(Invalid):
    """A correction of zero pieces corrects nothing."""

    code = "stock.nothing_to_correct"


class Reviewed(TypedDict):
    reviewed: int
    below: list[str]
    missing: list[str]


class BeforeCorrection(TypedDict):
    book: int | None
    corrected: int | None
    value: Decimal


class AlertOpened(TypedDict):
    opened: bool
    alert: str | None
    on_hand: int
    safety_stock: int | None


class Figures(TypedDict):
    on_hand: int
    on_order: int
    committed: int
    quarantine: int
    safety_stock: int
    reorder_point: int
    order_multiple: int
    economic_lot: int
    daily_demand: Decimal
    demand_deviation: Decimal
    lead_time_days: Decimal
    lead_time_deviation: Decimal
    abc_class: str
    purchase_price: Decimal
    component_name: str
    usual_supplier: str | None


class Corrected(TypedDict):
    movement: str
    on_hand: int


@dataclass(frozen=True)
class Item:
    """A component with what its safety stock is computed from; `facts` None: something is missing."""

    row: Any
    facts: dict[str, Any] | None


def _review_next(call: Call, before: Any) -> tuple[dict[str, Any], bool]:
    """The next components in the order of their ids, the last of which is `last`."""
    id_ = catalogue.components.c.id
    first = before["last"] + 1 if before else 0
    following = sa.select(id_).where(catalogue.LISTED, id_ >= first).order_by(id_)
    last = call.tx.scalar(following.offset(PART - 1).limit(1))
    whole = call.tx.scalar(sa.select(sa.func.max(id_))) or 0
    end = whole if last is None else last
    return {**review(call, range(first, end + 1)), "last": end}, end < whole


@operation("inventory.review_stock", errors=("rule_refused",), part=_review_next)
def review_stock(call: Call) -> Reviewed:
    """Recompute safety stock and reorder point of every component, and send `stock_below_safety`
    for each that has less and no open alert. Each review keeps why it fired or did not.

    Some thousand components at a time, so that others can work meanwhile; each by what is there then."""
    return {
        "reviewed": sum(part["reviewed"] for part in call.parts),
        "below": sorted(sku for part in call.parts for sku in part["below"]),
        "missing": sorted(sku for part in call.parts for sku in part["missing"]),
    }


def review(call: Call, components: Collection[int]) -> Reviewed:
    """`review_stock` of some components that are listed. SKUs in order."""
    tx = call.tx
    items = _items(call, components)
    there = stock.on_hand(tx, components)
    on_hand = {item.row.id: there.get(item.row.id, 0) for item in items}
    _end_uncovered(call, components)
    found = _alerted(catalogue.way(components)).all(tx, **catalogue.those(components))
    alerted = {component for (component,) in found}
    levels: list[dict[str, Any]] = []
    reviews: list[dict[str, Any]] = []
    result: Reviewed = {"reviewed": len(items), "below": [], "missing": []}
    for item, level in zip(items, _decide_all(call, items), strict=True):
        row = item.row
        pieces = on_hand[row.id]
        safe, reorder = level or (None, None)
        below = safe is not None and pieces < safe
        if level is None:
            reason = "missing_parameters"
            result["missing"].append(row.sku)
        else:
            levels.append({"row_id": row.id, "safety": safe, "reorder": reorder, "at": call.now})
            reason = "enough" if not below else "alert_open" if row.id in alerted else "below"
        if below:
            result["below"].append(row.sku)
        # Of a component that lacks something now, what was computed before still counts.
        if row.id not in alerted and pieces < (row.safety_stock or 0 if safe is None else safe):
            safety.tell(call, row.sku)
        reviews.append(
            {
                "component_id": row.id,
                "at": call.now,
                "case": call.case,
                "on_hand": pieces,
                "safety_stock": safe,
                "reorder_point": reorder,
                "fired": reason == "below",
                "reason": reason,
                "inputs": item.facts,
            }
        )
    if levels:
        _LEVEL.each(tx, levels)
    tx.insert(stock_reviews, reviews)
    return result


@operation("inventory.open_alert")
def open_alert(call: Call, component: str, cause: str | None = None) -> AlertOpened:
    """Open the component's alert if it is below its safety stock and none is open.

    `alert` is the one that is now open, ours or an earlier one; None when there is enough."""
    tx = call.tx
    row = catalogue.component(tx, component)
    pieces = stock.on_hand(tx, [row.id])[row.id]
    level = tx.scalar(
        sa.select(stock_parameters.c.safety_stock)
        .where(stock_parameters.c.component_id == row.id)
        # Held, so that of two cases for one component the second sees the first one's alert.
        .with_for_update()
    )
    earlier = tx.scalar(
        sa.select(stock_alerts.c.public_id).where(stock_alerts.c.component_id == row.id, OPEN)
    )
    below = level is not None and pieces < level and row.state == "listed"
    alert = earlier
    if below and earlier is None:
        alert = public_id()
        documents.add(
            tx,
            stock_alerts,
            public_id=alert,
            case=call.case,
            at=call.now,
            component_id=row.id,
            state="open",
            on_hand=pieces,
            safety_stock=level,
            cause=cause,
        )
    return {"opened": alert != earlier, "alert": alert, "on_hand": pieces, "safety_stock": level}


@operation("inventory.acknowledge_alert")
def acknowledge_alert(call: Call, alert: str, by: Person, cause: str, urgency: str) -> None:
    """Note who looked into an alert, what caused it and how urgent it is."""
    row = documents.get(call.tx, stock_alerts, alert)
    documents.change(
        call.tx,
        stock_alerts,
        row,
        "acknowledged",
        safety.NEXT,
        cause=cause,
        urgency=urgency,
        acknowledged_by=by,
        acknowledged_at=call.now,
    )


@operation("inventory.close_alert")
def close_alert(call: Call, alert: str, reason: str, covered: bool = False) -> None:
    """Close an alert; the next shortage opens another. One that is `covered` by orders on the way
    stays without asking anybody, until they are in stock or gone: it does not come back every day."""
    row = documents.get(call.tx, stock_alerts, alert)
    state, closed_at = ("covered", None) if covered else ("closed", call.now)
    documents.change(call.tx, stock_alerts, row, state, safety.NEXT, closed_at=closed_at, close_reason=reason)


@operation("inventory.figures", errors=("missing_parameters", "rule_refused"))
def figures(call: Call, component: str) -> Figures:
    """What a replenishment of the component is decided by: pieces, days, CNY a piece.

    BPMN error: missing_parameters, when its parameters or its demand are unknown."""
    tx = call.tx
    row = catalogue.component(tx, component)
    [item] = _items(call, [row.id])
    level = _decide(call, item)
    if level is None or item.facts is None:
        raise refuse("missing_parameters", ParametersMissing(component=component))
    where = positions(tx, [row.id])[row.id]
    supplier = tx.scalar(
        sa.select(catalogue.suppliers.c.code).where(catalogue.suppliers.c.id == row.usual_supplier_id)
    )
    return {
        "on_hand": where.on_hand,
        "on_order": where.on_order,
        "committed": where.committed,
        "quarantine": where.quarantine,
        "safety_stock": level[0],
        "reorder_point": level[1],
        "order_multiple": item.row.order_multiple,
        "economic_lot": item.row.economic_lot or item.row.order_multiple,
        "daily_demand": item.facts["daily_demand"],
        "demand_deviation": item.facts["demand_deviation"],
        "lead_time_days": item.facts["lead_time_days"],
        "lead_time_deviation": item.facts["lead_time_deviation"],
        "abc_class": item.facts["abc_class"],
        "purchase_price": row.purchase_price,
        "component_name": catalogue.name(row),
        "usual_supplier": supplier,
    }


@operation("inventory.before_correction")
def before_correction(call: Call, component: str, warehouse: str, quantity: Change) -> BeforeCorrection:
    """What whoever approves a correction is to see: the pieces in the books there, those after it, and what the
    difference comes to in CNY at the purchase price, below zero for a loss.

    While the component is being counted there, book and corrected are None: the reader may be who counts."""
    tx = call.tx
    row = catalogue.component(tx, component)
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    value = (quantity * row.purchase_price).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if counting.being_counted(tx, row.id, place.id):
        return {"book": None, "corrected": None, "value": value}
    held = stock.balances(tx, [row.id], [place.id]).get((row.id, place.id))
    book = held.on_hand if held else 0
    return {"book": book, "corrected": book + quantity, "value": value}


@operation("inventory.correct", errors=("same_person", "below_zero", "nothing_to_correct", "warehouse_closed"))
def correct(
    call: Call,
    component: str,
    warehouse: str,
    quantity: Change,
    reason: str,
    approved_by: Person,
    drafted_by: Person | None = None,
) -> Corrected:
    """Post a signed difference of pieces, with its reason.

    BPMN errors: same_person, if the approver drafted it (without `drafted_by`: started the
    case); below_zero, if the warehouse does not have that many; nothing_to_correct;
    warehouse_closed, if pieces are to come into one that is."""
    tx = call.tx
    if (drafted_by or _starter(call)) == approved_by:
        raise refuse("same_person", documents.SamePerson())
    if quantity == 0:
        raise refuse("nothing_to_correct", NothingToCorrect())
    row = catalogue.component(tx, component)
    place = catalogue.by_code(tx, catalogue.warehouses, warehouse)
    try:
        posting = stock.Posting(row.id, place.id, quantity)
        [movement] = stock.post(call, "correction", [posting], reason=reason)
    except stock.StockShort as error:
        raise refuse("below_zero", counting.untold(tx, error)) from error
    except catalogue.WarehouseClosed as error:
        raise refuse("warehouse_closed", error) from error
    return {"movement": movement, "on_hand": stock.on_hand(tx, [row.id])[row.id]}


def _end_uncovered(call: Call, components: Collection[int]) -> None:
    """Close covered alerts whose orders never came: the shortage must be told again."""
    rows = _covered(catalogue.way(components)).rows(call.tx, **catalogue.those(components))
    where = positions(call.tx, [row.component_id for row in rows]) if rows else {}
    safety.end(call, [row.id for row in rows if where[row.component_id].on_order == 0])


@lru_cache
def _alerted(how: int) -> Prepared:
    alert = stock_alerts.c
    return Prepared(sa.select(alert.component_id).where(catalogue.found_among(alert.component_id, how), OPEN))


@lru_cache
def _covered(how: int) -> Prepared:
    alert = stock_alerts.c
    return Prepared(
        sa.select(alert.id, alert.component_id).where(
            alert.state == "covered", catalogue.found_among(alert.component_id, how)
        )
    )


def _items(call: Call, components: Collection[int]) -> list[Item]:
    query = (
        sa.select(catalogue.components.c.id, catalogue.components.c.sku, stock_parameters)
        .outerjoin(stock_parameters)
        .where(among(catalogue.components.c.id, components))
    )
    if isinstance(components, range):
        # Those that nobody has asked for by name.
        query = query.where(catalogue.LISTED)
    rows = call.tx.all(query.order_by(catalogue.components.c.sku))
    daily = demand.daily(call.tx, call.today, safety.WINDOW, components)
    return [Item(row, _facts(row, daily.get(row.id))) for row in rows]


def _facts(row: Any, history: demand.Demand | None) -> dict[str, Any] | None:
    mean = history.mean if history else row.daily_demand
    deviation = history.deviation if history else row.demand_deviation
    if row.lead_time_days is None or mean is None or deviation is None:
        return None
    return {
        "daily_demand": mean,
        "demand_deviation": deviation,
        "lead_time_days": row.lead_time_days,
        "lead_time_deviation": row.lead_time_deviation,
        "abc_class": row.abc_class,
    }


def _decide(call: Call, item: Item) -> tuple[int, int] | None:
    """Safety stock and reorder point in whole pieces, rounded up: half a module protects nobody."""
    [level] = _decide_all(call, [item])
    return level


def _decide_all(call: Call, items: Sequence[Item]) -> Iterator[tuple[int, int] | None]:
    """Each item's level, None for those of which something is missing."""
    outcomes = iter(call.decide_many("safety_stock", [item.facts for item in items if item.facts is not None]))
    for item in items:
        if item.facts is None:
            yield None
        else:
            outcome = next(outcomes)
            yield _whole(outcome["safety_stock"]), _whole(outcome["reorder_point"])


def _whole(number: Decimal | int) -> int:
    return int(Decimal(number).to_integral_value(ROUND_CEILING))


def _starter(call: Call) -> str | None:
    """Who started the case, or None when nobody did."""
    starter: str | None = call.tx.scalar(
        sa.select(accounts.people.c.public_id)
        .join(cases.cases, cases.cases.c.initiator_id == accounts.people.c.id)
        .where(cases.cases.c.public_id == call.case)
    )
    return starter
