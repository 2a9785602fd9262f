"""Carrying an installation over to another database, whole or not at all.

Every table in the order in which they refer to one another, in batches, what was stored as it
was stored; then the sequences, then counted and compared by content. The source is only read.
Not here: which databases (cli/installation.py), the tables themselves (migrate.py makes them)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from runtime.errors import Conflict, Failed, Invalid
from runtime.store import migrate, search
from runtime.store.db import Exact, Tagged, metadata

BATCH = 1000  # rows
Told = Callable[[str, int, int], None]  # table, rows done, rows in all


class SourceBehind(Conflict):
    """The database to copy from is not of this version. Run: guicheng db upgrade"""

    code = "copy.source_behind"


class TargetInUse(Conflict):
    """The database to copy to must be empty, and it has the table {table}."""

    code = "copy.target_in_use"


class CannotBeKept(Invalid):
    """A row of the table {table} cannot be kept there: {reason}"""

    code = "copy.cannot_be_kept"


class CopyDiffers(Failed):
    """The table {table} is not the same after the copy. Nothing was kept of it."""

    code = "copy.differs"


@dataclass(frozen=True)
class Content:
    """Of one table. `digest`: the same for the same rows in any order, on either database."""

    rows: int
    digest: int


def copy(source: Engine, target: Engine, told: Told = lambda table, done, of: None) -> dict[str, Content]:
    """Copy everything; what each table holds. Nobody can write to an embedded source meanwhile.

    Raises SourceBehind, TargetInUse, CannotBeKept, CopyDiffers; the target is as it was then, but for
    its empty tables."""
    if not migrate.current(source):
        raise SourceBehind()
    for name in sa.inspect(target).get_table_names():
        raise TargetInUse(table=name)
    migrate.upgrade(target)
    tables = sorted(metadata.sorted_tables, key=lambda table: bool(table.info.get("copied_last")))
    with source.connect() as read, read.begin(), target.connect() as write, write.begin() as written:
        with _referring_late(write, tables):
            found = {each.name: _copy(read, write, each, told) for each in tables}
        # Each database keeps the words of search in its own way.
        search.rebuild(write)
        for each in tables:
            _count_on(write, each)
            if _content(write, each) != found[each.name]:
                raise CopyDiffers(table=each.name)
        written.commit()
    return found


def _copy(read: Connection, write: Connection, table: sa.Table, told: Told) -> Content:
    of = read.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    done, digest, insert = 0, 0, sa.insert(_stored(table))
    told(table.name, 0, of)
    for rows in _batches(read, table):
        for row in rows:
            digest = _added(digest, row)
            if write.dialect.name == "postgresql":
                _no_nul(table, row)
        try:
            write.execute(insert, rows)
        except sa.exc.DataError as error:
            raise CannotBeKept(table=table.name, reason=str(error.orig).strip()) from error
        done += len(rows)
        told(table.name, done, of)
    return Content(done, digest)


def _content(connection: Connection, table: sa.Table) -> Content:
    count, digest = 0, 0
    for rows in _batches(connection, table):
        for row in rows:
            count, digest = count + 1, _added(digest, row)
    return Content(count, digest)


def _batches(connection: Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """The rows as they are stored: tagged values as their text, amounts as their integers."""
    plain = _stored(table)
    keys = [plain.c[column.name] for column in table.primary_key]
    found = connection.execution_options(yield_per=BATCH).execute(sa.select(plain).order_by(*keys))
    for rows in found.partitions():
        yield [dict(row._mapping) for row in rows]


def _stored(table: sa.Table) -> sa.TableClause:
    """The table with its values as they lie there, not as they are read."""
    return sa.table(
        table.name,
        *(
            sa.column(column.name, column.type.impl if isinstance(column.type, (Tagged, Exact)) else column.type)
            for column in table.c
        ),
    )


def _added(digest: int, row: Mapping[str, Any]) -> int:
    parts = "\x1e".join(_plain(value) for value in row.values())
    return (digest + int.from_bytes(hashlib.sha256(parts.encode()).digest(), "big")) % (1 << 256)


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return f"{type(value).__name__}:{value}"


def _no_nul(table: sa.Table, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if isinstance(value, str) and "\0" in value:
            raise CannotBeKept(table=table.name, reason=f"NUL in {name}")


class _referring_late:
    """Inside, a row may refer to one of its own table that comes later: a person to their superior."""

    def __init__(self, connection: Connection, tables: Sequence[sa.Table]) -> None:
        self._connection = connection
        self._keys = [
            (table.name, constraint.name)
            for table in tables
            for constraint in table.foreign_key_constraints
            if constraint.referred_table is table
        ]

    def __enter__(self) -> None:
        if self._connection.dialect.name == "postgresql":
            self._alter("DEFERRABLE INITIALLY DEFERRED")
        else:
            self._connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind is None and self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
            self._alter("NOT DEFERRABLE")

    def _alter(self, how: str) -> None:
        for table, name in self._keys:
            self._connection.exec_driver_sql(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{name}" {how}')


def _count_on(connection: Connection, table: sa.Table) -> None:
    """The next row gets the next id."""
    if connection.dialect.name == "postgresql" and isinstance(table.c.get("id"), sa.Column):
        highest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
        sequence = sa.func.pg_get_serial_sequence(table.name, "id")
        connection.execute(sa.select(sa.func.setval(sequence, highest)).where(highest.is_not(None)))
