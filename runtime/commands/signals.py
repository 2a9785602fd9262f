"""A signal from outside: to every case that waits for it now, and to each process that it starts.

Not here: signals that cases throw (advance.py), how the worker delivers them (triggers.py)."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from runtime import library
from runtime.commands import waits
from runtime.commands.messages import check
from runtime.identity import Actor, require
from runtime.ids import public_id
from runtime.store import jobs
from runtime.store.db import Transaction
from runtime.values import Value


def throw(
    tx: Transaction, actor: Actor, name: str, payload: Mapping[str, Value], reference: str = ""
) -> None:
    """Throw signal `name`. Whoever begins to wait later does not get it. `reference` names this very
    signal, so that throwing it again does nothing; without one each call is a signal of its own."""
    require(actor, "send", "signal")
    check(name, reference=reference)
    own = f"signal:outside:{name}:{reference or public_id()}"
    if tx.scalar(sa.select(jobs.jobs.c.id).where(jobs.jobs.c.key == own)) is not None:
        return
    # Nothing is left to do with the signal itself: it is kept so that it is not thrown twice.
    tx.insert(jobs.jobs, [{**waits.job("signal", own, None, tx.now), "state": "done", "element": name}])
    waits.broadcast(tx, [(name, payload)], f"signal:{public_id()}")
    tx.after_commit(library.house(tx).wake)
