"""The floor: what a command said to the database, said again by hand through the driver.

    saved = snapshot(runtime, folder)
    with recorded(runtime) as tape:
        …commands…
    tape.play(connection)       # sqlite3, over a copy of `saved`

The same statements with the same parameters, in the same transactions; none of ours runs. Not
here: what the commands are (steps.py and others). SQLite only: its file can be copied."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from runtime.bootstrap import Runtime
from runtime.store import db

# What opens and closes a transaction, or sets the connection: not counted as statements.
AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@dataclass
class Tape:
    """Transactions in the order of their commits: each a list of (statement, parameters, whether many)."""

    transactions: list[list[tuple[str, Any, bool]]] = field(default_factory=list)

    def play(self, connection: sqlite3.Connection) -> None:
        cursor = connection.cursor()
        for transaction in self.transactions:
            play(cursor, transaction)

    @property
    def statements(self) -> int:
        """Without those that open and close transactions; one that brings many rows is one."""
        return sum(
            not statement.startswith(AROUND)
            for transaction in self.transactions
            for statement, _, _ in transaction
        )

    @property
    def written(self) -> int:
        """Bytes of text and numbers that the statements which write were given."""
        total = 0
        for transaction in self.transactions:
            for statement, parameters, many in transaction:
                if statement.startswith(("INSERT", "UPDATE")):
                    for row in parameters if many else [parameters]:
                        given = row.values() if isinstance(row, Mapping) else row
                        total += sum(len(str(value).encode()) for value in given)
        return total


def play(cursor: sqlite3.Cursor, transaction: Sequence[tuple[str, Any, bool]]) -> None:
    for statement, parameters, many in transaction:
        if many:
            cursor.executemany(statement, parameters)
        else:
            cursor.execute(statement, parameters)
            if cursor.description is not None:
                cursor.fetchall()


@contextmanager
def recorded(runtime: Runtime) -> Iterator[Tape]:
    """What goes to the database within the block, from one thread."""
    tape, current = Tape(), []

    def say(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        current.append((statement, parameters, many))

    def begin(connection: sa.Connection) -> None:
        # Said past SQLAlchemy (db.py).
        reads = connection.get_execution_options().get("reading", False)
        current.append(("BEGIN" if reads else "BEGIN IMMEDIATE", (), False))

    def end(word: str) -> None:
        current.append((word, (), False))
        tape.transactions.append(list(current))
        current.clear()

    def commit(connection: Any) -> None:
        if current:
            end("COMMIT")

    def rollback(connection: Any) -> None:
        # A connection that only read is rolled back when it is given back.
        if current:
            end("ROLLBACK")

    listeners = {"begin": begin, "before_cursor_execute": say, "commit": commit, "rollback": rollback}
    for name, listener in listeners.items():
        sa.event.listen(runtime.engine, name, listener)
    try:
        yield tape
    finally:
        for name, listener in listeners.items():
            sa.event.remove(runtime.engine, name, listener)


def snapshot(runtime: Runtime, place: Path) -> Path:
    """A copy of the database as it is now."""
    copy = place / "snapshot.db"
    copy.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(runtime.settings.home / "guicheng.db")) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy


@contextmanager
def by_hand(saved: Path, clients: int = 1) -> Iterator[list[sqlite3.Connection]]:
    """Connections of the driver to a fresh copy of a snapshot, set as ours are."""
    copy = saved.with_name("by_hand.db")
    for each in saved.parent.glob("by_hand.db*"):
        each.unlink()
    shutil.copyfile(saved, copy)
    connections = [
        sqlite3.connect(copy, isolation_level=None, check_same_thread=False) for _ in range(clients)
    ]
    for connection in connections:
        for pragma in db.SQLITE:
            connection.execute(f"PRAGMA {pragma}")
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def replayed(saved: Path, tape: Tape, clients: int = 1) -> float:
    """Seconds that a tape takes by hand; several clients take its transactions in turn, in order, since ids
    that one of them makes are asked for by the next. SQLite has one writer at a time anyway."""
    with by_hand(saved, clients) as connections:
        if clients == 1:
            began = perf_counter()
            tape.play(connections[0])
            return perf_counter() - began
        left, turn = iter(tape.transactions), threading.Lock()

        def work(connection: sqlite3.Connection) -> None:
            cursor = connection.cursor()
            while True:
                with turn:
                    transaction = next(left, None)
                    if transaction is None:
                        return
                    play(cursor, transaction)

        threads = [threading.Thread(target=work, args=(connection,)) for connection in connections]
        began = perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return perf_counter() - began
