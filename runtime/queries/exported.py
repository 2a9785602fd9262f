"""Which reports were taken away as files, by whom and when, for human resources and whoever administers people; and
whether the reader may take one away.

Not here: that it is noted (commands/exports.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import access, taking
from runtime.identity import Actor, NotGranted, require
from runtime.store.accounts import admin_log, people
from runtime.store.db import Transaction

MOST = 500


@dataclass(frozen=True)
class Exported:
    """`names`: of whoever took it, by language; `kind`: csv, xlsx or json; `approval`: the number of the data export
    that it was taken by, None of an open report. What was taken before reports were classed has no `level`."""

    at: dt.datetime
    names: Mapping[str, str]
    report: str
    kind: str
    since: dt.date
    until: dt.date
    rows: int
    level: str | None = None
    approval: str | None = None


@dataclass(frozen=True)
class Terms:
    """Whether the reader may take a report away for some days. `level`: open, confidential or personal; `approval`:
    what covers these days; `waiting`: what was asked for them and is not decided; `others`: approvals of other days
    that hold."""

    level: str
    approval: taking.Approval | None
    waiting: taking.Approval | None
    others: list[taking.Approval]

    @property
    def free(self) -> bool:
        """It may be taken now."""
        return self.level == taking.OPEN or self.approval is not None


def terms(tx: Transaction, actor: Actor, report: str, since: dt.date, until: dt.date) -> Terms:
    """Raises NoSuchReport, NotGranted."""
    require(actor, "read", taking.right(report))
    level = taking.class_of(tx, report)
    found = [] if level == taking.OPEN else taking.approvals(tx, actor.public_id, report)
    these = [each for each in found if (each.first_day, each.last_day) == (since, until)]
    waiting = next((each for each in these if each.waits), None)
    others = [each for each in found if each.holds and each not in these]
    return Terms(level, taking.covering(these), waiting, others)


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
