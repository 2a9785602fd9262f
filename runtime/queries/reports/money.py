"""Budget against actual, line by line of the year in which the period ends.

Not here: what may still be promised (ledger/budgets.py)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import sqlalchemy as sa

from runtime.ledger import budgets
from runtime.queries.reports.shape import Ask, Chart, Column, Report, Row, share


def budget(ask: Ask) -> Report:
    """Approved, committed, spent and left of each line, in CNY."""
    year = ask.period.until.year
    line, entry = budgets.budget_lines.c, budgets.budget_entries.c
    approved = {
        row.line: row.amount
        for row in ask.tx.all(
            sa.select(line.line, line.amount)
            .join(budgets.budgets, budgets.budgets.c.id == line.budget_id)
            .where(budgets.budgets.c.year == year, budgets.budgets.c.state == "approved")
        )
    }
    committed: dict[str, Decimal] = defaultdict(Decimal)
    spent: dict[str, Decimal] = defaultdict(Decimal)
    behind: dict[str, list[str]] = defaultdict(list)
    # What came after the year was closed is its own all the same: it was committed in it.
    whole = ask.period.until == dt.date(year, 12, 31)
    within = [] if whole else [entry.posting_date <= ask.period.until]
    for row in ask.tx.all(
        sa.select(entry.line, entry.kind, entry.amount, entry.case)
        .where(entry.year == year, *within)
        .order_by(entry.id.desc())
    ):
        committed[row.line] += {"commit": row.amount, "release": -row.amount}.get(row.kind, Decimal(0))
        spent[row.line] += row.amount if row.kind == "actual" else 0
        behind[row.line].append(row.case)
    linked = ask.cases(behind)
    lines = sorted(approved.keys() | committed.keys())
    rows = []
    for each in lines:
        limit = approved.get(each)
        used = committed[each] + spent[each]
        rows.append(
            Row(
                {
                    "line": each,
                    "approved": limit,
                    "committed": committed[each],
                    "spent": spent[each],
                    "left": None if limit is None else limit - used,
                    "spent_share": share(spent[each], limit) if limit else None,
                    "committed_share": share(committed[each], limit) if limit else None,
                },
                linked.get(each, ()),
                bad=limit is not None and used > limit,
            )
        )
    columns = [
        Column("line", "Budget line", "choice"),
        Column("approved", "Approved", "money"),
        Column("committed", "Committed, not yet paid", "money"),
        Column("spent", "Spent", "money"),
        Column("left", "Left", "money"),
        Column("spent_share", "Spent of what is approved", "percent"),
        Column("committed_share", "Committed of what is approved", "percent"),
    ]
    return Report(
        columns,
        rows,
        # Each line against its own limit: beside millions of purchases nobody would see an award.
        Chart("stacked", "line", ("spent_share", "committed_share")),
        "Of the year in which the period ends, until its last day. Linked are the newest cases behind each line.",
    )
