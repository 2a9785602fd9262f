"""What goes straight to the driver is given, read, told and refused as SQLAlchemy's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.store import db
from runtime.store.prepared import Prepared
from tests.databases import Databases

metadata = sa.MetaData()
kept = sa.Table(
    "prepared",
    metadata,
    sa.Column("id", db.Id, primary_key=True),
    sa.Column("name", sa.String(20), nullable=False, unique=True),
    sa.Column("amount", db.Exact),
    sa.Column("at", db.Instant),
    sa.Column("value", db.Tagged),
    sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
)
ROW = {
    "name": "one",
    "amount": Decimal("1.25"),
    "at": dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC),
    "value": {"甲": [dt.date(2026, 1, 2), None]},
    "done": True,
}
ADD = Prepared(sa.insert(kept).returning(kept.c.id), ROW)
NAMED = Prepared(sa.select(kept).where(kept.c.name == sa.bindparam("b_name")))
DONE = Prepared(sa.update(kept).where(kept.c.done == sa.literal(False)), ["done"])


@pytest.fixture
def engine(databases: Databases, tmp_path: Path) -> Iterator[sa.Engine]:
    with databases.empty(tmp_path) as url:
        engine = db.connect(url)
        metadata.create_all(engine)
        yield engine
        engine.dispose()


def test_values_come_back_as_they_went(engine: sa.Engine) -> None:
    with db.writing(engine, clock.now) as tx:
        assert ADD.one(tx, **ROW) == [1]
        found = NAMED.first(tx, b_name="one")
        assert vars(found) == {"id": 1, **ROW}
        assert vars(found) == tx.first(sa.select(kept))._asdict()
        assert NAMED.one(tx, b_name="two") is None and NAMED.all(tx, b_name="two") == []


def test_null_stays_null(engine: sa.Engine) -> None:
    with db.writing(engine, clock.now) as tx:
        ADD.one(tx, **ROW | {"amount": None, "at": None, "value": None})
        assert NAMED.one(tx, b_name="one") == [1, "one", None, None, None, True]


def test_it_tells_how_many_it_changed(engine: sa.Engine) -> None:
    with db.writing(engine, clock.now) as tx:
        tx.insert(kept, [{"name": "one"}, {"name": "two"}])
        assert (DONE.run(tx, done=True), DONE.run(tx, done=True)) == (2, 0)


def test_whoever_listens_to_statements_hears_it(engine: sa.Engine) -> None:
    heard: list[tuple[str, bool]] = []

    def hear(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        heard.append((statement.split()[0], many))

    sa.event.listen(engine, "before_cursor_execute", hear)
    with db.writing(engine, clock.now) as tx:
        tx.insert(kept, [{"name": "one"}, {"name": "two"}])
        NAMED.one(tx, b_name="one")
    assert heard == [("INSERT", True), ("SELECT", False)]


def test_a_refusal_of_the_database_is_sqlalchemys_and_tells_no_values(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError) as refused, db.writing(engine, clock.now) as tx:
        tx.insert(kept, [{"name": "secret"}])
        ADD.one(tx, **ROW | {"name": "secret"})
    assert "INSERT INTO prepared" in str(refused.value) and "2026" not in str(refused.value)
    with db.reading(engine, clock.now()) as tx:
        assert tx.all(sa.select(kept)) == []


def test_a_refusal_within_a_savepoint_leaves_the_rest(engine: sa.Engine) -> None:
    with db.writing(engine, clock.now) as tx:
        ADD.one(tx, **ROW)
        with pytest.raises(sa.exc.IntegrityError), tx.savepoint():
            ADD.one(tx, **ROW)
        assert NAMED.one(tx, b_name="one") is not None
    with db.reading(engine, clock.now()) as tx:
        assert NAMED.first(tx, b_name="one").amount == Decimal("1.25")


def test_what_is_no_value_is_not_taken_for_a_failure_of_the_database(engine: sa.Engine) -> None:
    with pytest.raises(db.AmountTooFine), db.writing(engine, clock.now) as tx:
        ADD.one(tx, **ROW | {"amount": Decimal("0.00001")})
