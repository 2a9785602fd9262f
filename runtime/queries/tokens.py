"""Whom an access token stands for; which tokens there are. Never a token itself, which nobody kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import household
from runtime.identity import Actor, require
from runtime.store import accounts
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared
from runtime.store.tokens import digest, tokens


@dataclass(frozen=True)
class Holder:
    """Who a token acts as; `used_at` as noted last, `token` its public id."""

    actor: Actor
    token: str
    used_at: dt.datetime | None


@dataclass(frozen=True)
class Token:
    """`username`: whom it stands for."""

    id: str
    name: str
    username: str
    created_at: dt.datetime
    expires_at: dt.datetime
    expired: bool
    used_at: dt.datetime | None


# Said with each request of a program.
_HOLDER = Prepared(
    sa.select(
        accounts.people,
        accounts.REVISION.label("revision"),
        tokens.c.public_id.label("token"),
        tokens.c.used_at,
    )
    .join(tokens, tokens.c.person_id == accounts.people.c.id)
    .where(
        tokens.c.digest == sa.bindparam("b_digest"),
        tokens.c.revoked_at.is_(None),
        tokens.c.expires_at > sa.bindparam("b_now"),
        accounts.people.c.active,
    )
)


def holder(tx: Transaction, actor: Actor | None, secret: str) -> Holder | None:
    """The person with their rights as they are now; None when the token does not count (any more)."""
    row = _HOLDER.first(tx, b_digest=digest(secret), b_now=tx.now)
    if row is None:
        return None
    household.seen(tx, row.revision)
    return Holder(household.actor(tx, row), row.token, row.used_at)


def own(tx: Transaction, actor: Actor) -> list[Token]:
    """One's own that were not revoked, newest first."""
    return _listed(tx, tokens.c.person_id == actor.id)


def listing(tx: Transaction, actor: Actor) -> list[Token]:
    """Everybody's that were not revoked, newest first; for who administers people."""
    require(actor, "administer", "people")
    return _listed(tx, sa.true())


def _listed(tx: Transaction, which: sa.ColumnElement[bool]) -> list[Token]:
    rows = tx.all(
        sa.select(tokens, accounts.people.c.username)
        .join(accounts.people, accounts.people.c.id == tokens.c.person_id)
        .where(tokens.c.revoked_at.is_(None), which)
        .order_by(tokens.c.id.desc())
    )
    return [
        Token(
            row.public_id, row.name, row.username, row.created_at, row.expires_at,
            row.expires_at <= tx.now, row.used_at,
        )
        for row in rows
    ]  # fmt: skip
