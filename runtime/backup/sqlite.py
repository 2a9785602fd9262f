"""Backups of the embedded database: one file of SQLite, complete in itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from runtime.backup.about import COUNTED, About, BackupUnusable, InUse
from runtime.store.erasures import RESTORED

PAGES = 1000  # copied at a time
MAGIC = b"SQLite format 3\x00"
ENDINGS = ("", "-wal", "-shm")  # of the files of a database
JOURNAL = "-journal"  # another, which goes by itself where nobody else has it


def is_one(file: Path) -> bool:
    with file.open("rb") as read:
        return read.read(len(MAGIC)) == MAGIC


def save(database: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the database as it is at this moment, while others write."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as source:
        # In WAL mode a reader holds nobody back, and what it sees stands still: without this the
        # copy would begin anew whenever somebody commits, and under load never end.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM alembic_version").fetchone()

        def told(status: int, remaining: int, total: int) -> None:
            progress(total - remaining, total)

        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            source.backup(copy, pages=PAGES, progress=told, sleep=0)
            # Complete in one file, wherever it is carried.
            copy.execute("PRAGMA journal_mode=DELETE")
        source.execute("ROLLBACK")


def look(file: Path) -> About:
    """What is in it. Raises BackupUnusable unless every page and index is whole."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro&immutable=1", uri=True)
        ) as copy:
            told = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if told != "ok":
                raise BackupUnusable(file=file, reason=told)
            revision = str(copy.execute("SELECT version_num FROM alembic_version").fetchone()[0])
            counts = {name: int(copy.execute(query).fetchone()[0]) for name, query in COUNTED.items()}
            # Tables as every version has them; before there were tombstones there was no such table.
            there = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            told = "SELECT link FROM erasures ORDER BY id"
            links = [row[0] for row in copy.execute(told)] if "erasures" in there else []
            line = copy.execute(
                "SELECT coalesce((SELECT subject FROM admin_log WHERE action = ? ORDER BY id DESC LIMIT 1),"
                " (SELECT public_id FROM people ORDER BY id LIMIT 1), '')",
                [RESTORED],
            ).fetchone()[0]
    except (sqlite3.Error, TypeError) as error:
        raise BackupUnusable(file=file, reason=str(error)) from error
    return About(revision, counts, file.stat().st_size, line, tuple(links))


def restore(file: Path, database: Path, stamp: str, settle: Callable[[str], None]) -> list[str]:
    """Put the file, settled, in the database's place; where what stood there is kept. Raises InUse."""
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as until:
        holding = _seize(database) if database.exists() else None
        if holding is not None:
            until.callback(holding.close)
        beside = until.enter_context(TemporaryDirectory(prefix=f".{database.name}.restoring-", dir=database.parent))
        part = Path(beside) / database.name
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as written, file.open("rb") as read:
            shutil.copyfileobj(read, written, 1 << 20)
        settle(f"sqlite:///{part}")
        _complete(part)
        return _take_place(part, database, stamp, ENDINGS if holding is not None else (*ENDINGS, JOURNAL))


def _complete(database: Path) -> None:
    """In one file, and on the disk."""
    with closing(sqlite3.connect(database, isolation_level=None)) as whole:
        whole.execute("PRAGMA journal_mode=DELETE")
    with database.open("rb") as written:
        os.fsync(written.fileno())


def _take_place(part: Path, database: Path, stamp: str, endings: Sequence[str]) -> list[str]:
    """Where the former database is kept. On a file system with links there is a database at any moment."""
    kept: list[str] = []
    for ending in reversed(endings):  # beside the new database nothing may lie that belongs to the former
        old = database.with_name(database.name + ending)
        if old.exists():
            before = database.with_name(f"{database.name}.before-restore-{stamp}{ending}")
            _set_aside(old, before, stays=not ending)
            kept.insert(0, str(before))
    part.replace(database)
    return kept


def _set_aside(old: Path, before: Path, *, stays: bool) -> None:
    if stays:
        with suppress(OSError):  # a file system without links
            os.link(old, before)
            return
    old.rename(before)


def _seize(database: Path) -> sqlite3.Connection | None:
    """Hold the database alone, with its WAL folded in; None if it is too damaged to be held.

    Every process that works with it keeps a connection, and in WAL mode each of those holds a lock
    for as long as it is open: whether somebody is there needs no heartbeat."""
    holding = sqlite3.connect(database, isolation_level=None, timeout=0)
    try:
        holding.execute("PRAGMA locking_mode=EXCLUSIVE")
        holding.execute("PRAGMA journal_mode=DELETE")
        holding.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        holding.close()
        if "locked" in str(error):
            raise InUse() from error
        return None
    except sqlite3.DatabaseError:
        with suppress(sqlite3.Error):
            holding.close()
        return None
    return holding
