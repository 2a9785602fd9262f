"""What it means that the database does not do as it is told: busy, away, full, or nobody knows.

`meaning` is for whoever asked, PASSING what may help itself when all of it is run again.
Not here: running it again (bootstrap.Runtime.do), transactions (db.py)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFree

from runtime.errors import Conflict, GuichengError, Unavailable


class Busy(Conflict):
    """The database is busy. Nothing was changed; please try again."""

    code = "database.busy"


class Away(Unavailable):
    """The database cannot be reached at this moment. Nothing was changed; please try again soon."""

    code = "database.away"


class Full(Unavailable):
    """The disk of the database is full. Nothing was changed; whoever runs this installation must make room."""

    code = "database.full"


class Unsure(Unavailable):
    """The database broke off while this was being stored. Look whether it was done before you do it again."""

    code = "database.unsure"


# All of it run again at once may work: a lock, a deadlock, a connection that was cut before the commit.
PASSING = (Busy, Away)


def meaning(error: BaseException | None, committing: bool = False) -> type[GuichengError] | None:
    """What to tell; None for what is a defect of ours. `committing`: the answer to COMMIT never came."""
    if isinstance(error, NoneFree):
        return Busy
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    read = _of_sqlite if isinstance(error.orig, sqlite3.Error) else _of_postgresql
    found = read(error.orig)
    if found is None and error.connection_invalidated:
        found = Away
    return Unsure if committing and found is Away else found


def _of_sqlite(error: BaseException) -> type[GuichengError] | None:
    # The low byte is the kind, what lies above it the variety.
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return {
        sqlite3.SQLITE_BUSY: Busy,
        sqlite3.SQLITE_LOCKED: Busy,
        sqlite3.SQLITE_FULL: Full,
        sqlite3.SQLITE_IOERR: Away,
        sqlite3.SQLITE_CANTOPEN: Away,
        sqlite3.SQLITE_READONLY: Away,
    }.get(kind)


def _of_postgresql(error: BaseException) -> type[GuichengError] | None:
    state = getattr(error, "sqlstate", None)
    if state is None:
        # Nobody was there to give one.
        return Away if type(error).__name__ == "OperationalError" else None
    if state in ("40001", "40P01", "55P03"):
        return Busy
    if state == "53100":
        return Full
    if state.startswith(("08", "53", "57P0")):
        return Away
    return None


def overtaken(error: BaseException | None) -> bool:
    """Whether somebody else wrote the same key at the same moment, which no look beforehand could show.

    Run again, the look shows it; a second time it is a defect of ours. SQLite has one writer at a time."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == "23505"


def told(act: Callable[[], None]) -> None:
    """Commit, and say what it means when that fails. Raises Busy, Full, Unsure."""
    try:
        act()
    except SQLAlchemyError as error:
        found = meaning(error, committing=True)
        if found is None:
            raise
        raise found() from error
