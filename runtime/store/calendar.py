"""The days that differ from Monday to Friday: shipped for the PRC, edited by admins.

Not here: counting with them (runtime/calendar.py)."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.calendar import Calendar
from runtime.store.db import Transaction, metadata

SHIPPED = Path(__file__).parent / "calendar_prc.csv"

calendar_days = sa.Table(
    "calendar_days",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),  # holiday | workday
    sa.Column("source", sa.String(16), nullable=False),  # shipped | admin
    sa.CheckConstraint("kind IN ('holiday', 'workday')", name="kind"),
)


def shipped() -> dict[dt.date, str]:
    """Day → kind, of the file that comes with this version."""
    with SHIPPED.open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(line for line in source if not line.startswith("#")))
    days = {}
    for first, last, kind in rows:
        day = dt.date.fromisoformat(first)
        while day <= dt.date.fromisoformat(last):
            days[day] = kind
            day += dt.timedelta(days=1)
    return days


def fill(tx: Transaction, actor: Any = None) -> int:
    """Add the shipped days of years of which nothing is known yet; what an admin entered stays.

    How many days that were."""
    known = load(tx)
    days = [
        {"day": day, "kind": kind, "source": "shipped"}
        for day, kind in shipped().items()
        if not known.covered(day.year)
    ]
    tx.insert(calendar_days, days)
    return len(days)


def load(tx: Transaction, actor: Any = None) -> Calendar:
    """The calendar as it stands."""
    return Calendar({row.day: row.kind for row in tx.all(sa.select(calendar_days))})
