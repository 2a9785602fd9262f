"""All that is held on the reader, told to the reader.

Not here: what that is (ledger/held.py), what is given of somebody else by request (ledger/exports.py)."""

from __future__ import annotations

from typing import Any

from runtime.identity import SYSTEM, Actor, NotGranted
from runtime.ledger import held
from runtime.store.db import Transaction


def of_person(tx: Transaction, actor: Actor, person: str) -> dict[str, Any]:
    """What is held on a person (a public id), as plain JSON: for themselves and for whoever owns the server.

    Raises NotGranted."""
    if actor is not SYSTEM and actor.public_id != person:
        raise NotGranted()
    return held.of_person(tx, person)


def own(tx: Transaction, actor: Actor) -> bytes:
    """What is held on the reader, as a zip."""
    return held.packed(tx, actor.public_id)
