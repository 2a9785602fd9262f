"""Data that leaves the house: asked for with scope and purpose, approved, made by the system, logged, taken away.

A file holds what was asked for and approved, no row more, and can be fetched for as long as was granted.
Not here: who approves (processes/data_export, rules/export_limits.yaml), exports of charts and lists that a
reader sees anyway."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime import i18n
from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents, undertakings
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

Scope = Literal["stock_movements", "sales_orders", "purchase_orders", "customers", "suppliers", "attendance"]
MOST_ROWS = 20_000

data_exports = sa.Table(
    "data_exports",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),  # requested | made | rejected | closed
    sa.Column("scope", sa.String(32), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("requested_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("cleared_by", sa.String(32)),  # human resources, of what is sensitive
    sa.Column("rows", sa.Integer),
    sa.Column("sha256", sa.String(64)),  # of the file that was made; kept when the file is gone
    sa.Column("made_at", Instant),
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


class OwnExport(Conflict):
    """Nobody approves an export that they asked for."""

    code = "export.own"


class Requested(TypedDict):
    export: str
    export_number: str
    sensitive: bool
    export_rows: int


class Made(TypedDict):
    export_file: File
    export_rows: int


@dataclass(frozen=True)
class _Table:
    """What a scope holds: its columns, and where its rows stand in time (None: they do not)."""

    columns: Mapping[str, Any]
    source: Any
    day: Any = None
    at: Any = None
    sensitive: bool = False  # about people, or who buys from us


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
    first_day: dt.date,
    last_day: dt.date,
    purpose: str,
    by: Person,
    export: str | None = None,
) -> Requested:
    """Enter what is asked for (again, if `export` is given); how many rows it would have, and whether it is about
    people or customers (`sensitive`).

    BPMN error: bad_export, when the period is none, the rows are too many, or whoever asks has not signed the
    undertaking in force."""
    if first_day > last_day or first_day > call.today:
        raise refuse("bad_export", ExportBackwards())
    if not undertakings.has_signed(call.tx, by, call.today):
        raise refuse("bad_export", NotSigned())
    count = call.tx.scalar(
        sa.select(sa.func.count()).select_from(_rows(call, scope, first_day, last_day).subquery())
    )
    if count > MOST_ROWS:
        raise refuse("bad_export", ExportTooLarge(count=count, most=MOST_ROWS))
    entered = {
        "scope": scope,
        "first_day": first_day,
        "last_day": last_day,
        "purpose": purpose,
        "requested_by": by,
    }
    if export is None:
        export, number = public_id(), documents.next_number(call.tx, "EX", call.today.year)
        documents.add(
            call.tx, data_exports, public_id=export, case=call.case, at=call.now,
            number=number, state="requested", **entered,
        )  # fmt: skip
    else:
        row = documents.get(call.tx, data_exports, export)
        number = row.number
        documents.change(call.tx, data_exports, row, "requested", NEXT, **entered)
    sensitive = _scopes()[scope].sensitive
    return {"export": export, "export_number": number, "sensitive": sensitive, "export_rows": count}


@operation("exports.make", errors=("same_person", "bad_export"))
def make(call: Call, export: str, approved_by: Person, cleared_by: Person | None = None) -> Made:
    """Make the file of an approved request, exactly of its scope and period, for its requester alone.

    BPMN errors: same_person, if whoever approved or cleared it asked for it, or both are one; bad_export, when it
    has grown beyond what is made."""
    tx = call.tx
    row = documents.get(tx, data_exports, export)
    deciding = [each for each in (approved_by, cleared_by) if each is not None]
    if row.requested_by in deciding or len(set(deciding)) < len(deciding):
        raise refuse("same_person", OwnExport())
    found = tx.all(_rows(call, row.scope, row.first_day, row.last_day).limit(MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise refuse("bad_export", ExportTooLarge(count=len(found), most=MOST_ROWS))
    names = accounts.organisation(tx).by_public_id if row.scope == "attendance" else {}
    content = _csv(
        list(_scopes()[row.scope].columns),
        found,
        lambda text: names[text].username if text in names else text,
    )
    sha256 = files.put(tx, content)
    name = f"{row.number}.csv"
    requester = accounts.organisation(tx).by_public_id[row.requested_by].id
    case_id = tx.scalar(sa.select(cases.c.id).where(cases.c.public_id == call.case))
    tx.execute(
        sa.insert(files.file_uses).values(
            sha256=sha256, name=name, media_type="text/csv", person_id=requester, case_id=case_id, at=call.now
        )
    )
    documents.change(
        tx, data_exports, row, "made", NEXT, approved_by=approved_by, cleared_by=cleared_by,
        rows=len(found), sha256=sha256, made_at=call.now,
    )  # fmt: skip
    return {"export_file": File(sha256, name, "text/csv", len(content)), "export_rows": len(found)}


@operation("exports.reject")
def reject(call: Call, export: str) -> None:
    """Nothing is made."""
    documents.change(call.tx, data_exports, documents.get(call.tx, data_exports, export), "rejected", NEXT)


@operation("exports.close")
def close(call: Call, export: str, received: bool) -> None:
    """The time is over, or the file was fetched: nobody can fetch it any more. What was made stays in the log."""
    tx = call.tx
    row = documents.get(tx, data_exports, export)
    documents.change(tx, data_exports, row, "closed", NEXT, received=received, closed_at=call.now)
    case_id = sa.select(cases.c.id).where(cases.c.public_id == row.case).scalar_subquery()
    tx.execute(
        sa.delete(files.file_uses).where(
            files.file_uses.c.sha256 == row.sha256, files.file_uses.c.case_id.is_not_distinct_from(case_id)
        )
    )


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


def _csv(heads: list[str], rows: Any, named: Callable[[str], str]) -> bytes:
    """Comma-separated, UTF-8 with a mark for Excel; a text that a sheet would compute with is told as text."""

    def cell(value: Any) -> str:
        if isinstance(value, Decimal):
            return format(value, "f")
        if isinstance(value, Mapping):
            value = str(value.get(i18n.DEFAULT, ""))
        if not isinstance(value, str):
            return "" if value is None else str(value)
        value = named(value)
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
