"""Who somebody is: the signed-in person, and people as others see them."""

from __future__ import annotations

from typing import Any

from runtime import access
from runtime.identity import Actor, Person
from runtime.store import accounts
from runtime.store.db import Transaction


def by_session(tx: Transaction, actor: Actor | None, public_id: str, epoch: int) -> Actor | None:
    """The person of a session with their rights as they are now; None when it no longer counts."""
    row = accounts.find(tx, public_id=public_id)
    if row is None or not row.active or row.epoch != epoch:
        return None
    return access.actor_of(tx, row)


def by_username(tx: Transaction, actor: Actor | None, username: str) -> Actor | None:
    """For the command line, whose user owns the installation."""
    row = accounts.find(tx, username=username)
    return access.actor_of(tx, row) if row is not None and row.active else None


def shown(org: accounts.Organisation, person_id: int | None) -> Person | None:
    """A person by row id, as shown to others."""
    row: Any = org.by_id.get(person_id) if person_id else None
    return Person(row.public_id, row.names) if row else None
