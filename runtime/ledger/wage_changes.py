"""A change of a monthly wage: entered by human resources with what it comprises and its day, confirmed by finance.

Not here: the wages themselves (wages.py), what a bonus makes of them (bonuses.py)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.ledger.appraisals import appraisal_cycles, appraisals
from runtime.ledger.bonuses import bonuses
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.wages import NoWageAmount, Recorded, entry, wages
from runtime.store.db import Transaction

# What a monthly wage comprises: the fixed wage alone, or with the allowances that are paid every month.
Definition = Literal["base", "base_and_allowances"]


class SameWageHands(Conflict):
    """Whoever enters a wage does not confirm it, and nobody has a hand in their own."""

    code = "wage.same_hands"


class BonusComputed(Conflict):
    """A bonus for {period} was computed from the wage before. Choose a day after that month."""

    code = "wage.bonus_computed"


class Present(TypedDict):
    wage: Decimal | None
    effective_from: dt.date | None
    definition: str | None


@operation("wages.present")
def present(call: Call, person: Person, day: dt.date) -> Present:
    """The monthly wage that a new one would follow: in effect on its day, or today if that is later. In CNY, with
    the day from which it counts and what it comprises; all null if there is none, the last also of old entries."""
    row = entry(call.tx, person, max(day, call.today))
    if row is None:
        return {"wage": None, "effective_from": None, "definition": None}
    return {"wage": row.wage, "effective_from": row.effective_from, "definition": row.definition}


@operation("wages.change", errors=("same_person", "bad_wage"))
def change(
    call: Call,
    person: Person,
    wage: Money,
    definition: Definition,
    effective_from: dt.date,
    entered_by: Person,
    confirmed_by: Person,
) -> Recorded:
    """Enter a person's monthly wage in CNY from a day on, as one entered and another confirmed it.

    BPMN errors: same_person, if the two are one or it is either's own; bad_wage, if it is nothing, or a bonus for
    a month from that day on was computed already."""
    if len({person, entered_by, confirmed_by}) < 3:
        raise refuse("same_person", SameWageHands())
    if not wage:
        raise refuse("bad_wage", NoWageAmount())
    period = _bonus_since(call.tx, person, effective_from)
    if period is not None:
        raise refuse("bad_wage", BonusComputed(period=period))
    entered = {"person": person, "wage": wage, "definition": definition, "effective_from": effective_from}
    hands = {"set_by": entered_by, "confirmed_by": confirmed_by}
    call.tx.insert(wages, [{**entered, **hands, "case": call.case, "at": call.now}])
    return {"wage": wage}


def _bonus_since(tx: Transaction, person: str, day: dt.date) -> str | None:
    """The last month, from that of a day on, for which a bonus of the person was computed."""
    period: str | None = tx.scalar(
        sa.select(sa.func.max(appraisal_cycles.c.period))
        .join(appraisals, appraisals.c.cycle_id == appraisal_cycles.c.id)
        .join(bonuses, bonuses.c.appraisal_id == appraisals.c.id)
        .where(
            bonuses.c.employee == person,
            bonuses.c.state != "prepared",
            appraisal_cycles.c.period >= f"{day:%Y-%m}",
        )
    )
    return period
