"""Settings that live with the data: one row each."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from runtime.store.db import Tagged, Transaction, metadata

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", Tagged, nullable=False),
)


def get(tx: Transaction, name: str, default: Any = None) -> Any:
    row = tx.first(sa.select(settings.c.value).where(settings.c.name == name))
    return default if row is None else row.value


def put(tx: Transaction, name: str, value: Any) -> None:
    changed = tx.execute(sa.update(settings).where(settings.c.name == name).values(value=value))
    if not changed.rowcount:
        tx.execute(sa.insert(settings).values(name=name, value=value))
