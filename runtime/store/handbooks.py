"""Versions of the handbook, and who has acknowledged which.

Not here: reading its Markdown (runtime/handbook)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Tagged, Transaction, metadata

handbooks = sa.Table(
    "handbooks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),  # of the version, from 1
    sa.Column("effective_from", sa.Date, nullable=False),
    sa.Column("files", Tagged, nullable=False),  # [[name, text], …], the file with its clauses first
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("origin", sa.String(8), nullable=False),  # folder: came with the product | cli | browser
    sa.Column("loaded_at", Instant, nullable=False),
    sa.Column("loaded_by", sa.ForeignKey("people.id")),
)

acknowledgements = sa.Table(
    "handbook_acknowledgements",
    metadata,
    sa.Column("handbook_id", sa.ForeignKey("handbooks.id"), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)


def content(files: Sequence[tuple[str, str]]) -> str:
    """The digest of what the files say, whatever they are called."""
    return hashlib.sha256("\0".join(text for _, text in files).encode()).hexdigest()


def add(
    tx: Transaction,
    files: Sequence[tuple[str, str]],
    effective_from: dt.date,
    origin: str,
    person: int | None,
) -> int:
    """A further version; its number."""
    number = int(tx.scalar(sa.select(sa.func.max(handbooks.c.number))) or 0) + 1
    tx.execute(
        sa.insert(handbooks).values(
            number=number,
            effective_from=effective_from,
            files=[list(file) for file in files],
            sha256=content(files),
            origin=origin,
            loaded_at=tx.now,
            loaded_by=person,
        )
    )
    return number


def versions(tx: Transaction) -> list[Any]:
    """All of them without their text, the newest first."""
    columns = [column for column in handbooks.c if column.name != "files"]
    return list(tx.all(sa.select(*columns).order_by(handbooks.c.number.desc())))


def get(tx: Transaction, id: int) -> Any:
    return tx.first(sa.select(handbooks).where(handbooks.c.id == id))


def in_force(tx: Transaction, today: dt.date) -> Any:
    """The newest version that holds today, without its text; None before the first one does."""
    return next((row for row in versions(tx) if row.effective_from <= today), None)


def acknowledged(tx: Transaction, handbook: int, person: int) -> dt.datetime | None:
    """When the person did; None if they have not."""
    mine = (acknowledgements.c.handbook_id == handbook, acknowledgements.c.person_id == person)
    return tx.scalar(sa.select(acknowledgements.c.at).where(*mine))
