"""Key figures against their targets, as the monthly analyses told them: what was submitted, and never computed anew.

Not here: the report itself (monthly.py)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from runtime.ledger import periods
from runtime.ledger.analyses import analyses, analysis_figures
from runtime.ledger.key_figures import UNITS
from runtime.queries.reports.shape import Ask, Column, Report, Row


def key_figures(ask: Ask) -> Report:
    """Each key figure of the newest analysis of the period: now, before, target, verdict, and how it went."""
    months = ask.period.months()
    figure = analysis_figures.c
    rows = ask.tx.all(
        sa.select(analyses.c.period, analyses.c.case, analyses.c.id, analysis_figures)
        .join(analyses, analyses.c.id == figure.analysis_id)
        .where(analyses.c.period >= months[0], analyses.c.period <= months[-1])
        .order_by(analyses.c.period, analyses.c.id, figure.id)
    )
    by: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        by[row.figure][row.period] = row  # a later analysis of the same month counts
    linked = ask.cases({name: [row.case for row in reversed(got.values())] for name, got in by.items()})
    found = []
    for name, got in by.items():
        newest = got[max(got)]
        # A month that was analysed later than the one after it counts as well, as it does in the chart.
        before = got.get(periods.before(newest.period))
        former = newest.former if before is None else before.value
        found.append(
            Row(
                {
                    "figure": name,
                    "month": newest.period,
                    "unit": UNITS.get(name, ""),
                    "value": newest.value,
                    "former": former,
                    "target": newest.target,
                    "verdict": newest.verdict,
                    "trend": _trend(newest, former),
                },
                linked[name],
                bad=newest.verdict == "missed",
            )
        )
    columns = [
        Column("figure", "Key figure", "choice"),
        Column("month", "Month"),
        Column("unit", "Unit", "choice"),
        Column("value", "Actual", "figure"),
        Column("former", "Month before", "figure"),
        Column("target", "Target", "figure"),
        Column("verdict", "Verdict", "choice"),
        Column("trend", "Trend", "choice"),
    ]
    return Report(
        columns,
        found,
        None,
        "As the monthly reports told them. Targets are those of the rule “Targets of key figures” at that time.",
    )


def history(ask: Ask) -> dict[str, list[tuple[str, Any, Any]]]:
    """Figure → (month, value, target) of each month that was analysed, for its own little chart."""
    months = ask.period.months()
    figure = analysis_figures.c
    by: dict[str, dict[str, tuple[str, Any, Any]]] = defaultdict(dict)
    for row in ask.tx.all(
        sa.select(analyses.c.period, figure.figure, figure.value, figure.target)
        .join(analyses, analyses.c.id == figure.analysis_id)
        .where(analyses.c.period >= months[0], analyses.c.period <= months[-1])
        .order_by(analyses.c.period, analyses.c.id)
    ):
        by[row.figure][row.period] = (row.period, row.value, row.target)
    return {name: list(got.values()) for name, got in by.items()}


def _trend(row: Any, former: Any) -> str:
    """Whether it went the way that is better, or which way where none is."""
    if former is None:
        return "first"
    if row.value == former:
        return "steady"
    rose = row.value > former
    if row.better == "none":
        return "rose" if rose else "fell"
    return "improved" if rose == (row.better == "higher") else "worsened"
