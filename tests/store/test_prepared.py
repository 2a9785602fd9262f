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
from runtime.store.prepared import Prepared, listed, numbered, size
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


def test_of_savepoints_within_one_another_only_the_one_that_failed_is_undone_and_all_are_said_in_three_statements(
    engine: sa.Engine,
) -> None:
    said: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    with db.writing(engine, clock.now) as tx, tx.savepoint():
        ADD.one(tx, **ROW)
        with pytest.raises(ZeroDivisionError), tx.savepoint():
            with tx.savepoint():
                ADD.one(tx, **ROW | {"name": "two"})
            raise ZeroDivisionError
        with tx.savepoint():
            ADD.one(tx, **ROW | {"name": "three"})
    with db.reading(engine, clock.now()) as tx:
        assert [row.name for row in tx.all(sa.select(kept).order_by(kept.c.id))] == ["one", "three"]
    # The driver keeps what it made of a statement: four with names of their own would push others out.
    assert len({text for text in said if "SAVEPOINT" in text}) == 3


@pytest.mark.parametrize("number", [0, 1, 2, 3, 5])
def test_a_list_of_any_length_finds_what_is_in_it_once(engine: sa.Engine, number: int) -> None:
    names = [f"n{position}" for position in range(6)]
    wanted = set(names[:number])
    among = Prepared(sa.select(kept.c.name).where(kept.c.name.in_(listed("b_", size(wanted)))))
    with db.writing(engine, clock.now) as tx:
        for name in names:
            ADD.one(tx, **ROW | {"name": name})
        assert sorted(name for (name,) in among.all(tx, **numbered("b_", wanted))) == names[:number]


def test_lists_of_many_lengths_need_few_statements() -> None:
    assert {size(range(number)) for number in range(101)} == {1, 2, 4, 8, 16, 32, 64, 128}


def test_what_is_no_value_is_not_taken_for_a_failure_of_the_database(engine: sa.Engine) -> None:
    with pytest.raises(db.AmountTooFine), db.writing(engine, clock.now) as tx:
        ADD.one(tx, **ROW | {"amount": Decimal("0.00001")})
