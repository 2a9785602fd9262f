"""What is kept on people: in which books it stands, from which day its time is counted, what erasing does to it.

A record is taken away, or it loses whose it was and what was said, where others count on it: sums of money, head
counts and grades stay true, and numbered documents are without gaps. Not here: for how long each kind is kept
(rules/retention.yaml), who has it erased (retention.py), texts in cases (commands/purge.py)."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from runtime import values
from runtime.ledger import (
    appraisals,
    attendance,
    awards,
    bonuses,
    careers,
    employed,
    errands,
    expenses,
    exports,
    improvement,
    leave,
    leavings,
    meetings,
    notices,
    training,
    undertakings,
    wages,
)
from runtime.store import accounts, erasures, handbooks, purges, search, tokens
from runtime.store.cases import cases
from runtime.store.db import Transaction

# In the order in which they are looked at: what somebody's days of employment are needed for comes before them.
KINDS = (
    "attendance", "leave", "sick_notes", "appraisals", "payments", "wages", "improvement", "careers", "training",
    "teamwork", "confidentiality", "employment",
)  # fmt: skip
ANONYMOUS = "#"  # begins the person of a record that is nobody's any more; its row's number follows
_ENDED = ("completed", "terminated", "failed", "cancelled")
_NOBODY = {"zh_Hans": "已离开的员工", "zh_Hant": "已離開的員工", "en": "Former employee"}


@dataclass(frozen=True)
class Record:
    """A table of records on people.

    person: whose · day: the date, moment, year or month (2026-11) of the record · case: public id of the case behind
    it · joined: how to them · stays: of what is not deleted, the columns that are emptied, with what · only: which
    rows · written: when the row was, where it says so."""

    kind: str
    table: sa.Table
    person: sa.Column[Any]
    day: sa.Column[Any]
    joined: Any = None
    case: sa.Column[Any] | None = None
    stays: Mapping[str, Any] | None = None
    only: tuple[Any, ...] = field(default=())
    written: sa.Column[Any] | None = None

    @property
    def source(self) -> Any:
        return self.table if self.joined is None else self.joined

    def theirs(self) -> list[Any]:
        """Which rows are still somebody's."""
        own = [] if self.table in (cases, accounts.people) else [self.person.not_like(f"{ANONYMOUS}%")]
        return [*own, *self.only]


def _of(kind: str, table: sa.Table, person: str, day: str, stays: Mapping[str, Any] | None = None) -> Record:
    columns = table.c
    return Record(
        kind,
        table,
        columns[person],
        columns[day],
        case=columns.get("case"),
        stays=stays,
        written=columns["at"],
    )


_one, _cycle = appraisals.appraisals, appraisals.appraisal_cycles
_came, _training = training.training_records, training.trainings
_update, _meeting = meetings.meeting_updates, meetings.meetings
_read, _signed = notices.notice_readings, undertakings.undertakings
_listed = sa.exists().where(
    erasures.erased_rows.c.table_name == erasures.CASES,
    erasures.erased_rows.c.row_id == cases.c.id,
    erasures.erasures.c.id == erasures.erased_rows.c.erasure_id,
    # A number may be given again after a restore.
    erasures.erasures.c.at >= cases.c.started_at,
)
RECORDS: tuple[Record, ...] = (
    _of("attendance", attendance.attendance_exceptions, "person", "day", {"explanation": None}),
    _of("leave", leave.leaves, "person", "last_day", {"deputy": None}),
    _of("leave", leave.leave_entitlements, "person", "year"),
    # The proof itself is a file of its case.
    Record(
        "sick_notes", cases, accounts.people.c.public_id, cases.c.ended_at,
        cases.join(accounts.people, accounts.people.c.id == cases.c.subject_id), cases.c.public_id,
        only=(cases.c.process == "sick_note", cases.c.status.in_(_ENDED), ~_listed),
    ),
    Record(
        "appraisals", _one, _one.c.employee, _cycle.c.period, _one.join(_cycle), _one.c.case,
        dict.fromkeys(("evidence", "comment", "calibration_reason", "self_work", "self_ability", "self_attitude")),
        written=_one.c.at,
    ),
    Record(
        "payments", bonuses.bonuses, bonuses.bonuses.c.employee, _cycle.c.period,
        bonuses.bonuses.join(_one, _one.c.id == bonuses.bonuses.c.appraisal_id).join(_cycle), bonuses.bonuses.c.case,
        {}, written=bonuses.bonuses.c.at,
    ),
    _of("payments", awards.awards, "person", "at", {"title": "", "fact": ""}),
    _of("payments", expenses.expense_claims, "person", "spent_on", {"purpose": "", "receipts": None}),
    _of("wages", wages.wages, "person", "effective_from"),
    _of(
        "improvement", improvement.improvement_plans, "employee", "at",
        {"facts": "", **dict.fromkeys(("statement", "goals", "support", "outcome"))},
    ),
    _of("careers", careers.development_plans, "employee", "at"),
    _of("careers", careers.career_moves, "person", "at", {}),
    Record(
        "training", _came, _came.c.person, _training.c.held_on, _came.join(_training), _training.c.case,
        {"remark": None}, written=_training.c.at,
    ),
    _of("training", training.training_needs, "person", "year"),
    Record(
        "teamwork", _update, _update.c.person, _meeting.c.at, _update.join(_meeting), _meeting.c.case,
        written=_meeting.c.at,
    ),
    Record("teamwork", _read, _read.c.person, _read.c.read_at, written=_read.c.read_at),
    _of("teamwork", errands.errands, "doer", "at", {"assignment": "", "result": None}),
    Record("confidentiality", _signed, _signed.c.person, _signed.c.asked_at, written=_signed.c.asked_at),
    _of("confidentiality", exports.data_exports, "person", "at", {"purpose": ""}),
    _of("employment", employed.employments, "person", "at"),
    _of("employment", leavings.leavings, "person", "at", {"handover": None, "note": None}),
    Record(
        "employment", accounts.people, accounts.people.c.public_id, accounts.people.c.created_at,
        only=(accounts.people.c.active.is_(False), accounts.people.c.username.not_like(f"{employed.FORMER}%")),
    ),
)  # fmt: skip
BY_TABLE = {record.table.name: record for record in RECORDS}


def back(day: dt.date, months: int) -> dt.date:
    """The same day `months` earlier (later, if negative), or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def event_day(event: str, day: dt.date) -> dt.date:
    """From when the time of a record of this day is counted."""
    return dt.date(day.year, 12, 31) if event == "end_of_year" else day


def last_due(event: str, months: int, today: dt.date) -> dt.date:
    """Records up to this day are kept long enough: `months` after the event they are due by today."""
    until = back(today, months)
    if event == "end_of_year" and (until.month, until.day) != (12, 31):
        return dt.date(until.year - 1, 12, 31)
    return until


def up_to(record: Record, last: dt.date, zone: ZoneInfo) -> Any:
    """The records of no later day."""
    column, following = record.day, last + dt.timedelta(days=1)
    if isinstance(column.type, sa.Date):
        return column <= last
    if isinstance(column.type, sa.Integer):
        return column < following.year
    if isinstance(column.type, sa.String):
        return column < f"{following:%Y-%m}"
    return column < dt.datetime.combine(following, dt.time(), zone)


def day_of(value: Any, zone: ZoneInfo) -> dt.date:
    """The day of a record, as its column keeps it: of a year or month the last."""
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int):
        return dt.date(value, 12, 31)
    return appraisals.period_end(str(value))


def erase(tx: Transaction, rows: Mapping[str, Iterable[int]]) -> None:
    """Take these rows away, or whose they were and what was said. A tombstone that names them is underway.

    Of a case nothing is done here: its details go with the next purge."""
    for name, chosen in rows.items():
        ids = sorted(chosen)
        if name == accounts.people.name:
            _nobodys(tx, ids)
        elif name != erasures.CASES:
            record = BY_TABLE[name]
            which = record.table.c.id.in_(ids)
            if record.stays is None:
                tx.execute(sa.delete(record.table).where(which))
                continue
            nobody = sa.literal(ANONYMOUS) + sa.cast(record.table.c.id, sa.String)
            tx.execute(
                sa.update(record.table).where(which).values({record.person.name: nobody, **record.stays})
            )
            if record.table is _one:
                appeal = appraisals.appraisal_appeals
                said = sa.update(appeal).where(appeal.c.appraisal_id.in_(ids))
                tx.execute(said.values(reason="", decision=None))


def _nobodys(tx: Transaction, ids: list[int]) -> None:
    """Accounts that are nobody's any more: what their owners did still names them, and they name nobody."""
    people = accounts.people
    for row in tx.all(sa.select(people.c.id, people.c.names).where(people.c.id.in_(ids))):
        _untitle(tx, row)
    for table in (accounts.memberships, handbooks.acknowledgements, tokens.tokens):
        tx.execute(sa.delete(table).where(table.c.person_id.in_(ids)))
    username = sa.literal(employed.FORMER) + sa.cast(people.c.id, sa.String)
    emptied = {"names": _NOBODY, "password": None, "email": None, "epoch": people.c.epoch + 1}
    tx.execute(sa.update(people).where(people.c.id.in_(ids)).values(username=username, **emptied))


def _untitle(tx: Transaction, former: Any) -> None:
    """Titles of cases that were made of somebody's name (`name_of`) say what they would say by now: a former employee.

    A name counts where it stands by itself, as in a title that a diagram makes; within a sentence it is somebody's
    own words. Cases about somebody else who has the same name keep it."""
    names = sorted(set(former.names.values()), key=len, reverse=True)
    whole = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names))
    people, title = accounts.people, sa.type_coerce(cases.c.title, sa.Text)
    namesakes = {
        row.id
        for row in tx.all(sa.select(people.c.id, people.c.names).where(people.c.id != former.id))
        if set(row.names.values()) & set(names)
    }
    found = sa.or_(*(title.contains(values.dumps(name)[1:-1], autoescape=True) for name in names))
    for case in tx.all(sa.select(cases).where(found, cases.c.status != purges.PURGED)):
        told = {
            language: whole.sub(_NOBODY.get(language, _NOBODY["en"]), text) for language, text in case.title.items()
        }
        if told != case.title and case.subject_id not in namesakes:
            where = sa.update(cases).where(cases.c.id == case.id)
            tx.execute(where.values(title=told, version=cases.c.version + 1))
            search.index(tx, case.id, case.process, told, case.business_key, case.confidential)
