"""Reports on work: what is overdue by process and by person, and what was done in time or had to be done again.

Only of cases that the reader may see; by person only the reader and who is below them, and for human resources
everybody. Not here: a clause's figures (queries/handbook.py)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from runtime import access, household, library
from runtime.queries.reports.shape import Ask, Chart, Column, Report, Row, share
from runtime.store import accounts
from runtime.store.cases import cases
from runtime.store.user_tasks import OPEN, done_again
from runtime.store.user_tasks import user_tasks as tasks

OPEN_COLUMNS = [
    Column("open", "Open", "number"),
    Column("overdue", "Overdue", "number"),
    Column("oldest", "Longest overdue, days", "days"),
]


def overdue_by_process(ask: Ask) -> Report:
    """Open tasks now, by the process of their case."""
    by: dict[str, list[Any]] = defaultdict(list)
    for row in _open(ask):
        by[row.case_process].append(row)
    names = _process_names(ask)
    columns = [Column("process", "Process"), *OPEN_COLUMNS]
    return Report(
        columns,
        _rows(ask, by, "process", names),
        Chart("sideways", "process", ("open", "overdue")),
        "As it is now, whatever the period. Linked are the cases that have been overdue the longest.",
    )


def overdue_by_person(ask: Ask) -> Report:
    """Open tasks that somebody has taken or was given, by person."""
    by: dict[str, list[Any]] = defaultdict(list)
    for row in _open(ask, tasks.c.assignee_id.is_not(None), _persons(ask)):
        by[row.public_id].append(row)
    people = household.organisation(ask.tx).by_public_id
    names = {each: dict(people[each].names) if each in people else {} for each in by}
    columns = [Column("person", "Person"), *OPEN_COLUMNS]
    return Report(
        columns,
        _rows(ask, by, "person", names),
        Chart("sideways", "person", ("open", "overdue")),
        "As it is now, whatever the period: tasks that somebody has, of the reader and who is below them.",
    )


def work_quality(ask: Ask) -> Report:
    """By process: tasks done in the period, how many by their day, and how many of them again in the same case."""
    period = ask.period
    done = sa.and_(
        tasks.c.state == "completed", tasks.c.completed_at >= period.first, tasks.c.completed_at < period.last
    )
    late = sa.case((tasks.c.completed_at > tasks.c.due_at, 1), else_=0)
    each = (
        sa.select(
            tasks.c.case_process, tasks.c.element, cases.c.public_id.label("case"),
            sa.func.count().label("times"), sa.func.sum(late).label("late"),
            sa.func.sum(sa.case((done_again(), 1), else_=0)).label("again"),
        )
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(done, access.case_visible(ask.actor), cases.c.confidential.is_(False))
        .group_by(tasks.c.case_process, tasks.c.element, cases.c.public_id)
        .subquery()
    )  # fmt: skip
    by: dict[str, list[Any]] = defaultdict(list)
    for row in ask.tx.all(
        sa.select(
            each.c.case_process, each.c.case,
            sa.func.sum(each.c.times).label("times"), sa.func.sum(each.c.late).label("late"),
            sa.func.sum(each.c.again).label("again"),
        )
        .group_by(each.c.case_process, each.c.case)
        .order_by(sa.func.sum(each.c.again).desc(), sa.func.sum(each.c.late).desc(), each.c.case)
    ):  # fmt: skip
        by[row.case_process].append(row)
    names = _process_names(ask)
    linked = ask.cases({key: [row.case for row in got if row.late or row.again] for key, got in by.items()})
    rows = []
    for key, got in by.items():
        times = sum(int(row.times) for row in got)
        again = sum(int(row.again) for row in got)
        rows.append(
            Row(
                {
                    "process": names.get(key) or {"en": key},
                    "done": times,
                    "on_time": share(times - sum(int(row.late) for row in got), times),
                    "again": again,
                    "rework": share(again, times),
                },
                linked[key],
            )
        )
    rows.sort(key=lambda row: (-(row.cells["rework"] or 0), row.cells["on_time"] or 0))
    columns = [
        Column("process", "Process"),
        Column("done", "Tasks done", "number"),
        Column("on_time", "On time", "percent"),
        Column("again", "Done again", "number"),
        Column("rework", "Rework", "percent"),
    ]
    return Report(
        columns,
        rows,
        Chart("sideways", "process", ("on_time", "rework")),
        "Clause 三(五)5. Done again: the same step of the same case more than once, as after a return. "
        "Linked are such cases and late ones.",
    )


def _open(ask: Ask, *where: sa.ColumnElement[bool]) -> list[Any]:
    query = (
        sa.select(
            tasks.c.case_process, tasks.c.due_at, cases.c.public_id.label("case"), accounts.people.c.public_id
        )
        .join(cases, cases.c.id == tasks.c.case_id)
        .outerjoin(accounts.people, accounts.people.c.id == tasks.c.assignee_id)
        .where(tasks.c.state.in_(OPEN), access.case_visible(ask.actor), *where)
        .order_by(tasks.c.due_at)
    )
    return list(ask.tx.all(query))


def _persons(ask: Ask) -> sa.ColumnElement[bool]:
    if "any" in access.granted(ask.actor, "read", "people_report"):
        return sa.true()
    return tasks.c.assignee_id.in_(sorted(ask.actor.subordinates | {ask.actor.id}))


def _rows(ask: Ask, by: dict[str, list[Any]], label: str, names: dict[str, Any]) -> list[Row]:
    now = ask.tx.now
    late = {
        key: [row for row in got if row.due_at is not None and row.due_at < now] for key, got in by.items()
    }
    linked = ask.cases({key: [row.case for row in got] for key, got in late.items()})
    rows = [
        Row(
            {
                label: names.get(key) or {"en": key},
                "open": len(by[key]),
                "overdue": len(late[key]),
                "oldest": (now - late[key][0].due_at) // dt.timedelta(days=1) if late[key] else None,
            },
            linked[key],
            bad=bool(late[key]),
        )
        for key in by
    ]
    return sorted(rows, key=lambda row: (-row.cells["overdue"], -row.cells["open"]))


def _process_names(ask: Ask) -> dict[str, Any]:
    return {each.key: dict(library.process(ask.tx, each.id).names) for each in library.active(ask.tx, "bpmn")}
