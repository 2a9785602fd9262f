"""Monthly wages with the day from which each counts: what bonuses are computed from.

Never changed: a new wage is a new row. Who may see them is for access.py."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Exact, Id, Instant, Transaction, metadata

wages = sa.Table(
    "wages",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("wage", Exact, nullable=False),  # CNY a month
    sa.Column("effective_from", sa.Date, nullable=False),
    # wage_changes.py; None: entered before it was asked for, or for a bonus that had none
    sa.Column("definition", sa.String(24)),
    sa.Column("set_by", sa.String(32)),
    sa.Column("confirmed_by", sa.String(32)),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    # in_effect: the newest of a person up to a day
    sa.Index("ix_wages_person_effective", "person", "effective_from", "id"),
)


class OwnWage(Conflict):
    """Nobody enters their own wage."""

    code = "wage.own"


class NoWageAmount(Invalid):
    """A wage must be more than zero."""

    code = "wage.zero"


class Recorded(TypedDict):
    wage: Decimal


@operation("wages.record", errors=("same_person",), kept=True)
def record(call: Call, person: Person, wage: Money, effective_from: dt.date, by: Person) -> Recorded:
    """Enter a person's monthly wage in CNY from a day on; only for cases that began before that took two people
    (wages.change). BPMN error: same_person, if it is one's own."""
    if person == by:
        raise refuse("same_person", OwnWage())
    if not wage:
        raise NoWageAmount()
    call.tx.insert(
        wages,
        [
            {
                "person": person,
                "wage": wage,
                "effective_from": effective_from,
                "set_by": by,
                "case": call.case,
                "at": call.now,
            }
        ],
    )
    return {"wage": wage}


def in_effect(tx: Transaction, person: str, day: dt.date) -> Decimal | None:
    """The person's monthly wage on a day, in CNY; of two from the same day the later entry."""
    row = entry(tx, person, day)
    return None if row is None else row.wage


def entry(tx: Transaction, person: str, day: dt.date) -> Any:
    """The row of that wage: `wage`, `effective_from`, `definition`, `set_by`, `confirmed_by`; None if there is none."""
    return tx.first(
        sa.select(
            wages.c.wage, wages.c.effective_from, wages.c.definition, wages.c.set_by, wages.c.confirmed_by
        )
        .where(wages.c.person == person, wages.c.effective_from <= day)
        .order_by(wages.c.effective_from.desc(), wages.c.id.desc())
        .limit(1)
    )
