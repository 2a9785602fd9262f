"""Who somebody is: the signed-in person, and people as others see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import household
from runtime.identity import Actor, Grant, Person, require
from runtime.store import accounts
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared

# Said with each request of a browser.
_OF_SESSION = Prepared(
    sa.select(accounts.people, accounts.REVISION.label("revision")).where(
        accounts.people.c.public_id == sa.bindparam("b_person"), accounts.people.c.active
    )
)


def by_session(tx: Transaction, actor: Actor | None, public_id: str, epoch: int) -> Actor | None:
    """The person of a session with their rights as they are now; None when it no longer counts."""
    row = _OF_SESSION.first(tx, b_person=public_id)
    if row is None or row.epoch != epoch:
        return None
    household.seen(tx, row.revision)
    return household.actor(tx, row)


def by_username(tx: Transaction, actor: Actor | None, username: str) -> Actor | None:
    """For the command line, whose user owns the installation."""
    row = accounts.find(tx, username=username)
    return household.actor(tx, row) if row is not None and row.active else None


@dataclass(frozen=True)
class Listed:
    """Somebody, for who administers people. `superior`: a sign-in name."""

    username: str
    id: str
    names: Mapping[str, str]
    groups: frozenset[str]
    superior: str | None
    active: bool


def listing(tx: Transaction, actor: Actor) -> list[Listed]:
    """Everybody, by sign-in name."""
    require(actor, "administer", "people")
    org = household.organisation(tx)
    groups: dict[int, set[str]] = {}
    for group, members in org.groups.items():
        for member in members:
            groups.setdefault(member, set()).add(group)
    found = [
        Listed(
            row.username,
            row.public_id,
            row.names,
            frozenset(groups.get(row.id, ())),
            org.by_id[row.superior_id].username if row.superior_id else None,
            row.active,
        )
        for row in org.by_id.values()
    ]
    return sorted(found, key=lambda each: each.username)


def grants(tx: Transaction, actor: Actor) -> list[Grant]:
    """Every grant, by group, kind, verb and relation."""
    require(actor, "administer", "people")
    rows = tx.all(sa.select(accounts.grants))
    found = [Grant(row.group, row.verb, row.kind, row.relation, row.fields) for row in rows]
    return sorted(found, key=lambda each: (each.group, each.kind, each.verb, each.relation))


def shown(org: accounts.Organisation, person_id: int | None) -> Person | None:
    """A person by row id, as shown to others."""
    row: Any = org.by_id.get(person_id) if person_id else None
    return Person(row.public_id, row.names) if row else None


@dataclass(frozen=True)
class InPlaceOf:
    """Whom the reader stands in for today: the group that is away, who of it, and until when."""

    group: str
    away: Person
    until: dt.date
    nearer: Person | None


def stands_in(tx: Transaction, actor: Actor) -> list[InPlaceOf]:
    """The groups for which the reader stands in today as the first or the next; further up the line, the tasks
    themselves tell it."""
    org = household.organisation(tx)
    return [
        InPlaceOf(each.group, away, each.until, shown(org, each.line[0].id) if len(each.line) > 1 else None)
        for each in actor.stands_in
        if len(each.line) <= 2 and (away := shown(org, each.away)) is not None
    ]
