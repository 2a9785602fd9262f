"""What may be tried only so often: counted for all processes together, before it is tried.

Not here: of which views, and by what they are told apart (web/security.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.errors import Forbidden
from runtime.identity import Actor
from runtime.store import attempts
from runtime.store.db import Transaction


class TooManyAttempts(Forbidden):
    """Too many attempts. Wait a few minutes and try again."""

    code = "attempts.too_many"
    status = 429


@dataclass(frozen=True)
class Limit:
    """At most so many within so many seconds, counted from the first."""

    most: int
    seconds: int


def note(tx: Transaction, actor: Actor | None, tried: Mapping[str, Limit]) -> None:
    """One more attempt under each of these keys, or, where one of them allows no more, under none.

    Raises TooManyAttempts. What is refused writes nothing, so that whoever goes on and on costs one look each."""
    made = attempts.made(tx, [*tried])
    if any(made.get(key, 0) >= limit.most for key, limit in tried.items()):
        raise TooManyAttempts()
    # In one order, so that no two wait for one another.
    for key in sorted(tried):
        if attempts.note(tx, key, tried[key].seconds) > tried[key].most:
            raise TooManyAttempts()
