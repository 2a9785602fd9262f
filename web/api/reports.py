"""Taking a report away, for whoever may.

Not here: which approval it needs and that it is noted (runtime/commands/exports.py), files (web/reports.py)."""

from __future__ import annotations

import datetime as dt

from runtime.commands import exports
from runtime.queries import reports
from runtime.queries.reports import NoSuchReport, NotAPeriod
from web import current, periods
from web.api import shapes
from web.api.reading import Sent
from web.api.routes import Answer, route
from web.reports import raw


class Days(Sent):
    """The first and the last day of the report, both included, like 2026-03-31."""

    since: str
    until: str


@route(
    "POST", "/reports/<report>/exports", takes=Days, gives=shapes.ReportExport, status=[201],
    refuses=[NoSuchReport, NotAPeriod, periods.NotDays, exports.NotApproved, exports.ApprovalOver],
)  # fmt: skip
def take(report: str, sent: Days) -> Answer:
    """Take a report of some days away.

    Open ones by whoever sees them; any other with an approved data export of one's own for it and for exactly these
    days. Each time is noted."""
    since, until = periods.read(sent.since, sent.until)
    found = current.read(reports.show, report, since, until)
    approval = current.do(exports.take, report, "json", since, until, len(found.rows))
    columns = [shapes.ReportColumn(each.key, current.say(each.name), each.kind) for each in found.columns]
    rows = [
        {each.key: _plain(raw(each, row.cells[each.key])) for each in found.columns} for row in found.rows
    ]
    return Answer(shapes.ReportExport(report, since, until, approval, columns, rows), 201)


def _plain(cell: object) -> object:
    return cell.isoformat() if isinstance(cell, dt.date) else cell
