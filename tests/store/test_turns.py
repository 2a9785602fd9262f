"""Whoever came first to write writes first, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import TimeoutError as NoneFree

from runtime import clock
from runtime.store import db, outages, turns

pytestmark = pytest.mark.embedded


def wait_until(line: turns.Line, waiting: int) -> None:
    while len(line._waiting) < waiting:
        time.sleep(0.001)


def test_threads_write_in_the_order_in_which_they_came() -> None:
    line, order = turns.Line(10), list[int]()

    def write(number: int) -> None:
        with line:
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    with line:
        for count, thread in enumerate(threads, 1):
            thread.start()
            wait_until(line, count)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_whoever_has_just_written_stands_behind_those_who_wait() -> None:
    line, order = turns.Line(10), list[str]()

    def person() -> None:
        with line:
            order.append("person")

    waiting = threading.Thread(target=person)
    with line:
        waiting.start()
        wait_until(line, 1)
    with line:
        order.append("worker")
    waiting.join()
    assert order == ["person", "worker"]


def test_whoever_waits_too_long_is_told_that_the_database_is_busy_and_leaves_the_line() -> None:
    line, told = turns.Line(0.01), list[BaseException]()

    def impatient() -> None:
        try:
            with line:
                pass
        except NoneFree as error:
            told.append(error)

    with line:
        thread = threading.Thread(target=impatient)
        thread.start()
        thread.join()
    assert [outages.meaning(error) for error in told] == [outages.Busy]
    with line:
        assert not line._waiting


def test_a_writer_that_fails_gives_its_turn_on(tmp_path: Path) -> None:
    engine = db.connect(f"sqlite:///{tmp_path / 'there.db'}")
    with pytest.raises(ZeroDivisionError), db.writing(engine, clock.now):
        raise ZeroDivisionError
    engine.dispose()
    with db.writing(engine, clock.now) as tx:
        assert tx.connection.in_transaction()
    engine.dispose()


def test_threads_of_one_process_do_not_ask_for_what_another_of_them_has(tmp_path: Path) -> None:
    """Asking costs the one that writes: it is asked once for each transaction, however many wait."""
    engine = db.connect(f"sqlite:///{tmp_path / 'there.db'}")
    asked: list[str] = []

    def write() -> None:
        with db.writing(engine, clock.now) as tx:
            driver = tx.connection.connection.dbapi_connection
            driver.set_trace_callback(asked.append)  # type: ignore[union-attr]
            time.sleep(0.02)

    for _ in range(2):
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # Nobody listened to the first transaction's beginning yet.
    assert asked.count("BEGIN IMMEDIATE") == 7
    engine.dispose()
