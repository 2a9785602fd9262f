"""Calibration: the whole cohort of a month is looked at before anybody's grade is published.

A grade is proposed by the rules, settled for each unit by whoever decides above it, within the places of the
top grade, and published when all units are settled. Nobody settles a unit that they are in. Who was not
assessed in time is calibrated when they are, with what was published already taken off the places; a granted
appeal is graded past it. Not here: how many places there are (rules/grade_cap.yaml), scores (appraisals.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import approvers, assessors, documents, leave
from runtime.ledger.appraisals import (
    GRADES,
    NEXT,
    appraisal_appeals,
    appraisal_cycles,
    appraisals,
    check_grade,
    due,
    grade_calibrations,
    has_left,
    name_of,
    period_end,
)
from runtime.ledger.inputs import Person, Score
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts, calendar
from runtime.store.db import Transaction

TOP = GRADES[0]
UNASSESSED = ("open", "self_assessed", "assessed")
PUBLISHED = ("graded", "appealed", "settled")
Unit = Literal["department", "managers"]


class OwnCalibration(Conflict):
    """Nobody calibrates a unit that they are in."""

    code = "calibration.own"


class CohortChanged(Conflict):
    """The grades to be settled are not those of this unit any more."""

    code = "calibration.changed"


class NoCalibrationReason(Invalid):
    """Say why the grade of {employee} is changed."""

    code = "calibration.no_reason"


class TooManySteps(Invalid):
    """Calibration moves a grade by {most} at most: {employee}."""

    code = "calibration.too_many_steps"


class TopGradeBarred(Conflict):
    """{employee} was late {count} times this year and cannot be excellent."""

    code = "calibration.barred"


class BeyondPlaces(Conflict):
    """{places} of {people} may be excellent, and {wanted} would be. Settle the others' grades with a reason."""

    code = "calibration.beyond_places"


class CalibratedRow(TypedDict):
    """`reason`: needed where the grade is not the proposed one."""

    appraisal: str
    grade: str
    reason: NotRequired[str | None]


class Opened(TypedDict):
    period: str
    calibrate_from: dt.datetime


class Cohort(TypedDict):
    units: list[dict[str, Any]]
    period: str
    calibrate_days: int
    outstanding: bool


class Published(TypedDict):
    published: int


@operation("appraisals.propose_grade")
def propose_grade(
    call: Call,
    appraisal: str,
    score: Score,
    grade: str,
    late_in_year: int,
    bar: Literal["none", "lateness"] = "none",
) -> None:
    """Keep the score and the grade that the rules give; nobody is told before calibration.

    calibration_ready is sent with the cycle as key when it is the last of its month; or, once the month's cohort
    was looked at, when no other waits for calibration, which will come to this one by itself."""
    check_grade(grade)
    tx = call.tx
    # The cycle first, as calibration holds it: of two that are proposed at once one must know of the other.
    of = sa.select(appraisals.c.cycle_id).where(appraisals.c.public_id == appraisal).scalar_subquery()
    [cycle] = tx.all(sa.select(appraisal_cycles).where(appraisal_cycles.c.id == of).with_for_update())
    row = documents.get(tx, appraisals, appraisal)
    kept = {"score": score, "proposed_grade": grade, "late_in_year": late_in_year, "bar": bar}
    documents.change(tx, appraisals, row, "proposed", NEXT, **kept)
    if cycle.gathered_at is None:
        ready = not _count(tx, cycle.id, UNASSESSED)
    else:
        ready = _count(tx, cycle.id, ("proposed",)) == 1
    if ready:
        call.send("calibration_ready", cycle.public_id, {})


@operation("appraisals.open_calibration")
def open_calibration(call: Call, cycle: str) -> Opened:
    """From when on the cohort is calibrated even if somebody is not assessed yet: the end of the assessments."""
    row = documents.get(call.tx, appraisal_cycles, cycle)
    terms = _terms(call, row.period)
    days = calendar.load(call.tx)
    moment = due(days, row.period, int(str(terms["assess_days"])), call)
    return {"period": row.period, "calibrate_from": moment}


@operation("appraisals.cohort")
def cohort(call: Call, cycle: str) -> Cohort:
    """Everybody whose grade is proposed, by unit, with the places of the top grade that are left in it.

    A unit has unit, calibrator (None: nobody is above it; for one who is on leave today their deputy, unless in the
    unit or an assessor of it), next_calibrator (the superior after that one), people, head_count, top_places,
    top_taken, lines (appraisal, employee, score, proposed_grade, grade, late_in_year, bar, reason of each) and
    others: the grades of the other units, for a calibrator who is in none of them, and those of this one that are
    published already. `outstanding`: somebody is not assessed yet."""
    tx = call.tx
    found = documents.get(tx, appraisal_cycles, cycle)
    tx.execute(
        sa.update(appraisal_cycles)
        .where(appraisal_cycles.c.id == found.id)
        .values(gathered_at=sa.func.coalesce(appraisal_cycles.c.gathered_at, call.now))
    )
    organisation = accounts.organisation(tx)
    rows = _members(tx, found.id)
    units = [
        _unit(call, organisation, found.period, rows, unit)
        for unit in ("department", "managers")
        if any(row.state == "proposed" and _unit_of(organisation, row.employee) == unit for row in rows)
    ]
    appraised = {row.employee for row in rows}
    for unit in units:
        seen = unit["calibrator"] is not None and unit["calibrator"] not in appraised
        unit["others"] = [
            *(
                {"employee": line["employee"], "score": line["score"], "grade": line["proposed_grade"]}
                for other in units
                if seen and other is not unit
                for line in other["lines"]
            ),
            *(
                {"employee": row.employee, "score": row.score, "grade": row.grade}
                for row in rows
                if row.state in PUBLISHED and row.employee in unit["people"]
            ),
        ]
    return {
        "units": units,
        "period": found.period,
        "calibrate_days": int(str(_terms(call, found.period)["calibrate_days"])),
        "outstanding": bool(_count(tx, found.id, UNASSESSED)),
    }


@operation("appraisals.calibrate", errors=("same_person", "bad_calibration"))
def calibrate(call: Call, cycle: str, unit: Unit, lines: list[CalibratedRow], by: Person) -> None:
    """Settle the grades of a unit; the scores stay, and nothing is published yet.

    BPMN errors: same_person, if `by` is in the unit; bad_calibration, when a change has no reason or is too
    large, somebody is barred from the top grade, or more are excellent than there are places."""
    tx = call.tx
    found = documents.get(tx, appraisal_cycles, cycle)
    organisation = accounts.organisation(tx)
    members = [row for row in _members(tx, found.id) if _unit_of(organisation, row.employee) == unit]
    if any(row.employee == by for row in members):
        raise refuse("same_person", OwnCalibration())
    asked = {line["appraisal"]: line for line in lines}
    open_ = {row.public_id: row for row in members if row.state == "proposed" and row.calibration_id is None}
    if len(asked) != len(lines) or not asked.keys() <= open_.keys():
        raise refuse("bad_calibration", CohortChanged())
    cap = call.decide("grade_cap", {"head_count": len(members)}, period_end(found.period))
    most, places = int(str(cap["most_steps"])), int(str(cap["top_places"]))
    for key, line in asked.items():
        _check(open_[key], line, most, name_of(organisation, open_[key].employee))
    wanted = sum(line["grade"] == TOP for line in asked.values())
    if wanted and wanted + _taken(members) > places:
        raise refuse(
            "bad_calibration",
            BeyondPlaces(places=places, people=len(members), wanted=wanted + _taken(members)),
        )
    calibration = documents.add(
        tx,
        grade_calibrations,
        public_id=public_id(),
        case=call.case,
        at=call.now,
        cycle_id=found.id,
        unit=unit,
        calibrated_by=by,
        head_count=len(members),
        top_places=places,
    )
    settled = [
        {
            "row_id": open_[key].id,
            "to_grade": line["grade"],
            "to_reason": line.get("reason") if line["grade"] != open_[key].proposed_grade else None,
        }
        for key, line in asked.items()
    ]
    tx.execute(
        sa.update(appraisals)
        .where(appraisals.c.id == sa.bindparam("row_id"))
        .values(
            grade=sa.bindparam("to_grade"),
            calibration_reason=sa.bindparam("to_reason"),
            calibration_id=calibration,
        ),
        settled,
    )


@operation("appraisals.publish")
def publish(call: Call, cycle: str) -> Published:
    """Tell everybody whose grade was settled: grade_published is sent with the appraisal as key, and says of who
    has left that they have (`employee_left`)."""
    tx = call.tx
    found = documents.get(tx, appraisal_cycles, cycle)
    rows = [
        row for row in _members(tx, found.id) if row.state == "proposed" and row.calibration_id is not None
    ]
    tx.execute(
        sa.update(appraisals).where(appraisals.c.id.in_([row.id for row in rows])).values(state="graded")
    )
    organisation = accounts.organisation(tx)
    for row in rows:
        told = {"grade": row.grade, "calibration_reason": row.calibration_reason}
        told |= {"calibrated_by": row.calibrated_by, "published": True}
        told |= {"employee_left": has_left(organisation, row.employee)}
        call.send("grade_published", row.public_id, told)
    return {"published": len(rows)}


def _terms(call: Call, period: str) -> Any:
    return call.decide("appraisal_terms", {"employed_days": 31}, period_end(period))


def _members(tx: Transaction, cycle_id: int) -> Sequence[Any]:
    """Everybody who is appraised in the cycle, held until the transaction ends; with `outcome` of an appeal
    and `calibrated_by`."""
    return tx.all(
        sa.select(appraisals, appraisal_appeals.c.outcome, grade_calibrations.c.calibrated_by)
        .outerjoin(grade_calibrations, grade_calibrations.c.id == appraisals.c.calibration_id)
        .outerjoin(appraisal_appeals, appraisal_appeals.c.appraisal_id == appraisals.c.id)
        .where(appraisals.c.cycle_id == cycle_id, appraisals.c.state != "not_assessed")
        .order_by(appraisals.c.id)
        .with_for_update(of=appraisals)
    )


def _count(tx: Transaction, cycle_id: int, states: Sequence[str]) -> int:
    query = sa.select(sa.func.count()).where(
        appraisals.c.cycle_id == cycle_id, appraisals.c.state.in_(states)
    )
    return int(tx.scalar(query) or 0)


def _unit_of(organisation: accounts.Organisation, employee: str) -> Unit:
    """Managers are not weighed against those whom they calibrate."""
    return "managers" if organisation.belongs(employee, "manager") else "department"


def _taken(members: Sequence[Any]) -> int:
    """Places of the top grade that calibration has given away already. What a granted appeal gives takes none:
    nobody who was told a grade loses it to somebody else's right."""
    return sum(
        row.calibration_id is not None and row.grade == TOP and row.outcome != "change" for row in members
    )


def _unit(
    call: Call, organisation: accounts.Organisation, period: str, rows: Sequence[Any], unit: Unit
) -> dict[str, Any]:
    members = [row for row in rows if _unit_of(organisation, row.employee) == unit]
    people = [row.employee for row in members]
    cap = call.decide("grade_cap", {"head_count": len(members)}, period_end(period))
    lines = [
        {
            "appraisal": row.public_id,
            "employee": row.employee,
            "score": row.score,
            "proposed_grade": row.proposed_grade,
            "late_in_year": row.late_in_year,
            "bar": row.bar,
            "grade": row.proposed_grade,
            "reason": "",
        }
        for row in sorted(members, key=lambda row: -(row.score or 0))
        if row.state == "proposed" and row.calibration_id is None
    ]
    calibrator, above = _calibrators(call, organisation, members)
    return {
        "unit": unit,
        "calibrator": calibrator,
        "next_calibrator": above,
        "people": people,
        "head_count": len(members),
        "top_places": int(str(cap["top_places"])),
        "top_taken": _taken(members),
        "lines": lines,
    }


def _calibrators(
    call: Call, organisation: accounts.Organisation, members: Sequence[Any]
) -> tuple[str | None, str | None]:
    """Who decides above the unit and is not in it, or their deputy; and who is next above."""
    people = [row.employee for row in members]
    line = [each for each in assessors.above(organisation, people[0]) if each not in people]
    assessed = {row.assessed_by for row in members if row.assessed_by}
    chosen = approvers.asked(organisation, line, {*people, *assessed}, leave.away(call.tx, call.today))
    if chosen is None:
        return None, None
    above = line[line.index(chosen[1] or chosen[0]) + 1 :]
    return chosen[0], above[0] if above else None


def _check(row: Any, line: CalibratedRow, most: int, name: str) -> None:
    """BPMN error: bad_calibration."""
    grade = line["grade"]
    check_grade(grade)
    if grade == row.proposed_grade:
        return
    if not (line.get("reason") or "").strip():
        raise refuse("bad_calibration", NoCalibrationReason(employee=name))
    if grade == TOP and row.bar not in (None, "none"):
        raise refuse("bad_calibration", TopGradeBarred(employee=name, count=row.late_in_year))
    if abs(GRADES.index(grade) - GRADES.index(row.proposed_grade)) > most:
        raise refuse("bad_calibration", TooManySteps(employee=name, most=most))
