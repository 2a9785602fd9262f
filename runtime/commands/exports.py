"""Taking a report away as a file: whether it may be, and that it was, noted where administration is noted.

Not here: the file (web/reports.py), data that leave the house by request (ledger/exports.py), which approval
covers what (taking.py)."""

from __future__ import annotations

import datetime as dt

from runtime import taking
from runtime.errors import Forbidden
from runtime.identity import Actor, require
from runtime.store import accounts
from runtime.store.db import Transaction

REPORT = "report.exported"


class NotApproved(Forbidden):
    """This report is not open by the rule report_exports: taking away its days {since} to {until} needs an approval of
    your own for exactly these. Ask for it on the page of the report, or start a data export with the scope of a report.
    """

    code = "export.not_approved"


class ApprovalOver(Forbidden):
    """The approval {number} to take away these days of the report is over: it held until {day}, or you confirmed that
    you had taken it. Ask again on the page of the report, or start a data export with the scope of a report."""

    code = "export.approval_over"


def take(
    tx: Transaction, actor: Actor, report: str, kind: str, since: dt.date, until: dt.date, rows: int
) -> str | None:
    """The reader takes `rows` rows of a report from the day `since` to `until` away (`kind`: csv, xlsx, json); the
    number of the approval that this is by, None of an open report.

    Raises NoSuchReport, NotGranted, NotApproved, ApprovalOver."""
    require(actor, "read", taking.right(report))
    level = taking.class_of(tx, report)
    number = None if level == taking.OPEN else _approval(tx, actor, report, since, until)
    detail = {"kind": kind, "since": since, "until": until, "rows": rows}
    accounts.log(tx, actor.id, REPORT, report, **detail, level=level, approval=number)
    return number


def _approval(tx: Transaction, actor: Actor, report: str, since: dt.date, until: dt.date) -> str:
    """The number of what lets the actor take these days away. Raises NotApproved, ApprovalOver."""
    found = taking.approvals(tx, actor.public_id, report, (since, until))
    covering = taking.covering(found)
    if covering is not None:
        return covering.number
    over = next((each for each in found if each.over), None)
    if over is not None:
        raise ApprovalOver(number=over.number, day=over.valid_until)
    raise NotApproved(since=since, until=until)
