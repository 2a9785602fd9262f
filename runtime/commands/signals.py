"""A signal from outside: to every case that waits for it now, and to each process that it starts.

Not here: signals that cases throw (advance.py), how the worker delivers them (triggers.py)."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from runtime import household
from runtime.commands import requests, waits
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
    tx: Transaction,
    actor: Actor,
    name: str,
    payload: Mapping[str, Value],
    reference: str = "",
    once: str = "",
) -> None:
    """Throw signal `name`. Whoever begins to wait later does not get it.

    `reference` names this very signal for everybody, so that throwing it again does nothing; without one each
    call is a signal of its own. `once` is the sender's own idempotency key: thrown again under it nothing
    happens, anything else under it is refused. Raises FilesNotCarried, requests.RepeatedOtherwise."""
    require(actor, "send", "signal")
    check(name, reference=reference)
    if actor is not SYSTEM and next(files_in(payload), None) is not None:
        raise FilesNotCarried()
    if once:
        asked = ["signal", name, dict(payload), reference]
        requests.once(tx, actor, once, asked, lambda: _throw(tx, name, payload, reference))
    else:
        _throw(tx, name, payload, reference)


def _throw(tx: Transaction, name: str, payload: Mapping[str, Value], reference: str) -> None:
    own = f"signal:outside:{name}:{reference or public_id()}"
    if tx.scalar(sa.select(jobs.jobs.c.id).where(jobs.jobs.c.key == own)) is not None:
        return
    # Nothing is left to do with the signal itself: it is kept so that it is not thrown twice.
    tx.insert(jobs.jobs, [{**waits.job("signal", own, None, tx.now), "state": "done", "element": name}])
    waits.broadcast(tx, [(name, payload, 0)], f"signal:{public_id()}")
    household.house(tx).waking.call(tx)
