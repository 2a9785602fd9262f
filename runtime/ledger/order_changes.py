"""Changes of a confirmed sales order that a customer asks for: other lines, date or address, or none of the rest.

What is shipped stays as it is. Not here: corrections before an order is confirmed (sales.record_order), what comes
back (returns.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, documents, receivables, sales
from runtime.ledger.inputs import Money, Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.sales import sales_order_lines, sales_orders
from runtime.store.db import Exact, Tagged, Transaction, metadata

Kind = Literal["amend", "cancel"]

sales_order_changes = sa.Table(
    "sales_order_changes",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("order_id", sa.ForeignKey("sales_orders.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", Tagged, nullable=False),  # lines (component, quantity, shipped, price), address, promised
    sa.Column("after", Tagged, nullable=False),
    sa.Column("amount_before", Exact, nullable=False),
    sa.Column("amount_after", Exact, nullable=False),
    sa.Column("by", sa.String(32), nullable=False),
    sa.CheckConstraint("kind IN ('amend', 'cancel')", name="kind"),
)


class NoSuchOrder(Invalid):
    """There is no sales order {order}."""

    code = "order_change.no_such_order"


class NotConfirmedYet(Conflict):
    """Order {order} is still being checked: correct or refuse it in its own task."""

    code = "order_change.not_confirmed"


class AllShipped(Conflict):
    """All of order {order} has left. What the customer does not want of it comes back as a return: report a customer
    issue."""

    code = "order_change.all_shipped"


class OrderEnded(Conflict):
    """Order {order} is {state}: there is nothing left of it to change."""

    code = "order_change.ended"


class BelowShipped(Conflict):
    """{shipped} pieces of {component} have left already, so the order cannot have only {quantity}."""

    code = "order_change.below_shipped"


class PriceOfShipped(Conflict):
    """Pieces of {component} have left at {price} CNY, so that price stays."""

    code = "order_change.price_of_shipped"


class NothingChanged(Invalid):
    """That is how order {order} stands already."""

    code = "order_change.nothing_changed"


class NoMoreForBlocked(Conflict):
    """Customer {customer} is blocked: the order can become smaller or be cancelled, and nothing is added to it."""

    code = "order_change.customer_blocked"


class ChangedMeanwhile(Conflict):
    """Order {order} was changed since this was agreed. Look at it as it stands now and agree it anew."""

    code = "order_change.changed_meanwhile"


class ChangeLine(TypedDict):
    component: str
    quantity: Pieces
    price: Money


class Changeable(TypedDict):
    order: str
    customer: str
    amount: Decimal
    shipped_total: int
    lines: list[dict[str, Any]]
    address: str
    promised: dt.date
    recorded_by: str


class Weighed(TypedDict):
    within: bool
    amount_after: Decimal
    credit_verdict: str
    credit_limit: Decimal
    receivable: Decimal
    overdue: Decimal
    overdue_days: int
    underway: Decimal
    exposure: Decimal


class Changed(TypedDict):
    change: str
    number: str
    amount: Decimal
    order_state: str


@operation("order_changes.read", errors=("no_change",))
def read(call: Call, order_number: str) -> Changeable:
    """How an order stands of which something can still be changed; lines as in sales.progress.

    BPMN error: no_change, if there is no such order, it is not confirmed yet, all of it has left, or it has ended."""
    tx = call.tx
    row = tx.first(sa.select(sales_orders).where(sales_orders.c.number == order_number.strip()).with_for_update())
    if row is None:
        raise refuse("no_change", NoSuchOrder(order=order_number))
    _check_state(row)
    lines = sales.lines_of(tx, row.id)
    customer = tx.scalar(sa.select(catalogue.customers.c.code).where(catalogue.customers.c.id == row.customer_id))
    return {
        "order": row.public_id,
        "customer": str(customer),
        "amount": row.amount,
        "shipped_total": sum(line.shipped for line in lines),
        "lines": [sales.shown(line) for line in lines],
        "address": row.address,
        "promised": row.promised,
        "recorded_by": row.recorded_by,
    }


@operation("order_changes.weigh", errors=("bad_change", "bad_lines", "no_change", "rule_refused"))
def weigh(
    call: Call,
    order: str,
    kind: Kind,
    lines: list[ChangeLine] | None = None,
    address: str | None = None,
    promised: dt.date | None = None,
) -> Weighed:
    """What an order would come to, and whether that is within the customer's credit; as in sales.check_credit. What
    comes to no more than before needs none.

    BPMN errors: bad_lines; bad_change, if it goes below what has left, changes its price, or nothing; no_change, as of
    order_changes.read."""
    row = documents.get(call.tx, sales_orders, order)
    _check_state(row)
    after = _after(call.tx, row, kind, lines, address, promised)
    amount = documents.typed_amount((line["quantity"], line["price"]) for line in after["lines"])
    found = receivables.weigh(call, row, amount)
    return {**found, "amount_after": amount, "within": found["within"] or amount <= row.amount}


@operation(
    "order_changes.apply",
    errors=("bad_change", "bad_lines", "no_change", "beyond_credit", "same_person", "rule_refused"),
)
def apply(
    call: Call,
    order: str,
    kind: Kind,
    reason: str,
    by: Person,
    lines: list[ChangeLine] | None = None,
    address: str | None = None,
    promised: dt.date | None = None,
    released_by: Person | None = None,
    agreed_on: list[ChangeLine] | None = None,
) -> Changed:
    """Change an order, or give up what is not shipped of it. What was reserved is free until it is reserved anew;
    whoever works on the order is told (`sales_order_changed`).

    lines: all of the order as it shall be, with what has left. agreed_on: its lines when that was agreed; if another
    change has altered them since, it is agreed anew. amount: CNY. BPMN errors: bad_change, bad_lines and no_change as
    of order_changes.weigh; beyond_credit and same_person as of sales.confirm, if it comes to more."""
    tx = call.tx
    row = documents.get(tx, sales_orders, order)
    _check_state(row)
    if agreed_on is not None and _agreed(agreed_on) != _agreed(_stands(tx, row)["lines"]):
        raise refuse("bad_change", ChangedMeanwhile(order=row.number))
    after = _after(tx, row, kind, lines, address, promised)
    amount = documents.typed_amount((line["quantity"], line["price"]) for line in after["lines"])
    values: dict[str, Any] = {"address": after["address"], "promised": after["promised"]}
    if amount > row.amount:
        if released_by is not None and released_by == by:
            raise refuse("same_person", documents.SamePerson())
        values |= receivables.release(call, row, amount, released_by)
    before = _stands(tx, row)
    sales.release(tx, row.id)
    if kind == "cancel":
        sales.give_up(tx, row, reason)
    else:
        _write(tx, row, after["lines"])
        sales.move(tx, row, amount=amount, **values)
    change, number = public_id(), documents.next_number(tx, "OC", call.today.year)
    documents.add(
        tx,
        sales_order_changes,
        public_id=change,
        number=number,
        case=call.case,
        at=call.now,
        order_id=row.id,
        kind=kind,
        reason=reason,
        before=before,
        after=after,
        amount_before=row.amount,
        amount_after=amount,
        by=by,
    )
    call.send("sales_order_changed", row.number, {})
    state = tx.scalar(sa.select(sales_orders.c.state).where(sales_orders.c.id == row.id))
    return {"change": change, "number": number, "amount": amount, "order_state": str(state)}


def _check_state(row: Any) -> None:
    if row.state == "recorded":
        raise refuse("no_change", NotConfirmedYet(order=row.number))
    if row.state in ("shipped", "delivered", "settled"):
        raise refuse("no_change", AllShipped(order=row.number))
    if row.state != "confirmed":
        raise refuse("no_change", OrderEnded(order=row.number, state=row.state))


def _agreed(lines: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, Decimal]]:
    return {line["component"]: (line["quantity"], line["price"]) for line in lines}


def _stands(tx: Transaction, row: Any) -> dict[str, Any]:
    """How an order stands, as it is kept of a change."""
    lines = [
        {"component": line.sku, "quantity": line.quantity, "shipped": line.shipped, "price": line.price}
        for line in sales.lines_of(tx, row.id)
    ]
    return {"lines": lines, "address": row.address, "promised": row.promised}


def _after(
    tx: Transaction,
    row: Any,
    kind: Kind,
    wanted: list[ChangeLine] | None,
    address: str | None,
    promised: dt.date | None,
) -> dict[str, Any]:
    """How the order would stand; refused where it cannot."""
    before = _stands(tx, row)
    there = {line["component"]: line for line in before["lines"]}
    if kind == "cancel":
        kept = [{**line, "quantity": line["shipped"]} for line in before["lines"]]
        return {**before, "lines": kept}
    if wanted is not None:
        documents.check_lines([line for line in wanted if line["quantity"]] or wanted)
        found = {line["component"]: line for line in wanted}
        for sku, line in there.items():
            quantity = found[sku]["quantity"] if sku in found else 0
            if quantity < line["shipped"]:
                short = BelowShipped(shipped=line["shipped"], component=sku, quantity=quantity)
                raise refuse("bad_change", short)
            if line["shipped"] and found[sku]["price"] != line["price"]:
                raise refuse("bad_change", PriceOfShipped(component=sku, price=line["price"]))
        components = catalogue.components_by_sku(tx, list(found))
        catalogue.require_listed(components[sku] for sku in found if sku not in there)
    lines = before["lines"] if wanted is None else [
        {**line, "shipped": there[line["component"]]["shipped"] if line["component"] in there else 0}
        for line in wanted
        if line["quantity"]
    ]
    after = {"lines": lines, "address": address or row.address, "promised": promised or row.promised}
    if after == before:
        raise refuse("bad_change", NothingChanged(order=row.number))
    _require_buyer(tx, row, before["lines"], lines)
    return after


def _require_buyer(tx: Transaction, row: Any, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """Who is blocked gets nothing more: no more pieces of anything, and no larger amount."""
    had = {line["component"]: line["quantity"] for line in before}
    more = any(line["quantity"] > had.get(line["component"], 0) for line in after)
    amounts = [documents.amount_of((line["quantity"], line["price"]) for line in lines) for lines in (before, after)]
    if not more and amounts[1] <= amounts[0]:
        return
    buyer = tx.first(sa.select(catalogue.customers).where(catalogue.customers.c.id == row.customer_id))
    assert buyer is not None
    if not buyer.active:
        raise refuse("bad_change", NoMoreForBlocked(customer=catalogue.name(buyer)))


def _write(tx: Transaction, row: Any, wanted: list[dict[str, Any]]) -> None:
    """Nothing is reserved: lines of which nothing has left are written anew."""
    lines = sales.lines_of(tx, row.id)
    pieces = {line["component"]: line for line in wanted}
    kept = {line.sku: line for line in lines if line.shipped}
    tx.execute(
        sa.delete(sales_order_lines).where(
            sales_order_lines.c.order_id == row.id, sales_order_lines.c.shipped == 0
        )
    )
    ordered = {line.sku: line.ordered for line in lines}
    for sku, line in kept.items():
        agreed = pieces[sku]["quantity"]
        tx.execute(
            sa.update(sales_order_lines)
            .where(sales_order_lines.c.id == line.id)
            .values(quantity=agreed, ordered=max(agreed, line.ordered))
        )
    found = catalogue.components_by_sku(tx, [sku for sku in pieces if sku not in kept])
    tx.insert(
        sales_order_lines,
        [
            {
                "order_id": row.id,
                "component_id": component.id,
                "ordered": max(pieces[sku]["quantity"], ordered.get(sku, 0)),
                "quantity": pieces[sku]["quantity"],
                "price": pieces[sku]["price"],
                "shipped": 0,
            }
            for sku, component in found.items()
        ],
    )
