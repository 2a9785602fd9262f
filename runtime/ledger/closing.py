"""Closing a period: what still blocks it, who is asked for it, and that it is closed once, in order.

A closed period is never opened again. What comes later is posted to the next one, and a mistake is put right
there. Not here: how a posting is dated (periods.py), who may allow that items stay open
(processes/period_close)."""

from __future__ import annotations

import re
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents, open_items, periods
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.periods import CLOSED, CLOSING, period_closings
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN, user_tasks

NEXT = {"preparing": {"closed", "dropped"}}
PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class NoSuchPeriod(Invalid):
    """A period is a month, as in 2026-03: {period}"""

    code = "period.unknown"


class PeriodNotOver(Conflict):
    """{period} is not over yet."""

    code = "period.not_over"


class PeriodClosed(Conflict):
    """{period} is closed already. What comes later is posted to the next period."""

    code = "period.closed"


class PeriodOutOfTurn(Conflict):
    """Periods are closed in order: the next one is {next}, not {period}."""

    code = "period.out_of_turn"


class ClosingUnderWay(Conflict):
    """The closing {number} of {period} is under way, and periods are closed one after another: finish or drop it
    first."""

    code = "period.under_way"


class ItemsOpen(Conflict):
    """{count} items of {period} are open that nobody has allowed to stay open."""

    code = "period.items_open"


class Begun(TypedDict):
    closing: str
    number: str
    period: str


class Items(TypedDict):
    items: list[dict[str, Any]]
    shown: list[str]
    open_total: int


class Closed(TypedDict):
    left_open: int


class Reminded(TypedDict):
    reminded: int


@operation("periods.begin", errors=("under_way", "bad_period"))
def begin(call: Call, by: Person | None = None, period: str | None = None) -> Begun:
    """Begin to close a period, by default the one that is next: after the last that is closed, or else the
    last month. BPMN errors: under_way, if another one is being closed; bad_period, unless it is over and next."""
    tx = call.tx
    tx.alone(CLOSING)
    other = under_way(tx)
    if other is not None:
        raise refuse("under_way", other)
    opens, now = periods.open_from(tx), periods.of(call.today)
    due = None if opens is None else periods.of(opens)
    if period is None:
        period = due or periods.before(now)
    if not PERIOD.fullmatch(period):
        raise refuse("bad_period", NoSuchPeriod(period=period[:20]))
    if due is not None and period < due:
        raise refuse("bad_period", PeriodClosed(period=period))
    if period >= now:
        raise refuse("bad_period", PeriodNotOver(period=period))
    if due is not None and period != due:
        raise refuse("bad_period", PeriodOutOfTurn(next=due, period=period))
    closing, number = public_id(), documents.next_number(tx, "MC", call.today.year)
    documents.add(
        tx,
        period_closings,
        public_id=closing,
        number=number,
        case=call.case,
        at=call.now,
        period=period,
        opens=periods.first_day(periods.following(period)),
        state="preparing",
        prepared_by=by,
    )
    return {"closing": closing, "number": number, "period": period}


@operation("periods.check")
def check(call: Call, closing: str) -> Items:
    """What of the period or before is still open: kind, document, since, case, and who is asked, `owner` or
    `group`. At most 200 of them, the oldest first, each known by its `item`, of which `shown` is the list;
    open_total: how many there are."""
    row = _of(call.tx, closing)
    found = open_items.until(call, row.opens)
    some = open_items.with_owners(call.tx, found[: open_items.MOST])
    return {
        "items": [item.shown() for item in some],
        "shown": [item.key for item in some],
        "open_total": len(found),
    }


@operation("periods.close", errors=("items_open", "same_person"))
def close(
    call: Call,
    closing: str,
    by: Person,
    allowed: list[str] | None = None,
    allowed_by: Person | None = None,
    reason: str | None = None,
) -> Closed:
    """Close the period for good; left_open: how many items stay open.

    allowed: the `item`s that another person, `allowed_by`, has seen and let stay open, for a reason.
    BPMN errors: items_open, if there is any other; same_person."""
    tx = call.tx
    # Whoever posts now is let finish, and whoever comes later finds it closed.
    tx.alone(CLOSING)
    row = _of(tx, closing)
    if by == allowed_by:
        raise refuse("same_person", documents.SamePerson())
    found = open_items.until(call, row.opens)
    accepted = set(allowed or ()) if allowed_by is not None and reason else set()
    more = [item for item in found if item.key not in accepted]
    if more:
        raise refuse("items_open", ItemsOpen(count=len(more), period=row.period))
    documents.change(
        tx,
        period_closings,
        row,
        "closed",
        NEXT,
        closed_by=by,
        closed_at=call.now,
        allowed_by=allowed_by if found else None,
        reason=reason if found else None,
        items=[item.shown() for item in found],
        last_postings=periods.last_postings(tx),
    )
    return {"left_open": len(found)}


@operation("periods.drop")
def drop(call: Call, closing: str) -> None:
    """Leave the period open after all."""
    documents.change(call.tx, period_closings, _of(call.tx, closing), "dropped", NEXT)


@operation("periods.remind")
def remind(call: Call, closing: str) -> Reminded:
    """Mark what people are asked in the cases of open items as reminded once more; how many tasks there were."""
    row = _of(call.tx, closing)
    about = {item.case for item in open_items.until(call, row.opens)}
    which = sa.select(cases.c.id).where(cases.c.public_id.in_(about))
    reminded = call.tx.execute(
        sa.update(user_tasks)
        .where(user_tasks.c.case_id.in_(which), user_tasks.c.state.in_(OPEN))
        .values(reminded=user_tasks.c.reminded + 1)
    )
    return {"reminded": reminded.rowcount}


def under_way(tx: Transaction) -> ClosingUnderWay | None:
    """The closing that was begun and is neither finished nor dropped, as what refuses another; None without any."""
    other = tx.first(
        sa.select(period_closings.c.number, period_closings.c.period).where(period_closings.c.state == "preparing")
    )
    return None if other is None else ClosingUnderWay(number=other.number, period=other.period)


def closed(tx: Transaction, period: str) -> bool:
    """Whether it is closed."""
    which = CLOSED & (period_closings.c.period >= period)
    return tx.scalar(sa.select(period_closings.c.id).where(which).limit(1)) is not None


def _of(tx: Transaction, closing: str) -> Any:
    return documents.get(tx, period_closings, closing)
