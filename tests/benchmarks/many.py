"""Many components with parameters, stock and demand, the same for the same seed.

Used by the bench of a review and by the test that each is judged as it would be alone
(tests/store/ledger/test_many_components.py)."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.ledger import catalogue, demand, safety, stock
from tests.diagrams import bpmn, end, service, start

RULE = Path(__file__).resolve().parents[2] / "rules" / "safety_stock.yaml"
REVIEW = bpmn("review", start(), service("look", "inventory.review_stock"), end())
CORRELATION = (
    '<camunda:properties><camunda:property name="correlation_key" value="${key}"/></camunda:properties>'
)


PLENTY = 5_000  # pieces: more than any component's safety stock here


def fill(
    connection: sa.Connection, count: int, today: dt.date, seed: int = 5, history: int = 3, short: float = 1.0
) -> None:
    """`count` components more; each `history`-th has demand on some days of the last year.

    `short`: the share of those of which there is little or nothing, most of them less than they need."""
    chance = random.Random(seed)
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(catalogue.components.c.id), 0))).scalar_one()
    ids = range(last + 1, last + 1 + count)
    supplier = _first(connection, catalogue.suppliers, {"code": "MANY", "names": {}})
    place = _first(connection, catalogue.warehouses, {"code": "MANY", "names": {}})
    components = [
        {
            "id": id_, "sku": f"K{id_:06d}", "names": {"zh_Hans": f"组件{id_}"}, "brand": "晨曦", "model": f"K{id_}",
            "technology": "Mono-c-Si", "bifacial": False, "purchase_price": 500, "usual_supplier_id": supplier,
        }
        for id_ in ids
    ]  # fmt: skip
    connection.execute(sa.insert(catalogue.components), components)
    connection.execute(sa.insert(safety.stock_parameters), [_parameters(id_, chance) for id_ in ids])
    pieces = []
    for id_ in ids:
        little = chance.randrange(0, 400) if id_ % 7 else 0
        there = little if short == 1.0 or chance.random() < short else PLENTY
        if there:
            pieces.append({"component_id": id_, "warehouse_id": place, "on_hand": there})
    connection.execute(sa.insert(stock.stock_balances), pieces)
    series, days = [], []
    for id_ in ids[::history]:
        begun = today - dt.timedelta(days=chance.randrange(1, 365))
        length = chance.choice((1, 20, (today - begun).days, (today - begun).days))
        ended = begun + dt.timedelta(days=length - 1)
        series.append({"component_id": id_, "first_day": begun, "last_day": ended, "source": "many"})
        for number in range(0, length, chance.randrange(1, 9)):
            day = begun + dt.timedelta(days=number)
            days.append({"component_id": id_, "day": day, "pieces": chance.choice((3, 40, 200))})
    connection.execute(sa.insert(demand.demand_series), series)
    connection.execute(sa.insert(demand.demand), days)


def _first(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> int:
    found = connection.execute(sa.select(table.c.id).where(table.c.code == row["code"])).scalar()
    return found or int(connection.execute(sa.insert(table).values(**row).returning(table.c.id)).scalar_one())


def _parameters(component: int, chance: random.Random) -> dict[str, object]:
    return {
        "component_id": component,
        "lead_time_days": chance.randrange(0, 90),
        "lead_time_deviation": Decimal(chance.randrange(0, 90_000)) / 10_000,
        "abc_class": chance.choice("ABC"),
        "order_multiple": 1,
        "daily_demand": Decimal(chance.randrange(0, 900_000)) / 10_000 if component % 13 else None,
        "demand_deviation": Decimal(chance.randrange(0, 300_000)) / 10_000,
    }
