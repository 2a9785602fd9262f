"""How much of a component must be there: parameters, reviews of them, and alerts when there is less.

At most one alert is open per component. Not here: what is there (stock.py), the
formula (rules/safety_stock.yaml)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

import sqlalchemy as sa

from runtime.ledger import catalogue, documents
from runtime.ledger.operations import Call
from runtime.store.db import Exact, Id, Instant, Tagged, metadata
from runtime.store.prepared import Prepared, listed, numbered, size

WINDOW = 180  # days of demand history that are looked at, unless a component says otherwise

stock_parameters = sa.Table(
    "stock_parameters",
    metadata,
    sa.Column("component_id", sa.ForeignKey("components.id"), primary_key=True),
    sa.Column("lead_time_days", Exact, nullable=False),
    sa.Column("lead_time_deviation", Exact, nullable=False),  # days
    sa.Column("abc_class", sa.String(1), nullable=False),
    sa.Column("order_multiple", sa.Integer, nullable=False),  # pieces
    sa.Column("economic_lot", sa.BigInteger),  # pieces
    sa.Column("daily_demand", Exact),  # entered by hand where there is no history
    sa.Column("demand_deviation", Exact),
    sa.Column("set_by", sa.String(32)),
    sa.Column("safety_stock", sa.BigInteger),  # as last reviewed; NULL: never
    sa.Column("reorder_point", sa.BigInteger),
    sa.Column("reviewed_at", Instant),
    sa.CheckConstraint("order_multiple > 0", name="order_multiple"),
    sa.CheckConstraint("abc_class IN ('A', 'B', 'C')", name="abc_class"),
)

# One row a component a review: why it fired or did not.
# reason: below | enough | alert_open | missing_parameters
stock_reviews = sa.Table(
    "stock_reviews",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("on_hand", sa.BigInteger, nullable=False),
    sa.Column("safety_stock", sa.BigInteger),
    sa.Column("reorder_point", sa.BigInteger),
    sa.Column("fired", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("inputs", Tagged),  # what the rule was given
    # reading.reviews: the newest of a component
    sa.Index("ix_stock_reviews_component", "component_id", "id"),
)

stock_alerts = sa.Table(
    "stock_alerts",
    metadata,
    *documents.columns(),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("on_hand", sa.BigInteger, nullable=False),  # when it was opened
    sa.Column("safety_stock", sa.BigInteger, nullable=False),
    sa.Column("cause", sa.Text),
    sa.Column("urgency", sa.String(32)),
    sa.Column("acknowledged_by", sa.String(32)),
    sa.Column("acknowledged_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("close_reason", sa.Text),
)
OPEN = stock_alerts.c.state != "closed"
sa.Index(
    "uq_stock_alerts_open", stock_alerts.c.component_id, unique=True, sqlite_where=OPEN, postgresql_where=OPEN
)
# covered: orders on the way suffice, so nobody is asked again until they are in stock or gone.
NEXT = {
    "open": {"acknowledged", "covered", "closed"},
    "acknowledged": {"acknowledged", "covered", "closed"},
    "covered": {"closed"},
}


def warn(call: Call, on_hand: Mapping[int, int]) -> None:
    """Send `stock_below_safety` for each component that has less than its safety stock and no open alert.

    on_hand: component id → pieces in all warehouses. What is on order does not help: it is not there."""
    if not on_hand:
        return
    for row in _unalerted(size(on_hand)).rows(call.tx, **numbered("b_", on_hand)):
        if on_hand[row.id] < row.safety_stock:
            tell(call, row.sku)


@lru_cache
def _unalerted(number: int) -> Prepared:
    return Prepared(
        sa.select(catalogue.components.c.id, catalogue.components.c.sku, stock_parameters.c.safety_stock)
        .join(stock_parameters, stock_parameters.c.component_id == catalogue.components.c.id)
        .outerjoin(stock_alerts, sa.and_(stock_alerts.c.component_id == catalogue.components.c.id, OPEN))
        .where(stock_alerts.c.id.is_(None), stock_parameters.c.safety_stock.is_not(None), catalogue.LISTED)
        .where(catalogue.components.c.id.in_(listed("b_", number)))
        .order_by(catalogue.components.c.sku)
    )


def tell(call: Call, sku: str) -> None:
    """The component is below its safety stock and nobody is at it: whoever opens alerts is told."""
    call.send("stock_below_safety", sku, {"component": sku})


def settle(call: Call, on_hand: Mapping[int, int]) -> None:
    """Close covered alerts of components that have their safety stock again.

    on_hand: component id → pieces in all warehouses."""
    rows = _covered(size(on_hand)).rows(call.tx, **numbered("b_", on_hand))
    end(call, [row.id for row in rows if on_hand[row.component_id] >= (row.safety_stock or 0)])


@lru_cache
def _covered(number: int) -> Prepared:
    return Prepared(
        sa.select(stock_alerts.c.id, stock_alerts.c.component_id, stock_parameters.c.safety_stock)
        .join(stock_parameters, stock_parameters.c.component_id == stock_alerts.c.component_id)
        .where(stock_alerts.c.state == "covered", stock_alerts.c.component_id.in_(listed("b_", number)))
    )


def uncover(call: Call, components: Collection[int]) -> None:
    """Close covered alerts of components whose orders will not come."""
    if components:
        covered = sa.select(stock_alerts.c.id).where(
            stock_alerts.c.state == "covered", stock_alerts.c.component_id.in_(components)
        )
        end(call, [row.id for row in call.tx.all(covered)])


def end(call: Call, alerts: Collection[int]) -> None:
    """Close covered alerts, by row id; what they were covered by is in `close_reason`."""
    if alerts:
        call.tx.execute(
            sa.update(stock_alerts)
            .where(stock_alerts.c.id.in_(alerts), stock_alerts.c.state == "covered")
            .values(state="closed", closed_at=call.now)
        )
