"""Products: what is listed, changed and delisted, proposed by one person and decided by another.

A draft is not sold or planned until it is listed; what is still in use is not delisted. Every change keeps what
was before, takes effect only while that still stands, and touches nothing that another open one touches. Not
here: the components themselves (catalogue.py), their stock parameters (parameters.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, counting, documents, masters
from runtime.ledger.catalogue import components
from runtime.ledger.inputs import Measure, Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.orders import order_lines, orders
from runtime.ledger.plans import plans, purchase_plan_lines
from runtime.ledger.positions import positions
from runtime.ledger.safety import OPEN, stock_alerts
from runtime.ledger.sales import sales_order_lines, sales_orders
from runtime.store.cases import cases
from runtime.store.db import Tagged, Transaction, metadata
from runtime.values import File

product_changes = sa.Table(
    "product_changes",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # list | change | delist
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False, index=True),
    sa.Column("before", Tagged, nullable=False),  # column → value, of what changes
    sa.Column("after", Tagged, nullable=False),
    sa.Column("files", Tagged),  # list of files
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.String(32), nullable=False),
    sa.Column("decided_by", sa.String(32)),
    sa.Column("comment", sa.Text),
)

NEXT = {
    "proposed": {"proposed", "returned", "approved", "rejected", "withdrawn"},
    "returned": {"proposed", "withdrawn"},
}
COMPONENT_NEXT = {"draft": {"listed"}, "listed": {"delisted"}, "delisted": {"listed"}}
NAMES = {"name": "zh_Hans", "name_en": "en"}  # field of the form → language
# What a component must have before it is listed.
NEEDED = ("name", "brand", "model", "technology", "purchase_price")


class IncompleteProduct(Invalid):
    """A new component needs {missing}."""

    code = "product.incomplete"


class WrongState(Conflict):
    """{component} is {state}; that does not go with this change."""

    code = "product.wrong_state"


class StillInUse(Conflict):
    """{component} cannot be delisted: {stock} pieces in stock or quarantine, {orders} open orders, {plans} open plans, {alerts} open replenishment alerts."""  # noqa: E501

    code = "product.still_in_use"


class BeingCounted(Conflict):
    """{component} cannot be delisted while it is being counted."""

    code = "product.being_counted"


class Proposed(TypedDict):
    product_change: str
    number: str
    component: str
    before: dict[str, Any]
    after: dict[str, Any]
    comparison: list[dict[str, Any]]


class Stands(TypedDict):
    component: str | None
    present: list[dict[str, Any]]


@operation("products.propose", errors=("bad_change",))
def propose(
    call: Call,
    change: Literal["list", "change", "delist"],
    component: str,
    reason: str,
    by: Person,
    name: str | None = None,
    name_en: str | None = None,
    brand: str | None = None,
    model: str | None = None,
    technology: str | None = None,
    bifacial: bool | None = None,
    power: Measure | None = None,
    purchase_price: Money | None = None,
    sale_price: Money | None = None,
    supplier: str | None = None,
    files: list[File] | None = None,
    product_change: str | None = None,
) -> Proposed:
    """Propose to list a component (a new one becomes a draft), to change a listed one, or to delist it.

    component: its SKU. Only what is given changes; power in W, prices in CNY a piece. `comparison`: what, before
    and after of each. BPMN error: bad_change, if it does not go with the component's state, lacks something, touches
    what another open change touches, or the component is still in use."""
    tx = call.tx
    sku = component.strip()
    given: dict[str, Any] = {
        "brand": brand,
        "model": model,
        "technology": technology,
        "bifacial": bifacial,
        "power": power,
        "purchase_price": purchase_price,
        "sale_price": sale_price,
    }
    wanted = {key: value for key, value in given.items() if value is not None}
    row = tx.first(sa.select(components).where(components.c.sku == sku).with_for_update())
    given_names = {"name": name, "name_en": name_en}
    names = {NAMES[field]: text for field, text in given_names.items() if text}
    if names:
        wanted["names"] = (dict(row.names) if row else {}) | names
    if supplier is not None:
        wanted["usual_supplier_id"] = catalogue.by_code(tx, catalogue.suppliers, supplier).id
    if row is None:
        row = _drafted(tx, change, sku, wanted)
    allowed = {"list": ("draft", "delisted"), "change": ("listed",), "delist": ("listed",)}[change]
    if row.state not in allowed:
        raise refuse("bad_change", WrongState(component=sku, state=row.state))
    if change == "delist":
        _require_unused(tx, row)
        wanted = {}
    elif change == "change":
        wanted = {key: value for key, value in wanted.items() if getattr(row, key) != value}
        if not wanted:
            raise refuse("bad_change", documents.NothingChanges())
    _require_free(tx, row, change, wanted, product_change)
    before = {key: getattr(row, key) for key in wanted}
    values: dict[str, Any] = {
        "kind": change,
        "component_id": row.id,
        "before": before,
        "after": wanted,
        "files": files,
        "reason": reason,
        "proposed_by": by,
    }
    if product_change is None:
        product_change, number = public_id(), documents.next_number(tx, "PC", call.today.year)
        documents.add(
            tx,
            product_changes,
            public_id=product_change,
            number=number,
            case=call.case,
            at=call.now,
            state="proposed",
            **values,
        )
    else:
        earlier = documents.get(tx, product_changes, product_change)
        number = earlier.number
        documents.change(tx, product_changes, earlier, "proposed", NEXT, **values)
    return {
        "product_change": product_change,
        "number": number,
        "component": sku,
        "before": before,
        "after": wanted,
        "comparison": masters.compare(_shown(tx, before), _shown(tx, wanted)),
    }


@operation("products.decide", errors=("same_person", "bad_change"))
def decide(
    call: Call,
    product_change: str,
    decision: Literal["approve", "return", "reject"],
    by: Person,
    comment: str | None = None,
) -> None:
    """Approve a change, which takes effect at once, return it for rework or reject it.

    BPMN errors: same_person · bad_change, if the component, its state or its use has changed meanwhile."""
    tx = call.tx
    change = documents.get(tx, product_changes, product_change)
    if change.proposed_by == by:
        raise refuse("same_person", documents.SamePerson())
    state = {"approve": "approved", "return": "returned", "reject": "rejected"}[decision]
    if decision == "approve":
        row = tx.first(sa.select(components).where(components.c.id == change.component_id).with_for_update())
        assert row is not None
        after = {"list": "listed", "change": row.state, "delist": "delisted"}[change.kind]
        if after not in COMPONENT_NEXT[row.state] and (change.kind != "change" or row.state != "listed"):
            raise refuse("bad_change", WrongState(component=row.sku, state=row.state))
        if any(getattr(row, key) != value for key, value in dict(change.before).items()):
            raise refuse("bad_change", masters.Overtaken(subject=row.sku))
        if change.kind == "delist":
            _require_unused(tx, row)
        tx.execute(
            sa.update(components).where(components.c.id == row.id).values(state=after, **dict(change.after))
        )
    documents.change(tx, product_changes, change, state, NEXT, decided_by=by, comment=comment)


@operation("products.withdraw")
def withdraw(call: Call, product_change: str | None = None) -> None:
    """Take back a change that is not in effect; None: it was never noted."""
    if product_change is not None:
        row = documents.get(call.tx, product_changes, product_change)
        documents.change(call.tx, product_changes, row, "withdrawn", NEXT)


@operation("products.read")
def read(call: Call, component: str | None = None) -> Stands:
    """How a component stands, for whoever proposes to change it; nothing of one that there is not.

    present: what and value of each field that is not empty."""
    row = call.tx.first(sa.select(components).where(components.c.sku == (component or "").strip()))
    if row is None:
        return {"component": component, "present": []}
    columns = ("brand", "model", "technology", "power", "purchase_price", "sale_price", "names", "usual_supplier_id")
    values = _shown(call.tx, {column: getattr(row, column) for column in columns})
    order = ("name", "name_en", *(column for column in values if column not in ("name", "name_en")))
    present = [{"what": what, "value": masters.shown(values[what])} for what in order if values.get(what) is not None]
    return {"component": row.sku, "present": present}


def _drafted(tx: Transaction, change: str, sku: str, wanted: dict[str, Any]) -> Any:
    """A new component, as a draft."""
    if change != "list":
        raise refuse("bad_change", catalogue.UnknownComponent(component=sku))
    missing = [key for key in NEEDED if (key if key != "name" else "names") not in wanted]
    if missing:
        raise refuse("bad_change", IncompleteProduct(missing=", ".join(missing)))
    tx.execute(sa.insert(components).values(sku=sku, state="draft", **({"bifacial": False} | wanted)))
    return tx.first(sa.select(components).where(components.c.sku == sku))


def _require_free(tx: Transaction, row: Any, kind: str, wanted: dict[str, Any], own: str | None) -> None:
    """No other change that is under way touches the same of it. BPMN error: bad_change."""
    change = product_changes.c
    given_up = sa.exists().where(cases.c.public_id == change.case, cases.c.status != "running")
    others = tx.all(
        sa.select(change.number, change.kind, change.after)
        .where(change.component_id == row.id, change.state.in_(("proposed", "returned")), ~given_up)
        .where(change.public_id != (own or ""))
        .order_by(change.id)
    )
    for other in others:
        if _touched(other.kind, other.after) & _touched(kind, wanted):
            raise refuse("bad_change", masters.OpenChange(number=other.number, subject=row.sku))


def _touched(kind: str, after: Mapping[str, Any]) -> set[str]:
    return set(after) | (set() if kind == "change" else {"state"})


def _shown(tx: Transaction, values: Mapping[str, Any]) -> dict[str, Any]:
    """Column → value as field → value of the form; a supplier by its name."""
    shown = {key: value for key, value in values.items() if key not in ("names", "usual_supplier_id")}
    if "names" in values:
        shown |= {field: values["names"].get(language) for field, language in NAMES.items()}
    if "usual_supplier_id" in values:
        suppliers = catalogue.suppliers
        supplier = tx.first(sa.select(suppliers).where(suppliers.c.id == values["usual_supplier_id"]))
        shown["supplier"] = catalogue.name(supplier) if supplier else None
    return shown


def _require_unused(tx: Transaction, row: Any) -> None:
    """Nothing of it is in stock, ordered, planned or promised. BPMN error: bad_change."""
    where = positions(tx, [row.id])[row.id]
    stock = where.on_hand + where.quarantine
    sold = _count(
        sales_order_lines, sales_orders, sales_orders.c.state.in_(("recorded", "confirmed", "shipped")), row
    )
    bought = _count(order_lines, orders, orders.c.state == "open", row)
    planned = _count(purchase_plan_lines, plans, plans.c.state.in_(("proposed", "approved")), row)
    alerts = sa.select(sa.func.count()).select_from(stock_alerts)
    open_orders = (tx.scalar(sold) or 0) + (tx.scalar(bought) or 0)
    open_plans = tx.scalar(planned) or 0
    open_alerts = tx.scalar(alerts.where(stock_alerts.c.component_id == row.id, OPEN)) or 0
    if (stock or open_orders or open_plans or open_alerts) and counting.being_counted(tx, row.id):
        raise refuse("bad_change", BeingCounted(component=row.sku))  # how many pieces are left is not told meanwhile
    if stock or open_orders or open_plans or open_alerts:
        raise refuse(
            "bad_change",
            StillInUse(
                component=row.sku, stock=stock, orders=open_orders, plans=open_plans, alerts=open_alerts
            ),
        )


def _count(lines: sa.Table, documents_: sa.Table, open_: Any, row: Any) -> Any:
    return (
        sa.select(sa.func.count())
        .select_from(lines)
        .join(documents_)
        .where(lines.c.component_id == row.id, open_)
    )
