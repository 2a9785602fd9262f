"""Suppliers, customers and warehouses as master data: what each consists of, and when one may be blocked or closed.

A blocked supplier gets no new contract, a blocked customer no new order; what runs goes on. A warehouse is closed
when nothing is in it. Not here: how a change is proposed and approved (masters.py), who refuses what is blocked
(orders.py, sales.py, stock.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from runtime import i18n
from runtime.errors import Conflict
from runtime.ledger import catalogue, masters, stock
from runtime.ledger.catalogue import customers, suppliers, warehouses
from runtime.ledger.counting import stocktake_sheets, stocktakes
from runtime.ledger.inputs import Person
from runtime.ledger.masters import Action, Kind, Proposed
from runtime.ledger.operations import Call, operation
from runtime.store.db import Transaction

# Field of a change → language of `names`.
LANGUAGES = {"name": i18n.DEFAULT, "name_zh_hant": "zh_Hant", "name_en": "en"}


class WarehouseInUse(Conflict):
    """Warehouse {warehouse} cannot be closed: {stock} pieces are in it, {reserved} of them reserved."""

    code = "warehouse.in_use"


class WarehouseCounted(Conflict):
    """Warehouse {warehouse} cannot be closed: {sheets} count sheets are open or not posted yet."""

    code = "warehouse.being_counted"


@operation("masters.propose_supplier", errors=("bad_change",))
def propose_supplier(
    call: Call,
    action: Action,
    code: str,
    reason: str,
    by: Person,
    name: str | None = None,
    name_zh_hant: str | None = None,
    name_en: str | None = None,
    contact: str | None = None,
    phone: str | None = None,
    effective_on: dt.date | None = None,
    master_change: str | None = None,
) -> Proposed:
    """Propose a new supplier, other data of one, or that it is blocked for new contracts or no longer blocked.

    What is left out of new or other data will be empty. BPMN error: bad_change, see masters.propose."""
    wanted = {
        "name": name,
        "name_zh_hant": name_zh_hant,
        "name_en": name_en,
        "contact": contact,
        "phone": phone,
    }
    return masters.propose(call, "supplier", action, code, wanted, reason, by, effective_on, master_change)


@operation("masters.propose_customer", errors=("bad_change",))
def propose_customer(
    call: Call,
    action: Action,
    code: str,
    reason: str,
    by: Person,
    name: str | None = None,
    name_zh_hant: str | None = None,
    name_en: str | None = None,
    contact: str | None = None,
    phone: str | None = None,
    address: str | None = None,
    effective_on: dt.date | None = None,
    master_change: str | None = None,
) -> Proposed:
    """Propose a new customer, other data of one, or that it is blocked for new orders or no longer blocked.

    What is left out of new or other data will be empty. BPMN error: bad_change, see masters.propose."""
    wanted = {"name": name, "name_zh_hant": name_zh_hant, "name_en": name_en}
    wanted |= {"contact": contact, "phone": phone, "address": address}
    return masters.propose(call, "customer", action, code, wanted, reason, by, effective_on, master_change)


@operation("masters.propose_warehouse", errors=("bad_change",))
def propose_warehouse(
    call: Call,
    action: Action,
    code: str,
    reason: str,
    by: Person,
    name: str | None = None,
    name_zh_hant: str | None = None,
    name_en: str | None = None,
    address: str | None = None,
    effective_on: dt.date | None = None,
    master_change: str | None = None,
) -> Proposed:
    """Propose a new warehouse, other data of one, or that it is closed (block) or opened again (unblock).

    What is left out of new or other data will be empty. BPMN error: bad_change, also if it is to be closed and is
    not empty."""
    wanted = {"name": name, "name_zh_hant": name_zh_hant, "name_en": name_en, "address": address}
    return masters.propose(call, "warehouse", action, code, wanted, reason, by, effective_on, master_change)


def _look(
    table: sa.Table, fields: tuple[str, ...], tx: Transaction, code: str, held: bool
) -> tuple[dict[str, Any], str] | None:
    query = sa.select(table).where(table.c.code == code)
    row = tx.first(query.with_for_update() if held else query)
    if row is None:
        return None
    values = {
        field: row.names.get(LANGUAGES[field]) if field in LANGUAGES else getattr(row, field)
        for field in fields
    }
    return values | {"active": row.active}, catalogue.name(row)


def _write(table: sa.Table, call: Call, code: str, after: Mapping[str, Any], new: bool, by: str) -> None:
    tx = call.tx
    names = {} if new else dict(tx.scalar(sa.select(table.c.names).where(table.c.code == code)) or {})
    for field, language in LANGUAGES.items():
        if field in after:
            names[language] = after[field]
    values = {field: value for field, value in after.items() if field not in LANGUAGES}
    values["names"] = {language: text for language, text in names.items() if text}
    if new:
        tx.execute(sa.insert(table).values(code=code, **values))
    else:
        tx.execute(sa.update(table).where(table.c.code == code).values(**values))


def _always(tx: Transaction, code: str, after: Mapping[str, Any]) -> None:
    """What runs with a blocked supplier or customer goes on."""


def _only_empty(tx: Transaction, code: str, after: Mapping[str, Any]) -> None:
    """Raises WarehouseInUse or WarehouseCounted, if it is to be closed and something is in it, or counted there."""
    if after.get("active") is not False:
        return
    place = catalogue.by_code(tx, warehouses, code)
    held, sheet = stock.stock_balances.c, stocktake_sheets.c
    there = tx.first(
        sa.select(
            sa.func.coalesce(sa.func.sum(held.on_hand), 0).label("stock"),
            sa.func.coalesce(sa.func.sum(held.reserved), 0).label("reserved"),
        ).where(held.warehouse_id == place.id)
    )
    counted = (
        sa.select(sa.func.count())
        .select_from(stocktake_sheets.join(stocktakes, stocktakes.c.id == sheet.stocktake_id))
        # What was counted there and is judged may still be posted as a surplus.
        .where(sheet.warehouse_id == place.id, sa.or_(sheet.state == "open", stocktakes.c.state == "judged"))
    )
    sheets = tx.scalar(counted) or 0
    assert there is not None
    if sheets:
        raise WarehouseCounted(warehouse=code, sheets=sheets)  # how many pieces are in it is not told meanwhile
    if there.stock or there.reserved:
        raise WarehouseInUse(warehouse=code, stock=int(there.stock), reserved=int(there.reserved))


def _kind(table: sa.Table, fields: tuple[str, ...], unknown: Any, ready: Any = _always) -> Kind:
    every = (*LANGUAGES, *fields)
    look, write = partial(_look, table, every), partial(_write, table)
    return Kind(every, ("name",), look, lambda code: unknown(code=code), write, ready)


masters.KINDS |= {
    "supplier": _kind(suppliers, ("contact", "phone"), catalogue.UnknownSupplier),
    "customer": _kind(customers, ("contact", "phone", "address"), catalogue.UnknownCustomer),
    "warehouse": _kind(warehouses, ("address",), catalogue.UnknownWarehouse, _only_empty),
}
