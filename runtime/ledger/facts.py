"""What the assessor is shown beside the self-assessment: attendance and training of the month.

Shown, never weighed: what it means for a score is the assessor's to say."""

from __future__ import annotations

from typing import Any, TypedDict

from runtime.ledger import attendance, documents, training
from runtime.ledger.appraisals import appraisals, period_end, period_of
from runtime.ledger.operations import Call, operation


class Facts(TypedDict):
    late: int
    absences: int
    trainings: list[dict[str, Any]]


@operation("appraisals.facts")
def facts(call: Call, appraisal: str) -> Facts:
    """Of the appraisal's month: how often lateness and absence stand, and each training with its score."""
    row = documents.get(call.tx, appraisals, appraisal)
    last = period_end(period_of(call.tx, row))
    first = last.replace(day=1)
    counted = attendance.counted(call.tx, row.employee, first, last)
    return {
        "late": counted["late"],
        "absences": counted["absence"],
        "trainings": training.results(call.tx, row.employee, first, last),
    }
