"""A signal from outside: to every case that waits for it now, and to each process that it starts.

Not here: signals that cases throw (advance.py), how the worker delivers them (triggers.py)."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from runtime import library
from runtime.commands import waits
from runtime.commands.messages import check
from runtime.commands.user_tasks import files_in
from runtime.errors import Invalid
from runtime.identity import SYSTEM, Actor, require
from runtime.ids import public_id
from runtime.store import jobs
from runtime.store.db import Transaction
from runtime.values import Value


class FilesNotCarried(Invalid):
    """A signal carries no files: it may reach cases whose people may not see them."""

    code = "signal.files"


def throw(
    tx: Transaction, actor: Actor, name: str, payload: Mapping[str, Value], reference: str = ""
) -> None:
    """Throw signal `name`. Whoever begins to wait later does not get it. `reference` names this very
    signal, so that throwing it again does nothing; without one each call is a signal of its own."""
    require(actor, "send", "signal")
    check(name, reference=reference)
    if actor is not SYSTEM and next(files_in(payload), None) is not None:
        raise FilesNotCarried()
    own = f"signal:outside:{name}:{reference or public_id()}"
    if tx.scalar(sa.select(jobs.jobs.c.id).where(jobs.jobs.c.key == own)) is not None:
        return
    # Nothing is left to do with the signal itself: it is kept so that it is not thrown twice.
    tx.insert(jobs.jobs, [{**waits.job("signal", own, None, tx.now), "state": "done", "element": name}])
    waits.broadcast(tx, [(name, payload, 0)], f"signal:{public_id()}")
    library.house(tx).waking.call(tx)
