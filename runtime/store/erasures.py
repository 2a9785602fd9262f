"""What was erased of the records on people: which rows, under which rule, by whom; chained over the installation.

A tombstone says of what kind and how many, never of whom or what. The rows that it names are numbers: by them the
same is erased again from a backup that was made before, and nothing else can be deleted from a book that is
append-only (ledger/append_only.py). Not here: what is due, and what erasing does to it (ledger/retention.py)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Transaction, metadata

RESTORED = "installation.restored"  # admin_log.action; its subject is the key of what was begun anew by it
CASES = "cases"  # erased_rows.table_name of a case whose details go with the next purge

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("run", sa.String(20), nullable=False),  # number of the run that had it erased
    sa.Column("kind", sa.String(16), nullable=False),  # of record
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("due_by", sa.Date, nullable=False),  # the day as of which it was due
    sa.Column("rule_version", sa.Integer, nullable=False),
    sa.Column("proposed_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),  # over the rows that it names
    sa.Column("link", sa.String(64), nullable=False),
    # Only within the transaction that erases: the database lets go of what it names.
    sa.Column("underway", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.CheckConstraint("proposed_by <> approved_by", name="two_persons"),
)
LINKED = [column.name for column in erasures.c if column.name not in ("id", "link", "underway")]

erased_rows = sa.Table(
    "erased_rows",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("erasure_id", sa.ForeignKey("erasures.id"), nullable=False, index=True),
    sa.Column("table_name", sa.String(64), nullable=False),
    sa.Column("row_id", Id, nullable=False),
    # named, and the triggers of what is append-only
    sa.Index("ix_erased_rows_row", "table_name", "row_id"),
)

Rows = Mapping[str, Sequence[int]]  # table → ids


@dataclass(frozen=True)
class Erasure:
    """A tombstone as it is carried from one database to another: its columns, and the rows that it names."""

    told: Mapping[str, Any]
    rows: Rows
    link: str


@dataclass(frozen=True)
class Tombstones:
    """All tombstones of an installation, oldest first.

    lines: in which the numbers of rows that they name mean the same. A line is an installation since it was founded
    or last restored, as numbers are given again afterwards: the present one comes first, then those before for as long
    as nothing was erased since."""

    lines: Sequence[str]
    erased: Sequence[Erasure]

    @property
    def links(self) -> list[str]:
        return [each.link for each in self.erased]


def digest(rows: Rows) -> str:
    """Over the rows that a tombstone names, in the order of tables and ids."""
    named = (f"{table}:{','.join(map(str, sorted(rows[table])))}" for table in sorted(rows))
    return hashlib.sha256("\x1f".join(named).encode()).hexdigest()


def link(previous: str, told: Mapping[str, Any]) -> str:
    """The chain's next hash: over the previous one and everything that the tombstone tells."""
    parts = [
        each.astimezone(dt.UTC).isoformat() if isinstance(each, dt.datetime) else str(each)
        for each in (told[name] for name in LINKED)
    ]
    return hashlib.sha256("\x1f".join([previous, *parts]).encode()).hexdigest()


def newest(tx: Transaction) -> str:
    """The chain's end; "" where nothing was erased."""
    return tx.scalar(sa.select(erasures.c.link).order_by(erasures.c.id.desc()).limit(1)) or ""


def bury(tx: Transaction, told: Mapping[str, Any], rows: Rows) -> int:
    """A tombstone that is `underway`, and what it names; its id. What it names is erased next, then `closed`."""
    tx.alone("erasures")
    told = {**told, "digest": digest(rows)}  # of a carried one the same again
    row = {**told, "link": link(newest(tx), told), "underway": True}
    made = int(tx.execute(sa.insert(erasures).values(row).returning(erasures.c.id)).scalar_one())
    tx.insert(
        erased_rows,
        [
            {"erasure_id": made, "table_name": table, "row_id": each}
            for table in sorted(rows)
            for each in sorted(rows[table])
        ],
    )
    return made


def close(tx: Transaction) -> None:
    """All that was underway is erased: from now on the database lets go of nothing."""
    tx.execute(sa.update(erasures).where(erasures.c.underway).values(underway=False))


def listed_at(tx: Transaction, table: str, ids: Sequence[int]) -> dict[int, dt.datetime]:
    """Of these rows those that a tombstone names, and since when: what was written later is something else, as
    numbers are given again after a restore."""
    row = erased_rows.c
    query = (
        sa.select(row.row_id, sa.func.max(erasures.c.at).label("at"))
        .join(erasures, erasures.c.id == row.erasure_id)
        .where(row.table_name == table, row.row_id.in_(ids))
        .group_by(row.row_id)
    )
    return {each.row_id: each.at for each in tx.all(query)}


def named(tx: Transaction, erasure: int) -> dict[str, list[int]]:
    """Table → ids that a tombstone names."""
    row, found = erased_rows.c, dict[str, list[int]]()
    for each in tx.all(
        sa.select(row.table_name, row.row_id).where(row.erasure_id == erasure).order_by(row.id)
    ):
        found.setdefault(each.table_name, []).append(each.row_id)
    return found


def carried(tx: Transaction) -> list[Erasure]:
    """All of them, oldest first, to be kept and done again elsewhere."""
    return [
        Erasure({name: getattr(row, name) for name in LINKED}, named(tx, row.id), row.link)
        for row in tx.all(sa.select(erasures).order_by(erasures.c.id))
    ]
