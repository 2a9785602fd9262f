"""Which reports were taken away as files, by whom and when: for human resources and whoever administers people.

Not here: that it is noted (commands/exports.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import access
from runtime.identity import Actor, NotGranted
from runtime.store.accounts import admin_log, people
from runtime.store.db import Transaction

MOST = 500


@dataclass(frozen=True)
class Exported:
    """`names`: of whoever took it, by language; `kind`: csv or xlsx."""

    at: dt.datetime
    names: Mapping[str, str]
    report: str
    kind: str
    since: dt.date
    until: dt.date
    rows: int


def may_see(actor: Actor) -> bool:
    return actor.may("administer", "people") or "any" in access.granted(actor, "read", "people_report")


def newest(tx: Transaction, actor: Actor) -> list[Exported]:
    """The newest MOST, newest first. Raises NotGranted."""
    if not may_see(actor):
        raise NotGranted()
    entry = admin_log.c
    rows = tx.all(
        sa.select(entry.at, people.c.names, entry.subject, entry.detail)
        .join(people, people.c.id == entry.actor_id)
        .where(entry.action == "report.exported")
        .order_by(entry.id.desc())
        .limit(MOST)
    )
    return [Exported(row.at, row.names, row.subject, **row.detail) for row in rows]
