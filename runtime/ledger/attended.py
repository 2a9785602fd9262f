"""How much of a month somebody attended: what a bonus is paid for.

Counted in half days of the calendar's workdays. Statutory leave counts as attended, whatever else stands for
that day. Not here: what of the bonus that makes (rules/bonus_share.yaml)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from runtime.ledger import attendance, employed, leave
from runtime.store import calendar
from runtime.store.db import Transaction

HALF = Decimal("0.5")


@dataclass(frozen=True)
class Attended:
    """Workdays. due: of the whole month · outside: before joining or after leaving · other_leave: granted and
    not statutory · absence: judged as such, where there was no leave."""

    due: Decimal
    outside: Decimal
    statutory_leave: Decimal
    other_leave: Decimal
    absence: Decimal

    @property
    def days(self) -> Decimal:
        return self.due - self.outside - self.other_leave - self.absence


def of_month(tx: Transaction, person: str, first: dt.date, last: dt.date) -> Attended:
    """Of the days from the first to the last of a month."""
    days = calendar.load(tx)
    begun, ended = employed.within(employed.known(tx, person), first, last)
    off = leave.slots_off(tx, person, first, last)
    absent = attendance.absent_halves(tx, person, first, last)
    due = outside = statutory = other = missed = 0
    for number in range((last - first).days + 1):
        day = first + dt.timedelta(days=number)
        if not days.is_workday(day):
            continue
        due += 2
        if not begun <= day <= ended:
            outside += 2
            continue
        leaves = [off[day, half] for half in (0, 1) if (day, half) in off]
        statutory += sum(leaves)
        other += len(leaves) - sum(leaves)
        missed += min(absent.get(day, 0), 2 - len(leaves))
    return Attended(*(HALF * halves for halves in (due, outside, statutory, other, missed)))
