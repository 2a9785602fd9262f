"""What a form offers by who reads it and when: their own leaves and notices, orders that left lately.

Not here: what everybody may choose from at any time (reading.py); who may read what (library.options)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping

import sqlalchemy as sa

from runtime.ledger.catalogue import customers
from runtime.ledger.issues import COMPLAINED_OF
from runtime.ledger.leave import COUNTS, leaves
from runtime.ledger.notices import notices
from runtime.ledger.sales import sales_orders
from runtime.ledger.shipments import shipments
from runtime.store.db import Transaction

Options = dict[str, list[dict[str, str]]]


def own_leaves(tx: Transaction, person: str, today: dt.date) -> list[dict[str, str]]:
    """Those that are asked for or granted and not over, the next one first: number and days."""
    mine = sa.and_(leaves.c.person == person, leaves.c.state.in_(COUNTS), leaves.c.last_day >= today)
    return [
        {"value": row.number, "label": f"{row.number} · {row.first_day} – {row.last_day}"}
        for row in tx.all(sa.select(leaves).where(mine).order_by(leaves.c.first_day, leaves.c.id))
    ]


def own_notices(tx: Transaction, person: str, today: dt.date) -> list[dict[str, str]]:
    """Those that the person drafted or approved, not withdrawn, the newest first: number and title."""
    theirs = sa.or_(notices.c.drafted_by == person, notices.c.approved_by == person)
    rows = tx.all(sa.select(notices).where(notices.c.state == "published", theirs).order_by(notices.c.id.desc()))
    return [{"value": row.number, "label": f"{row.number} · {row.title}"} for row in rows]


# For so long a buyer may say that goods are not as agreed (Civil Code of the PRC, article 621), but for a warranty.
LATELY = dt.timedelta(days=731)
MOST_ORDERS = 500  # that a form offers; others are named by number


def shipped_orders(tx: Transaction, person: str, today: dt.date) -> list[dict[str, str]]:
    """Sales orders of which something left lately and was not refused, newest first, MOST_ORDERS of them: number,
    customer, day."""
    left = (
        sa.select(shipments.c.order_id, sa.func.max(shipments.c.shipped_on).label("day"))
        .where(shipments.c.return_reason.is_(None), shipments.c.shipped_on >= today - LATELY)
        .group_by(shipments.c.order_id)
        .subquery()
    )
    rows = tx.all(
        sa.select(sales_orders.c.number, customers.c.code, left.c.day)
        .join(left, left.c.order_id == sales_orders.c.id)
        .join(customers, customers.c.id == sales_orders.c.customer_id)
        .where(sales_orders.c.state.in_(COMPLAINED_OF))
        .order_by(left.c.day.desc(), sales_orders.c.id.desc())
        .limit(MOST_ORDERS)
    )
    return [{"value": row.number, "label": f"{row.number} · {row.code} · {row.day}"} for row in rows]


SOURCES: Mapping[str, Callable[[Transaction, str, dt.date], list[dict[str, str]]]] = {
    "own_leaves": own_leaves,
    "own_notices": own_notices,
    "shipped_orders": shipped_orders,
}
# What else than being asked it takes to be offered them: verb and kind.
NEEDS: Mapping[str, tuple[str, str]] = {"shipped_orders": ("read", "customer")}


def options(
    tx: Transaction, sources: Collection[str], person: str, today: dt.date, held: Mapping[str, Collection[str]]
) -> Options:
    """Of each of these that is one's own: source → [{value, label}]; what is `held` (source → codes) stays readable
    by its code when it is on offer no more."""
    found: Options = {}
    for source in SOURCES.keys() & {*sources, *held}:
        offered = SOURCES[source](tx, person, today) if source in sources else []
        known = {each["value"] for each in offered}
        found[source] = offered + [
            {"value": code, "label": code} for code in sorted(held.get(source, ())) if code not in known
        ]
    return found
