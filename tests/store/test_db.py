"""The column types keep what they are given, exactly, and refuse what they cannot keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from runtime import clock
from runtime.store import db
from tests.databases import Databases

table = sa.Table(
    "kept",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("amount", db.Exact),
    sa.Column("at", db.Instant),
    sa.Column("value", db.Tagged),
)


@pytest.fixture(scope="module")
def engine(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    with databases.empty(tmp_path_factory.mktemp("db")) as url:
        engine = db.connect(url)
        table.metadata.create_all(engine)
        yield engine
        engine.dispose()


def keep(engine: sa.Engine, **columns: object) -> sa.Row:
    with db.writing(engine, clock.now) as tx:
        key = tx.execute(sa.insert(table).values(**columns)).inserted_primary_key[0]
        row = tx.first(sa.select(table).where(table.c.id == key))
    assert row is not None
    return row


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=4, allow_nan=False))
def test_an_amount_comes_back_as_it_went(engine: sa.Engine, amount: Decimal) -> None:
    assert keep(engine, amount=amount).amount == amount


def test_a_tenth_three_times_is_three_tenths_in_sql(engine: sa.Engine) -> None:
    with db.writing(engine, clock.now) as tx:
        tx.execute(sa.delete(table))
        tx.insert(table, [{"amount": Decimal("0.1")}] * 3)
        assert tx.scalar(sa.select(sa.func.sum(table.c.amount))) == Decimal("0.3")


@pytest.mark.parametrize("amount", [Decimal("0.00001"), Decimal("10") ** 30, 0.1])
def test_what_cannot_be_kept_exactly_is_refused(engine: sa.Engine, amount: object) -> None:
    with pytest.raises((db.AmountTooFine, db.AmountTooLarge, TypeError, sa.exc.StatementError)):
        keep(engine, amount=amount)


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2999, 1, 1), timezones=st.just(dt.UTC)))
def test_a_moment_keeps_its_microsecond(engine: sa.Engine, at: dt.datetime) -> None:
    assert keep(engine, at=at).at == at


def test_moments_sort_as_time_does(engine: sa.Engine) -> None:
    moments = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=n) for n in (0, 1, 999_999, 10**6)]
    with db.writing(engine, clock.now) as tx:
        tx.execute(sa.delete(table))
        tx.insert(table, [{"at": at} for at in reversed(moments)])
        assert list(tx.connection.execute(sa.select(table.c.at).order_by(table.c.at)).scalars()) == moments


def test_a_reader_cannot_write(engine: sa.Engine) -> None:
    with db.reading(engine, clock.now()) as tx, pytest.raises((sa.exc.OperationalError, sa.exc.InternalError)):
        tx.execute(sa.insert(table).values(value="x"))


def test_a_connection_that_read_can_write_again(engine: sa.Engine) -> None:
    with db.reading(engine, clock.now()) as tx:
        tx.scalar(sa.select(sa.func.count()).select_from(table))
    assert keep(engine, value={"甲": Decimal("1.50")}).value == {"甲": Decimal("1.50")}


def test_nothing_is_done_after_a_transaction_that_failed(engine: sa.Engine, tmp_path: Path) -> None:
    done: list[str] = []
    with pytest.raises(ZeroDivisionError), db.writing(engine, clock.now) as tx:
        tx.after_commit(lambda: done.append("woken"))
        raise ZeroDivisionError
    assert done == []


def test_a_transaction_that_had_to_wait_is_later_than_the_one_before_it(engine: sa.Engine) -> None:
    import threading
    import time

    times: list[dt.datetime] = []
    begun = threading.Event()

    def second() -> None:
        begun.wait()
        with db.writing(engine, clock.now) as tx:
            times.append(tx.now)

    waiting = threading.Thread(target=second)
    waiting.start()
    with db.writing(engine, clock.now):
        begun.set()
        time.sleep(0.2)
        times.append(clock.now())
    waiting.join()
    assert times == sorted(times)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_named_as_people_name_it(scheme: str) -> None:
    found = db.locate(f"{scheme}://who:secret@there/house?sslmode=require")
    assert found.render_as_string(hide_password=False) == (
        "postgresql+psycopg://who:secret@there/house?sslmode=require"
    )


@pytest.mark.parametrize("url", ["mysql://who:secret@there/house", "postgresql+asyncpg://there/house", "there", "://"])
def test_what_is_no_database_of_ours_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(db.UnknownDatabase) as refused:
        db.connect(url)
    assert "secret" not in str(refused.value)
