"""Stock parameters as master data: lead time, class, multiple and demand of a component, by two persons.

What is written is reviewed at once, so that safety stock and alerts follow. Not here: how a change is proposed and
approved (masters.py), what is computed from the parameters (inventory.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa

from runtime.ledger import catalogue, documents, inventory, masters
from runtime.ledger.inputs import Measure, Person, Pieces
from runtime.ledger.masters import Kind, Proposed
from runtime.ledger.operations import Call, operation
from runtime.ledger.safety import stock_parameters
from runtime.store.db import Transaction

FIELDS = (
    "lead_time_days",
    "lead_time_deviation",
    "abc_class",
    "order_multiple",
    "economic_lot",
    "daily_demand",
    "demand_deviation",
)


@operation("masters.propose_parameters", errors=("bad_change",))
def propose_parameters(
    call: Call,
    component: str,
    lead_time_days: Measure,
    abc_class: Literal["A", "B", "C"],
    order_multiple: Pieces,
    reason: str,
    by: Person,
    lead_time_deviation: Measure | None = None,
    economic_lot: Pieces | None = None,
    daily_demand: Measure | None = None,
    demand_deviation: Measure | None = None,
    effective_on: dt.date | None = None,
    master_change: str | None = None,
) -> Proposed:
    """Propose a component's stock parameters, whole: lead time in days, multiple and lot in pieces, demand in
    pieces a day, which counts only where there is no history.

    component: its SKU. Without a deviation the lead time has none. BPMN error: bad_change, see masters.propose."""
    wanted = {
        "lead_time_days": lead_time_days,
        "lead_time_deviation": lead_time_deviation or 0,
        "abc_class": abc_class,
        "order_multiple": order_multiple,
        "economic_lot": economic_lot,
        "daily_demand": daily_demand,
        "demand_deviation": demand_deviation,
    }
    return masters.propose(
        call, "parameters", "change", component, wanted, reason, by, effective_on, master_change
    )


def _look(tx: Transaction, sku: str, held: bool) -> tuple[dict[str, Any], str] | None:
    component = catalogue.components.c
    query = (
        sa.select(component.sku, component.names, *(stock_parameters.c[field] for field in FIELDS))
        .outerjoin(stock_parameters, stock_parameters.c.component_id == component.id)
        .where(component.sku == sku)
    )
    # The component is held: there may be no parameters yet.
    row = tx.first(query.with_for_update(of=catalogue.components) if held else query)
    if row is None:
        return None
    return {field: getattr(row, field) for field in FIELDS}, catalogue.name(row)


def _write(call: Call, sku: str, after: Mapping[str, Any], new: bool, by: str) -> None:
    tx = call.tx
    component = catalogue.component(tx, sku)
    own = stock_parameters.c.component_id == component.id
    if tx.scalar(sa.select(stock_parameters.c.component_id).where(own)) is None:
        first = dict.fromkeys(FIELDS) | {"lead_time_deviation": 0} | dict(after)
        tx.execute(sa.insert(stock_parameters).values(component_id=component.id, set_by=by, **first))
    else:
        tx.execute(sa.update(stock_parameters).where(own).values(set_by=by, **after))
    inventory.review(call, [component.id])


def _whole(tx: Transaction, sku: str, after: Mapping[str, Any]) -> None:
    """Raises QuantityNotPositive: components are bought one at a time at least."""
    if after.get("order_multiple", 1) < 1:
        raise documents.QuantityNotPositive(component=sku)


masters.KINDS["parameters"] = Kind(
    FIELDS,
    ("lead_time_days", "abc_class", "order_multiple"),
    _look,
    lambda sku: catalogue.UnknownComponent(component=sku),
    _write,
    _whole,
)
