"""Waking those who wait for work: one port, within a process or across machines.

`call` belongs to the transaction that wrote the work: once it has committed, everybody who
listens is woken; if it does not commit, nobody is. A call carries nothing, the table of jobs or of
external tasks is the truth, and whoever listens looks there every few seconds anyway: a lost call costs
seconds, no work. Not here: claiming (jobs.py, external_tasks.py), working (worker.py, outbox.py)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import psycopg
import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Engine

from runtime.store.db import Transaction

log = structlog.get_logger()
JOBS, TASKS = "guicheng_jobs", "guicheng_external_tasks"  # channels: each has listeners of its own
# Seconds after which whoever listens looks for work without being called: what is due later than that needs no call.
ANYWAY = 5.0
LOOK = 1.0  # seconds after which a listener sees that it was closed
PAUSE = 1.0  # seconds between two attempts to reach a database that is away


class Waking(Protocol):
    """How a transaction that wrote work reaches those who do it."""

    def call(self, tx: Transaction) -> None:
        """Wake them once this transaction has committed."""

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Do `wake` at each call from now on; the function that is given ends it."""


class InProcess:
    """For the embedded database: those who listen are threads of this process."""

    def __init__(self) -> None:
        self._listening: list[Callable[[], None]] = []

    def call(self, tx: Transaction) -> None:
        tx.after_commit(self._wake)

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        self._listening.append(wake)
        return lambda: self._listening.remove(wake)

    def _wake(self) -> None:
        for wake in tuple(self._listening):
            wake()


class Notified:
    """For PostgreSQL: NOTIFY is sent by the commit itself, to listeners on any machine."""

    def __init__(self, engine: Engine, channel: str) -> None:
        self._engine, self._channel = engine, channel

    def call(self, tx: Transaction) -> None:
        # Once a transaction: the server would drop the others, but each costs a round trip.
        if self._channel not in tx.memo:
            tx.memo[self._channel] = True
            tx.execute(sa.text(f"NOTIFY {self._channel}"))

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        closed = threading.Event()
        thread = threading.Thread(target=self._hear, args=(wake, closed), name="listener", daemon=True)
        thread.start()

        def close() -> None:
            closed.set()
            thread.join(timeout=5 * LOOK)

        return close

    def _hear(self, wake: Callable[[], None], closed: threading.Event) -> None:
        while not closed.is_set():
            try:
                with self._connected() as connection:
                    connection.execute(f"LISTEN {self._channel}")
                    # What was called while nobody listened is looked for.
                    wake()
                    while not closed.is_set():
                        for _ in connection.notifies(timeout=LOOK, stop_after=1):
                            wake()
            except psycopg.Error as error:
                log.warning("listener_cut_off", reason=str(error).strip())
                closed.wait(PAUSE)

    def _connected(self) -> psycopg.Connection:
        """A connection beside the pool, held for as long as somebody listens."""
        words, given = self._engine.dialect.create_connect_args(self._engine.url)
        return psycopg.connect(*words, **given, autocommit=True)


def of(engine: Engine, channel: str = JOBS) -> Waking:
    return Notified(engine, channel) if engine.dialect.name == "postgresql" else InProcess()
