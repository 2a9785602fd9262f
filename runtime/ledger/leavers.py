"""The result of an appraisal is told to who has left: human resources hands it over and brings back the answer.

They have the days to appeal that everybody has, from the day they were told. Not here: that their month is
appraised at all (appraisals.py), the appeal itself (appraisals.decide_appeal), pay (bonuses.py)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ledger import documents
from runtime.ledger.appraisals import appraisals, has_left, period_end, period_of
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts, calendar


class ToldInFuture(Invalid):
    """Enter the day on which they were told; it cannot lie ahead."""

    code = "appraisal.told_in_future"


class MayStillAppeal(Conflict):
    """They may appeal until {day}. Until then complete this only with their answer."""

    code = "appraisal.may_still_appeal"


class NotALeaver(Conflict):
    """{employee} is here and answers for themselves."""

    code = "appraisal.not_a_leaver"


@operation("appraisals.tell_leaver", errors=("not_told",))
def tell_leaver(
    call: Call, appraisal: str, told_on: dt.date, answer: Literal["accept", "appeal", "silent"], by: Person
) -> None:
    """Keep when the published result was told to who has left, and by whom.

    `silent`: no answer came, which counts as acceptance once the days to appeal are over. BPMN error: not_told,
    with the reason."""
    tx = call.tx
    row = documents.get(tx, appraisals, appraisal)
    documents.require_state(row, "graded")
    organisation = accounts.organisation(tx)
    if not has_left(organisation, row.employee):
        raise refuse("not_told", NotALeaver(employee=organisation.by_public_id[row.employee].username))
    if told_on > call.today:
        raise refuse("not_told", ToldInFuture())
    if answer == "silent":
        terms = call.decide("appraisal_terms", {"employed_days": 31}, period_end(period_of(tx, row)))
        last = calendar.load(tx).workday_after(told_on, int(str(terms["appeal_days"])))
        if last >= call.today:
            raise refuse("not_told", MayStillAppeal(day=last))
    tx.execute(sa.update(appraisals).where(appraisals.c.id == row.id).values(told_on=told_on, told_by=by))
