"""Who assesses a month after a change of superior within it, and who decides above the assessors.

The past of reporting lines is read from the log of changes to people. Not here: the choice between the
superior of most of the month and that of its last day (rules/appraisal_terms.yaml)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from runtime.store import accounts
from runtime.store.db import Transaction

Choice = Literal["longest", "last"]


def assessor(
    tx: Transaction,
    organisation: accounts.Organisation,
    person: str,
    days: tuple[dt.date, dt.date],
    choice: Choice,
    zone: ZoneInfo,
) -> str | None:
    """Who assesses the person (public ids) for the days from the first to the last.

    Nobody, where the person has no superior now. The superior now, where the one of then has left; where that
    one has left too, the next above who is here."""
    now = next(organisation.line(person), None)
    if now is None:
        return None
    under = _superiors(tx, organisation, person, days, zone)
    if choice == "last":
        found = under[days[1]]
    else:
        # Of two who had them equally long the later one knows more of the month.
        held: dict[str | None, int] = {}
        for each in under.values():
            held[each] = held.get(each, 0) + 1
        found = max(reversed(list(held)), key=lambda each: held[each] if each else 0)
    row = organisation.by_public_id.get(found) if found else None
    return found if row is not None and row.active and found != person else now


def above(organisation: accounts.Organisation, person: str) -> list[str]:
    """Who decides on grades and bonuses of a person, nearest first: the manager and whoever is above; on those of
    the manager, whoever is above them."""
    managers = organisation.members("manager")
    if organisation.belongs(person, "manager") or not managers:
        return list(organisation.line(person))
    return [managers[0], *organisation.line(managers[0])]


def _superiors(
    tx: Transaction,
    organisation: accounts.Organisation,
    person: str,
    days: tuple[dt.date, dt.date],
    zone: ZoneInfo,
) -> Mapping[dt.date, str | None]:
    """Day → superior, in the order of the days. On the day of a change it is the new one already."""
    log = accounts.admin_log.c
    username = organisation.by_public_id[person].username
    rows = tx.all(
        sa.select(log.at, log.detail)
        .where(log.action == "person.superior", log.subject == username)
        .order_by(log.id)
    )
    known = {row.username: row.public_id for row in organisation.by_id.values()}
    changes = [(row.at.astimezone(zone).date(), known.get(row.detail.get("superior"))) for row in rows]
    # Before the first change that is known nothing else is.
    current = changes[0][1] if changes else organisation.superior(person)
    found: dict[dt.date, str | None] = {}
    for number in range((days[1] - days[0]).days + 1):
        day = days[0] + dt.timedelta(days=number)
        while changes and changes[0][0] <= day:
            current = changes.pop(0)[1]
        found[day] = current
    return found
