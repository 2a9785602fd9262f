"""Overdue work and the budget month by month: whether it is getting better, which today's figures do not tell.

Not here: how they stand now (work.py, money.py)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

import sqlalchemy as sa

from runtime import access, household
from runtime.ledger import budgets, periods
from runtime.queries.reports.shape import Ask, Chart, Column, Report, Row, share
from runtime.queries.reports.words import SENTENCES
from runtime.store.cases import cases
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks

LINES: tuple[str, ...] = get_args(budgets.Line)


def overdue_by_month(ask: Ask) -> Report:
    """Of the tasks that fell due in each month how many were late, and how many were overdue when it ended."""
    ends = _ends(ask)
    due = _due(ask, ends)
    late = _late(ask, ends)
    fell: dict[str, list[Any]] = defaultdict(list)
    standing: dict[str, list[Any]] = defaultdict(list)
    for row in late:
        for month, (first, end) in ends.items():
            if first <= row.due_at < end:
                fell[month].append(row)
            if row.due_at < end and (row.completed_at is None or row.completed_at > end):
                standing[month].append(row)
    linked = ask.cases({month: [row.case for row in [*standing[month], *fell[month]]] for month in ends})
    rows = [
        Row(
            {
                "month": month,
                "due": due.get(month, 0),
                "late": len(fell[month]),
                "late_share": share(len(fell[month]), due.get(month, 0)),
                "overdue": len(standing[month]),
            },
            linked.get(month, ()),
            bad=bool(standing[month]),
        )
        for month in ends
    ]
    columns = [
        Column("month", "Month"),
        Column("due", "Fell due", "number"),
        Column("late", "Done late or not yet", "number"),
        Column("late_share", "Share that was late", "percent"),
        Column("overdue", "Overdue at its end", "number"),
    ]
    return Report(
        columns,
        rows,
        Chart("bar", "month", ("late", "overdue")),
        "By the month in which a task fell due. Of the current month until now. Linked are first the cases in which "
        "something was overdue at the month's end.",
    )


def _ends(ask: Ask) -> dict[str, tuple[dt.datetime, dt.datetime]]:
    """Month → its first moment, and the one after its last that counts: within the period and not to come."""
    zone, until = household.house(ask.tx).zone, min(ask.period.last, ask.tx.now)

    def midnight(day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, zone).astimezone(dt.UTC)

    found = {}
    for month in ask.period.months():
        first = max(midnight(periods.first_day(month)), ask.period.first)
        end = min(midnight(periods.first_day(periods.following(month))), until)
        if first < end:
            found[month] = (first, end)
    return found


def _due(ask: Ask, ends: Mapping[str, tuple[dt.datetime, dt.datetime]]) -> dict[str, int]:
    """Month → how many tasks fell due in it, but for those that were withdrawn before."""
    if not ends:
        return {}
    month = sa.case(*((tasks.c.due_at < end, name) for name, (_, end) in ends.items()))
    first, last = min(first for first, _ in ends.values()), max(end for _, end in ends.values())
    kept = sa.or_(tasks.c.state != "cancelled", tasks.c.completed_at >= tasks.c.due_at)
    rows = ask.tx.all(
        sa.select(month.label("month"), sa.func.count().label("due"))
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.due_at >= first, tasks.c.due_at < last, kept, access.case_visible(ask.actor))
        .group_by(month)
    )
    return {row.month: int(row.due) for row in rows}


def _late(ask: Ask, ends: Mapping[str, tuple[dt.datetime, dt.datetime]]) -> list[Any]:
    """Tasks that ran over their day and had not ended before the first month, the longest overdue first."""
    if not ends:
        return []
    first, last = min(first for first, _ in ends.values()), max(end for _, end in ends.values())
    ended = sa.and_(tasks.c.completed_at > tasks.c.due_at, tasks.c.completed_at >= first)
    return list(
        ask.tx.all(
            sa.select(tasks.c.due_at, tasks.c.completed_at, cases.c.public_id.label("case"))
            .join(cases, cases.c.id == tasks.c.case_id)
            .where(
                tasks.c.due_at < last,
                sa.or_(tasks.c.state.in_(OPEN), ended),
                access.case_visible(ask.actor),
            )
            .order_by(tasks.c.due_at, tasks.c.id)
        )
    )


def budget_by_month(ask: Ask) -> Report:
    """Month by month what was spent and committed, and what share of each line's limit was spent since January."""
    now = ask.month(ask.day(ask.tx.now))
    months = [month for month in ask.period.months() if month <= now]
    years = sorted({int(month[:4]) for month in months})
    limits = _limits(ask, years)
    spent: dict[tuple[str, str], Decimal] = defaultdict(Decimal)  # by month and line
    committed: dict[str, Decimal] = defaultdict(Decimal)
    behind: dict[str, list[str]] = defaultdict(list)
    entry = budgets.budget_entries.c
    for row in ask.tx.all(
        sa.select(entry.year, entry.line, entry.kind, entry.amount, entry.case, entry.posting_date)
        .where(entry.year.in_(years), entry.posting_date <= ask.period.until)
        .order_by(entry.id.desc())
    ):
        # What came after the year was closed is its own all the same, and what was promised before it, too.
        month = max(f"{row.year}-01", min(f"{row.year}-12", ask.month(row.posting_date)))
        committed[month] += {"commit": row.amount, "release": -row.amount}.get(row.kind, Decimal(0))
        if row.kind == "actual":
            spent[month, row.line] += row.amount
        behind[month].append(row.case)
    linked = ask.cases({month: behind.get(month, []) for month in months})
    rows = []
    for month in months:
        so_far = {
            line: sum((spent[each, line] for each in _since_january(month)), Decimal(0)) for line in LINES
        }
        # Before anything was posted nobody kept the budget here, and it has nothing to tell.
        limit = limits.get(int(month[:4]), {}) if behind and month >= min(behind) else {}
        shares = {line: share(so_far[line], limit[line]) if limit.get(line) else None for line in LINES}
        over = any(line in limit and so_far[line] > limit[line] for line in LINES)
        cells = {
            "month": month,
            "spent": sum((spent[month, line] for line in LINES), Decimal(0)),
            "committed": committed[month],
            "so_far": sum(so_far.values(), Decimal(0)),
            "approved": sum(limit.values(), Decimal(0)) if limit else None,
            **shares,
        }
        rows.append(Row(cells, linked.get(month, ()), bad=over))
    columns = [
        Column("month", "Month"),
        Column("spent", "Spent", "money"),
        Column("committed", "Committed more or less", "money"),
        Column("so_far", "Spent since January", "money"),
        Column("approved", "Approved for the year", "money"),
        *(Column(line, SENTENCES[line], "percent") for line in LINES),
    ]
    return Report(
        columns,
        rows,
        Chart("line", "month", LINES),
        "Of each line: what was spent since January of what is approved for the year. What is posted after a "
        "year was closed counts in its December. Linked are the newest cases behind each month.",
    )


def _since_january(month: str) -> list[str]:
    return [f"{month[:5]}{number:02}" for number in range(1, int(month[5:]) + 1)]


def _limits(ask: Ask, years: list[int]) -> dict[int, dict[str, Decimal]]:
    """Year → line → what is approved, in CNY."""
    line, budget = budgets.budget_lines.c, budgets.budgets.c
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for row in ask.tx.all(
        sa.select(budget.year, line.line, line.amount)
        .join(budgets.budgets, budget.id == line.budget_id)
        .where(budget.year.in_(years), budget.state == "approved")
    ):
        found[row.year][row.line] = row.amount
    return found
