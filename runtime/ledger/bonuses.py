"""Performance bonuses: one per settled appraisal, computed, confirmed, handed to payroll.

Not here: the percentages (rules/bonus_tier.yaml), which the policy leaves open, and paying."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import assessors, documents, wages
from runtime.ledger.appraisals import appraisals, name_of, period_end, period_of
from runtime.ledger.inputs import Money, Person, Share
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Exact, Instant, metadata

bonuses = sa.Table(
    "bonuses",
    metadata,
    *documents.columns(),
    sa.Column("appraisal_id", sa.ForeignKey("appraisals.id"), nullable=False, unique=True),
    sa.Column("employee", sa.String(32), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("grade", sa.String(16), nullable=False),
    sa.Column("wage", Exact, nullable=False),  # CNY a month, as of the period's end
    sa.Column("percent", Exact),
    sa.Column("amount", Exact),  # CNY
    sa.Column("confirmed_by", sa.String(32)),
    sa.Column("exported_by", sa.String(32)),
    sa.Column("exported_at", Instant),
)

NEXT = {
    "prepared": {"prepared", "recorded"},
    "recorded": {"recorded", "confirmed"},
    "confirmed": {"exported"},
}


class NotSettled(Conflict):
    """The appraisal is not settled yet, so there is no bonus to compute."""

    code = "bonus.not_settled"


class NoWage(Invalid):
    """No wage of {employee} is known for {day}."""

    code = "bonus.no_wage"


class NobodyConfirms(Conflict):
    """There is nobody who could confirm the bonus of {employee}."""

    code = "bonus.nobody_confirms"


class OwnBonus(Conflict):
    """Nobody confirms or pays out their own bonus."""

    code = "bonus.own"


class Prepared(TypedDict):
    bonus: str
    employee: str
    employee_name: str
    grade: str
    wage: Decimal
    period: str
    period_end: dt.date
    confirmer: str


@operation("bonuses.prepare", errors=("no_wage", "not_settled", "nobody_confirms"))
def prepare(call: Call, appraisal: str) -> Prepared:
    """Begin the bonus of a settled appraisal, with the wage that counted at the period's end.

    The confirmer is the manager; for the manager's own, their superior. Tried again after a
    missing wage was entered, it goes on with the same bonus. BPMN errors: no_wage,
    not_settled, nobody_confirms."""
    tx = call.tx
    row = documents.get(tx, appraisals, appraisal)
    if row.state != "settled":
        raise refuse("not_settled", NotSettled())
    organisation = accounts.organisation(tx)
    name = name_of(organisation, row.employee)
    period = period_of(tx, row)
    end = period_end(period)
    wage = wages.in_effect(tx, row.employee, end)
    if wage is None:
        raise refuse("no_wage", NoWage(employee=name, day=end))
    confirmer = assessors.above(organisation, row.employee)
    if confirmer is None:
        raise refuse("nobody_confirms", NobodyConfirms(employee=name))
    earlier = tx.first(sa.select(bonuses).where(bonuses.c.appraisal_id == row.id).with_for_update())
    if earlier is None:
        bonus = public_id()
        documents.add(
            tx,
            bonuses,
            public_id=bonus,
            case=call.case,
            at=call.now,
            appraisal_id=row.id,
            employee=row.employee,
            state="prepared",
            grade=row.grade,
            wage=wage,
        )
    else:
        bonus = earlier.public_id
        documents.change(tx, bonuses, earlier, "prepared", NEXT, grade=row.grade, wage=wage)
    return {
        "bonus": bonus,
        "employee": row.employee,
        "employee_name": name,
        "grade": row.grade,
        "wage": wage,
        "period": period,
        "period_end": end,
        "confirmer": confirmer,
    }


@operation("bonuses.record")
def record(call: Call, bonus: str, percent: Share, amount: Money) -> None:
    """Keep what the rule made of grade and wage: percent of the wage, CNY."""
    row = documents.get(call.tx, bonuses, bonus)
    documents.change(call.tx, bonuses, row, "recorded", NEXT, percent=percent, amount=amount)


@operation("bonuses.confirm", errors=("same_person",))
def confirm(call: Call, bonus: str, by: Person) -> None:
    """The amount is right. BPMN error: same_person, if it is one's own."""
    row = documents.get(call.tx, bonuses, bonus)
    if by == row.employee:
        raise refuse("same_person", OwnBonus())
    documents.change(call.tx, bonuses, row, "confirmed", NEXT, confirmed_by=by)


@operation("bonuses.export", errors=("same_person",))
def export(call: Call, bonus: str, by: Person) -> None:
    """Handed to payroll, once. BPMN error: same_person, if it is one's own."""
    row = documents.get(call.tx, bonuses, bonus)
    if by == row.employee:
        raise refuse("same_person", OwnBonus())
    documents.change(call.tx, bonuses, row, "exported", NEXT, exported_by=by, exported_at=call.now)
