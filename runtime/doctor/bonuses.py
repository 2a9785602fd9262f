"""Bonuses: each is wage × percentage × attended / due days to the cent, and its days add up.

Not here: whether the percentage is the rule's (the case keeps the decision), wages in force (wages.py)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.appraisals import appraisal_cycles, appraisals, period_end
from runtime.ledger.bonuses import bonuses, earned
from runtime.ledger.wages import entry
from runtime.store.db import Transaction

SOME = 500  # rows that are read at a time


@invariant("books")
def bonuses_are_what_was_earned(tx: Transaction) -> Iterator[Problem]:
    """Each bonus is its wage by its percentage by attended and due days, rounded once to the cent."""
    one = bonuses.c
    query = (
        sa.select(one.public_id, one.wage, one.percent, one.amount, one.attended_days, one.due_days)
        .where(one.amount.is_not(None), one.state != "prepared")
        .order_by(one.id)
    )
    for row in tx.execute(query.execution_options(yield_per=SOME)):
        expected = earned(row.wage, row.percent, row.attended_days, row.due_days)
        if row.amount != expected:
            yield Problem(
                "bonus_differs", "It is {amount} and should be {expected}", f"bonuses/{row.public_id}",
                {"amount": row.amount, "expected": expected},
            )  # fmt: skip


@invariant("books")
def days_of_bonuses_add_up(tx: Transaction) -> Iterator[Problem]:
    """Attended days are the due ones but for those outside of employment, on other leave and absent."""
    one = bonuses.c
    left = one.due_days - one.outside_days - one.other_leave_days - one.absence_days
    wrong = sa.or_(one.attended_days != left, one.attended_days < 0, one.statutory_leave_days > one.attended_days)
    for row in tx.all(sa.select(one.public_id).where(one.due_days.is_not(None), wrong).order_by(one.id)):
        yield Problem("bonus_days_differ", "Its days do not add up", f"bonuses/{row.public_id}", {})


@invariant("books")
def bonuses_are_confirmed_apart(tx: Transaction) -> Iterator[Problem]:
    """Nobody confirmed a bonus that is theirs, or whose wage they entered or confirmed."""
    one = bonuses.c
    query = (
        sa.select(one.public_id, one.employee, one.confirmed_by, appraisal_cycles.c.period)
        .join(appraisals, appraisals.c.id == one.appraisal_id)
        .join(appraisal_cycles, appraisal_cycles.c.id == appraisals.c.cycle_id)
        .where(one.confirmed_by.is_not(None), one.due_days.is_not(None))
        .order_by(one.id)
    )
    for row in tx.all(query):
        wage = entry(tx, row.employee, period_end(row.period))
        if row.confirmed_by in (row.employee, wage and wage.set_by, wage and wage.confirmed_by):
            yield Problem("bonus_own_hands", "Two hands in it were one person's", f"bonuses/{row.public_id}", {})
