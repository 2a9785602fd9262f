"""A message from outside: kept as a job, delivered by the worker like those that cases send."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from runtime import library
from runtime.identity import Actor, require
from runtime.ids import public_id
from runtime.store import jobs
from runtime.store.db import Transaction
from runtime.values import Value


def send(
    tx: Transaction, actor: Actor, name: str, key: str, payload: Mapping[str, Value], reference: str = ""
) -> None:
    """Send message `name` with correlation `key`. `reference` names this very message, so that
    sending it again does nothing; without one each call is a message of its own."""
    require(actor, "send", "message")
    own = f"outside:{name}:{reference or public_id()}"
    if tx.scalar(sa.select(jobs.jobs.c.id).where(jobs.jobs.c.key == own)) is not None:
        return
    tx.insert(
        jobs.jobs,
        [
            {
                "kind": "message",
                "state": "waiting",
                "key": own,
                "element": name,
                "correlation": key,
                "payload": dict(payload),
                "due_at": tx.now,
                "created_at": tx.now,
            }
        ],
    )
    tx.after_commit(library.house(tx).wake)
