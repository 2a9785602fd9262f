"""Opening the books of an empty installation: catalogue, parameters, demand history, stock, wages.

Once, by a case like every other entry. Not here: the figures of the demo department
(runtime/demo.py makes a data set in this very form)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime import values
from runtime.errors import Conflict, Invalid, NotFound
from runtime.ledger import catalogue, demand, inputs, inventory, safety, stock, wages
from runtime.ledger.inputs import Figure, Measure, Money, Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import files
from runtime.values import File

TOPIC = "ledger.open_books"
MOST = 20_000  # rows of one part


class BooksAlreadyOpen(Conflict):
    """The books are open already; opening balances are entered only once."""

    code = "books.already_open"


class NotADataset(Invalid):
    """The file {file} does not hold opening balances: {reason}"""

    code = "books.not_a_dataset"


class FileGone(NotFound):
    """The file {file} is not kept here."""

    code = "books.file_gone"


class PartyRow(TypedDict):
    """A supplier, customer or warehouse; `names` is language → text."""

    code: str
    names: dict[str, Any]
    contact: NotRequired[str]
    phone: NotRequired[str]
    address: NotRequired[str]


class ComponentRow(TypedDict):
    """Electrical data at standard test conditions; see catalogue.components for units."""

    sku: str
    names: dict[str, Any]
    brand: str
    model: str
    technology: str
    bifacial: bool
    cells: NotRequired[Pieces]
    power: NotRequired[Measure]
    voc: NotRequired[Measure]
    isc: NotRequired[Measure]
    vmp: NotRequired[Measure]
    imp: NotRequired[Measure]
    efficiency: NotRequired[Measure]
    power_coefficient: NotRequired[Figure]
    noct: NotRequired[Measure]
    length: NotRequired[Measure]
    width: NotRequired[Measure]
    weight: NotRequired[Measure]
    purchase_price: Money
    sale_price: NotRequired[Money]
    usual_supplier: NotRequired[str]


class ParameterRow(TypedDict):
    """Stock parameters; see safety.stock_parameters for units."""

    component: str
    lead_time_days: Measure
    lead_time_deviation: NotRequired[Measure]
    abc_class: NotRequired[Literal["A", "B", "C"]]
    order_multiple: NotRequired[Pieces]
    economic_lot: NotRequired[Pieces]
    daily_demand: NotRequired[Measure]
    demand_deviation: NotRequired[Measure]


class StockRow(TypedDict):
    component: str
    warehouse: str
    quantity: Pieces
    location: NotRequired[str]


class DemandRow(TypedDict):
    """`pieces`: how many were wanted on each day from `first_day` on."""

    component: str
    first_day: dt.date
    pieces: list[Pieces]


class WageRow(TypedDict):
    person: Person
    wage: Money
    effective_from: dt.date


class Counts(TypedDict):
    counts: dict[str, int]


PARTS: Mapping[str, Any] = {
    "suppliers": PartyRow,
    "customers": PartyRow,
    "warehouses": PartyRow,
    "components": ComponentRow,
    "parameters": ParameterRow,
    "demand": DemandRow,
    "stock": StockRow,
    "wages": WageRow,
}


@operation(TOPIC, errors=("already_open", "rule_refused"))
def open_books(call: Call, dataset: File | dict[str, Any]) -> Counts:
    """Enter opening balances into empty books, and review the stock with them.

    dataset: a map of PARTS, or a file that holds it as tagged JSON. `counts`: rows entered
    of each part. BPMN errors: already_open, rule_refused."""
    tx = call.tx
    if tx.scalar(sa.select(catalogue.components.c.id).limit(1)) is not None:
        raise refuse("already_open", BooksAlreadyOpen())
    given = _read(call, dataset)
    for name in given:
        if name not in PARTS:
            raise inputs.UnknownInput(topic=TOPIC, input=name)
    parts = {name: inputs.rows(TOPIC, hint, given.get(name, []), name, MOST) for name, hint in PARTS.items()}
    for table in (catalogue.suppliers, catalogue.customers, catalogue.warehouses):
        names = [column.name for column in table.c if column.name not in ("id", "active")]
        tx.insert(table, [{name: row.get(name) for name in names} for row in parts[table.name]])
    suppliers = _ids(call, catalogue.suppliers, "code")
    columns = [c.name for c in catalogue.components.c if c.name not in ("id", "usual_supplier_id", "state")]
    tx.insert(
        catalogue.components,
        [
            {name: row.get(name) for name in columns}
            | {"usual_supplier_id": _one(suppliers, row.get("usual_supplier"), catalogue.UnknownSupplier)}
            for row in parts["components"]
        ],
    )
    components = _ids(call, catalogue.components, "sku")
    tx.insert(
        safety.stock_parameters,
        [
            {
                "component_id": _component(components, row),
                "lead_time_days": row["lead_time_days"],
                "lead_time_deviation": row.get("lead_time_deviation", 0),
                "abc_class": row.get("abc_class", "C"),
                "order_multiple": row.get("order_multiple", 1),
                "economic_lot": row.get("economic_lot"),
                "daily_demand": row.get("daily_demand"),
                "demand_deviation": row.get("demand_deviation"),
            }
            for row in parts["parameters"]
        ],
    )
    series = [
        demand.Series(_component(components, row), row["first_day"], row["pieces"]) for row in parts["demand"]
    ]
    demand.load(tx, series, "opening")
    _enter_stock(call, parts["stock"], components)
    tx.insert(
        wages.wages,
        [{**row, "set_by": call.actor, "case": call.case, "at": call.now} for row in parts["wages"]],
    )
    inventory.review(call, range(max(components.values(), default=0) + 1))
    return {"counts": {name: len(rows) for name, rows in parts.items()}}


def _read(call: Call, dataset: File | dict[str, Any]) -> Mapping[str, Any]:
    if not isinstance(dataset, File):
        return dataset
    kept = files.content(call.tx, dataset.sha256)
    if kept is None:
        raise FileGone(file=dataset.name)
    try:
        given = values.loads(bytes(kept.content))
    except (ValueError, ArithmeticError, TypeError, AttributeError) as error:
        raise NotADataset(file=dataset.name, reason=str(error)) from error
    if not isinstance(given, Mapping):
        raise NotADataset(file=dataset.name, reason=type(given).__name__)
    return given


def _enter_stock(call: Call, rows: list[dict[str, Any]], components: Mapping[str, int]) -> None:
    places = _ids(call, catalogue.warehouses, "code")
    stock.post(
        call,
        "opening",
        [
            stock.Posting(
                _component(components, row),
                _one(places, row["warehouse"], catalogue.UnknownWarehouse) or 0,
                row["quantity"],
                row.get("location"),
            )
            for row in rows
            if row["quantity"]
        ],
    )


def _ids(call: Call, table: sa.Table, key: str) -> dict[str, int]:
    rows = call.tx.all(sa.select(table.c.id, table.c[key].label("code")))
    return {row.code: row.id for row in rows}


def _one(ids: Mapping[str, int], code: str | None, error: Any) -> int | None:
    if code is None:
        return None
    if code not in ids:
        raise error(code=code)
    return ids[code]


def _component(ids: Mapping[str, int], row: Mapping[str, Any]) -> int:
    if row["component"] not in ids:
        raise catalogue.UnknownComponent(component=row["component"])
    return ids[row["component"]]
