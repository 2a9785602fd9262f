"""Reports on people in groups: grades of appraisals, trainings with their results.

A group of fewer than five is told to human resources and to whoever is above everybody in it, and to nobody else.
Not here: one person's appraisal, which only its case shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime import access, library
from runtime.ledger import appraisals, training
from runtime.queries.reports.shape import FEWEST, Ask, Chart, Column, Report, Row, rounded, share


def _among(ask: Ask, person: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whose figures the reader may be told at all: everybody's, or those of who is below them."""
    if {"any", "department"} & access.granted(ask.actor, "read", "people_report").keys():
        return sa.true()
    people = library.organisation(ask.tx).by_id
    return person.in_(sorted(people[each].public_id for each in ask.actor.subordinates))


def tells(ask: Ask, group: Collection[str]) -> bool:
    """Whether the reader may know figures of these people (public ids) together."""
    if "any" in access.granted(ask.actor, "read", "people_report") or len(group) >= FEWEST:
        return True
    known = library.organisation(ask.tx).by_public_id
    below = ask.actor.subordinates
    return all(person in known and known[person].id in below for person in group)


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
        told = tells(ask, people)
        grades = Counter(row.grade for row in by[month])
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
        "Settled appraisals. Groups of fewer than five people are shown to human resources and their superior alone.",
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
        told = tells(ask, {row.person for row in got})
        scores = [row.score for row in got if row.score is not None]
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
        "Groups of fewer than five people are shown to human resources and their superior alone.",
    )


def _mean(values: list[Decimal]) -> Decimal | None:
    return rounded(sum(values, Decimal(0)) / len(values)) if values else None
