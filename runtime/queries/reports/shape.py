"""What every report is made of: columns, rows with the cases behind them, and how it is drawn.

Texts are English sentences, the keys of their translations. Not here: what any report says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from runtime import access, household
from runtime.identity import Actor
from runtime.store.cases import cases
from runtime.store.db import Transaction

MOST_CASES = 12  # that a row links to
FEWEST = 5  # people, below whom a group's appraisals and trainings are hidden


@dataclass(frozen=True)
class Period:
    """From `since` to `until`, both included; `first` to before `last` are its moments in UTC."""

    since: dt.date
    until: dt.date
    first: dt.datetime
    last: dt.datetime

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def months(self) -> list[str]:
        """2026-03 and so on, each month that the period touches."""
        found, day = [], self.since.replace(day=1)
        while day <= self.until:
            found.append(f"{day:%Y-%m}")
            day = (day + dt.timedelta(days=32)).replace(day=1)
        return found


@dataclass(frozen=True)
class Column:
    """`kind`: text, number, money (CNY), percent, days, times, date, choice (a word of WORDS)."""

    key: str
    name: str
    kind: str = "text"


@dataclass(frozen=True)
class Case:
    """A case behind a row, that the reader may see."""

    public_id: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """`cells` by column; `hidden`: the group is too small for the reader, so they are None."""

    cells: Mapping[str, Any]
    cases: Sequence[Case] = ()
    bad: bool = False  # it needs somebody
    hidden: bool = False


@dataclass(frozen=True)
class Chart:
    """`kind`: bar, stacked, line, or sideways; `label`: the column of its labels, `series`: those that are drawn,
    `target` a column that is drawn as a mark."""

    kind: str
    label: str
    series: Sequence[str]
    target: str = ""


@dataclass(frozen=True)
class Report:
    """`note`: what the figures mean, as a sentence."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    chart: Chart | None
    note: str = ""


def begun(report: Report) -> Report:
    """A report month by month without the months before the first of which it tells anything: nobody kept books yet."""
    if report.columns[0].key != "month":
        return report
    said = (row.hidden or any(value for key, value in row.cells.items() if key != "month") for row in report.rows)
    first = next((index for index, something in enumerate(said) if something), len(report.rows))
    return replace(report, rows=report.rows[first:])


@dataclass
class Ask:
    """Who asks for what: the transaction, the reader, the period."""

    tx: Transaction
    actor: Actor
    period: Period

    def day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(household.house(self.tx).zone).date()

    def month(self, day: dt.date) -> str:
        return f"{day:%Y-%m}"

    def cases(self, wanted: Mapping[Any, Iterable[str]]) -> dict[Any, list[Case]]:
        """Key → the first cases of each key that the reader may see, in one statement."""
        chosen = {key: list(dict.fromkeys(ids))[:MOST_CASES] for key, ids in wanted.items()}
        seen = _visible(self.tx, self.actor, {each for ids in chosen.values() for each in ids})
        return {key: [seen[each] for each in ids if each in seen] for key, ids in chosen.items()}


def _visible(tx: Transaction, actor: Actor, ids: Collection[str]) -> dict[str, Case]:
    if not ids:
        return {}
    query = sa.select(cases.c.public_id, cases.c.title).where(
        cases.c.public_id.in_(sorted(ids)), access.case_visible(actor)
    )
    return {row.public_id: Case(row.public_id, dict(row.title)) for row in tx.all(query)}


def share(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """Percent to one place; None of nothing."""
    return rounded(Decimal(part) * 100 / Decimal(whole)) if whole else None


def mean(numbers: Sequence[int]) -> Decimal | None:
    return rounded(Decimal(sum(numbers)) / len(numbers)) if numbers else None


def rounded(value: Decimal, to: str = "0.1") -> Decimal:
    return value.quantize(Decimal(to), ROUND_HALF_UP)
