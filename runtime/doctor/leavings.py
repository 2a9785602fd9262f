"""Who has left has left: nobody signs in after their leaving ended, and one leaves once at a time.

Not here: tasks that nobody can do (offices.py)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.leavings import UNDER_WAY, leavings
from runtime.store.accounts import people
from runtime.store.db import Transaction


@invariant("people")
def leavers_are_gone(tx: Transaction) -> Iterator[Problem]:
    """Whoever has left can no longer sign in."""
    row, person = leavings.c, people.c
    newest = sa.select(sa.func.max(row.id).label("id")).group_by(row.person).subquery()
    query = (
        sa.select(row.number)
        .join(newest, newest.c.id == row.id)
        .join(people, person.public_id == row.person)
        .where(row.state.in_(("ended", "closed")), person.active)
    )
    for found in tx.all(query):
        yield Problem("leaver_is_active", "The account is active", f"leavings/{found.number}", {})


@invariant("books")
def one_leaves_once(tx: Transaction) -> Iterator[Problem]:
    """Nobody has two leavings under way, and nobody entered their own or takes over from themselves."""
    row = leavings.c
    twice = (
        sa.select(sa.func.max(row.number).label("number"))
        .where(row.state.in_(UNDER_WAY))
        .group_by(row.person)
        .having(sa.func.count() > 1)
    )
    own = sa.select(row.number).where(
        sa.or_(row.entered_by == row.person, row.receiver == row.person, row.new_superior == row.person)
    )
    for found in tx.all(sa.union(twice, own)):
        yield Problem(
            "leaving_wrong",
            "It is under way twice, or in the leaver's own hands",
            f"leavings/{found.number}",
            {},
        )
