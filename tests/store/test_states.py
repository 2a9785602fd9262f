"""A case's state in the database: only what changed is written, and what was written is read back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import runtime.store.migrate  # noqa: F401 (all tables)
from runtime.store import db, states
from runtime.store.cases import cases

NOW = dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[db.Transaction]:
    engine = db.connect(f"sqlite:///{tmp_path / 'states.db'}")
    # Of the tables around a case nothing is asked here.
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE cases (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO cases VALUES (1), (2)")
        states.parts.create(connection)
    with db.writing(engine, lambda: NOW) as transaction:
        yield transaction
    engine.dispose()


def state(rows: int = 1, **values: Any) -> dict[str, Any]:
    return {
        "format": 2,
        "scopes": [{"id": "", "parent": None, "values": values}],
        "levels": [],
        "tokens": [{"id": f"t{number}", "number": number, "wait": "x" * 80} for number in range(rows)],
    }


def kept(tx: db.Transaction, case: int = 1) -> set[str]:
    return {row.digest for row in tx.all(sa.select(states.parts).where(states.parts.c.case_id == case))}


def again(tx: db.Transaction, text: str) -> states.Stored:
    return states.load(tx, 1, text)


def whole(stored: states.Stored) -> dict[str, Any]:
    def value(plain: Any) -> Any:
        return stored.fetch(plain["$part"]) if isinstance(plain, dict) and "$part" in plain else plain

    scopes = [
        {**scope, "values": {name: value(plain) for name, plain in scope["values"].items()}}
        for scope in stored.data["scopes"]
    ]
    return {**stored.data, "scopes": scopes}


def test_a_small_state_is_one_text_and_nothing_else(tx: db.Transaction) -> None:
    text = states.Stored(tx, 1).save(state(total=3))
    assert kept(tx) == set()
    assert again(tx, text).data == state(total=3)


def test_a_large_variable_is_a_part_that_is_read_when_it_is_asked_for(tx: db.Transaction) -> None:
    lines = [{"sku": "M8", "pieces": number} for number in range(1000)]
    text = states.Stored(tx, 1).save(state(lines=lines, total=3))
    assert len(text) < 1000 and len(kept(tx)) == 1
    stored = again(tx, text)
    assert stored._values is None
    assert whole(stored) == state(lines=lines, total=3)


def test_what_did_not_change_is_not_written_again(tx: db.Transaction) -> None:
    text = states.Stored(tx, 1).save(state(rows=500, lines=["x" * 50] * 200))
    before = kept(tx)
    stored = again(tx, text)
    moved = stored.data
    moved["tokens"] = [row for row in moved["tokens"] if row["id"] != "t250"]
    after_text = stored.save(moved)
    after = kept(tx)
    assert len(before) > 10
    # The block that held it, or the two that became one.
    assert 1 <= len(after - before) <= 2 and 1 <= len(before - after) <= 2
    assert whole(again(tx, after_text))["tokens"] == [
        row for row in state(rows=500)["tokens"] if row["id"] != "t250"
    ]


def test_a_part_that_nothing_refers_to_is_gone(tx: db.Transaction) -> None:
    text = states.Stored(tx, 1).save(state(lines=["x" * 50] * 200))
    again(tx, text).save(state(lines=[]))
    assert kept(tx) == set()


def test_two_cases_with_the_same_content_keep_a_part_each(tx: db.Transaction) -> None:
    for case in (1, 2):
        states.Stored(tx, case).save(state(lines=["x" * 50] * 200))
    assert kept(tx, 1) == kept(tx, 2) != set()
    tx.connection.exec_driver_sql("DELETE FROM cases WHERE id = 1")
    assert (len(kept(tx, 1)), len(kept(tx, 2))) == (0, 1)


def test_the_same_content_twice_in_a_case_is_one_part(tx: db.Transaction) -> None:
    text = states.Stored(tx, 1).save(state(one=["x" * 50] * 200, other=["x" * 50] * 200))
    assert len(kept(tx)) == 1
    assert whole(again(tx, text)) == state(one=["x" * 50] * 200, other=["x" * 50] * 200)


def test_a_state_of_before_is_read_as_it_is(tx: db.Transaction) -> None:
    import orjson

    large = state(rows=200, lines=["x" * 50] * 200)
    assert again(tx, orjson.dumps(large).decode()).data == large


def test_blocks_are_cut_where_an_id_says_so() -> None:
    rows = state(rows=300)["tokens"]
    blocks = list(states._blocks(rows))
    assert [row for block in blocks for row in block] == rows
    fewer = list(states._blocks([row for row in rows if row["id"] != "t7"]))
    assert sum(block in blocks for block in fewer) >= len(fewer) - 1


def test_the_table_has_what_the_migration_makes() -> None:
    assert set(states.parts.c.keys()) == {"case_id", "digest", "kind", "content"}
    assert next(iter(states.parts.c.case_id.foreign_keys)).column is cases.c.id
