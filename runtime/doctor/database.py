"""The database as such: whole, of this version, with its references and its guards."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.settlements import sales_facts
from runtime.ledger.stock import stock_movements
from runtime.store import migrate
from runtime.store.db import Transaction, metadata

MOST = 100  # findings of one kind that are told
GUARDED = (stock_movements, sales_facts)


def _sqlite(tx: Transaction) -> bool:
    return tx.connection.dialect.name == "sqlite"


def _damage(tx: Transaction, pragma: str) -> Iterator[Problem]:
    # PostgreSQL checks its pages itself (data checksums) and tells of it when they are read.
    if _sqlite(tx):
        for (told,) in tx.connection.exec_driver_sql(f"PRAGMA {pragma}({MOST})"):
            if told != "ok":
                yield Problem("database_damaged", "SQLite says: {told}", "guicheng.db", {"told": told})


@invariant("damaged")
def quick_integrity(tx: Transaction) -> Iterator[Problem]:
    """The pages of the database are whole."""
    yield from _damage(tx, "quick_check")


@invariant("damaged", slow=True)
def integrity(tx: Transaction) -> Iterator[Problem]:
    """The indexes of the database hold what its tables hold, and what is unique is there once."""
    yield from _damage(tx, "integrity_check")


@invariant("damaged")
def references(tx: Transaction) -> Iterator[Problem]:
    """Every reference from one table to another leads to a row that is there."""
    if _sqlite(tx):
        broken = tx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(MOST)
        for table, row, parent, _ in broken:
            yield _dangling(f"{table}/{row}", parent)
        return
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            yield from _dangling_of(tx, table, key)


def _dangling_of(tx: Transaction, table: sa.Table, key: sa.ForeignKey) -> Iterator[Problem]:
    parent = key.column.table.alias("parent")
    there = sa.exists().where(parent.c[key.column.name] == key.parent)
    for row in tx.all(
        sa.select(*table.primary_key).where(key.parent.is_not(None), sa.not_(there)).limit(MOST)
    ):
        yield _dangling(f"{table.name}/{'/'.join(map(str, row))}", key.column.table.name)


def _dangling(place: str, parent: str) -> Problem:
    return Problem(
        "reference_broken", "The row refers to one of {table} that is not there", place, {"table": parent}
    )


@invariant("damaged")
def database_version(tx: Transaction) -> Iterator[Problem]:
    """The tables are those of this version."""
    found = tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if found != migrate.head():
        yield Problem(
            "database_version_differs", "The tables are of version {found}, the program wants {wanted}",
            "alembic_version", {"found": found, "wanted": migrate.head()},
        )  # fmt: skip


@invariant("books")
def guards(tx: Transaction) -> Iterator[Problem]:
    """The database itself refuses to change or delete what the books only add to."""
    if _sqlite(tx):
        found = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        endings = ("no_update", "no_delete")
    else:
        found = (
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'"
        )
        endings = ("no_change", "no_truncate")
    there = {(name, table) for name, table in tx.connection.exec_driver_sql(found)}
    for table in GUARDED:
        for ending in endings:
            if (f"{table.name}_{ending}", table.name) not in there:
                yield Problem(
                    "guard_missing", "Nothing refuses to change rows of {table}: {guard} is gone",
                    table.name, {"table": table.name, "guard": f"{table.name}_{ending}"},
                )  # fmt: skip
