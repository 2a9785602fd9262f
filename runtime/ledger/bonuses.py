"""Performance bonuses: one per settled appraisal, computed, confirmed, handed to payroll.

Each is wage × percentage × attended / due days, rounded once to the cent, and keeps the days it was computed
from. Not here: the percentages (rules/bonus_tier.yaml), which the policy leaves open, the share
(rules/bonus_share.yaml), how days are counted (attended.py), and paying."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import assessors, attended, documents, wages
from runtime.ledger.appraisals import appraisal_cycles, appraisals, month_of, name_of, period_end, period_of
from runtime.ledger.inputs import Measure, Money, Person, Share
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
    # Workdays of the month, see attended.py; None: computed before bonuses were paid by attendance
    sa.Column("due_days", Exact),
    sa.Column("attended_days", Exact),
    sa.Column("outside_days", Exact),
    sa.Column("statutory_leave_days", Exact),
    sa.Column("other_leave_days", Exact),
    sa.Column("absence_days", Exact),
)

DAYS = (
    "due_days", "attended_days", "outside_days", "statutory_leave_days", "other_leave_days", "absence_days",
)  # fmt: skip
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


class OwnBonus(Conflict):
    """Nobody confirms or pays out their own bonus."""

    code = "bonus.own"


class OwnWageEntry(Conflict):
    """Whoever entered or confirmed the wage does not confirm the bonus that is computed from it."""

    code = "bonus.own_wage_entry"


class AmountDiffers(Conflict):
    """The bonus comes to {expected} and not to {amount}: wage by percentage by attended and due days."""

    code = "bonus.amount_differs"


class Prepared(TypedDict):
    bonus: str
    employee: str
    employee_name: str
    grade: str
    wage: Decimal
    period: str
    period_end: dt.date
    confirmer: str | None
    barred: list[str]
    due_days: Decimal
    attended_days: Decimal
    outside_days: Decimal
    statutory_leave_days: Decimal
    other_leave_days: Decimal
    absence_days: Decimal


@operation("bonuses.prepare", errors=("no_wage", "not_settled"))
def prepare(call: Call, appraisal: str) -> Prepared:
    """Begin the bonus of a settled appraisal, with the wage that counted at the period's end and the days
    that were attended of those due.

    The confirmer is the manager; for the manager's own, their superior; nobody who entered or confirmed
    that wage (`barred`, with the person themselves); None, if nobody else is above. Tried again after a
    missing wage was entered, it goes on with the same bonus. BPMN errors: no_wage, not_settled."""
    tx = call.tx
    row = documents.get(tx, appraisals, appraisal)
    if row.state != "settled":
        raise refuse("not_settled", NotSettled())
    organisation = accounts.organisation(tx)
    name = name_of(organisation, row.employee)
    period = period_of(tx, row)
    first, end = month_of(period)
    entry = wages.entry(tx, row.employee, end)
    if entry is None:
        raise refuse("no_wage", NoWage(employee=name, day=end))
    barred = [row.employee, *sorted({entry.set_by, entry.confirmed_by} - {None, row.employee})]
    confirmer = _confirmer(organisation, row.employee, barred)
    counted = attended.of_month(tx, row.employee, first, end)
    days = {
        "due_days": counted.due,
        "attended_days": counted.days,
        "outside_days": counted.outside,
        "statutory_leave_days": counted.statutory_leave,
        "other_leave_days": counted.other_leave,
        "absence_days": counted.absence,
    }
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
            wage=entry.wage,
            **days,
        )
    else:
        bonus = earlier.public_id
        documents.change(tx, bonuses, earlier, "prepared", NEXT, grade=row.grade, wage=entry.wage, **days)
    return {
        "bonus": bonus,
        "employee": row.employee,
        "employee_name": name,
        "grade": row.grade,
        "wage": entry.wage,
        "period": period,
        "period_end": end,
        "confirmer": confirmer,
        "barred": barred,
        "due_days": counted.due,
        "attended_days": counted.days,
        "outside_days": counted.outside,
        "statutory_leave_days": counted.statutory_leave,
        "other_leave_days": counted.other_leave,
        "absence_days": counted.absence,
    }


@operation("bonuses.record")
def record(
    call: Call, bonus: str, percent: Share, amount: Money, attended_days: Measure | None = None
) -> None:
    """Keep what the rules made of grade, wage and attendance: percent of the wage, CNY. Raises AmountDiffers.

    `attended_days` as prepare counted them; None: the whole amount, of a case that began before bonuses were
    paid by attendance."""
    row = documents.get(call.tx, bonuses, bonus)
    days: dict[str, Any] = {}
    if attended_days is None:
        days = dict.fromkeys(DAYS)
    else:
        expected = earned(row.wage, percent, attended_days, row.due_days)
        if attended_days != row.attended_days or amount != expected:
            raise AmountDiffers(expected=f"{expected:f}", amount=f"{amount:f}")
    documents.change(call.tx, bonuses, row, "recorded", NEXT, percent=percent, amount=amount, **days)


@operation("bonuses.confirm", errors=("same_person",))
def confirm(call: Call, bonus: str, by: Person) -> None:
    """The amount is right. BPMN error: same_person, if it is one's own, or one had a hand in the wage."""
    tx = call.tx
    row = documents.get(tx, bonuses, bonus)
    if by == row.employee:
        raise refuse("same_person", OwnBonus())
    period = tx.scalar(
        sa.select(appraisal_cycles.c.period)
        .join(appraisals, appraisals.c.cycle_id == appraisal_cycles.c.id)
        .where(appraisals.c.id == row.appraisal_id)
    )
    entry = wages.entry(tx, row.employee, period_end(str(period)))
    if entry is not None and by in (entry.set_by, entry.confirmed_by):
        raise refuse("same_person", OwnWageEntry())
    documents.change(call.tx, bonuses, row, "confirmed", NEXT, confirmed_by=by)


@operation("bonuses.export", errors=("same_person",))
def export(call: Call, bonus: str, by: Person) -> None:
    """Handed to payroll, once. BPMN error: same_person, if it is one's own."""
    row = documents.get(call.tx, bonuses, bonus)
    if by == row.employee:
        raise refuse("same_person", OwnBonus())
    documents.change(call.tx, bonuses, row, "exported", NEXT, exported_by=by, exported_at=call.now)


def earned(wage: Decimal, percent: Decimal, attended_days: Decimal | None, due_days: Decimal | None) -> Decimal:
    """CNY, rounded once to the cent, halves away from zero; without days the whole."""
    whole = wage * percent / 100
    if attended_days is not None and due_days:
        whole = wage * percent * attended_days / (100 * due_days)
    return whole.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _confirmer(organisation: accounts.Organisation, employee: str, barred: list[str]) -> str | None:
    """The nearest above the person who decides and is not barred."""
    return next((each for each in assessors.above(organisation, employee) if each not in barred), None)
