"""What is asked for under an idempotency key is done once; whoever lost the answer asks again and gets it.

A key is its sender's own, and names one request for `KEPT`. Not here: which commands take one (cases.py,
messages.py, signals.py)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.identity import Actor
from runtime.store import requests
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.values import Value, dumps

LONGEST_KEY = 255
KEPT = dt.timedelta(days=7)


class RepeatedOtherwise(Conflict):
    """The same idempotency key asked for something else before. Nothing was done now."""

    code = "request.repeated_otherwise"


class BadIdempotencyKey(Invalid):
    """An idempotency key has at most {most} characters."""

    code = "request.bad_idempotency_key"


def once(
    tx: Transaction, actor: Actor, key: str, asked: Value, act: Callable[[], int | None]
) -> tuple[int | None, bool]:
    """The row of the case that `act` started or moved, None for none; and whether that was before.

    Nothing is kept of what is refused: asked again it is tried again. Raises RepeatedOtherwise, BadIdempotencyKey."""
    if len(key) > LONGEST_KEY:
        raise BadIdempotencyKey(most=LONGEST_KEY)
    own, told = f"{actor.public_id}:{_digest(key)}", _digest(dumps(asked))
    before = requests.find(tx, own)
    if before is None:
        case = act()
        requests.keep(tx, own, told, case, KEPT)
        return case, False
    if before.asked != told:
        raise RepeatedOtherwise()
    return before.case_id, True


def case_of(tx: Transaction, case_id: int) -> str:
    """Its public id."""
    return str(tx.scalar(sa.select(cases.c.public_id).where(cases.c.id == case_id)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
