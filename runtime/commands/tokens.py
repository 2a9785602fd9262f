"""Access tokens: made, shown once, revoked. Whoever holds one acts as its person, with all their rights.

Not here: whom a token stands for (queries/tokens.py), how one is sent (web/api)."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid, NotFound
from runtime.identity import SYSTEM, Actor, PasswordWrong, require, verify_password
from runtime.ids import public_id
from runtime.store import accounts
from runtime.store.db import Transaction
from runtime.store.tokens import digest, of_person, tokens

# What it begins with, so that whoever finds one somewhere, person or program, knows what it is.
PREFIX = "guicheng_"
LONGEST_NAME = 100
MOST_DAYS = 366
MOST_TOKENS = 50  # of one person, unrevoked
NOTED_EVERY = dt.timedelta(minutes=10)  # a last use is not a write a request


class BadToken(Invalid):
    """A token needs a name of at most {name} characters and lasts from 1 to {days} days."""

    code = "token.bad"


class TooManyTokens(Conflict):
    """There are {most} tokens already. Revoke those that nothing uses."""

    code = "token.too_many"


class NoSuchToken(NotFound):
    """There is no such token."""

    code = "token.unknown"


class NoSuchOwner(NotFound):
    """There is no active person {username} to own a token."""

    code = "token.no_owner"


@dataclass(frozen=True)
class Made:
    """A new token; `secret` is kept nowhere and told this once."""

    id: str
    secret: str
    expires_at: dt.datetime


def make_own(tx: Transaction, actor: Actor, password: str, name: str, days: int) -> Made:
    """A token for oneself. The password is asked for again, since a token outlives the session.

    Raises PasswordWrong, BadToken, TooManyTokens."""
    row = accounts.find(tx, username=actor.username)
    if row is None or not verify_password(row.password, password):
        raise PasswordWrong()
    return _make(tx, actor, row, name, days)


def make(tx: Transaction, actor: Actor, username: str, name: str, days: int) -> Made:
    """A token for somebody, mostly a service account. Raises NoSuchOwner, BadToken, TooManyTokens."""
    require(actor, "administer", "people")
    row = accounts.find(tx, username=username)
    if row is None or not row.active:
        raise NoSuchOwner(username=username)
    return _make(tx, actor, row, name, days)


def _make(tx: Transaction, actor: Actor, owner: Any, name: str, days: int) -> Made:
    name = name.strip()
    longest = LONGEST_NAME
    if not name or len(name) > longest or not name.isprintable() or not 1 <= days <= MOST_DAYS:
        raise BadToken(name=longest, days=MOST_DAYS)
    if len(of_person(tx, owner.id)) >= MOST_TOKENS:
        raise TooManyTokens(most=MOST_TOKENS)
    made = Made(public_id(), PREFIX + secrets.token_urlsafe(32), tx.now + dt.timedelta(days=days))
    tx.insert(
        tokens,
        [
            {
                "public_id": made.id,
                "person_id": owner.id,
                "name": name,
                "digest": digest(made.secret),
                "created_at": tx.now,
                "expires_at": made.expires_at,
            }
        ],
    )
    accounts.log(
        tx, actor.id, "token.made", owner.username, token=made.id, name=name, expires=made.expires_at
    )
    return made


def revoke(tx: Transaction, actor: Actor, token: str) -> None:
    """It counts no more, from the next request on. One's own, or anybody's by who administers people."""
    anybodys = actor is SYSTEM or actor.may("administer", "people")
    row = tx.first(
        sa.select(tokens.c.id, tokens.c.name, accounts.people.c.username)
        .join(accounts.people, accounts.people.c.id == tokens.c.person_id)
        .where(
            tokens.c.public_id == token,
            tokens.c.revoked_at.is_(None),
            sa.true() if anybodys else tokens.c.person_id == actor.id,
        )
    )
    if row is None:
        raise NoSuchToken()
    tx.execute(sa.update(tokens).where(tokens.c.id == row.id).values(revoked_at=tx.now))
    accounts.log(tx, actor.id, "token.revoked", row.username, token=token, name=row.name)


def note_use(tx: Transaction, actor: Actor, token: str) -> None:
    """A program used the token just now."""
    tx.execute(
        sa.update(tokens)
        .where(
            tokens.c.public_id == token,
            tokens.c.person_id == actor.id,
            sa.or_(tokens.c.used_at.is_(None), tokens.c.used_at < tx.now - NOTED_EVERY),
        )
        .values(used_at=tx.now)
    )
