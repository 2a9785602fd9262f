"""Opening balances from Excel: new warehouses, suppliers, customers and components, and what lies where.

Only adds: what the books have is changed by its own process. A component's first stock in a warehouse is entered
only while nothing was ever moved there. The unit cost is there to be compared with the old system's value; the books
value stock at the component's purchase price and keep no cost of their own. Not here: the way in (imports.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from runtime.ledger import catalogue, inventory, safety, stock
from runtime.ledger.import_kinds import (
    KINDS,
    Column,
    Compared,
    Finding,
    Hands,
    Kind,
    Line,
    Row,
    Rows,
    SheetOf,
    Total,
)
from runtime.ledger.operations import Call
from runtime.store.db import Transaction

FEN = Decimal("0.01")
ABC = {letter: {"en": letter} for letter in "ABC"}

_CODE = Column("code", "Code", "code", "Letters, digits and hyphens, at most 32; no two alike.", "S01", must=True)
_NAME = Column("name", "Name in Chinese", "text", "As it is shown.", "合肥仓", must=True)
_NAME_EN = Column("name_en", "English name", "text", "May stay empty.", "Hefei warehouse")
_CONTACT = Column("contact", "Contact person", "text", "Whom to ask; may stay empty.", "王工")
_PHONE = Column("phone", "Telephone", "text", "May stay empty.", "0551-5550100", most=40)
_ADDRESS = Column("address", "Address", "text", "May stay empty.", "合肥市示例路 1 号", most=500)

WAREHOUSES = SheetOf("warehouses", "Warehouses", (_CODE, _NAME, _NAME_EN, _ADDRESS), ("code",))
SUPPLIERS = SheetOf("suppliers", "Suppliers", (_CODE, _NAME, _NAME_EN, _CONTACT, _PHONE), ("code",))
CUSTOMERS = SheetOf("customers", "Customers", (_CODE, _NAME, _NAME_EN, _CONTACT, _PHONE, _ADDRESS), ("code",))
COMPONENTS = SheetOf(
    "components",
    "Components",
    (
        Column("sku", "Component no.", "code", "As it stands on orders; no two alike.", "LJ-M60-295", must=True),
        Column("name", "Name in Chinese", "text", "As it is shown.", "绿晶 单晶 295W", must=True),
        _NAME_EN,
        Column("brand", "Brand", "text", "Who makes it.", "绿晶", must=True, most=64),
        Column("model", "Model", "text", "As its maker calls it.", "M60-295", must=True, most=64),
        Column("technology", "Technology", "text", "Such as mono or poly.", "mono", must=True, most=32),
        Column("power", "Power (W)", "measure", "At standard test conditions.", "295"),
        Column("purchase_price", "Purchase price", "money", "CNY a piece.", "215.00", must=True),
        Column("sale_price", "Sale price", "money", "CNY a piece; may stay empty.", "268.00"),
        Column("usual_supplier", "Usual supplier", "code", "A supplier's code, of this file or known.", "S01"),
        Column(
            "lead_time_days", "Lead time (days)", "measure", "From order to arrival; without it no replenishment.",
            "14",
        ),
        Column("lead_time_deviation", "Lead time deviation", "measure", "In days; empty is 0.", "2"),
        Column("abc_class", "ABC class", "choice", "A, B or C; empty is C.", "A", choices=ABC),
        Column(
            "order_multiple", "Order multiple", "pieces", "Pieces in a box; empty is 1.", "30", more_than_zero=True
        ),
        Column("daily_demand", "Daily demand", "measure", "Pieces a day, while there is no history.", "6"),
        Column("demand_deviation", "Demand deviation", "measure", "Of the daily demand, in pieces.", "2.5"),
    ),
    ("sku",),
)  # fmt: skip
STOCK = SheetOf(
    "stock",
    "Stock",
    (
        Column(
            "component", "Component no.", "code", "Of the sheet Components, or known.", "LJ-M60-295", must=True
        ),
        Column("warehouse", "Warehouse", "code", "A warehouse's code, of this file or known.", "HF", must=True),
        Column("quantity", "Quantity", "pieces", "Whole pieces, counted.", "320", must=True, more_than_zero=True),
        Column(
            "unit_cost", "Unit cost", "money", "CNY a piece in the old system, to compare its value.", "210.50",
            must=True,
        ),
        Column("location", "Location", "text", "Shelf or bay; may stay empty.", "A-03-2"),
    ),
    ("component", "warehouse"),
    must=True,
)  # fmt: skip
PARTIES = {"warehouses": catalogue.warehouses, "suppliers": catalogue.suppliers, "customers": catalogue.customers}


def judge(call: Call, rows: Rows) -> Iterator[Finding]:
    """What the books have already, and what neither they nor the file know."""
    tx = call.tx
    known = {name: {row.code: row for row in tx.all(sa.select(table))} for name, table in PARTIES.items()}
    listed = {row.sku: row for row in tx.all(sa.select(catalogue.components))}
    for name in PARTIES:
        for row in rows.get(name, ()):
            if row["code"] in known[name]:
                yield Finding("in_books", name, row, "code", row["code"])
    for row in rows.get("components", ()):
        if row["sku"] in listed:
            yield Finding("in_books", "components", row, "sku", row["sku"])
        usual = row["usual_supplier"]
        if usual is not None and usual not in _codes(rows, "suppliers"):
            if usual not in known["suppliers"]:
                yield Finding("unknown_supplier", "components", row, "usual_supplier", usual)
            elif not known["suppliers"][usual].active:
                yield Finding("blocked", "components", row, "usual_supplier", usual)
    yield from _judge_stock(tx, rows, known["warehouses"], listed)


def _judge_stock(tx: Transaction, rows: Rows, warehouses: Any, listed: Any) -> Iterator[Finding]:
    moved = {
        (row.component_id, row.warehouse_id)
        for row in tx.all(
            sa.select(stock.stock_movements.c.component_id, stock.stock_movements.c.warehouse_id).distinct()
        )
    }
    new, places = _codes(rows, "components", "sku"), _codes(rows, "warehouses")
    for row in rows.get("stock", ()):
        sku, place = row["component"], row["warehouse"]
        component, warehouse = listed.get(sku), warehouses.get(place)
        if sku is not None and sku not in new:
            if component is None:
                yield Finding("unknown_component", "stock", row, "component", sku)
            elif component.state != "listed":
                yield Finding("delisted", "stock", row, "component", sku)
        if place is not None and place not in places:
            if warehouse is None:
                yield Finding("unknown_warehouse", "stock", row, "warehouse", place)
            elif not warehouse.active:
                yield Finding("closed", "stock", row, "warehouse", place)
        if component and warehouse and (component.id, warehouse.id) in moved:
            yield Finding("counted_already", "stock", row, "quantity", f"{sku} · {place}")


def totals(tx: Transaction, rows: Rows) -> list[Total]:
    """Rows, pieces and value of each warehouse of the file."""
    names = _warehouse_names(tx, rows)
    found: dict[str, list[Row]] = {}
    for row in rows.get("stock", ()):
        found.setdefault(row["warehouse"] or row.cells.get("warehouse", ""), []).append(row)
    return [
        Total(
            names.get(place, place),
            len(held),
            sum(row["quantity"] or 0 for row in held),
            sum((_amount(row) for row in held), Decimal(0)),
        )
        for place, held in sorted(found.items())
    ]


def lines(tx: Transaction, rows: Rows) -> list[Line]:
    """Stock first: it is what is compared; then what is added to the catalogue."""
    found = [
        Line(
            "stock", row.number, str(row["component"] or ""), str(row["warehouse"] or ""), row["quantity"], _amount(row)
        )
        for row in rows.get("stock", ())
    ]  # fmt: skip
    found += [
        Line("components", row.number, str(row["sku"] or ""), str(row["name"] or ""))
        for row in rows.get("components", ())
    ]
    for name in PARTIES:
        found += [
            Line(name, row.number, str(row["code"] or ""), str(row["name"] or "")) for row in rows.get(name, ())
        ]
    return found


def take(call: Call, rows: Rows, document: str, hands: Hands) -> None:
    """Catalogue first, then stock in one posting; what is below its safety stock is warned of."""
    tx = call.tx
    for name, table in PARTIES.items():
        fields = [column for column in ("contact", "phone", "address") if column in table.c]
        tx.insert(
            table,
            [
                {"code": row["code"], "names": _names(row), **{field: row[field] for field in fields}}
                for row in rows.get(name, ())
            ],
        )
    _add_components(tx, rows.get("components", ()))
    skus, places = _ids(tx, catalogue.components, "sku"), _ids(tx, catalogue.warehouses, "code")
    added = [skus[row["sku"]] for row in rows.get("components", ())]
    stock.post(
        call,
        "opening",
        [
            stock.Posting(skus[row["component"]], places[row["warehouse"]], row["quantity"], row["location"])
            for row in rows.get("stock", ())
        ],
        document=document,
    )
    if added:
        # What they need is not known before: the posting itself warned of none of them.
        inventory.review(call, added)


def _add_components(tx: Transaction, rows: Sequence[Row]) -> None:
    suppliers = _ids(tx, catalogue.suppliers, "code")
    plain = ("sku", "brand", "model", "technology", "power", "purchase_price", "sale_price")
    tx.insert(
        catalogue.components,
        [
            {key: row[key] for key in plain}
            | {"names": _names(row), "bifacial": False, "usual_supplier_id": suppliers.get(row["usual_supplier"] or "")}
            for row in rows
        ],
    )
    skus = _ids(tx, catalogue.components, "sku")
    tx.insert(
        safety.stock_parameters,
        [
            {
                "component_id": skus[row["sku"]],
                "lead_time_days": row["lead_time_days"],
                "lead_time_deviation": row["lead_time_deviation"] or Decimal(0),
                "abc_class": row["abc_class"] or "C",
                "order_multiple": row["order_multiple"] or 1,
                "daily_demand": row["daily_demand"],
                "demand_deviation": row["demand_deviation"],
            }
            for row in rows
            if row["lead_time_days"] is not None
        ],
    )


def compare(tx: Transaction, rows: Rows, document: str) -> list[Compared]:
    """Of each warehouse rows and pieces as they were posted; how many rows stand in the books exactly as in the file;
    and of each sheet how many of its codes the books have."""
    movement, component, warehouse = stock.stock_movements.c, catalogue.components.c, catalogue.warehouses.c
    posted = tx.all(
        sa.select(component.sku, warehouse.code, movement.quantity)
        .select_from(stock.stock_movements)
        .join(catalogue.components)
        .join(catalogue.warehouses)
        .where(movement.document == document)
    )
    books = {(row.sku, row.code): int(row.quantity) for row in posted}
    file = {(row["component"], row["warehouse"]): row["quantity"] for row in rows.get("stock", ())}
    names = _warehouse_names(tx, rows)
    found: list[Compared] = []
    for place in sorted({code for _, code in [*books, *file]}):
        mine, theirs = _of(file, place), _of(books, place)
        name = names.get(place, place)
        found.append(Compared(name, "rows", len(mine), len(theirs)))
        found.append(Compared(name, "pieces", sum(mine.values()), sum(theirs.values())))
    same = sum(books.get(key) == pieces for key, pieces in file.items())
    found.append(Compared("", "matched_rows", len(file), same))
    for name, table, key in (*((name, table, "code") for name, table in PARTIES.items()), _COMPONENTS):
        codes = _codes(rows, name, key)
        if codes:
            there = tx.scalar(sa.select(sa.func.count()).where(table.c[key].in_(codes)))
            found.append(Compared(name, "rows", len(codes), int(there or 0)))
    return found


_COMPONENTS = ("components", catalogue.components, "sku")


def _of(held: dict[tuple[Any, Any], int], place: str) -> dict[Any, int]:
    return {sku: pieces for (sku, code), pieces in held.items() if code == place}


def _amount(row: Row) -> Decimal:
    """CNY, to the fen; 0 while something of it cannot be read."""
    if row["quantity"] is None or row["unit_cost"] is None:
        return Decimal("0.00")
    return Decimal(row["quantity"] * row["unit_cost"]).quantize(FEN, ROUND_HALF_UP)


def _names(row: Row) -> dict[str, str]:
    return {"zh_Hans": row["name"], **({"en": row["name_en"]} if row["name_en"] else {})}


def _codes(rows: Rows, sheet: str, key: str = "code") -> set[str]:
    return {row[key] for row in rows.get(sheet, ()) if row[key] is not None}


def _ids(tx: Transaction, table: sa.Table, key: str) -> dict[str, int]:
    return {row.code: row.id for row in tx.all(sa.select(table.c.id, table.c[key].label("code")))}


def _warehouse_names(tx: Transaction, rows: Rows) -> dict[str, str]:
    known = {row.code: catalogue.name(row) for row in tx.all(sa.select(catalogue.warehouses))}
    return known | {row["code"]: row["name"] or row["code"] for row in rows.get("warehouses", ()) if row["code"]}


KINDS["opening"] = Kind(
    "opening", "Opening balances", (WAREHOUSES, SUPPLIERS, CUSTOMERS, COMPONENTS, STOCK), "stock",
    ("count", "quantity", "amount"), ("admin", "supervisor"), judge, totals, lines, take, compare,
)  # fmt: skip
