"""Reports: which there are, who may see which, and one of them over a period.

Rights and hidden groups are decided here and in the reports, never in a view. Not here: how they are drawn or
written to files (web/reports.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime import household
from runtime.errors import Invalid
from runtime.identity import Actor, require
from runtime.ledger.report_exports import RIGHTS, NoSuchReport
from runtime.queries.reports import by_month, figures, glance, goods, money, people, plans, work
from runtime.queries.reports.shape import Ask, Case, Chart, Column, Period, Report, Row, begun
from runtime.store.db import Transaction

__all__ = [
    "Case", "Chart", "Column", "Period", "Report", "Row", "at_a_glance", "find", "listing", "show", "trends",
]  # fmt: skip

MOST_DAYS = 1100  # three years
FIRST, LAST = dt.date(2000, 1, 1), dt.date(2200, 1, 1)


class NotAPeriod(Invalid):
    """A period of a report has its first day before its last, and at most three years."""

    code = "report.bad_period"


@dataclass(frozen=True)
class Kind:
    """A report: its sentence, the clauses that it carries, the right (kind of object) that it needs."""

    key: str
    name: str
    about: str
    right: str
    ask: Callable[[Ask], Report]


def _kind(key: str, name: str, about: str, ask: Callable[[Ask], Report]) -> Kind:
    return Kind(key, name, about, RIGHTS[key], ask)


KINDS: dict[str, Kind] = {
    each.key: each
    for each in (
        _kind("key_figures", "Key figures", "Each against its target and the month before", figures.key_figures),
        _kind("goals", "Plans and goals", "Progress of each goal until its day", plans.goals),
        _kind("department", "Cost and yield", "Spending, sales, turnover and stock-outs", goods.department),
        _kind("stock", "Stock value and turnover", "What lies there, what came and went", goods.stock_value),
        _kind("suppliers", "Suppliers", "Punctuality and quality of each", goods.suppliers),
        _kind("shipping", "On-time shipping", "What arrived by the promised day", goods.shipping),
        _kind("order_cycle", "Order cycle time", "Days from an order to its delivery", goods.order_cycle),
        _kind("work_quality", "On-time and rework rates", "Of what people did, by process", work.work_quality),
        _kind("overdue", "Overdue work by process", "What is open and late now", work.overdue_by_process),
        _kind(
            "overdue_months", "Overdue work by month", "Whether work gets later or less late",
            by_month.overdue_by_month,
        ),
        _kind(
            "overdue_people", "Overdue work by person", "Yours and your people's",
            work.overdue_by_person,
        ),
        _kind("budget", "Budget against actual", "Approved, committed, spent and left", money.budget),
        _kind(
            "budget_months", "Budget by month", "How the year's money goes, line by line", by_month.budget_by_month
        ),
        _kind("appraisals", "Appraisal grades", "How many had which grade, by month", people.appraisal_grades),
        _kind("team", "The team", "Appraisal, training and development of each of your people", people.team),
        _kind("training", "Training", "Attendance, results and usefulness", people.trainings),
    )
}  # fmt: skip


def listing(tx: Transaction, actor: Actor) -> list[Kind]:
    """The reports that the person may see."""
    return [kind for kind in KINDS.values() if actor.may("read", kind.right)]


def at_a_glance(tx: Transaction, actor: Actor) -> tuple[Period, list[glance.Figure]]:
    """The days of the front page's figures, and those of the reports that the person may see."""
    today = household.today(tx)
    days = period(tx, glance.first_day(today), today)
    return days, glance.figures(Ask(tx, actor, days), {kind.key for kind in listing(tx, actor)})


def find(key: str) -> Kind:
    """Raises NoSuchReport."""
    if key not in KINDS:
        raise NoSuchReport(report=key)
    return KINDS[key]


def show(tx: Transaction, actor: Actor, key: str, since: dt.date, until: dt.date) -> Report:
    """One report from the day `since` to `until`, both included. Raises NoSuchReport, NotGranted, NotAPeriod."""
    kind = find(key)
    require(actor, "read", kind.right)
    return begun(kind.ask(Ask(tx, actor, period(tx, since, until))))


def trends(
    tx: Transaction, actor: Actor, since: dt.date, until: dt.date
) -> dict[str, list[tuple[str, Any, Any]]]:
    """Key figure → (month, value, target). Raises NotGranted, NotAPeriod."""
    require(actor, "read", "report")
    return figures.history(Ask(tx, actor, period(tx, since, until)))


def period(tx: Transaction, since: dt.date, until: dt.date) -> Period:
    """Raises NotAPeriod."""
    if not FIRST <= since <= until <= LAST or (until - since).days > MOST_DAYS:
        raise NotAPeriod()
    zone = household.house(tx).zone

    def midnight(day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, zone).astimezone(dt.UTC)

    return Period(since, until, midnight(since), midnight(until + dt.timedelta(days=1)))
