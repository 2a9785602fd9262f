"""What SQLite takes and PostgreSQL refuses, or the other way round."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import runtime.bootstrap  # noqa: F401  every table is declared once everything is imported
from runtime import clock
from runtime.store import db, migrate


@pytest.fixture
def engine(empty_database: str) -> Iterator[sa.Engine]:
    engine = db.connect(empty_database)
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


def test_every_id_has_64_bits_and_its_sequence_too(engine: sa.Engine) -> None:
    for table in db.metadata.tables.values():
        for column in table.c:
            if (column.name == "id" and column.primary_key) or column.foreign_keys:
                narrow = isinstance(column.type.dialect_impl(engine.dialect), sa.Integer) and not isinstance(
                    column.type.dialect_impl(engine.dialect), sa.BigInteger
                )
                assert not narrow, column
    with engine.connect() as connection:
        sequences = connection.exec_driver_sql(
            "SELECT sequencename FROM pg_sequences WHERE data_type <> 'bigint'::regtype"
        ).all()
    assert sequences == []


def test_a_case_beyond_what_32_bits_count(engine: sa.Engine) -> None:
    from runtime.store import accounts

    with db.writing(engine, clock.now) as tx:
        tx.execute(sa.text("SELECT setval('people_id_seq', 3000000000)"))
        key = tx.execute(
            sa.insert(accounts.people)
            .values(public_id="a", username="a", names={}, language="en", created_at=dt.datetime.now(dt.UTC))
            .returning(accounts.people.c.id)
        ).scalar_one()
    assert key == 3_000_000_001


def test_two_machines_that_upgrade_at_once_do_not_meet(empty_database: str) -> None:
    import threading

    failed: list[BaseException] = []

    def upgrade() -> None:
        engine = db.connect(empty_database)
        try:
            migrate.upgrade(engine)
        except BaseException as error:
            failed.append(error)
        finally:
            engine.dispose()

    both = [threading.Thread(target=upgrade) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert failed == []
    engine = db.connect(empty_database)
    assert migrate.current(engine)
    engine.dispose()
