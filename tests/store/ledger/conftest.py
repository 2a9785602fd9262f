"""Books of a small house: three components, two warehouses, and a case that acts on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import runtime.ledger.books
import runtime.store.workers  # noqa: F401
from runtime.engine.ports import BpmnError, Unfinished
from runtime.ids import public_id
from runtime.ledger import catalogue, operations, safety, stock
from runtime.rules import evaluate, rulefile
from runtime.settings import Settings
from runtime.store import accounts, db, migrate
from tests.databases import Databases

TODAY = dt.date(2026, 3, 9)
NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
RULES = Path(__file__).resolve().parents[3] / "rules"
PEOPLE = {
    "lead": ("zhaoming", "division_lead", None),
    "manager": ("linyue", "manager", "lead"),
    "supervisor": ("wangfang", "supervisor", "manager"),
    "specialist": ("chenhao", "specialist", "supervisor"),
    "analyst": ("liuyang", "analyst", "manager"),
    "hr": ("sunli", "hr", None),
}


@cache
def _ruleset(rule: str) -> evaluate.Ruleset:
    path = RULES / f"{rule}.yaml"
    found, problems = rulefile.load(path.read_text(encoding="utf-8"), path.name)
    assert found is not None, problems
    return evaluate.compile(found, version=1)


@dataclass
class Books:
    """The books in one transaction, as a case's service tasks see them."""

    tx: db.Transaction
    people: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    today: dt.date = TODAY
    calls: int = 0

    def call(self, key: str | None = None, actor: str | None = None) -> operations.Call:
        self.calls += 1
        return operations.Call(
            tx=self.tx,
            key=key or f"case/element/{self.calls}",
            case="c" * 32,
            actor=self.people.get(actor) if actor else None,
            now=self.tx.now,
            today=self.today,
            decide=self.decide,
            send=lambda name, key, payload: self.sent.append((name, key, dict(payload))),
        )

    def decide(self, rule: str, facts: Mapping[str, Any], as_of: dt.date | None = None) -> Mapping[str, Any]:
        decision = evaluate.decide(_ruleset(rule), facts, as_of=as_of or self.today)
        if decision.refused:
            raise BpmnError("rule_refused", str(decision.refused))
        return decision.outputs

    def do(self, topic: str, key: str | None = None, **inputs: Any) -> Any:
        """Perform an operation, all parts of it; a person is named by their role."""
        named = {
            name: self.people.get(value, value) if isinstance(value, str) else value
            for name, value in inputs.items()
        }
        call = self.call(key)
        done = operations.perform(topic, call, named)
        while isinstance(done, Unfinished):
            done = operations.perform(topic, call, named)
        return dict(done)

    def put(self, sku: str, pieces: int, warehouse: str = "SH") -> None:
        row = catalogue.component(self.tx, sku)
        place = catalogue.by_code(self.tx, catalogue.warehouses, warehouse)
        stock.post(self.call(), "opening", [stock.Posting(row.id, place.id, pieces)])

    def on_hand(self, sku: str) -> int:
        row = catalogue.component(self.tx, sku)
        return stock.on_hand(self.tx, [row.id])[row.id]

    def guard(self, sku: str, level: int) -> None:
        """Give a component a safety stock, as a review would."""
        row = catalogue.component(self.tx, sku)
        self.tx.insert(safety.stock_parameters, [{
            "component_id": row.id, "lead_time_days": 10, "lead_time_deviation": 2, "abc_class": "B",
            "order_multiple": 31, "safety_stock": level, "reorder_point": level * 3,
        }])

    def measure(self, sku: str, **parameters: Any) -> None:
        """Give a component stock parameters, as one person proposes and another approves them."""
        given = {"order_multiple": 1, "reason": "补齐", "by": "specialist"} | parameters
        change = self.do("masters.propose_parameters", component=sku, **given)["master_change"]
        self.do("masters.decide", master_change=change, decision="approve", by="supervisor")
        self.do("masters.apply", master_change=change)

    def rows(self, table: sa.Table) -> list[Any]:
        return list(self.tx.all(sa.select(table).order_by(*table.primary_key)))


@pytest.fixture(scope="session")
def engine(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A database with tables and nothing in them."""
    home = tmp_path_factory.mktemp("ledger")
    # The environment names it no longer when tests of other folders run beside it.
    with databases.building(home):
        made = db.connect(Settings(home=home).url())
    migrate.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def tx(engine: sa.Engine) -> Iterator[db.Transaction]:
    """A transaction that leaves nothing behind."""
    with engine.connect() as connection, connection.begin() as transaction:
        yield db.Transaction(connection, NOW)
        transaction.rollback()


@pytest.fixture
def empty(tx: db.Transaction) -> Books:
    """People, but no books yet."""
    books = Books(tx)
    ids: dict[str, int] = {}
    for role, (username, group, superior) in PEOPLE.items():
        books.people[role] = public_id()
        ids[role] = tx.execute(sa.insert(accounts.people).values(
            public_id=books.people[role], username=username, names={"zh_Hans": role, "en": role},
            superior_id=ids.get(superior) if superior else None, language="zh_Hans", created_at=NOW,
        ).returning(accounts.people.c.id)).scalar_one()
        tx.insert(accounts.memberships, [{"person_id": ids[role], "group": group}])
    return books


@pytest.fixture
def books(empty: Books) -> Books:
    tx = empty.tx
    tx.insert(catalogue.suppliers, [{"code": "S1", "names": {"zh_Hans": "晨光"}}, {"code": "S2", "names": {}}])
    tx.insert(catalogue.customers, [{"code": "K1", "names": {"zh_Hans": "江南电力"}, "address": "苏州"}])
    tx.insert(catalogue.warehouses, [{"code": code, "names": {"en": code}} for code in ("SH", "XA")])
    supplier = catalogue.by_code(tx, catalogue.suppliers, "S1")
    tx.insert(catalogue.components, [
        {
            "sku": sku, "names": {"zh_Hans": f"组件{sku}"}, "brand": "晨曦", "model": sku,
            "technology": "Mono-c-Si", "bifacial": False, "purchase_price": price,
            "usual_supplier_id": supplier.id,
        }
        for sku, price in (("M1", Decimal("500")), ("M2", Decimal("620.5")), ("M3", Decimal("0.3333")))
    ])
    return empty


@pytest.fixture
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """Every SQL statement that is run from here on."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)
