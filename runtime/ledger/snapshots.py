"""What an analysis is made of: the books' sales, deliveries, stock, customers, purchases and work of a period.

Each set is read once, kept as compressed JSON with its count and the hash of its content, and never changed, so
that a report says the same for ever. Of customers no name of a contact and no number, only whether there is one;
of work no person. Not here: what is wrong with the rows (data_checks.py), figures (key_figures.py)."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from runtime import values
from runtime.ledger import anomalies, catalogue, receipts, remedies, sales, settlements, shipments, stock
from runtime.ledger.orders import orders
from runtime.ledger.safety import stock_parameters
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.user_tasks import done_again, user_tasks

Row = Mapping[str, Any]
FEN = Decimal("0.01")


def collect(tx: Transaction, since: dt.date, until: dt.date, zone: ZoneInfo) -> dict[str, list[Row]]:
    """Set → its rows, both days included; days are those of the business zone."""
    first = dt.datetime.combine(since, dt.time.min, zone).astimezone(dt.UTC)
    last = dt.datetime.combine(until + dt.timedelta(days=1), dt.time.min, zone).astimezone(dt.UTC)
    period = _Period(tx, since, until, first, last, zone)
    return {name: read(period) for name, read in SETS.items()}


def pack(rows: Sequence[Row]) -> tuple[bytes, str]:
    """The rows as they are kept, and the SHA-256 of what they say."""
    text = values.dumps(list(rows)).encode()
    return zlib.compress(text, 6), sha256(text).hexdigest()


def unpack(content: bytes) -> tuple[list[Row], str]:
    """The rows as they were collected, and the SHA-256 of what they say."""
    text = zlib.decompress(content)
    rows: Any = values.loads(text)
    return list(rows), sha256(text).hexdigest()


class _Period:
    """A period, as its first and last day and as moments: from `first` to before `last`."""

    def __init__(
        self,
        tx: Transaction,
        since: dt.date,
        until: dt.date,
        first: dt.datetime,
        last: dt.datetime,
        zone: ZoneInfo,
    ) -> None:
        self.tx, self.since, self.until = tx, since, until
        self.first, self.last, self.zone = first, last, zone

    def day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.zone).date()


def _sales(p: _Period) -> list[Row]:
    """Lines of orders that came in."""
    line, order = sales.sales_order_lines.c, sales.sales_orders.c
    rows = p.tx.all(
        sa.select(
            order.number, order.at, order.promised, order.state, line.ordered, line.quantity, line.price,
            catalogue.components.c.sku, catalogue.customers.c.code,
        )
        .join(sales.sales_orders, order.id == line.order_id)
        .join(catalogue.components, catalogue.components.c.id == line.component_id)
        .join(catalogue.customers, catalogue.customers.c.id == order.customer_id)
        .where(order.at >= p.first, order.at < p.last)
        .order_by(order.number, line.id)
    )  # fmt: skip
    return [
        {
            "order": row.number,
            "customer": row.code,
            "component": row.sku,
            "ordered_on": p.day(row.at),
            "promised": row.promised,
            "state": row.state,
            "ordered": row.ordered,
            "quantity": row.quantity,
            "price": row.price,
            "amount": (row.quantity * row.price).quantize(FEN, ROUND_HALF_UP),
        }
        for row in rows
    ]


def _deliveries(p: _Period) -> list[Row]:
    """Shipments that arrived."""
    order, sent = sales.sales_orders.c, shipments.shipments.c
    came_back = sa.exists().where(remedies.sales_returns.c.shipment_id == sent.id)
    rows = p.tx.all(
        sa.select(
            sent.number, order.number.label("order"), order.at, order.promised, sent.shipped_on,
            sent.delivered_on, sent.on_time, catalogue.customers.c.code, came_back.label("returned"),
        )
        .join(sales.sales_orders, order.id == sent.order_id)
        .join(catalogue.customers, catalogue.customers.c.id == order.customer_id)
        .where(sent.delivered_on >= p.since, sent.delivered_on <= p.until)
        .order_by(sent.number)
    )  # fmt: skip
    return [
        {
            "shipment": row.number,
            "order": row.order,
            "customer": row.code,
            "ordered_on": p.day(row.at),
            "promised": row.promised,
            "shipped_on": row.shipped_on,
            "delivered_on": row.delivered_on,
            "on_time": bool(row.on_time),
            "returned": bool(row.returned),
        }
        for row in rows
    ]


def _stock(p: _Period) -> list[Row]:
    """Every listed component: pieces before and after, what moved, the lowest that there was at a day's end."""
    component, moved = catalogue.components.c, stock.stock_movements.c
    rows = p.tx.all(
        sa.select(
            component.id,
            component.sku,
            component.names,
            component.purchase_price,
            stock_parameters.c.safety_stock,
        )
        .outerjoin(stock_parameters, stock_parameters.c.component_id == component.id)
        .where(catalogue.LISTED)
        .order_by(component.sku)
    )
    opening = {
        row.component_id: int(row.pieces)
        for row in p.tx.all(
            sa.select(moved.component_id, sa.func.sum(moved.quantity).label("pieces"))
            .where(moved.posting_date < p.since)
            .group_by(moved.component_id)
        )
    }
    by_day: dict[int, dict[dt.date, dict[str, int]]] = {}
    for row in p.tx.all(
        sa.select(
            moved.component_id, moved.posting_date, moved.kind, sa.func.sum(moved.quantity).label("pieces")
        )
        .where(moved.posting_date >= p.since, moved.posting_date <= p.until)
        .group_by(moved.component_id, moved.posting_date, moved.kind)
    ):
        by_day.setdefault(row.component_id, {}).setdefault(row.posting_date, {})[row.kind] = int(row.pieces)
    doubted = {
        row.component_id
        for row in p.tx.all(
            sa.select(anomalies.stock_anomalies.c.component_id)
            .where(anomalies.stock_anomalies.c.state == "open")
            .distinct()
        )
    }
    return [
        _component(row, opening.get(row.id, 0), by_day.get(row.id, {}), row.id in doubted) for row in rows
    ]


def _component(row: Any, opening: int, days: Mapping[dt.date, Mapping[str, int]], doubted: bool) -> Row:
    kinds: dict[str, int] = {}
    for moved in days.values():
        for kind, quantity in moved.items():
            kinds[kind] = kinds.get(kind, 0) + quantity
    # What was opened within the period was there from its beginning, as far as the books know.
    opening += kinds.get("opening", 0)
    pieces = lowest = opening
    for day in sorted(days):
        pieces += sum(quantity for kind, quantity in days[day].items() if kind != "opening")
        lowest = min(lowest, pieces)
    other = sum(
        pieces for kind, pieces in kinds.items() if kind not in ("opening", "receipt", "issue", "return")
    )
    return {
        "component": row.sku,
        "names": dict(row.names),
        "price": row.purchase_price,
        "stocked": bool(opening or days),
        "opening": opening,
        "received": kinds.get("receipt", 0),
        "issued": -kinds.get("issue", 0) - kinds.get("return", 0),
        "corrected": other,
        "closing": pieces,
        "lowest": lowest,
        "safety_stock": row.safety_stock,
        "in_doubt": doubted,
    }


def _customers(p: _Period) -> list[Row]:
    """Everybody who is served, with what they ordered, were sent, settled and complained of."""
    customer, order = catalogue.customers.c, sales.sales_orders.c

    def counted(query: Any) -> dict[int, int]:
        return {row.customer_id: int(row.times) for row in p.tx.all(query)}

    count = sa.func.count().label("times")
    ordered = counted(
        sa.select(order.customer_id, count)
        .where(order.at >= p.first, order.at < p.last)
        .group_by(order.customer_id)
    )
    issue = remedies.sales_issues.c
    issues = counted(
        sa.select(order.customer_id, count)
        .select_from(remedies.sales_issues)
        .join(sales.sales_orders, order.id == issue.order_id)
        .where(issue.at >= p.first, issue.at < p.last)
        .group_by(order.customer_id)
    )
    fact = settlements.sales_facts.c
    sold = {
        row.customer_id: Decimal(row.amount)
        for row in p.tx.all(
            sa.select(fact.customer_id, sa.func.sum(fact.amount).label("amount"))
            .where(fact.posting_date >= p.since, fact.posting_date <= p.until)
            .group_by(fact.customer_id)
        )
    }
    rows = p.tx.all(sa.select(catalogue.customers).order_by(customer.code))
    return [
        {
            "customer": row.code,
            "names": dict(row.names),
            "active": row.active,
            "reachable": bool((row.contact or "").strip() and (row.phone or "").strip()),
            "addressed": bool((row.address or "").strip()),
            "orders": ordered.get(row.id, 0),
            "issues": issues.get(row.id, 0),
            "settled": sold.get(row.id, Decimal(0)),
        }
        for row in rows
        if row.active or row.id in ordered or row.id in sold
    ]


def _purchases(p: _Period) -> list[Row]:
    """Lines of what arrived from suppliers."""
    line, got = receipts.receipt_lines.c, receipts.receipts.c
    rows = p.tx.all(
        sa.select(
            got.number, got.received_on, got.disposition, orders.c.number.label("order"), orders.c.promised,
            catalogue.suppliers.c.code, catalogue.components.c.sku, line.received, line.rejected, line.conceded,
        )
        .join(receipts.receipts, got.id == line.receipt_id)
        .join(orders, orders.c.id == got.order_id)
        .join(catalogue.suppliers, catalogue.suppliers.c.id == orders.c.supplier_id)
        .join(catalogue.components, catalogue.components.c.id == line.component_id)
        .where(got.received_on >= p.since, got.received_on <= p.until)
        .order_by(got.number, line.id)
    )  # fmt: skip
    return [
        {
            "receipt": row.number,
            "order": row.order,
            "supplier": row.code,
            "component": row.sku,
            "promised": row.promised,
            "received_on": row.received_on,
            "received": row.received,
            "rejected": row.rejected,
            "conceded": row.conceded,
            "undecided": bool(row.rejected) and row.disposition is None,
        }
        for row in rows
    ]


def _work(p: _Period) -> list[Row]:
    """Of each step that people do: how often it was done, in time, and again in the same case."""
    task = user_tasks.c
    late = sa.case((task.completed_at > task.due_at, 1), else_=0)
    each = (
        sa.select(
            task.process,
            task.element,
            task.case_id,
            sa.func.count().label("times"),
            sa.func.sum(late).label("late"),
            sa.func.sum(sa.case((done_again(), 1), else_=0)).label("again"),
        )
        .join(cases, cases.c.id == task.case_id)
        # What is for human resources or the person alone is no business of an analysis.
        .where(cases.c.confidential.is_(False), task.state == "completed")
        .where(task.completed_at >= p.first, task.completed_at < p.last)
        .group_by(task.process, task.element, task.case_id)
        .subquery()
    )
    rows = p.tx.all(
        sa.select(
            each.c.process,
            each.c.element,
            sa.func.sum(each.c.times).label("done"),
            sa.func.sum(each.c.late).label("late"),
            sa.func.sum(each.c.again).label("again"),
        )
        .group_by(each.c.process, each.c.element)
        .order_by(each.c.process, each.c.element)
    )
    return [
        {
            "process": row.process,
            "element": row.element,
            "done": int(row.done),
            "late": int(row.late),
            "again": int(row.again),
        }
        for row in rows
    ]


SETS: Mapping[str, Callable[[_Period], list[Row]]] = {
    "sales": _sales,
    "deliveries": _deliveries,
    "stock": _stock,
    "customers": _customers,
    "purchases": _purchases,
    "work": _work,
}
