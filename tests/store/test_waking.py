"""What the port of waking promises, in one process and across machines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.store import db, waking

SOON = 10.0  # seconds that nobody waits for unless something is wrong


@pytest.fixture
def engine(empty_database: str) -> Iterator[sa.Engine]:
    engine = db.connect(empty_database)
    yield engine
    engine.dispose()


@contextmanager
def listening(port: waking.Waking) -> Iterator[threading.Event]:
    woken = threading.Event()
    close = port.listen(woken.set)
    if isinstance(port, waking.Notified):
        # It looks for work as soon as it hears, since it was deaf until then.
        assert woken.wait(SOON)
    woken.clear()
    try:
        yield woken
    finally:
        close()


def call(engine: sa.Engine, port: waking.Waking, times: int = 1) -> None:
    with db.writing(engine, clock.now) as tx:
        for _ in range(times):
            port.call(tx)


def test_everybody_who_listens_is_woken_by_what_was_committed(engine: sa.Engine) -> None:
    port = waking.of(engine)
    with listening(port) as one, listening(port) as other:
        call(engine, port)
        assert one.wait(SOON) and other.wait(SOON)


def test_nobody_is_woken_before_the_commit(engine: sa.Engine) -> None:
    port = waking.of(engine)
    with listening(port) as woken:
        with db.writing(engine, clock.now) as tx:
            port.call(tx)
            assert not woken.wait(0.2)
        assert woken.wait(SOON)


def test_what_is_undone_wakes_nobody(engine: sa.Engine) -> None:
    port = waking.of(engine)
    with listening(port) as woken:
        with pytest.raises(ZeroDivisionError), db.writing(engine, clock.now) as tx:
            port.call(tx)
            raise ZeroDivisionError
        assert not woken.wait(0.2)
        call(engine, port)
        assert woken.wait(SOON)


def test_a_transaction_with_much_work_calls_once(engine: sa.Engine) -> None:
    port = waking.of(engine)
    said: list[str] = []
    note: Callable[..., None] = lambda connection, cursor, statement, *rest: said.append(statement)  # noqa: E731
    sa.event.listen(engine, "before_cursor_execute", note)
    with listening(port) as woken:
        call(engine, port, times=50)
        assert woken.wait(SOON)
    assert len([statement for statement in said if not statement.startswith("BEGIN")]) <= 1


def test_whoever_stopped_listening_is_left_alone(engine: sa.Engine) -> None:
    port = waking.of(engine)
    with listening(port) as gone:
        pass
    with listening(port) as woken:
        call(engine, port)
        assert woken.wait(SOON)
    assert not gone.is_set()
