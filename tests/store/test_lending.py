"""Connections rest between transactions, and none that rests keeps what somebody left in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.errors import NotFound
from runtime.store import db, lending
from tests.databases import Databases

metadata = sa.MetaData()
notes = sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))


@pytest.fixture
def engine(databases: Databases, tmp_path: Path) -> Iterator[sa.Engine]:
    with databases.empty(tmp_path) as url:
        engine = db.connect(url)
        metadata.create_all(engine)
        yield engine
        engine.dispose()


def write(engine: sa.Engine, text: str) -> sa.Connection:
    with db.writing(engine, clock.now) as tx:
        tx.execute(sa.insert(notes).values(text=text))
    return tx.connection


def read(engine: sa.Engine) -> list[str]:
    with db.reading(engine, clock.now()) as tx:
        return [row.text for row in tx.all(sa.select(notes.c.text).order_by(notes.c.id))]


def test_the_next_writer_has_the_connection_of_the_last(engine: sa.Engine) -> None:
    assert write(engine, "one") is write(engine, "two")
    assert read(engine) == ["one", "two"]


def test_one_that_rests_is_not_told_as_in_use(engine: sa.Engine) -> None:
    write(engine, "one")
    read(engine)
    assert lending.pool(engine).checkedout() == 0
    with db.writing(engine, clock.now):
        assert lending.pool(engine).checkedout() == 1


def test_one_that_read_may_write_when_the_pool_has_it_back(engine: sa.Engine) -> None:
    read(engine)
    lending.pool(engine).take_back()
    with engine.begin() as connection:
        connection.execute(sa.insert(notes).values(text="one"))
    assert read(engine) == ["one"]


def test_what_was_refused_is_not_seen_by_the_next(engine: sa.Engine) -> None:
    write(engine, "one")
    with pytest.raises(NotFound), db.writing(engine, clock.now) as tx:
        tx.execute(sa.insert(notes).values(text="two"))
        raise NotFound()
    assert write(engine, "three").in_transaction() is False
    assert read(engine) == ["one", "three"]


def test_after_a_defect_nothing_rests(engine: sa.Engine) -> None:
    write(engine, "one")
    read(engine)
    with pytest.raises(sa.exc.DBAPIError), db.writing(engine, clock.now) as tx:
        tx.connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert sum(map(len, lending.pool(engine).resting.values())) == 0
    write(engine, "two")
    assert read(engine) == ["one", "two"]


def test_more_readers_at_once_than_may_rest_all_read(engine: sa.Engine) -> None:
    write(engine, "one")
    together, seen = threading.Barrier(12), []

    def reader() -> None:
        with db.reading(engine, clock.now()) as tx:
            together.wait()
            seen.append(tx.scalar(sa.select(notes.c.text)))

    readers = [threading.Thread(target=reader) for _ in range(12)]
    for thread in readers:
        thread.start()
    for thread in readers:
        thread.join()
    assert seen == ["one"] * 12
    assert len(lending.pool(engine).resting[db.READING]) == lending.MOST


def test_whoever_waits_for_a_free_one_gets_it(engine: sa.Engine) -> None:
    """Many more than there are connections: what rests never keeps the others waiting for ever."""

    def work() -> None:
        for _ in range(5):
            write(engine, "one")
            read(engine)

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(engine) == ["one"] * 200


def test_disposed_of_nothing_stays_open(engine: sa.Engine) -> None:
    write(engine, "one")
    resting = lending.pool(engine)
    engine.dispose()
    assert sum(map(len, resting.resting.values())) == 0 and resting.checkedin() == 0
    assert read(engine) == ["one"]
