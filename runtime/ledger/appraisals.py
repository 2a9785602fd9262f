"""Monthly appraisals: a cycle a month, one appraisal a person, self-assessment, grade and appeal.

Dates follow from T, the month's last workday, by the version of rules/appraisal_terms.yaml that was in force
on the month's last day. Not here: how scores become a grade (rules/appraisal_grade.yaml), how grades are
published (calibration.py), who assesses (assessors.py), the bonus (bonuses.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime import i18n
from runtime.calendar import Calendar
from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import assessors, attendance, documents, employed
from runtime.ledger.inputs import Person, Score
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts, calendar
from runtime.store.db import Exact, Instant, Tagged, Transaction, metadata
from runtime.values import File

DEPARTMENT = ("manager", "supervisor", "specialist", "analyst")  # whose members are appraised
CLOSING_TIME = dt.time(18, 0)  # at the business place
GRADES = ("excellent", "good", "satisfactory", "unsatisfactory")

appraisal_cycles = sa.Table(
    "appraisal_cycles",
    metadata,
    *documents.columns(),
    sa.Column("period", sa.String(7), nullable=False, unique=True),  # 2026-11
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("closed_at", Instant),
    # False: opened before grades were calibrated, and ends as it began
    sa.Column("calibrated", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("gathered_at", Instant),  # when the whole cohort was first looked at; later ones are late
)

appraisals = sa.Table(
    "appraisals",
    metadata,
    *documents.columns(),
    sa.Column("cycle_id", sa.ForeignKey("appraisal_cycles.id"), nullable=False),
    sa.Column("employee", sa.String(32), nullable=False, index=True),
    sa.Column("superior", sa.String(32)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("self_work", Exact),  # scores 0 to 100, as are all below
    sa.Column("self_ability", Exact),
    sa.Column("self_attitude", Exact),
    sa.Column("evidence", Tagged),  # text, or list of files
    sa.Column("self_skipped", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("work", Exact),
    sa.Column("ability", Exact),
    sa.Column("attitude", Exact),
    sa.Column("comment", sa.Text),
    sa.Column("assessed_by", sa.String(32)),
    sa.Column("score", Exact),
    sa.Column("grade", sa.String(16)),
    sa.Column("proposed_grade", sa.String(16)),  # what rules made of the score, before calibration
    sa.Column("late_in_year", sa.Integer),  # lateness of the year that stood when the grade was proposed
    sa.Column("bar", sa.String(16)),  # none | lateness: what barred the top grade
    sa.Column("calibration_id", sa.ForeignKey("grade_calibrations.id")),
    sa.Column("calibration_reason", sa.Text),  # why calibration changed the proposal
    sa.Column("told_on", sa.Date),  # when human resources told the result to who had left; see leavers.py
    sa.Column("told_by", sa.String(32)),
    sa.UniqueConstraint("cycle_id", "employee"),
)

# A round of calibration of one unit: who looked at all of it, how many they were, how many could be excellent.
grade_calibrations = sa.Table(
    "grade_calibrations",
    metadata,
    *documents.columns(),
    sa.Column("cycle_id", sa.ForeignKey("appraisal_cycles.id"), nullable=False, index=True),
    sa.Column("unit", sa.String(16), nullable=False),  # department | managers
    sa.Column("calibrated_by", sa.String(32), nullable=False),
    sa.Column("head_count", sa.Integer, nullable=False),
    sa.Column("top_places", sa.Integer, nullable=False),
)

appraisal_appeals = sa.Table(
    "appraisal_appeals",
    metadata,
    *documents.columns(),
    sa.Column("appraisal_id", sa.ForeignKey("appraisals.id"), nullable=False, unique=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("grade_before", sa.String(16), nullable=False),
    sa.Column("outcome", sa.String(8)),  # uphold | change
    sa.Column("decided_by", sa.String(32)),
    sa.Column("decision", sa.Text),
    sa.Column("decided_at", Instant),
)

CYCLE_NEXT = {"open": {"closed"}}
# Until it is published a grade is proposed. An appeal that is granted goes back to assessed: scored and graded
# again, past calibration, and not appealed twice.
NEXT = {
    "open": {"self_assessed", "not_assessed"},
    "self_assessed": {"assessed"},
    "assessed": {"assessed", "proposed", "graded"},
    "proposed": {"proposed", "graded"},
    "graded": {"appealed", "settled"},
    "appealed": {"graded", "assessed"},
}


class NotAPeriod(Invalid):
    """A period is a year and a month, such as 2026-11: {period}"""

    code = "appraisal.not_a_period"


class CycleAlreadyOpen(Conflict):
    """The appraisal of {period} was started already."""

    code = "appraisal.already_open"


class CycleUnfinished(Conflict):
    """{count} appraisals of {period} are not settled yet."""

    code = "appraisal.unfinished"


class NoSuperior(Conflict):
    """{employee} has no superior who could assess them."""

    code = "appraisal.no_superior"


class AlreadyAppealed(Conflict):
    """This appraisal was appealed once already."""

    code = "appraisal.already_appealed"


class NotCalibrated(Conflict):
    """A grade is published by calibration, or by an appeal that was granted."""

    code = "appraisal.not_calibrated"


class NotImpartial(Conflict):
    """Neither the appraised person nor whoever assessed or calibrated them, or spoke for them, decides the appeal."""

    code = "appraisal.not_impartial"


class OwnAppraisal(Conflict):
    """Nobody assesses themselves here; the self-assessment is a step of its own."""

    code = "appraisal.own"


class NoSuchGrade(Invalid):
    """There is no grade {grade}. Grades are: {known}"""

    code = "appraisal.no_such_grade"


class Opened(TypedDict):
    cycle: str
    period: str
    appraisals: list[dict[str, Any]]


class Prepared(TypedDict):
    assessed: bool
    employee_left: bool
    employee: str
    employee_name: str
    superior: str
    period: str
    period_end: dt.date
    self_due: dt.datetime
    assess_due: dt.datetime
    appeal_workdays: int
    decide_workdays: int


class Recorded(TypedDict):
    late_in_year: int


class Graded(TypedDict):
    grade: str


@operation("appraisals.open_cycle", errors=("already_open",))
def open_cycle(call: Call, period: str | None = None) -> Opened:
    """Open the appraisal of a month (default: this one) for everybody in the department now, and for who was in it
    when they left, on or after its first day.

    `appraisals` has appraisal and employee of each. BPMN error: already_open."""
    tx = call.tx
    period = period or f"{call.today:%Y-%m}"
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", period):
        raise NotAPeriod(period=period)
    if tx.scalar(sa.select(appraisal_cycles.c.id).where(appraisal_cycles.c.period == period)) is not None:
        raise refuse("already_open", CycleAlreadyOpen(period=period))
    cycle = public_id()
    cycle_id = documents.add(
        tx, appraisal_cycles, public_id=cycle, case=call.case, at=call.now, period=period, state="open", calibrated=True
    )
    organisation = accounts.organisation(tx)
    people = dict.fromkeys(person for group in DEPARTMENT for person in organisation.members(group))
    people |= dict.fromkeys(_leavers(tx, organisation, period))
    opened = [{"appraisal": public_id(), "employee": person} for person in people]
    tx.insert(
        appraisals,
        [
            {
                "public_id": one["appraisal"],
                "case": call.case,
                "at": call.now,
                "cycle_id": cycle_id,
                "employee": one["employee"],
                "superior": organisation.superior(one["employee"]),
                "state": "open",
            }
            for one in opened
        ],
    )
    return {"cycle": cycle, "period": period, "appraisals": opened}


@operation("appraisals.prepare", errors=("no_superior",))
def prepare(call: Call, appraisal: str) -> Prepared:
    """Who is appraised by whom until when: due moments in UTC, the superior as the terms choose them.

    Not `assessed`: employed for too short a part of the month; nobody scores them, and it is over.
    `employee_left`: they have no account any more, so they are not asked. BPMN error: no_superior."""
    tx = call.tx
    row = documents.get(tx, appraisals, appraisal)
    documents.require_state(row, "open")
    organisation = accounts.organisation(tx)
    name = name_of(organisation, row.employee)
    period = period_of(tx, row)
    first, end = month_of(period)
    span = employed.known(tx, row.employee)
    terms = call.decide(
        "appraisal_terms", {"employed_days": employed.days_employed(span, first, end)}, end
    )
    choice: assessors.Choice = "last" if terms["assessor"] == "last" else "longest"
    begun, ended = employed.within(span, first, max(first, min(end, call.today)))
    under = (begun, ended) if begun <= ended else (first, first)
    superior = assessors.assessor(tx, organisation, row.employee, under, choice, call.zone)
    if superior is None:
        raise refuse("no_superior", NoSuperior(employee=name))
    assessed = bool(terms["assessed"])
    if assessed:
        tx.execute(sa.update(appraisals).where(appraisals.c.id == row.id).values(superior=superior))
    else:
        documents.change(tx, appraisals, row, "not_assessed", NEXT, superior=superior)
    days = calendar.load(tx)
    return {
        "assessed": assessed,
        "employee_left": has_left(organisation, row.employee),
        "employee": row.employee,
        "employee_name": name,
        "superior": superior,
        "period": period,
        "period_end": end,
        "self_due": due(days, period, int(str(terms["self_days"])), call),
        "assess_due": due(days, period, int(str(terms["assess_days"])), call),
        "appeal_workdays": int(str(terms["appeal_days"])),
        "decide_workdays": int(str(terms["decide_days"])),
    }


@operation("appraisals.record_self")
def record_self(
    call: Call,
    appraisal: str,
    work: Score,
    ability: Score,
    attitude: Score,
    evidence: str | list[File] | None = None,
) -> None:
    """Keep the person's own scores."""
    row = documents.get(call.tx, appraisals, appraisal)
    documents.change(
        call.tx,
        appraisals,
        row,
        "self_assessed",
        NEXT,
        self_work=work,
        self_ability=ability,
        self_attitude=attitude,
        evidence=evidence,
    )


@operation("appraisals.skip_self")
def skip_self(call: Call, appraisal: str) -> None:
    """Go on without the person's own scores, and mark it so."""
    row = documents.get(call.tx, appraisals, appraisal)
    documents.change(call.tx, appraisals, row, "self_assessed", NEXT, self_skipped=True)


@operation("appraisals.record_assessment", errors=("same_person",))
def record_assessment(
    call: Call,
    appraisal: str,
    work: Score,
    ability: Score,
    attitude: Score,
    by: Person,
    comment: str | None = None,
) -> Recorded:
    """Keep the superior's scores, or those of a granted appeal; and how often they were late this year.

    BPMN error: same_person."""
    row = documents.get(call.tx, appraisals, appraisal)
    if by == row.employee:
        raise refuse("same_person", OwnAppraisal())
    documents.change(
        call.tx,
        appraisals,
        row,
        "assessed",
        NEXT,
        work=work,
        ability=ability,
        attitude=attitude,
        comment=comment,
        assessed_by=by,
    )
    return {"late_in_year": late_in_year(call.tx, row)}


@operation("appraisals.record_grade")
def record_grade(
    call: Call, appraisal: str, score: Score, grade: str, bar: Literal["none", "lateness"] = "none"
) -> None:
    """Keep what the rule made of the scores of a granted appeal. Raises NotCalibrated."""
    tx = call.tx
    check_grade(grade)
    row = documents.get(tx, appraisals, appraisal)
    granted = sa.select(appraisal_appeals.c.id).where(
        appraisal_appeals.c.appraisal_id == row.id, appraisal_appeals.c.outcome == "change"
    )
    calibrated = sa.select(appraisal_cycles.c.calibrated).where(appraisal_cycles.c.id == row.cycle_id)
    if tx.scalar(calibrated) and tx.scalar(granted) is None:
        raise NotCalibrated()
    documents.change(tx, appraisals, row, "graded", NEXT, score=score, grade=grade, bar=bar)


@operation("appraisals.record_appeal")
def record_appeal(call: Call, appraisal: str, reason: str) -> None:
    """The person does not accept the grade; possible once."""
    tx = call.tx
    row = documents.get(tx, appraisals, appraisal)
    which = appraisal_appeals.c.appraisal_id == row.id
    if tx.scalar(sa.select(appraisal_appeals.c.id).where(which)) is not None:
        raise AlreadyAppealed()
    documents.change(tx, appraisals, row, "appealed", NEXT)
    documents.add(
        tx,
        appraisal_appeals,
        public_id=public_id(),
        case=call.case,
        at=call.now,
        appraisal_id=row.id,
        reason=reason,
        grade_before=row.grade,
    )


@operation("appraisals.decide_appeal", errors=("same_person",))
def decide_appeal(
    call: Call, appraisal: str, outcome: Literal["uphold", "change"], by: Person, reason: str
) -> None:
    """uphold: the grade stays · change: it is to be scored or graded again.

    BPMN error: same_person, if the person decides, or who assessed or calibrated them, or spoke for them."""
    tx = call.tx
    row = documents.get(tx, appraisals, appraisal)
    if by in (row.employee, row.superior, row.assessed_by, row.told_by, calibrator_of(tx, row)):
        raise refuse("same_person", NotImpartial())
    documents.change(tx, appraisals, row, "graded" if outcome == "uphold" else "assessed", NEXT)
    tx.execute(
        sa.update(appraisal_appeals)
        .where(appraisal_appeals.c.appraisal_id == row.id)
        .values(outcome=outcome, decided_by=by, decision=reason, decided_at=call.now)
    )


@operation("appraisals.settle")
def settle(call: Call, appraisal: str) -> Graded:
    """The grade stands; no appeal is open.

    An excellent one sends excellent_graded, an unsatisfactory one improvement_due, each with the
    appraisal as key, to whoever follows it up; nothing is followed up with who has left."""
    row = documents.get(call.tx, appraisals, appraisal)
    documents.change(call.tx, appraisals, row, "settled", NEXT)
    follow_up = {"excellent": "excellent_graded", "unsatisfactory": "improvement_due"}.get(row.grade)
    if follow_up is not None and not has_left(accounts.organisation(call.tx), row.employee):
        period = period_of(call.tx, row)
        call.send(follow_up, appraisal, {"appraisal": appraisal, "employee": row.employee, "period": period})
    return {"grade": row.grade}


@operation("appraisals.close_cycle")
def close_cycle(call: Call, cycle: str) -> None:
    """End a month of which every appraisal is settled, or was none. Raises CycleUnfinished."""
    tx = call.tx
    row = documents.get(tx, appraisal_cycles, cycle)
    unfinished = tx.scalar(
        sa.select(sa.func.count())
        .select_from(appraisals)
        .where(appraisals.c.cycle_id == row.id, appraisals.c.state.not_in(("settled", "not_assessed")))
    )
    if unfinished:
        raise CycleUnfinished(count=unfinished, period=row.period)
    documents.change(tx, appraisal_cycles, row, "closed", CYCLE_NEXT, closed_at=call.now)


def name_of(organisation: accounts.Organisation, person: str) -> str:
    """A person's name in the default language; their id when they are not known."""
    row = organisation.by_public_id.get(person)
    names: Mapping[str, str] = row.names if row is not None else {}
    return i18n.label(i18n.DEFAULT, dict(names), person)


def has_left(organisation: accounts.Organisation, person: str) -> bool:
    """Whether their account has ended: they can be asked and told nothing here."""
    row = organisation.by_public_id.get(person)
    return row is None or not row.active


def _leavers(tx: Transaction, organisation: accounts.Organisation, period: str) -> list[str]:
    """Who was in the department when they left, and worked at least a day of the month."""
    first, end = month_of(period)
    return [
        person
        for person in employed.left_since(tx, first)
        if has_left(organisation, person)
        and any(organisation.belongs(person, group) for group in DEPARTMENT)
        and employed.days_employed(employed.known(tx, person), first, end)
    ]


def period_of(tx: Transaction, appraisal: Any) -> str:
    return str(
        tx.scalar(sa.select(appraisal_cycles.c.period).where(appraisal_cycles.c.id == appraisal.cycle_id))
    )


def calibrator_of(tx: Transaction, appraisal: Any) -> str | None:
    """Who calibrated the grade, if it was."""
    found: str | None = tx.scalar(
        sa.select(grade_calibrations.c.calibrated_by).where(grade_calibrations.c.id == appraisal.calibration_id)
    )
    return found


def late_in_year(tx: Transaction, appraisal: Any) -> int:
    """How often lateness stands against the person from New Year to the end of the appraisal's month."""
    end = period_end(period_of(tx, appraisal))
    return attendance.counted(tx, appraisal.employee, end.replace(month=1, day=1), end)["late"]


def check_grade(grade: str) -> None:
    """Raises NoSuchGrade."""
    if grade not in GRADES:
        raise NoSuchGrade(grade=grade, known=", ".join(GRADES))


def month_of(period: str) -> tuple[dt.date, dt.date]:
    """First and last day."""
    first = dt.date(int(period[:4]), int(period[5:]), 1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def period_end(period: str) -> dt.date:
    """The last day of the month."""
    return month_of(period)[1]


def due(days: Calendar, period: str, workdays: int, call: Call) -> dt.datetime:
    """So many workdays after the month's last one, at closing time, in UTC."""
    # A cycle that was started late leaves people as much time as one that was not.
    start = max(days.last_workday_of_month(int(period[:4]), int(period[5:])), call.today)
    return days.moment(days.workday_after(start, workdays), CLOSING_TIME, call.zone)
