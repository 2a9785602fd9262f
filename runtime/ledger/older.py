"""Operations that only cases on older diagrams call: a case keeps the diagrams that it began with, so what those name
must go on working (decision 0009). Diagrams that are deployed now do not know them.

What an operation throws that an older diagram does not catch is decided where it is thrown, by `Call.catches`. Not
here: wages.record (wages.py). What shipped diagrams ever called: tests/core/test_older_calls.py."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, documents, inventory
from runtime.ledger.inputs import Measure, Person, Pieces
from runtime.ledger.operations import Call, operation
from runtime.ledger.safety import stock_parameters

# What a line left out, when the older diagrams were drawn.
_FIRST = {"lead_time_deviation": 0, "abc_class": "C", "order_multiple": 1}


class ParameterLine(TypedDict):
    component: str
    lead_time_days: Measure
    lead_time_deviation: NotRequired[Measure]
    abc_class: NotRequired[Literal["A", "B", "C"]]
    order_multiple: NotRequired[Pieces]
    economic_lot: NotRequired[Pieces]
    daily_demand: NotRequired[Measure]
    demand_deviation: NotRequired[Measure]


class ParametersSet(TypedDict):
    completed: int


@operation("inventory.set_parameters", kept=True)
def set_parameters(call: Call, lines: list[ParameterLine], by: Person) -> ParametersSet:
    """Enter components' stock parameters where there are none, and review them; only for cases that began before
    that took two people (masters.propose_parameters). What stands is not written over.

    completed: how many components had something missing."""
    tx = call.tx
    found = catalogue.components_by_sku(tx, [line["component"] for line in lines])
    completed = 0
    for line in lines:
        if line.get("order_multiple", 1) < 1:
            raise documents.QuantityNotPositive(component=line["component"])
        component = found[line["component"]].id
        own = stock_parameters.c.component_id == component
        present = tx.first(sa.select(stock_parameters).where(own).with_for_update())
        values = {name: value for name, value in line.items() if name != "component"}
        if present is None:
            tx.execute(
                sa.insert(stock_parameters).values(component_id=component, set_by=by, **(_FIRST | values))
            )
            completed += 1
            continue
        empty = {name: value for name, value in values.items() if getattr(present, name) is None}
        if empty:
            tx.execute(sa.update(stock_parameters).where(own).values(set_by=by, **empty))
            completed += 1
    try:
        with tx.savepoint():
            inventory.review(call, [row.id for row in found.values()])
    except BpmnError as refused:
        # The case's next step meets the same rule, and tells it on a form.
        if refused.code != "rule_refused":
            raise
    return {"completed": completed}
