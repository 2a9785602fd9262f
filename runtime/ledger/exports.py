"""Data that leaves the house: asked for with scope and purpose, approved, made by the system, logged, taken away.

A file holds what was asked for and approved, no row more, and can be fetched for as long as was granted. What is
held on one person is asked for in the same way, by themselves or by human resources for them. Of a report no file
is made: its requester may take it away from its page, for those days, while the approval holds.
Not here: who approves (processes/data_export, rules/export_limits.yaml), the taking of a report (taking.py,
commands/exports.py), exports of charts and lists that a reader sees anyway."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime import i18n
from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents, held, report_exports, undertakings
from runtime.ledger.attendance import attendance_exceptions
from runtime.ledger.catalogue import components, customers, suppliers, warehouses
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.orders import orders
from runtime.ledger.sales import sales_orders
from runtime.ledger.stock import stock_movements
from runtime.store import accounts, files
from runtime.store.cases import cases
from runtime.store.db import Instant, metadata
from runtime.values import File

# "person": all that is held on one, as ledger/held.py tells it; "report": one of report_exports.py; all others are
# tables.
Scope = Literal[
    "stock_movements", "sales_orders", "purchase_orders", "customers", "suppliers", "attendance", "person", "report"
]
MOST_ROWS = 20_000

data_exports = sa.Table(
    "data_exports",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),  # requested | made | rejected | closed
    sa.Column("scope", sa.String(32), nullable=False),
    sa.Column("person", sa.String(32)),  # of the scope person: on whom
    sa.Column("report", sa.String(32)),  # of the scope report: which
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("requested_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("cleared_by", sa.String(32)),  # human resources, of what is sensitive
    sa.Column("rows", sa.Integer),
    sa.Column("sha256", sa.String(64)),  # of the file that was made; kept when the file is gone
    sa.Column("made_at", Instant),  # or, of a report, approved
    sa.Column("valid_until", sa.Date),  # of a report: the last day on which the approval holds
    sa.Column("received", sa.Boolean),
    sa.Column("closed_at", Instant),
)

NEXT = {"requested": {"requested", "made", "rejected"}, "made": {"closed"}}


class ExportBackwards(Invalid):
    """The period ends before it begins, or lies in the future."""

    code = "export.backwards"


class ExportTooLarge(Invalid):
    """The export would have {count} rows; at most {most} are made. Ask for a shorter period."""

    code = "export.too_large"


class NotSigned(Conflict):
    """Whoever asks for an export signs the undertaking of confidentiality first."""

    code = "export.not_signed"


class NotTheirs(Conflict):
    """What is held on somebody is asked for by themselves, or by human resources for them."""

    code = "export.not_theirs"


class NoReportNamed(Invalid):
    """Which report is to be taken away? Choose one of the list."""

    code = "export.no_report"


class ReportNotSeen(Conflict):
    """Your role does not see this report, so nobody can approve that you take it away. Ask whoever sees it."""

    code = "export.report_not_seen"


class ReportOpen(Conflict):
    """This report is open: take it away from its own page, without a request. Withdraw this one."""

    code = "export.report_open"


class OwnExport(Conflict):
    """Nobody approves an export that they asked for."""

    code = "export.own"


class Requested(TypedDict):
    export: str
    export_number: str
    sensitive: bool
    personal: bool
    export_rows: int


class Made(TypedDict):
    export_file: File | None
    export_rows: int
    export_receiver: str
    available_until: dt.date | None


@dataclass(frozen=True)
class _Table:
    """What a scope holds: its columns, and where its rows stand in time (None: they do not)."""

    columns: Mapping[str, Any]
    source: Any
    day: Any = None
    at: Any = None
    sensitive: bool = False  # about people, or who buys from us


# What the columns are called in the file: in the house's language, as its readers are.
HEADS = {
    "date": "Date", "posted": "Posted on", "kind": "Kind", "component": "Component", "warehouse": "Warehouse",
    "pieces": "Pieces moved", "number": "Order number", "at": "Entered at", "state": "State", "customer": "Customer",
    "promised": "Promised for", "amount": "Amount in CNY", "supplier": "Supplier", "code": "Code", "name": "Called",
    "address": "Address", "person": "Person", "day": "Date", "minutes": "Minutes",
}  # fmt: skip


def _scopes() -> dict[str, _Table]:
    moved, sold, bought, away = stock_movements.c, sales_orders.c, orders.c, attendance_exceptions.c
    return {
        "stock_movements": _Table(
            {
                "date": moved.business_date, "posted": moved.posting_date, "kind": moved.kind,
                "component": components.c.sku, "warehouse": warehouses.c.code, "pieces": moved.quantity,
            },
            stock_movements.join(components).join(warehouses),
            day=moved.business_date,
        ),
        "sales_orders": _Table(
            {
                "number": sold.number, "at": sold.at, "state": sold.state, "customer": customers.c.code,
                "promised": sold.promised, "amount": sold.amount,
            },
            sales_orders.join(customers, customers.c.id == sold.customer_id),
            at=sold.at,
            sensitive=True,
        ),
        "purchase_orders": _Table(
            {"number": bought.number, "at": bought.at, "state": bought.state, "supplier": suppliers.c.code},
            orders.join(suppliers, suppliers.c.id == bought.supplier_id),
            at=bought.at,
        ),
        "customers": _Table(
            {"code": customers.c.code, "name": customers.c.names, "address": customers.c.address},
            customers,
            sensitive=True,
        ),
        "suppliers": _Table({"code": suppliers.c.code, "name": suppliers.c.names}, suppliers),
        "attendance": _Table(
            {"person": away.person, "day": away.day, "kind": away.kind, "minutes": away.minutes, "state": away.state},
            attendance_exceptions,
            day=away.day,
            sensitive=True,
        ),
    }  # fmt: skip


@operation("exports.request", errors=("bad_export",))
def request(
    call: Call,
    scope: Scope,
    purpose: str,
    by: Person,
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    person: Person | None = None,
    export: str | None = None,
    report: str | None = None,
) -> Requested:
    """Enter what is asked for (again, if `export` is given); how many rows it would have, whether it is about
    people or customers (`sensitive`), and whether it is all that is held on one person (`personal`).

    person: on whom, of the scope person; else whoever asks · report: which, of the scope report, whose rows are
    not counted: 0 · first_day, last_day: today, if they are left out.

    BPMN error: bad_export, when the period is none, the rows are too many, whoever asks for what is not held on
    themselves has not signed the undertaking in force, or asks for what is held on somebody else and is not of human
    resources; when the report is none, is open, or not theirs to see."""
    tx, personal = call.tx, scope == "person"
    first, last = (call.today, call.today) if personal else (first_day or call.today, last_day or call.today)
    if first > last or first > call.today:
        raise refuse("bad_export", ExportBackwards())
    whose = (person or by) if personal else None
    if whose not in (None, by) and by not in accounts.organisation(tx).members("hr"):
        raise refuse("bad_export", NotTheirs())
    if whose != by and not undertakings.has_signed(tx, by, call.today):
        raise refuse("bad_export", NotSigned())
    report = report if scope == "report" else None
    if scope == "report":
        count, sensitive = 0, _class(call, by, report) == report_exports.PERSONAL
    elif whose is not None:
        count, sensitive = held.records(held.of_person(tx, whose)), True
    else:
        count, sensitive = _count(call, scope, first, last), _scopes()[scope].sensitive
    if not personal and count > MOST_ROWS:
        raise refuse("bad_export", ExportTooLarge(count=count, most=MOST_ROWS))
    entered = {
        "scope": scope,
        "first_day": first,
        "last_day": last,
        "purpose": purpose,
        "requested_by": by,
        "person": whose,
        "report": report,
    }
    if export is None:
        export, number = public_id(), documents.next_number(tx, "EX", call.today.year)
        documents.add(
            tx, data_exports, public_id=export, case=call.case, at=call.now,
            number=number, state="requested", **entered,
        )  # fmt: skip
    else:
        row = documents.get(tx, data_exports, export)
        number = row.number
        documents.change(tx, data_exports, row, "requested", NEXT, **entered)
    return {
        "export": export,
        "export_number": number,
        "sensitive": sensitive,
        "personal": personal,
        "export_rows": count,
    }


@operation("exports.make", errors=("same_person", "bad_export"))
def make(call: Call, export: str, approved_by: Person, cleared_by: Person | None = None) -> Made:
    """Make the file of an approved request, exactly of its scope and period, for its requester alone; what is held on
    somebody who is here, for them (`export_receiver`). Of a report none is made (`export_file` is null): its requester
    may take it away until the day `available_until`, which is null of everything else.

    BPMN errors: same_person, if whoever approved or cleared it asked for it, or both are one; bad_export, when it
    has grown beyond what is made."""
    tx = call.tx
    row = documents.get(tx, data_exports, export)
    deciding = [each for each in (approved_by, cleared_by) if each is not None]
    if row.requested_by in deciding or len(set(deciding)) < len(deciding):
        raise refuse("same_person", OwnExport())
    decided = {"approved_by": approved_by, "cleared_by": cleared_by, "made_at": call.now}
    if row.scope == "report":
        lasts = call.decide(report_exports.RULE, {"report": row.report})["valid_days"]
        until = call.today + dt.timedelta(days=int(str(lasts)))
        documents.change(tx, data_exports, row, "made", NEXT, **decided, valid_until=until)
        return {
            "export_file": None,
            "export_rows": 0,
            "export_receiver": row.requested_by,
            "available_until": until,
        }
    known = accounts.organisation(tx).by_public_id
    if row.scope == "person":
        content, count = held.packed(tx, row.person), held.records(held.of_person(tx, row.person))
        name, media_type = f"{row.number}.zip", "application/zip"
        receiver = row.person if known[row.person].active else row.requested_by
    else:
        content, count = _table(call, row)
        name, media_type, receiver = f"{row.number}.csv", "text/csv", row.requested_by
    sha256 = files.put(tx, content)
    case_id = tx.scalar(sa.select(cases.c.id).where(cases.c.public_id == call.case))
    tx.execute(
        sa.insert(files.file_uses).values(
            sha256=sha256, name=name, media_type=media_type, person_id=known[receiver].id, case_id=case_id, at=call.now
        )
    )
    documents.change(tx, data_exports, row, "made", NEXT, **decided, rows=count, sha256=sha256)
    file = File(sha256, name, media_type, len(content))
    return {
        "export_file": file,
        "export_rows": count,
        "export_receiver": receiver,
        "available_until": None,
    }


@operation("exports.reject")
def reject(call: Call, export: str) -> None:
    """Nothing is made."""
    documents.change(call.tx, data_exports, documents.get(call.tx, data_exports, export), "rejected", NEXT)


@operation("exports.close")
def close(call: Call, export: str, received: bool) -> None:
    """The time is over, or the file was fetched: nobody can fetch it any more, nor take the report away. What was
    made stays in the log."""
    tx = call.tx
    row = documents.get(tx, data_exports, export)
    documents.change(tx, data_exports, row, "closed", NEXT, received=received, closed_at=call.now)
    if row.scope == "report":
        return
    case_id = sa.select(cases.c.id).where(cases.c.public_id == row.case).scalar_subquery()
    tx.execute(
        sa.delete(files.file_uses).where(
            files.file_uses.c.sha256 == row.sha256, files.file_uses.c.case_id.is_not_distinct_from(case_id)
        )
    )


def _class(call: Call, by: str, report: str | None) -> str:
    """The class of a report that the person may ask for. BPMN error: bad_export."""
    if report is None or report not in report_exports.RIGHTS:
        raise refuse("bad_export", NoReportNamed())
    if not report_exports.may_see(call.tx, by, report):
        raise refuse("bad_export", ReportNotSeen())
    found = str(call.decide(report_exports.RULE, {"report": report})["class"])
    if found == report_exports.OPEN:
        raise refuse("bad_export", ReportOpen())
    return found


def _count(call: Call, scope: str, first: dt.date, last: dt.date) -> int:
    return int(call.tx.scalar(sa.select(sa.func.count()).select_from(_rows(call, scope, first, last).subquery())))


def _table(call: Call, row: Any) -> tuple[bytes, int]:
    """The file of a table as it was asked for, and its rows. BPMN error: bad_export."""
    found = call.tx.all(_rows(call, row.scope, row.first_day, row.last_day).limit(MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise refuse("bad_export", ExportTooLarge(count=len(found), most=MOST_ROWS))
    names = accounts.organisation(call.tx).by_public_id if row.scope == "attendance" else {}
    heads = [i18n.say(i18n.DEFAULT, HEADS[name]) for name in _scopes()[row.scope].columns]
    called = {text: person.username for text, person in names.items()}
    return _csv(heads, found, called, call.zone), len(found)


def _rows(call: Call, scope: str, first: dt.date, last: dt.date) -> sa.Select[Any]:
    table = _scopes()[scope]
    query = sa.select(*(column.label(name) for name, column in table.columns.items())).select_from(
        table.source
    )
    if table.day is not None:
        query = query.where(table.day >= first, table.day <= last)
    if table.at is not None:
        since, until = (
            dt.datetime.combine(day, dt.time(), call.zone).astimezone(dt.UTC)
            for day in (first, last + dt.timedelta(days=1))
        )
        query = query.where(table.at >= since, table.at < until)
    return query.order_by(next(iter(table.columns.values())))


def _csv(heads: list[str], rows: Any, called: Mapping[str, str], zone: dt.tzinfo) -> bytes:
    """Comma-separated, UTF-8 with a mark for Excel, times of the house; a text that a sheet would compute with is
    told as text. called: person → sign-in name."""

    def cell(value: Any) -> str:
        if isinstance(value, Decimal):
            return format(value, "f")
        if isinstance(value, dt.datetime):
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        if isinstance(value, Mapping):
            value = str(value.get(i18n.DEFAULT, ""))
        if not isinstance(value, str):
            return "" if value is None else str(value)
        value = called.get(value, value)
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
