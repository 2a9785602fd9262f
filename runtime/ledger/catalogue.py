"""Components, warehouses, suppliers and customers: what the other books refer to by code.

`names` is language → text. Electrical data are at standard test conditions (1,000 W/m²,
25 °C, AM 1.5). Not here: quantities of anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime import i18n
from runtime.errors import Conflict, NotFound
from runtime.ledger.operations import refuse
from runtime.store.db import Exact, Id, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared, listed, numbered, size

suppliers = sa.Table(
    "suppliers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("code", sa.String(32), nullable=False, unique=True),
    sa.Column("names", Tagged, nullable=False),
    sa.Column("contact", sa.String(100)),
    sa.Column("phone", sa.String(40)),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),  # not: no new contracts
)

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("code", sa.String(32), nullable=False, unique=True),
    sa.Column("names", Tagged, nullable=False),
    sa.Column("contact", sa.String(100)),
    sa.Column("phone", sa.String(40)),
    sa.Column("address", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),  # not: no new orders
)

warehouses = sa.Table(
    "warehouses",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("code", sa.String(32), nullable=False, unique=True),
    sa.Column("names", Tagged, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),  # not: closed, and empty
)

components = sa.Table(
    "components",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sku", sa.String(32), nullable=False, unique=True),
    sa.Column("names", Tagged, nullable=False),
    sa.Column("brand", sa.String(64), nullable=False),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("technology", sa.String(32), nullable=False),
    sa.Column("bifacial", sa.Boolean, nullable=False),
    sa.Column("cells", sa.Integer),
    sa.Column("power", Exact),  # Pmax, W
    sa.Column("voc", Exact),  # V
    sa.Column("isc", Exact),  # A
    sa.Column("vmp", Exact),  # V
    sa.Column("imp", Exact),  # A
    sa.Column("efficiency", Exact),  # %
    sa.Column("power_coefficient", Exact),  # % per K
    sa.Column("noct", Exact),  # °C
    sa.Column("length", Exact),  # mm
    sa.Column("width", Exact),  # mm
    sa.Column("weight", Exact),  # kg
    sa.Column("purchase_price", Exact, nullable=False),  # CNY a piece
    sa.Column("sale_price", Exact),  # CNY a piece
    sa.Column("usual_supplier_id", sa.ForeignKey("suppliers.id")),
    # draft | listed | delisted: products.py; only what is listed is sold, planned and offered
    sa.Column("state", sa.String(16), nullable=False, server_default="listed"),
)


LISTED = components.c.state == "listed"


class NotListed(Conflict):
    """{component} is not listed ({state}), so it is neither sold nor planned."""

    code = "component.not_listed"


class UnknownComponent(NotFound):
    """There is no component {component}."""

    code = "component.unknown"


class UnknownSupplier(NotFound):
    """There is no supplier {code}."""

    code = "supplier.unknown"


class UnknownCustomer(NotFound):
    """There is no customer {code}."""

    code = "customer.unknown"


class UnknownWarehouse(NotFound):
    """There is no warehouse {code}."""

    code = "warehouse.unknown"


class SupplierBlocked(Conflict):
    """Supplier {supplier} is blocked for new contracts. Choose another one, or have it unblocked."""

    code = "supplier.blocked"


class CustomerBlocked(Conflict):
    """Customer {customer} is blocked for new orders. Refuse the order, or have the customer unblocked first."""

    code = "customer.blocked"


class WarehouseClosed(Conflict):
    """Warehouse {warehouse} is closed: nothing is put there. Choose another one, or have it opened again."""

    code = "warehouse.closed"


_ERRORS = {suppliers: UnknownSupplier, customers: UnknownCustomer, warehouses: UnknownWarehouse}


def components_by_sku(tx: Transaction, skus: Collection[str]) -> dict[str, Any]:
    """SKU → row, in one statement. Raises UnknownComponent for the first that is missing."""
    wanted = set(skus)
    found = {row.sku: row for row in _by_sku(size(wanted)).rows(tx, **numbered("b_", wanted))}
    for sku in skus:
        if sku not in found:
            raise UnknownComponent(component=sku)
    return found


@lru_cache
def _by_sku(number: int) -> Prepared:
    return Prepared(sa.select(components).where(components.c.sku.in_(listed("b_", number))))


def require_listed(rows: Iterable[Any]) -> None:
    """Refuse what is not listed. BPMN error: bad_lines."""
    for row in rows:
        if row.state != "listed":
            raise refuse("bad_lines", NotListed(component=row.sku, state=row.state))


def component(tx: Transaction, sku: str) -> Any:
    return components_by_sku(tx, [sku])[sku]


def by_code(tx: Transaction, table: sa.Table, code: str) -> Any:
    """A supplier, customer or warehouse. Raises Unknown…"""
    row = _coded(table).first(tx, b_code=code)
    if row is None:
        raise _ERRORS[table](code=code)
    return row


@lru_cache(maxsize=10)
def _coded(table: sa.Table) -> Prepared:
    return Prepared(sa.select(table).where(table.c.code == sa.bindparam("b_code")))


def require_open(tx: Transaction, ids: Collection[int]) -> None:
    """Whatever is put into these warehouses: they are open, and stay so until the transaction ends.

    Raises WarehouseClosed."""
    for row in tx.all(sa.select(warehouses).where(warehouses.c.id.in_(set(ids))).with_for_update(read=True)):
        if not row.active:
            raise WarehouseClosed(warehouse=name(row))


def among(column: sa.ColumnElement[Any], ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Whether an inner id is one of these. A range is sent as its two ends: so many take no longer to say."""
    return column.between(ids[0], ids[-1]) if isinstance(ids, range) and ids else column.in_(set(ids))


def way(ids: Collection[int]) -> int:
    """Of `found_among`: how inner ids are given, as the two ends of a range (0) or in a list of this size."""
    return 0 if isinstance(ids, range) and ids else size(ids)


def found_among(column: sa.ColumnElement[Any], how: int) -> sa.ColumnElement[bool]:
    """`among` in a statement that is built once for each `way`; `those` gives its parameters."""
    if how == 0:
        return column.between(sa.bindparam("b_first"), sa.bindparam("b_last"))
    return column.in_(listed("b_id_", how))


def those(ids: Collection[int]) -> dict[str, Any]:
    if isinstance(ids, range) and ids:
        return {"b_first": ids[0], "b_last": ids[-1]}
    return numbered("b_id_", set(ids))


def name(row: Any, language: str = i18n.DEFAULT) -> str:
    """The row's name for a reader; its code when it has none."""
    code: str = row.sku if hasattr(row, "sku") else row.code
    return i18n.label(language, dict(row.names), code)


def skus(tx: Transaction, ids: Iterable[int]) -> Mapping[int, str]:
    """Inner id → SKU."""
    rows = tx.all(sa.select(components.c.id, components.c.sku).where(components.c.id.in_(set(ids))))
    return {row.id: row.sku for row in rows}
