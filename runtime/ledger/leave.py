"""Leave: what each is entitled to, what was asked for and granted, in half days.

A leave runs from a day's morning (or noon) to a day's evening (or noon). The balance of a kind and
year is what was entered less what is asked for or granted. Not here: which kinds are statutory, need
a balance or a further approver (rules/leave.yaml), sick notes, which stay in their own case."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime import i18n
from runtime.calendar import Calendar
from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import append_only, documents
from runtime.ledger.inputs import Figure, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts, calendar
from runtime.store.absences import absences
from runtime.store.db import Exact, Id, Instant, Transaction, metadata
from runtime.store.prepared import Prepared

Kind = Literal[
    "annual", "personal", "sick", "marriage", "maternity", "paternity", "bereavement", "work_injury"
]
HALF = Decimal("0.5")

leave_entitlements = sa.Table(
    "leave_entitlements",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("days", Exact, nullable=False),  # a change, of either sign
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("entered_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32), nullable=False),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_leave_entitlements_person", "person", "kind", "year"),  # balance
)
append_only.protect(leave_entitlements, erasable=True)

leaves = sa.Table(
    "leaves",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("starts_at_noon", sa.Boolean, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("ends_at_noon", sa.Boolean, nullable=False),
    sa.Column("workdays", Exact, nullable=False),
    sa.Column("days", Exact),  # as the rule counts them; None until it did
    sa.Column("statutory", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("deputy", sa.String(32)),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("decided_at", Instant),
    sa.Column("note_accepted", sa.Boolean),  # None: none was asked for, or it is on its way
    # by which case it was taken back, or made to end early, and when
    sa.Column("ended_by", sa.String(32)),
    sa.Column("ended_at", Instant),
    # overlap, balance
    sa.Index("ix_leaves_person_last_day", "person", "last_day"),
    # away
    sa.Index(
        "ix_leaves_granted",
        "last_day",
        sqlite_where=sa.text("state = 'granted'"),
        postgresql_where=sa.text("state = 'granted'"),
    ),
    # what became of it
    sa.Index(
        "ix_leaves_ended",
        "case",
        sqlite_where=sa.text("ended_by IS NOT NULL"),
        postgresql_where=sa.text("ended_by IS NOT NULL"),
    ),
)

NEXT = {
    "requested": {"requested", "granted", "refused", "withdrawn"},
    "granted": {"granted", "withdrawn"},
}
COUNTS = ("requested", "granted")


class LeaveBackwards(Invalid):
    """The leave ends before it begins."""

    code = "leave.backwards"


class NoWorkday(Invalid):
    """There is no workday in this time, so there is nothing to take leave from."""

    code = "leave.no_workday"


class LeaveTooLong(Invalid):
    """A leave lasts at most {most} days."""

    code = "leave.too_long"


class LeaveInTwoYears(Invalid):
    """Annual leave is counted by years: ask for the days after New Year's Eve by themselves."""

    code = "leave.two_years"


class LeaveOverlaps(Conflict):
    """In this time there is a leave already: {number}."""

    code = "leave.overlaps"


class BadDeputy(Invalid):
    """The deputy must be somebody else who is here."""

    code = "leave.bad_deputy"


class DeputyAway(Conflict):
    """{deputy} is away in this time as well ({days}). Name somebody else, or nobody."""

    code = "leave.deputy_away"


class BalanceTooSmall(Conflict):
    """Only {balance} days of this kind are left."""

    code = "leave.balance_too_small"


class NotDecidedYet(Invalid):
    """Leave {number} is not decided on yet: it can only be withdrawn whole, without a day of return."""

    code = "leave.not_decided"


class NoSuchLeave(Invalid):
    """You have no leave {number} that could be withdrawn."""

    code = "leave.unknown"


class ReturnOutside(Invalid):
    """The day of return lies after the first and not after the last day of the leave."""

    code = "leave.return_outside"


class OwnLeave(Conflict):
    """Nobody decides on their own leave or entitlement."""

    code = "leave.own"


class Measured(TypedDict):
    leave: str
    leave_number: str
    workdays: Decimal
    calendar_days: Decimal
    balance: Decimal


class Withdrawal(TypedDict):
    leave: str
    begun: bool
    leave_days: Decimal
    leave_from: dt.date
    leave_to: dt.date


class EntitlementRow(TypedDict):
    """`days`: how many more (or fewer) the person may take of the kind in the year."""

    person: Person
    kind: Kind
    year: int
    days: Figure


@operation("leave.measure", errors=("bad_leave",))
def measure(
    call: Call,
    person: Person,
    kind: Kind,
    first_day: dt.date,
    last_day: dt.date,
    starts_at_noon: bool = False,
    ends_at_noon: bool = False,
    deputy: Person | None = None,
    leave: str | None = None,
) -> Measured:
    """Enter what is asked for (again, if `leave` is given), and count its days.

    `balance`: days of the kind that are left in the year without this one. BPMN error: bad_leave,
    when it ends before it begins, holds no workday, overlaps another, spans two years of annual
    leave, or the deputy is away too."""
    tx = call.tx
    days = calendar.load(tx)
    first, last = _slots(first_day, starts_at_noon, last_day, ends_at_noon)
    if last < first:
        raise refuse("bad_leave", LeaveBackwards())
    if last - first > 2 * 366:
        raise refuse("bad_leave", LeaveTooLong(most=366))
    workdays = _workdays(days, first, last)
    if not workdays:
        raise refuse("bad_leave", NoWorkday())
    if kind == "annual" and first_day.year != last_day.year:
        raise refuse("bad_leave", LeaveInTwoYears())
    others = _overlapping(tx, person, first, last, leave)
    if others:
        raise refuse("bad_leave", LeaveOverlaps(number=others[0].number))
    if deputy is not None:
        _require_here(tx, person, deputy, first, last)
    entered = {
        "kind": kind,
        "first_day": first_day,
        "starts_at_noon": starts_at_noon,
        "last_day": last_day,
        "ends_at_noon": ends_at_noon,
        "workdays": workdays,
        "days": None,
        "deputy": deputy,
    }
    if leave is None:
        leave, number = public_id(), documents.next_number(tx, "LV", call.today.year)
        documents.add(
            tx,
            leaves,
            public_id=leave,
            case=call.case,
            at=call.now,
            number=number,
            person=person,
            state="requested",
            **entered,
        )
    else:
        row = documents.get(tx, leaves, leave)
        number = row.number
        documents.change(tx, leaves, row, "requested", NEXT, **entered)
    return {
        "leave": leave,
        "leave_number": number,
        "workdays": workdays,
        "calendar_days": Decimal(last - first + 1) / 2,
        "balance": balance(tx, person, kind, first_day.year, without=leave),
    }


@operation("leave.grant", errors=("same_person", "no_balance"))
def grant(
    call: Call,
    leave: str,
    days: Figure,
    statutory: bool,
    approved_by: Person,
    needs_balance: bool = False,
    overdraw: bool = False,
) -> None:
    """The leave is granted. BPMN errors: same_person, if it is one's own; no_balance, if fewer days are
    left by now and nobody allowed more."""
    tx = call.tx
    row = documents.get(tx, leaves, leave)
    if approved_by == row.person:
        raise refuse("same_person", OwnLeave())
    left = balance(tx, row.person, row.kind, row.first_day.year, without=leave)
    if needs_balance and not overdraw and days > left:
        raise refuse("no_balance", BalanceTooSmall(balance=f"{left:f}"))
    documents.change(
        tx,
        leaves,
        row,
        "granted",
        NEXT,
        days=days,
        statutory=statutory,
        approved_by=approved_by,
        decided_at=call.now,
    )


@operation("leave.refuse")
def refuse_leave(call: Call, leave: str, by: Person | None = None) -> None:
    """The leave is not granted."""
    row = documents.get(call.tx, leaves, leave)
    documents.change(call.tx, leaves, row, "refused", NEXT, approved_by=by, decided_at=call.now)


@operation("leave.find", errors=("no_such_leave",))
def find(call: Call, number: str, person: Person, back_on: dt.date | None = None) -> Withdrawal:
    """The person's own leave by its number, to be withdrawn, or ended early by being back on a day.

    BPMN error: no_such_leave, when there is none, or the day of return lies outside of it."""
    row = _own(call, number, person)
    if back_on is not None and not row.first_day < back_on <= row.last_day:
        raise refuse("no_such_leave", ReturnOutside())
    if back_on is not None and row.state == "requested":
        raise refuse("no_such_leave", NotDecidedYet(number=row.number))
    begun = row.state == "granted" and row.first_day <= call.today
    if begun and back_on is None:
        raise refuse("no_such_leave", ReturnOutside())
    return {
        "leave": row.public_id,
        "begun": begun,
        "leave_days": row.days or row.workdays,
        "leave_from": row.first_day,
        "leave_to": row.last_day,
    }


@operation("leave.withdraw", errors=("same_person",))
def withdraw(
    call: Call, leave: str | None = None, back_on: dt.date | None = None, confirmed_by: Person | None = None
) -> None:
    """Take the leave back whole, or let it end before `back_on`; the days are free again. Without a
    leave, of a request that never fitted into the books, there is nothing to do.

    Of one that nobody has decided on yet, its case is told by the message leave_withdrawn. BPMN
    error: same_person, if one's own early return is confirmed."""
    if leave is None:
        return
    tx = call.tx
    row = documents.get(tx, leaves, leave)
    documents.require_state(row, *COUNTS)
    if confirmed_by == row.person:
        raise refuse("same_person", OwnLeave())
    ended = {"ended_by": call.case, "ended_at": call.now}
    if back_on is not None and row.state == "granted":
        first, last = _slots(
            row.first_day, row.starts_at_noon, back_on - dt.timedelta(days=1), ends_at_noon=False
        )
        taken = _workdays(calendar.load(tx), first, last)
        if row.days is not None and row.days != row.workdays:  # counted in calendar days
            taken_days = Decimal(last - first + 1) / 2
        else:
            taken_days = taken
        documents.change(
            tx,
            leaves,
            row,
            "granted",
            NEXT,
            last_day=back_on - dt.timedelta(days=1),
            ends_at_noon=False,
            workdays=taken,
            days=taken_days,
            **ended,
        )
        return
    documents.change(tx, leaves, row, "withdrawn", NEXT, decided_at=call.now, **ended)
    if row.state == "requested" and row.case != call.case:
        call.send("leave_withdrawn", row.number, {})


@operation("leave.note_checked", errors=("same_person",))
def note_checked(call: Call, leave: str, accepted: bool, by: Person) -> None:
    """Whether the proof was accepted, and nothing of what it says. BPMN error: same_person, if it is one's own."""
    row = documents.get(call.tx, leaves, leave)
    if by == row.person:
        raise refuse("same_person", OwnLeave())
    call.tx.execute(sa.update(leaves).where(leaves.c.id == row.id).values(note_accepted=accepted))


@operation("leave.set_entitlements", errors=("same_person", "no_lines"))
def set_entitlements(
    call: Call, lines: list[EntitlementRow], reason: str, entered_by: Person, approved_by: Person
) -> None:
    """Add to (or take from) what people may take. BPMN errors: same_person, if whoever approves entered
    it or stands in it; no_lines."""
    if approved_by == entered_by or any(line["person"] == approved_by for line in lines):
        raise refuse("same_person", OwnLeave())
    if not lines:
        raise refuse("no_lines", documents.NoLines())
    common = {
        "reason": reason,
        "entered_by": entered_by,
        "approved_by": approved_by,
        "case": call.case,
        "at": call.now,
    }
    call.tx.insert(leave_entitlements, [{**line, **common} for line in lines])


def balance(tx: Transaction, person: str, kind: str, year: int, without: str | None = None) -> Decimal:
    """Days of a kind that a person may still take in a year, but for one leave; negative when overdrawn."""
    entered = tx.scalar(
        sa.select(sa.func.sum(leave_entitlements.c.days)).where(
            leave_entitlements.c.person == person,
            leave_entitlements.c.kind == kind,
            leave_entitlements.c.year == year,
        )
    )
    taken = Decimal(0)
    for row in tx.all(_standing(person).where(leaves.c.kind == kind)):
        if row.first_day.year == year and row.public_id != without:
            taken += row.days if row.days is not None else row.workdays
    return (entered or Decimal(0)) - taken


_TODAY = (
    # As the index has it: who was away long ago is not looked at.
    leaves.c.state == sa.literal_column("'granted'"),
    leaves.c.first_day <= sa.bindparam("b_day", type_=sa.Date),
    leaves.c.last_day >= sa.bindparam("b_day", type_=sa.Date),
)
_AWAY = Prepared(sa.select(leaves).where(*_TODAY))


def away(tx: Transaction, day: dt.date) -> dict[str, Any]:
    """Public id → the granted leave of everybody who is away on a day, or on half of it."""
    # Sorted here: SQLite would go through all leaves for an order.
    return {row.person: row for row in sorted(_AWAY.rows(tx, b_day=day), key=lambda row: int(row.id))}


_DAYS = ("first_day", "starts_at_noon", "last_day", "ends_at_noon")
_WATCHED = Prepared(
    sa.union_all(
        sa.select(leaves.c.public_id, leaves.c.person, *(leaves.c[name] for name in _DAYS)).where(*_TODAY),
        sa.select(absences.c.leave, sa.null(), *(sa.null() for _ in _DAYS)),
    )
)


def watched(tx: Transaction, day: dt.date) -> tuple[dict[str, str], frozenset[str]]:
    """Public id → person, of the granted leaves of which a day is whole; and those that were acted on as they began
    and not yet as they ended (store/absences.py)."""
    rows = _WATCHED.rows(tx, b_day=day)
    noted = frozenset(row.public_id for row in rows if row.person is None)
    return {row.public_id: row.person for row in rows if row.person is not None and all_day(row, day)}, noted


def all_day(leave: Any, day: dt.date) -> bool:
    """Whether a leave of this day is of the morning and the afternoon."""
    begins = leave.first_day == day and leave.starts_at_noon
    ends = leave.last_day == day and leave.ends_at_noon
    return not (begins or ends)


def slots_off(tx: Transaction, person: str, first: dt.date, last: dt.date) -> dict[tuple[dt.date, int], bool]:
    """Half days of granted leave between two days: (day, 0 morning or 1 afternoon) → whether it is statutory."""
    low, high = _slots(first, False, last, False)
    found: dict[tuple[dt.date, int], bool] = {}
    standing = _standing(person).where(leaves.c.state == "granted")
    for row in tx.all(standing.where(leaves.c.first_day <= last, leaves.c.last_day >= first)):
        begin, end = _slots(row.first_day, row.starts_at_noon, row.last_day, row.ends_at_noon)
        for slot in range(max(begin, low), min(end, high) + 1):
            found[dt.date.fromordinal(slot // 2), slot % 2] = bool(row.statutory)
    return found


def _standing(person: str) -> sa.Select[Any]:
    return sa.select(leaves).where(leaves.c.person == person, leaves.c.state.in_(COUNTS))


def _own(call: Call, number: str, person: str) -> Any:
    row = call.tx.first(_standing(person).where(leaves.c.number == number.strip()).with_for_update())
    if row is None or row.last_day < call.today:
        raise refuse("no_such_leave", NoSuchLeave(number=number.strip()))
    return row


def _slots(first: dt.date, starts_at_noon: bool, last: dt.date, ends_at_noon: bool) -> tuple[int, int]:
    """First and last half day, counted from the year 1."""
    return 2 * first.toordinal() + starts_at_noon, 2 * last.toordinal() + (not ends_at_noon)


def _workdays(days: Calendar, first: int, last: int) -> Decimal:
    return HALF * sum(days.is_workday(dt.date.fromordinal(slot // 2)) for slot in range(first, last + 1))


def _overlapping(tx: Transaction, person: str, first: int, last: int, without: str | None = None) -> list[Any]:
    since = dt.date.fromordinal(first // 2)
    found = []
    for row in tx.all(_standing(person).where(leaves.c.last_day >= since).order_by(leaves.c.first_day, leaves.c.id)):
        begin, end = _slots(row.first_day, row.starts_at_noon, row.last_day, row.ends_at_noon)
        if row.public_id != without and begin <= last and end >= first:
            found.append(row)
    return found


def _require_here(tx: Transaction, person: str, deputy: str, first: int, last: int) -> None:
    row = accounts.organisation(tx).by_public_id.get(deputy)
    if row is None or not row.active or deputy == person:
        raise refuse("bad_leave", BadDeputy())
    away = [(each.first_day, each.last_day) for each in _overlapping(tx, deputy, first, last)]
    if away:
        days = ", ".join(f"{begin}" if begin == end else f"{begin} – {end}" for begin, end in away)
        raise refuse("bad_leave", DeputyAway(deputy=i18n.label(i18n.DEFAULT, dict(row.names), deputy), days=days))
