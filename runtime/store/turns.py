"""Whose turn it is to write an embedded database: SQLite has one writer, and is no fair doorkeeper.

Threads of one process stand in a line, and each hands its turn to the next; of several processes the
first of each line asks. Not here: transactions (db.py). PostgreSQL keeps its own order."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import TimeoutError as NoneFree

from runtime import clock

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ASKING = 0.001  # seconds between two times that a writer asks for its turn


class Line:
    """Threads that wait to write, the first come first: the block of each writes, and no other meanwhile.

    Raises NoneFree after `wait` seconds. Threads that each ask SQLite again and again take the
    interpreter from the one that writes."""

    def __init__(self, wait: float) -> None:
        self._wait = wait
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=self._wait):
            return
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise NoneFree(f"others have been writing for {self._wait:.0f} seconds")
            # It came at the last moment.

    def __exit__(self, *failure: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


def begin_writing(connection: Connection, wait: float) -> None:
    """Ask for the lock until it is there, or for `wait` seconds.

    SQLite's own waiting asks ever more seldom, in the end ten times a second: beside a worker that
    has much to do, a person would hardly ever meet the moment in which nobody writes. Who asks holds the
    turn meanwhile, in whatever process: whoever has just written stands behind them."""
    driver: Any = connection.connection.driver_connection
    turn, until = _turn(connection), clock.seconds() + wait
    # One that is lent to write is set so once and for all (db.py).
    lent = connection.get_execution_options().get("writing", False)
    if not lent:
        driver.execute("PRAGMA busy_timeout=0")
    try:
        while clock.seconds() < until:
            if turn is None or turn.take():
                try:
                    driver.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                        break
            time.sleep(ASKING)
        # Said once more, for its error to be told as any other statement's.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        if not lent:
            driver.execute(f"PRAGMA busy_timeout={int(1000 * wait)}")
        if turn is not None:
            turn.give()


class _Turn:
    """The right to ask next for the lock of one SQLite file: of one connection at a time.

    Held by a lock on a file beside it, so that it ends with the process that holds it."""

    def __init__(self, database: str) -> None:
        self._file = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._mine = False

    def take(self) -> bool:
        if not self._mine:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            self._mine = True
        return True

    def give(self) -> None:
        if self._mine:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._mine = False

    def __del__(self) -> None:
        os.close(self._file)


def _turn(connection: Connection) -> _Turn | None:
    """The connection's own; None where there is no file to lock."""
    about = connection.info
    if "turn" not in about:
        database = connection.engine.url.database
        about["turn"] = None
        if fcntl is not None and database and os.path.isfile(database):
            with suppress(OSError):
                about["turn"] = _Turn(database)
    held: _Turn | None = about["turn"]
    return held
