"""Reports on people in groups: grades of appraisals, trainings with their results; and on each of one's own team.

A group of fewer than five, or one in which all are alike, tells of each in it: it is told to human resources
and to whoever is above everybody in it, and to nobody else. One by one only they see people.
Not here: what an appraisal says, which only its case shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime import access, household
from runtime.ledger import appraisals, careers, training
from runtime.ledger import improvement as improving
from runtime.queries.reports.shape import FEWEST, Ask, Chart, Column, Report, Row, rounded, share
from runtime.queries.reports.words import SENTENCES


def _among(ask: Ask, person: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whose figures the reader may be told at all: everybody's, or those of who is below them."""
    if {"any", "department"} & access.granted(ask.actor, "read", "people_report").keys():
        return sa.true()
    people = household.organisation(ask.tx).by_id
    return person.in_(sorted(people[each].public_id for each in ask.actor.subordinates))


def tells(ask: Ask, group: Collection[str], alike: bool = False) -> bool:
    """Whether the reader may know figures of these people (public ids) together; `alike`: the figures are
    the same for each, so that they tell of everybody however many there are."""
    if "any" in access.granted(ask.actor, "read", "people_report") or (len(group) >= FEWEST and not alike):
        return True
    known = household.organisation(ask.tx).by_public_id
    # Whoever reads knows their own.
    theirs = {*ask.actor.subordinates, ask.actor.id}
    return all(person in known and known[person].id in theirs for person in group)


def appraisal_grades(ask: Ask) -> Report:
    """Month by month how many settled appraisals had which grade."""
    months = ask.period.months()
    one, cycle = appraisals.appraisals.c, appraisals.appraisal_cycles.c
    by: dict[str, list[Any]] = defaultdict(list)
    for row in ask.tx.all(
        sa.select(cycle.period, one.employee, one.grade, one.case)
        .join(appraisals.appraisal_cycles, cycle.id == one.cycle_id)
        .where(_among(ask, one.employee))
        .where(one.state == "settled", cycle.period >= months[0], cycle.period <= months[-1])
    ):
        by[row.period].append(row)
    linked = ask.cases({month: [row.case for row in got] for month, got in by.items()})
    rows = []
    for month in months:
        people = {row.employee for row in by[month]}
        grades = Counter(row.grade for row in by[month])
        told = tells(ask, people, alike=len(grades) == 1)
        cells: dict[str, Any] = {grade: grades[grade] if told else None for grade in appraisals.GRADES}
        rows.append(Row({"month": month, **cells}, linked.get(month, ()) if told else (), hidden=not told))
    columns = [
        Column("month", "Month"),
        Column("excellent", "Excellent", "number"),
        Column("good", "Good", "number"),
        Column("satisfactory", "Satisfactory", "number"),
        Column("unsatisfactory", "Unsatisfactory", "number"),
    ]
    return Report(
        columns,
        rows,
        Chart("stacked", "month", appraisals.GRADES),
        "Settled appraisals. Groups of fewer than five people, or all of one grade, are shown to human resources and "
        "their superior alone.",
    )


def trainings(ask: Ask) -> Report:
    """Each training of the period: how many were invited and came, mean score, passed, how useful they found it."""
    event, record = training.trainings.c, training.training_records.c
    by: dict[int, list[Any]] = defaultdict(list)
    for row in ask.tx.all(
        sa.select(
            event.id, event.topic, event.held_on, event.case, record.person, record.attended, record.score,
            record.usefulness,
        )
        .join(training.training_records, record.training_id == event.id)
        .where(event.state.in_(("held", "scored")), _among(ask, record.person))
        .where(event.held_on >= ask.period.since, event.held_on <= ask.period.until)
        .order_by(event.held_on, event.id)
    ):  # fmt: skip
        by[row.id].append(row)
    linked = ask.cases({key: [got[0].case] for key, got in by.items()})
    rows = []
    for key, got in by.items():
        scores = [row.score for row in got if row.score is not None]
        passed = {score >= training.PASS for score in scores}
        told = tells(ask, {row.person for row in got}, alike=len(passed) == 1)
        useful = [row.usefulness for row in got if row.usefulness is not None]
        figures: dict[str, Any] = {
            "came": sum(bool(row.attended) for row in got),
            "score": _mean(scores),
            "passed": share(sum(score >= training.PASS for score in scores), len(scores)),
            "useful": _mean([Decimal(each) for each in useful]),
        }
        rows.append(
            Row(
                {"topic": got[0].topic, "day": got[0].held_on, "invited": len(got)}
                | {name: value if told else None for name, value in figures.items()},
                linked[key],
                hidden=not told,
            )
        )
    columns = [
        Column("topic", "Training"),
        Column("day", "Day", "date"),
        Column("invited", "Invited", "number"),
        Column("came", "Came", "number"),
        Column("score", "Mean score", "times"),
        Column("passed", "Passed", "percent"),
        Column("useful", "Useful, of 5", "times"),
    ]
    return Report(
        columns,
        rows,
        Chart("sideways", "topic", ("score",)),
        "Groups of fewer than five people, or that all passed or all failed, are shown to human resources and their "
        "superior alone.",
    )


def team(ask: Ask) -> Report:
    """Each of the reader's people: where the last month's appraisal stands, trainings of the period, the newest
    development plan, an improvement plan that is open."""
    members = _team(ask)
    ids = list(members)
    month, standing = _standing(ask, ids)
    taught = _taught(ask, ids)
    development, improvement = careers.development_plans.c, improving.improvement_plans.c
    newest: dict[str, Any] = {}
    for row in ask.tx.all(
        sa.select(development.employee, development.at, development.case)
        .where(development.employee.in_(ids), development.at < ask.period.last)
        .order_by(development.id)
    ):
        newest[row.employee] = row
    improves = {
        row.employee: row
        for row in ask.tx.all(
            sa.select(improvement.employee, improvement.state, improvement.case)
            .where(improvement.employee.in_(ids), improvement.closed_at.is_(None))
            .where(improvement.state.in_(("opened", "planned", "with_hr")))
            .order_by(improvement.id)
        )
    }
    behind = {
        each: [found[each].case for found in (standing, improves, newest) if each in found] for each in ids
    }
    linked = ask.cases(behind)
    rows = []
    for each in ids:
        appraised, records = standing.get(each), taught.get(each, [])
        scores = [row.score for row in records if row.score is not None]
        rows.append(
            Row(
                {
                    "person": dict(members[each].names),
                    "month": month if appraised else None,
                    "standing": _word("standing", appraised.state) if appraised else None,
                    "grade": _grade(appraised),
                    "invited": len(records),
                    "came": sum(bool(row.attended) for row in records),
                    "score": _mean(scores),
                    "developed": ask.day(newest[each].at) if each in newest else None,
                    "improving": _word("improving", improves[each].state) if each in improves else None,
                },
                linked[each],
                bad=each in improves,
            )
        )
    columns = [
        Column("person", "Person"),
        Column("month", "Month"),
        Column("standing", "Appraisal", "choice"),
        Column("grade", "Grade", "choice"),
        Column("invited", "Trainings", "number"),
        Column("came", "Came", "number"),
        Column("score", "Mean score", "times"),
        Column("developed", "Development plan", "date"),
        Column("improving", "Improvement plan", "choice"),
    ]
    return Report(
        columns,
        rows,
        Chart("sideways", "person", ("invited", "came")),
        "Clause 二(二)1d. Of who is below the reader, and for human resources of everybody who is appraised; nobody "
        "else is shown anybody.",
    )


def _team(ask: Ask) -> dict[str, Any]:
    """Public id → the row of each whom the reader is shown one by one."""
    org = household.organisation(ask.tx)
    appraised = {member for group in appraisals.DEPARTMENT for member in org.groups.get(group, ())}
    if "any" not in access.granted(ask.actor, "read", "people_report"):
        appraised &= ask.actor.subordinates
    return {org.by_id[member].public_id: org.by_id[member] for member in sorted(appraised)}


def _standing(ask: Ask, ids: Collection[str]) -> tuple[str | None, dict[str, Any]]:
    """The last month of the period that was appraised, and each one's appraisal of it."""
    one, cycle = appraisals.appraisals.c, appraisals.appraisal_cycles.c
    month = ask.tx.scalar(sa.select(sa.func.max(cycle.period)).where(cycle.period.in_(ask.period.months())))
    rows = ask.tx.all(
        sa.select(one.employee, one.state, one.grade, one.case)
        .join(appraisals.appraisal_cycles, cycle.id == one.cycle_id)
        .where(cycle.period == month, one.employee.in_(ids))
    )
    return month, {row.employee: row for row in rows}


def _taught(ask: Ask, ids: Collection[str]) -> dict[str, list[Any]]:
    """Each one's records of trainings of the period that were held."""
    event, record = training.trainings.c, training.training_records.c
    found: dict[str, list[Any]] = defaultdict(list)
    for row in ask.tx.all(
        sa.select(record.person, record.attended, record.score)
        .join(training.trainings, record.training_id == event.id)
        .where(event.state.in_(("held", "scored")), record.person.in_(ids))
        .where(event.held_on >= ask.period.since, event.held_on <= ask.period.until)
    ):
        found[row.person].append(row)
    return found


def _grade(appraised: Any) -> str | None:
    """What was published: until then nobody is told a grade, though calibration may have settled it."""
    if appraised is None or appraised.grade is None or appraised.state == "proposed":
        return None
    return _word("grade", appraised.grade)


def _word(kind: str, state: str) -> str:
    """The word of SENTENCES for a state; one that has none is on its way."""
    word = f"{kind}_{state}"
    return word if word in SENTENCES else "under_way"


def _mean(values: list[Decimal]) -> Decimal | None:
    return rounded(sum(values, Decimal(0)) / len(values)) if values else None
