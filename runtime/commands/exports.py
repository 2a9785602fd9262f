"""That somebody took a report away as a file: noted where administration is noted.

Not here: the file (web/reports.py), data that leave the house by request (ledger/exports.py)."""

from __future__ import annotations

import datetime as dt

from runtime.identity import Actor
from runtime.store import accounts
from runtime.store.db import Transaction

REPORT = "report.exported"


def note(
    tx: Transaction, actor: Actor, report: str, kind: str, since: dt.date, until: dt.date, rows: int
) -> None:
    """The reader took `rows` rows of a report from the day `since` to `until` as a file (`kind`: csv, xlsx)."""
    accounts.log(tx, actor.id, REPORT, report, kind=kind, since=since, until=until, rows=rows)
