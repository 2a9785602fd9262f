"""Attendance: exceptions imported from whatever records hours, explained by the person, judged by another.

An exception stands until somebody else excuses it; appraisals count those that stand. Nothing is taken
from a wage. Not here: from how many minutes on it counts (rules/lateness.yaml), leave (leave.py)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.inputs import Person
from runtime.ledger.opening import FileGone
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts, files
from runtime.store.db import Instant, Transaction, metadata
from runtime.values import File

Kind = Literal["late", "early", "absent", "no_record"]
KINDS = ("late", "early", "absent", "no_record")
# As a file may call them: by code, or as the forms do.
CALLED = {
    **{kind: kind for kind in KINDS},
    "迟到": "late", "遲到": "late", "早退": "early", "缺勤": "absent", "缺卡": "no_record",
}  # fmt: skip
MOST_ROWS = 500  # exceptions of one import
MOST_LINES = 5_000  # of a file, with those that say nothing new
HALF_DAY = 240  # minutes

attendance_exceptions = sa.Table(
    "attendance_exceptions",
    metadata,
    *documents.columns(),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("counts_as", sa.String(16), nullable=False),  # nothing | late | absence
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("imported_by", sa.String(32), nullable=False),
    sa.Column("explanation", sa.Text),
    sa.Column("decided_by", sa.String(32)),
    sa.Column("decided_at", Instant),
    sa.UniqueConstraint("person", "day", "kind"),
)

NEXT = {"stands": {"stands", "excused"}}


class NotAnException(Invalid):
    """Line {line}: {text} is not person, day, kind (late, early, absent, no_record) and minutes."""

    code = "attendance.not_an_exception"


class NotYet(Invalid):
    """Line {line}: {day} has not come yet."""

    code = "attendance.not_yet"


class NobodyOfThatName(Invalid):
    """Line {line}: there is nobody of the name {name}."""

    code = "attendance.nobody"


class NothingImported(Invalid):
    """There is no exception in what was handed in."""

    code = "attendance.nothing"


class TooMany(Invalid):
    """{count} lines at once, of which {most} are taken: import them in parts, a shorter time each."""

    code = "attendance.too_many"


class NothingToExplain(Conflict):
    """In this time nothing stands against you."""

    code = "attendance.nothing_to_explain"


class DaysBackwards(Invalid):
    """The last day lies before the first, so there is nothing to explain. Ask again with other days."""

    code = "attendance.days_backwards"


class OwnAttendance(Conflict):
    """Nobody judges their own attendance."""

    code = "attendance.own"


class ExceptionRow(TypedDict):
    person: Person
    day: dt.date
    kind: Kind
    minutes: int


class JudgedRow(TypedDict):
    exception: str
    excused: bool


class Read(TypedDict):
    rows: list[dict[str, Any]]
    count: int
    problems: str


class Imported(TypedDict):
    people: list[dict[str, Any]]
    entered: int


class Listed(TypedDict):
    exceptions: list[dict[str, Any]]


@operation("attendance.read_import", errors=("bad_import",))
def read_import(call: Call, file: File | None = None, lines: list[ExceptionRow] | None = None) -> Read:
    """What a file (CSV: sign-in name, day, kind, minutes; a first row of headings is passed over) and typed lines
    would enter; nothing is entered yet.

    `problems`: one sentence a line that is left out. BPMN error: bad_import, if nothing is left, or too much for
    one import."""
    found: dict[tuple[str, dt.date, str], dict[str, Any]] = {}
    problems: list[str] = []
    for line in lines or ():
        found[line["person"], line["day"], line["kind"]] = dict(line)
    for number, row in enumerate(_lines(call, file), 1) if file is not None else ():
        if number == 1 and not any(sign.isdigit() for sign in "".join(row)):
            continue  # headings
        try:
            read = _read(call, number, row)
        except Invalid as error:
            problems.append(str(refuse("bad_import", error).message))
            continue
        found[read["person"], read["day"], read["kind"]] = read
    if not found:
        raise refuse("bad_import", NothingImported())
    if len(found) > MOST_ROWS:
        raise refuse("bad_import", TooMany(count=len(found), most=MOST_ROWS))
    return {"rows": list(found.values()), "count": len(found), "problems": "\n".join(problems)}


@operation("attendance.record", errors=("rule_refused",))
def record(call: Call, lines: list[ExceptionRow], by: Person) -> Imported:
    """Enter exceptions; one that is known already (person, day, kind) is not entered again.

    `people`: each person who has new ones, with how many."""
    table, tx = attendance_exceptions, call.tx
    counts: dict[str, int] = {}
    for line in lines:
        known = sa.select(table.c.id).where(
            table.c.person == line["person"], table.c.day == line["day"], table.c.kind == line["kind"]
        )
        if tx.scalar(known) is not None:
            continue
        judged = call.decide("lateness", {"kind": line["kind"], "minutes": line["minutes"]}, line["day"])
        documents.add(
            tx,
            table,
            public_id=public_id(),
            case=call.case,
            at=call.now,
            state="stands",
            counts_as=judged["counts_as"],
            imported_by=by,
            **line,
        )
        counts[line["person"]] = counts.get(line["person"], 0) + 1
    people = [{"person": person, "count": count} for person, count in counts.items()]
    return {"people": people, "entered": sum(counts.values())}


@operation("attendance.standing", errors=("nothing_to_explain",))
def standing(call: Call, person: Person, first: dt.date, last: dt.date) -> Listed:
    """What stands against a person between two days: exception, day, kind, minutes of each.

    BPMN error: nothing_to_explain, also where the last day lies before the first."""
    if last < first:
        raise refuse("nothing_to_explain", DaysBackwards())
    table = attendance_exceptions
    rows = call.tx.all(
        sa.select(table)
        .where(table.c.person == person, table.c.day.between(first, last), table.c.state == "stands")
        .order_by(table.c.day, table.c.id)
    )
    if not rows:
        raise refuse("nothing_to_explain", NothingToExplain())
    return {
        "exceptions": [
            {"exception": row.public_id, "day": row.day, "kind": row.kind, "minutes": row.minutes}
            for row in rows
        ]
    }


@operation("attendance.judge", errors=("same_person",))
def judge(call: Call, lines: list[JudgedRow], by: Person) -> None:
    """Excuse exceptions, or let them stand; one that was excused meanwhile stays so, whoever judged it.

    BPMN error: same_person, if one's own are among them."""
    for line in lines:
        row = documents.get(call.tx, attendance_exceptions, line["exception"])
        if by == row.person:
            raise refuse("same_person", OwnAttendance())
        if row.state == "excused":
            continue
        state = "excused" if line["excused"] else "stands"
        documents.change(call.tx, attendance_exceptions, row, state, NEXT, decided_by=by, decided_at=call.now)


def counted(tx: Transaction, person: str, first: dt.date, last: dt.date) -> dict[str, int]:
    """How often what stands counts as lateness and as absence between two days."""
    table = attendance_exceptions
    rows = tx.all(
        sa.select(table.c.counts_as, sa.func.count().label("times"))
        .where(table.c.person == person, table.c.day.between(first, last), table.c.state == "stands")
        .group_by(table.c.counts_as)
    )
    found = {row.counts_as: int(row.times) for row in rows}
    return {"late": found.get("late", 0), "absence": found.get("absence", 0)}


def absent_halves(tx: Transaction, person: str, first: dt.date, last: dt.date) -> dict[dt.date, int]:
    """Day → half days of absence that stands between two days: one for up to four hours and for whoever came
    late or left early, else two."""
    table = attendance_exceptions
    rows = tx.all(
        sa.select(table.c.day, table.c.kind, table.c.minutes).where(
            table.c.person == person,
            table.c.day.between(first, last),
            table.c.state == "stands",
            table.c.counts_as == "absence",
        )
    )
    found: dict[dt.date, int] = {}
    for row in rows:
        whole = row.kind == "absent" and not 0 < row.minutes <= HALF_DAY
        found[row.day] = min(2, found.get(row.day, 0) + (2 if whole else 1))
    return found


def _lines(call: Call, file: File) -> list[list[str]]:
    kept = files.content(call.tx, file.sha256)
    if kept is None:
        raise FileGone(file=file.name)
    text = bytes(kept.content).decode("utf-8-sig", errors="replace")
    rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    if len(rows) > MOST_LINES:
        raise refuse("bad_import", TooMany(count=len(rows), most=MOST_LINES))
    return rows


def _read(call: Call, number: int, row: list[str]) -> dict[str, Any]:
    """Raises NotAnException, NotYet, NobodyOfThatName."""
    cells = [cell.strip() for cell in row]
    try:
        username, day, minutes = cells[0], dt.date.fromisoformat(cells[1]), Decimal(cells[3])
    except (IndexError, ValueError, ArithmeticError):
        raise NotAnException(line=number, text=",".join(cells)[:80]) from None
    kind = CALLED.get(cells[2])
    if kind is None or minutes != minutes.to_integral_value() or not 0 <= minutes <= 1440:
        raise NotAnException(line=number, text=",".join(cells)[:80])
    if day > call.today:
        raise NotYet(line=number, day=day)
    person = accounts.find(call.tx, username=username)
    if person is None:
        raise NobodyOfThatName(line=number, name=username[:64])
    return {"person": person.public_id, "day": day, "kind": kind, "minutes": int(minutes)}
