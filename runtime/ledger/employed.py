"""The days of employment as they are known: read by whatever counts days of somebody.

Not here: how they are entered (employment.py), how somebody leaves (leavings.py)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from runtime.ledger import append_only
from runtime.ledger.leavings import leavings
from runtime.store import accounts
from runtime.store.db import Id, Instant, Transaction, metadata

FORMER = "former-"  # how the sign-in name of an account begins that is nobody's any more
Span = tuple[dt.date | None, dt.date | None]  # first and last day; None: before, or after, all that is asked

employments = sa.Table(
    "employments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("entered_on", sa.Date, nullable=False),
    sa.Column("left_on", sa.Date),
    sa.Column("entered_by", sa.String(32), nullable=False),
    sa.Column("confirmed_by", sa.String(32), nullable=False),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_employments_person", "person", "id"),  # known
)
append_only.protect(employments, erasable=True)


def known(tx: Transaction, person: str) -> Span:
    """The person's first and last day of employment, as entered last; the last day of a leaving that is planned or
    over, where none was entered."""
    row = tx.first(
        sa.select(employments.c.entered_on, employments.c.left_on)
        .where(employments.c.person == person)
        .order_by(employments.c.id.desc())
        .limit(1)
    )
    entered, left = (None, None) if row is None else (row.entered_on, row.left_on)
    return entered, left or _leaves(tx, person, entered)


def _leaves(tx: Transaction, person: str, entered: dt.date | None) -> dt.date | None:
    """The last day of a leaving since they came (again)."""
    query = sa.select(leavings.c.last_day).where(
        leavings.c.person == person, leavings.c.state.in_(("planned", "ended", "closed"))
    )
    if entered is not None:
        query = query.where(leavings.c.last_day >= entered)
    day: dt.date | None = tx.scalar(query.order_by(leavings.c.id.desc()).limit(1))
    return day


def left_since(tx: Transaction, day: dt.date) -> list[str]:
    """Whose last day of employment is known to be this one or later, leavings that are over among them."""
    entered = sa.select(employments.c.person).where(employments.c.left_on >= day)
    left = sa.select(leavings.c.person).where(
        leavings.c.last_day >= day, leavings.c.state.in_(("ended", "closed"))
    )
    found = sorted(row.person for row in tx.all(entered.union(left)))
    # What was entered may have been put right since.
    return [person for person in found if (known(tx, person)[1] or dt.date.min) >= day]


def within(span: Span, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The part of the days from the first to the last that lies in the span; the wrong way round if none does."""
    return max(first, span[0] or first), min(last, span[1] or last)


def days_employed(span: Span, first: dt.date, last: dt.date) -> int:
    """Calendar days of employment from the first to the last day."""
    begun, ended = within(span, first, last)
    return max(0, (ended - begun).days + 1)


def gone(tx: Transaction) -> dict[str, dt.date | None]:
    """Everybody whose account has ended and is still theirs → their last day of employment; None: nobody entered it."""
    people, row, out = accounts.people.c, employments.c, leavings.c
    inactive = sa.select(people.public_id).where(people.active.is_(False), people.username.not_like(f"{FORMER}%"))
    found: dict[str, dt.date | None] = dict.fromkeys(tx.connection.execute(inactive).scalars())
    entered: dict[str, dt.date] = {}
    for each in tx.all(sa.select(row.person, row.entered_on, row.left_on).order_by(row.id)):
        if each.person in found:
            found[each.person], entered[each.person] = each.left_on, each.entered_on
    last = sa.select(out.person, out.last_day).where(out.state.in_(("planned", "ended", "closed"))).order_by(out.id)
    unsaid = {person for person, day in found.items() if day is None}
    for each in tx.all(last):
        if each.person in unsaid and each.last_day >= entered.get(each.person, each.last_day):
            found[each.person] = each.last_day
    return found
