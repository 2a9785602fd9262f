"""Reports on goods: stock and its turnover, suppliers, shipping, how long orders take, what the department costs.

Not here: what is in stock now (queries/stock.py), budgets (money.py)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import Any

import sqlalchemy as sa

from runtime.ledger import budgets, catalogue, key_figures, periods, receipts, sales, shipments, stock
from runtime.ledger.orders import orders
from runtime.ledger.safety import stock_alerts
from runtime.ledger.settlements import sales_facts
from runtime.queries.reports.shape import Ask, Chart, Column, Report, Row, mean, rounded, share

FEN = "0.01"


def stock_value(ask: Ask) -> Report:
    """Month by month: value before and after at purchase prices, what came and went, turnover."""
    months = _months_of_stock(ask)
    rows = []
    for month, told in months.items():
        rows.append(
            Row(
                {
                    "month": month,
                    "opening": told["opening"],
                    "received": told["receipt"],
                    "issued": told["issue"],
                    "other": told["other"],
                    "closing": told["closing"],
                    "turnover": _turnover(told),
                }
            )
        )
    columns = [
        Column("month", "Month"),
        Column("opening", "Value before", "money"),
        Column("received", "Received", "money"),
        Column("issued", "Issued", "money"),
        Column("other", "Corrected and counted", "money"),
        Column("closing", "Value after", "money"),
        Column("turnover", "Turnover a year", "times"),
    ]
    return Report(
        columns,
        rows,
        Chart("bar", "month", ("closing", "issued")),
        "At purchase prices. Turnover: what was issued over the mean of stock before and after, as if for a year.",
    )


# What was opened within a month was there from its beginning, as far as the books know (so snapshots.py, too).
_COLUMNS = {"opening": "opening", "receipt": "receipt", "issue": "issue", "return": "issue"}


def _months_of_stock(ask: Ask) -> dict[str, dict[str, Any]]:
    """Month → opening, receipt, issue, other and closing in CNY, days, and how many components ran out."""
    moved, component = stock.stock_movements.c, catalogue.components.c
    prices = {
        row.id: row.purchase_price for row in ask.tx.all(sa.select(component.id, component.purchase_price))
    }
    before = {
        row.component_id: int(row.pieces)
        for row in ask.tx.all(
            sa.select(moved.component_id, sa.func.sum(moved.quantity).label("pieces"))
            .where(moved.posting_date < ask.period.since)
            .group_by(moved.component_id)
        )
    }
    by_day: dict[str, dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in ask.tx.all(
        sa.select(
            moved.component_id, moved.posting_date, moved.kind, sa.func.sum(moved.quantity).label("pieces")
        )
        .where(moved.posting_date >= ask.period.since, moved.posting_date <= ask.period.until)
        .group_by(moved.component_id, moved.posting_date, moved.kind)
    ):
        by_day[ask.month(row.posting_date)][row.posting_date].append(row)
    held, found = dict(before), {}
    for month in ask.period.months():
        told: dict[str, Any] = defaultdict(Decimal)
        first = periods.first_day(month)
        after = periods.first_day(periods.following(month))
        told["days"] = (min(ask.period.until + dt.timedelta(days=1), after) - max(ask.period.since, first)).days
        out = {each for each, pieces in held.items() if pieces <= 0}
        told["opening"] = _worth(held, prices)
        for day in sorted(by_day[month]):
            for row in by_day[month][day]:
                held[row.component_id] = held.get(row.component_id, 0) + int(row.pieces)
                value = int(row.pieces) * prices[row.component_id]
                kind = _COLUMNS.get(row.kind, "other")
                told[kind] += -value if kind == "issue" else value
            # Looked at when the day is over: what leaves and comes on one day was never missing.
            out |= {row.component_id for row in by_day[month][day] if held[row.component_id] <= 0}
        told["closing"] = _worth(held, prices)
        told["out"] = len(out)
        for name in ("opening", "receipt", "issue", "other", "closing"):
            told[name] = rounded(told[name], FEN)
        found[month] = told
    return found


def _worth(held: dict[int, int], prices: dict[int, Decimal]) -> Decimal:
    return sum((pieces * prices[component] for component, pieces in held.items()), Decimal(0))


def _turnover(told: dict[str, Any]) -> Decimal | None:
    return key_figures.turnover(told["issue"], told["opening"], told["closing"], told["days"])


def suppliers(ask: Ask) -> Report:
    """Each supplier's deliveries: on time by what was signed, and how many pieces failed inspection."""
    by: dict[str, list[Any]] = defaultdict(list)
    for row in _received(ask):
        by[row.code].append(row)
    troubled = {
        code: [row.case for row in got if row.received_on > row.promised or row.rejected]
        for code, got in by.items()
    }
    linked = ask.cases(troubled)
    found = []
    for code, got_ in by.items():
        late = [(row.received_on - row.promised).days for row in got_ if row.received_on > row.promised]
        pieces = sum(int(row.received) for row in got_)
        punctual = _punctual(got_)
        found.append(
            Row(
                {
                    "supplier": got_[0].names,
                    "deliveries": len(got_),
                    "on_time": punctual,
                    "late_days": mean(late),
                    "pieces": pieces,
                    "rejected": share(sum(int(row.rejected) for row in got_), pieces),
                },
                linked[code],
                bad=bool(late) and punctual is not None and punctual < 80,
            )
        )
    found.sort(key=lambda row: (row.cells["on_time"], -row.cells["deliveries"]))
    columns = [
        Column("supplier", "Supplier"),
        Column("deliveries", "Deliveries", "number"),
        Column("on_time", "On time", "percent"),
        Column("late_days", "Days late, where late", "days"),
        Column("pieces", "Pieces received", "number"),
        Column("rejected", "Rejected at inspection", "percent"),
    ]
    return Report(
        columns,
        found,
        Chart("sideways", "supplier", ("on_time", "rejected")),
        "On time: not later than the contract says. Linked are deliveries that were late or had rejects.",
    )


def punctuality(ask: Ask) -> Report:
    """Month by month what the report tells of each supplier, of all of them together."""
    by: dict[str, list[Any]] = defaultdict(list)
    for row in _received(ask):
        by[ask.month(row.received_on)].append(row)
    rows = [Row({"month": month, "on_time": _punctual(by[month])}) for month in ask.period.months()]
    return Report([Column("month", "Month"), Column("on_time", "On time", "percent")], rows, None)


def _received(ask: Ask) -> list[Any]:
    """The deliveries of the period: whose, when, promised for when, how many pieces, and how many were rejected."""
    line, got = receipts.receipt_lines.c, receipts.receipts.c
    query = (
        sa.select(
            catalogue.suppliers.c.code, catalogue.suppliers.c.names, got.id, got.received_on, orders.c.promised,
            orders.c.case, sa.func.sum(line.received).label("received"), sa.func.sum(line.rejected).label("rejected"),
        )
        .join(receipts.receipts, got.id == line.receipt_id)
        .join(orders, orders.c.id == got.order_id)
        .join(catalogue.suppliers, catalogue.suppliers.c.id == orders.c.supplier_id)
        .where(got.received_on >= ask.period.since, got.received_on <= ask.period.until)
        .group_by(
            catalogue.suppliers.c.code, catalogue.suppliers.c.names, got.id, got.received_on, orders.c.promised,
            orders.c.case,
        )
    )  # fmt: skip
    return list(ask.tx.all(query))


def _punctual(deliveries: Sequence[Any]) -> Decimal | None:
    return share(sum(row.received_on <= row.promised for row in deliveries), len(deliveries))


def shipping(ask: Ask) -> Report:
    """Month by month: shipments that arrived, and whether by the promised day."""
    by = _arrived(ask)
    linked = ask.cases({month: [row.case for row in got if not row.on_time] for month, got in by.items()})
    rows = [
        Row(
            {
                "month": month,
                "delivered": len(by[month]),
                "late": sum(not row.on_time for row in by[month]),
                "on_time": share(sum(bool(row.on_time) for row in by[month]), len(by[month])),
            },
            linked.get(month, ()),
        )
        for month in ask.period.months()
    ]
    columns = [
        Column("month", "Month"),
        Column("delivered", "Delivered", "number"),
        Column("late", "Late", "number"),
        Column("on_time", "On time", "percent"),
    ]
    return Report(
        columns,
        rows,
        Chart("line", "month", ("on_time",)),
        "On time: not later than was promised to the customer. Linked are orders that were late.",
    )


def order_cycle(ask: Ask) -> Report:
    """Month by month: days from a customer's order to its delivery."""
    by = _arrived(ask)
    days = {month: [(row.delivered_on - ask.day(row.at)).days for row in got] for month, got in by.items()}
    slowest = {
        month: [row.case for row in sorted(got, key=lambda row: ask.day(row.at) - row.delivered_on)][:5]
        for month, got in by.items()
    }
    linked = ask.cases(slowest)
    rows = [
        Row(
            {
                "month": month,
                "delivered": len(by[month]),
                "mean": mean(days.get(month, [])),
                "median": rounded(Decimal(median(days[month]))) if days.get(month) else None,
                "longest": max(days[month]) if days.get(month) else None,
            },
            linked.get(month, ()),
        )
        for month in ask.period.months()
    ]
    columns = [
        Column("month", "Month"),
        Column("delivered", "Delivered", "number"),
        Column("mean", "Mean", "days"),
        Column("median", "Median", "days"),
        Column("longest", "Longest", "days"),
    ]
    return Report(
        columns,
        rows,
        Chart("line", "month", ("mean", "median")),
        "Days from the order to its delivery, of what was delivered in the month. Linked are the slowest five.",
    )


def _arrived(ask: Ask) -> dict[str, list[Any]]:
    order, sent = sales.sales_orders.c, shipments.shipments.c
    by: dict[str, list[Any]] = defaultdict(list)
    for row in ask.tx.all(
        sa.select(order.at, order.case, sent.delivered_on, sent.on_time)
        .join(sales.sales_orders, order.id == sent.order_id)
        .where(sent.delivered_on >= ask.period.since, sent.delivered_on <= ask.period.until)
        .order_by(sent.delivered_on, sent.id)
    ):
        by[ask.month(row.delivered_on)].append(row)
    return by


def department(ask: Ask) -> Report:
    """Month by month what the department costs and yields: spent, sold, turnover, components that ran out, alerts."""
    months = _months_of_stock(ask)
    entry = budgets.budget_entries.c
    spent: dict[str, Decimal] = defaultdict(Decimal)
    # Added here: the database would add amounts as it stores them.
    for row in ask.tx.all(
        sa.select(entry.posting_date, entry.amount).where(
            entry.kind == "actual",
            entry.posting_date >= ask.period.since,
            entry.posting_date <= ask.period.until,
        )
    ):
        spent[ask.month(row.posting_date)] += row.amount
    sold = _sold(ask)
    alerts: dict[str, list[str]] = defaultdict(list)
    for row in ask.tx.all(
        sa.select(stock_alerts.c.at, stock_alerts.c.case)
        .where(stock_alerts.c.at >= ask.period.first, stock_alerts.c.at < ask.period.last)
        .order_by(stock_alerts.c.id)
    ):
        alerts[ask.month(ask.day(row.at))].append(row.case)
    linked = ask.cases(alerts)
    rows = [
        Row(
            {
                "month": month,
                "spent": spent[month],
                "sold": sold[month],
                "turnover": _turnover(told),
                "out": told["out"],
                "alerts": len(alerts[month]),
            },
            linked.get(month, ()),
            bad=told["out"] > 0,
        )
        for month, told in months.items()
    ]
    columns = [
        Column("month", "Month"),
        Column("spent", "Spent of the budget", "money"),
        Column("sold", "Sales settled", "money"),
        Column("turnover", "Turnover a year", "times"),
        Column("out", "Components that ran out", "number"),
        Column("alerts", "Replenishment alerts", "number"),
    ]
    return Report(
        columns,
        rows,
        Chart("bar", "month", ("spent", "sold")),
        "Clause 一(三)4: what the department costs and what it yields. Linked are the month's replenishment alerts.",
    )


def _sold(ask: Ask) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    fact = sales_facts.c
    for row in ask.tx.all(
        sa.select(fact.posting_date, fact.amount).where(
            fact.posting_date >= ask.period.since, fact.posting_date <= ask.period.until
        )
    ):
        found[ask.month(row.posting_date)] += row.amount
    return found
