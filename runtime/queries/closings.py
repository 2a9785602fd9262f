"""Closed months: by whom and when, with what was let stay open, and what was posted to a later one since.

Not here: closing one (ledger/closing.py), which its process does."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime import access, household
from runtime.identity import Actor, Person, require
from runtime.ledger import periods
from runtime.ledger.periods import POSTINGS, period_closings
from runtime.store.cases import cases
from runtime.store.db import Transaction

MOST = 200  # postings of each book, the newest


@dataclass(frozen=True)
class Later:
    """A posting of a closed month that stands in a later one. book: its table · pieces or amount (CNY), signed as it
    is kept · case: "" where the reader may not see it."""

    book: str
    day: dt.date
    posted: dt.date
    pieces: int | None
    amount: Decimal | None
    case: str


@dataclass(frozen=True)
class Closing:
    """state: preparing | closed · items: what was open when it was closed, as finance saw it; `allowed_by` let it."""

    number: str
    period: str
    state: str
    case: str
    closed_by: Person | None
    closed_at: dt.datetime | None
    allowed_by: Person | None
    reason: str
    items: list[Mapping[str, Any]]
    later: list[Later] = field(default_factory=list)


def listing(tx: Transaction, actor: Actor) -> list[Closing]:
    """The newest month first. Needs the right to read periods."""
    require(actor, "read", "period")
    closing, org, late = period_closings.c, household.organisation(tx), _later(tx, actor)
    rows = tx.all(
        sa.select(period_closings, _seen(actor))
        .outerjoin(cases, cases.c.public_id == closing.case)
        .where(closing.state.in_(("preparing", "closed")))
        .order_by(closing.period.desc(), closing.id.desc())
    )

    def person(public_id: str | None) -> Person | None:
        row: Any = org.by_public_id.get(public_id) if public_id else None
        return Person(row.public_id, row.names) if row else None

    return [
        Closing(
            row.number, row.period, row.state, row.seen or "", person(row.closed_by), row.closed_at,
            person(row.allowed_by), row.reason or "", list(row.items or ()),
            late.get(row.period, []) if row.state == "closed" else [],
        )
        for row in rows
    ]  # fmt: skip


def _seen(actor: Actor) -> Any:
    return sa.case((access.case_visible(actor), cases.c.public_id), else_="").label("seen")


def _later(tx: Transaction, actor: Actor) -> dict[str, list[Later]]:
    """Period → what happened in it and was posted after it was closed."""
    found: dict[str, list[Later]] = defaultdict(list)
    for table, own in POSTINGS.items():
        day, pieces, amount = table.c[own], table.c.get("quantity"), table.c.get("amount")
        of = table.c.get("case")
        query = sa.select(
            day.label("day"),
            table.c.posting_date,
            (sa.null() if pieces is None or amount is not None else pieces).label("pieces"),
            (sa.null() if amount is None else amount).label("amount"),
            (_seen(actor) if of is not None else sa.literal("").label("seen")),
        ).select_from(table if of is None else table.outerjoin(cases, cases.c.public_id == of))
        for row in tx.all(query.where(table.c.posting_date > day).order_by(table.c.id.desc()).limit(MOST)):
            told = Later(table.name, row.day, row.posting_date, row.pieces, row.amount, row.seen or "")
            found[periods.of(row.day)].append(told)
    return found
