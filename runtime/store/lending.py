"""Connections that stay lent between transactions, each set for one use: to write or to read.

SQLAlchemy's pool resets a connection and books it whenever it is handed out or taken back, which
costs more than two statements. Here a few rest as they are; the one that came back last goes first.
Not here: what a use sets (db.py), how many connections there may be (each engine's own setting)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.errors import GuichengError, Unavailable

# That rest of each use. Fewer than a pool has, since whoever waits there for a free one is only woken by those
# that come back beyond these.
MOST = 4


def _nothing(connection: sa.Connection) -> None:
    pass


@dataclass(frozen=True)
class Use:
    """`ready` sets a connection for it; `done` takes back what the pool does not take back itself."""

    name: str
    ready: Callable[[sa.Connection], sa.Connection]
    done: Callable[[sa.Connection], None] = _nothing


class Pool(sa.QueuePool):
    """A pool some of whose connections rest outside, ready for their use. `line`: where those stand who are
    to write, if one may at a time."""

    line: AbstractContextManager[None] = nullcontext()

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self.resting: dict[Use, deque[sa.Connection]] = defaultdict(deque)

    def checkedout(self) -> int:
        """Those at work."""
        return super().checkedout() - sum(map(len, self.resting.values()))

    def take_back(self) -> None:
        """Nothing rests outside any more: what has been cut off is noticed here, for all of them at once."""
        for use, resting in list(self.resting.items()):
            with suppress(IndexError):
                while True:
                    _end(use, resting.pop())

    def dispose(self) -> None:
        self.take_back()
        super().dispose()

    def recreate(self) -> Pool:
        fresh = super().recreate()
        assert isinstance(fresh, Pool)
        fresh.line = self.line
        return fresh


def pool(engine: sa.Engine) -> Pool:
    """That of an engine made by db.connect."""
    found = engine.pool
    assert isinstance(found, Pool)
    return found


@contextmanager
def lent(engine: sa.Engine, use: Use) -> Iterator[sa.Connection]:
    """A connection set for `use`, on which the block begins a transaction and ends it."""
    lender = pool(engine)
    resting = lender.resting[use]
    try:
        connection = resting.pop()
    except IndexError:
        connection = use.ready(engine.connect())
    try:
        yield connection
    except BaseException as error:
        # It goes through the hands of the pool, whatever state it is in.
        _end(use, connection)
        if not isinstance(error, GuichengError) or isinstance(error, Unavailable):
            lender.take_back()
        raise
    if len(resting) < MOST:
        resting.append(connection)
    else:
        _end(use, connection)


def _end(use: Use, connection: sa.Connection) -> None:
    try:
        use.done(connection)
    except Exception:
        # One that cannot be set back is broken: nobody gets it again, and the next is a new one. What was at
        # fault has been told by whoever used it.
        connection.invalidate()
    connection.close()
