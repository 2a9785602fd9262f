"""The front page of reports: of each that the reader may see its one figure, how it went, and what it should be.

Every figure is read off the report that it leads to, over the same days, so the two never disagree; what a report
hides is hidden here. Targets are those that the rule “Targets of key figures” names today.
Not here: how a figure is drawn (web/sparklines.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from runtime import library
from runtime.queries.reports import goods, money, people, work
from runtime.queries.reports.shape import Ask, Case, Period, Report, Row, begun, share
from runtime.rules import evaluate
from runtime.rules.facts import InputsInvalid

MONTHS = 6  # that a little curve shows, this one included
TARGETS = "key_figures"  # the rule that names them


@dataclass(frozen=True)
class Figure:
    """One figure of a report. `name` is a word of SENTENCES, `kind` what a Column's is; `month` is the one that
    `value` is of, "" for what is told as of now; `curve`: month → value, None where there is nothing to tell.
    `of`: what there is in all, beside a figure that is a part of it. `verdict` is met, near, missed, or ""."""

    report: str
    name: str
    kind: str
    value: Decimal | int | None
    month: str = ""
    curve: Sequence[tuple[str, Any]] = ()
    target: Decimal | None = None
    verdict: str = ""
    of: Decimal | int | None = None
    bad: bool = False
    hidden: bool = False


class Unlinked(Ask):
    """Asks without the cases behind each row: from the front page one goes to the report."""

    def cases(self, wanted: Mapping[Any, Iterable[str]]) -> dict[Any, list[Case]]:
        return {key: [] for key in wanted}


def first_day(today: dt.date) -> dt.date:
    """The first day of the months that are shown."""
    whole = today.year * 12 + today.month - MONTHS
    return dt.date(whole // 12, whole % 12 + 1, 1)


def figures(ask: Ask, readable: Collection[str]) -> list[Figure]:
    """The figures of the reports in `readable`, in the order of the front page."""
    asked = Unlinked(ask.tx, ask.actor, ask.period)
    found: list[Figure] = []
    if "shipping" in readable:
        found.append(_monthly(asked, "shipping", "on_time_delivery", goods.shipping(asked), "on_time"))
    if "order_cycle" in readable:
        found.append(_monthly(asked, "order_cycle", "order_cycle", goods.order_cycle(asked), "mean"))
    if "stock" in readable:
        stock = goods.stock_value(asked)
        found.append(_monthly(asked, "stock", "stock_value", stock, "closing"))
        found.append(_monthly(asked, "stock", "stock_turnover", stock, "turnover"))
    if "suppliers" in readable:
        told = goods.punctuality(asked)
        found.append(_monthly(asked, "suppliers", "supplier_punctuality", told, "on_time"))
    if "overdue" in readable:
        found.append(_overdue("overdue", work.overdue_by_process(asked)))
    elif "overdue_people" in readable:
        found.append(_overdue("overdue_people", work.overdue_by_person(asked)))
    if "budget" in readable:
        found.append(_spent(money.budget(asked)))
    if "appraisals" in readable:
        found.append(_graded(people.appraisal_grades(asked)))
    if "training" in readable:
        found.append(_came(asked.period, people.trainings(asked)))
    return found


def _monthly(ask: Ask, key: str, name: str, report: Report, column: str) -> Figure:
    """A column of a report that goes month by month: the newest month that tells something."""
    rows = begun(report).rows
    column_of = next(each for each in report.columns if each.key == column)
    curve = [(row.cells["month"], row.cells[column]) for row in rows]
    month, value = next(((month, value) for month, value in reversed(curve) if value is not None), ("", None))
    target, verdict = _aim(ask, name, value) if value is not None else (None, "")
    return Figure(
        key, name, column_of.kind, value, month, curve, target, verdict, bad=verdict == "missed"
    )


def _aim(ask: Ask, figure: str, value: Decimal) -> tuple[Decimal | None, str]:
    """The target of a figure and how near this value is; neither where the company names none."""
    try:
        ruleset = library.ruleset(ask.tx, TARGETS, ask.period.until)
        decision = evaluate.decide(ruleset, {"figure": figure, "value": value}, ask.period.until, explain=False)
    except (library.NoRuleInForce, InputsInvalid):
        return None, ""
    told = decision.outputs
    if decision.refused or told.get("better", "none") == "none":
        return None, ""
    return told["target"], str(told["verdict"])


def _overdue(key: str, report: Report) -> Figure:
    late = sum(row.cells["overdue"] for row in report.rows)
    opened = sum(row.cells["open"] for row in report.rows)
    return Figure(key, "overdue_now", "number", late, of=opened, bad=late > 0)


def _spent(report: Report) -> Figure:
    """What was spent of everything that is approved. Lines nobody approved are told by the report."""
    limited = [row for row in report.rows if row.cells["approved"] is not None]
    spent = sum((row.cells["spent"] for row in limited), Decimal(0))
    approved = sum((row.cells["approved"] for row in limited), Decimal(0))
    over = any(row.bad for row in report.rows)
    return Figure("budget", "budget_spent", "percent", share(spent, approved), of=approved, bad=over)


def _graded(report: Report) -> Figure:
    """How many of a month's settled appraisals are good or better."""

    def well(row: Row) -> Decimal | None:
        cells = {key: value or 0 for key, value in row.cells.items() if key != "month"}
        return share(cells["excellent"] + cells["good"], sum(cells.values()))

    rows = begun(report).rows
    told = [row for row in rows if row.hidden or well(row) is not None]
    newest = told[-1] if told else None
    hidden = newest is not None and newest.hidden
    return Figure(
        "appraisals", "graded_well", "percent", well(newest) if newest else None,
        newest.cells["month"] if newest else "", [(row.cells["month"], well(row)) for row in rows], hidden=hidden,
    )  # fmt: skip


def _came(period: Period, report: Report) -> Figure:
    """How many of those invited came to the trainings of a month, of the trainings that the reader is told of."""
    by: dict[str, list[Row]] = {month: [] for month in period.months()}
    for row in report.rows:
        by[f"{row.cells['day']:%Y-%m}"].append(row)
    curve = []
    for month, rows in by.items():
        told = [row for row in rows if not row.hidden]
        invited = sum(row.cells["invited"] for row in told)
        curve.append((month, share(sum(row.cells["came"] for row in told), invited)))
    # Months before the first training, and what comes after the last, say nothing.
    held = [place for place, rows in enumerate(by.values()) if rows]
    if not held:
        return Figure("training", "came_to_training", "percent", None)
    month, value = curve[held[-1]]
    return Figure(
        "training", "came_to_training", "percent", value, month, curve[held[0] :], hidden=value is None
    )
