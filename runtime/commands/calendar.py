"""The business calendar: which days differ from Monday to Friday. Audited like people and grants."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from runtime.commands import triggers
from runtime.identity import Actor, require
from runtime.store import accounts, calendar
from runtime.store.calendar import calendar_days
from runtime.store.db import Transaction


def fill(tx: Transaction, actor: Actor) -> None:
    """Take in the days that this version ships, for years of which nothing is known yet."""
    require(actor, "administer", "people")
    days = calendar.fill(tx)
    if days:
        accounts.log(tx, actor.id, "calendar.filled", "shipped", days=days)
        triggers.reschedule_starts(tx)


def set_day(tx: Transaction, actor: Actor, day: dt.date, kind: str | None) -> None:
    """`kind`: holiday, workday, or None for what the weekday says."""
    require(actor, "administer", "people")
    tx.execute(sa.delete(calendar_days).where(calendar_days.c.day == day))
    if kind is not None:
        tx.execute(sa.insert(calendar_days).values(day=day, kind=kind, source="admin"))
    accounts.log(tx, actor.id, "calendar.day", day.isoformat(), kind=kind)
    triggers.reschedule_starts(tx)
