"""What the assessor is shown beside the self-assessment: attendance and training of the month.

Shown, never weighed: what it means for a score is the assessor's to say."""

from __future__ import annotations

from typing import Any, TypedDict

from runtime.ledger import attendance, documents, training
from runtime.ledger.appraisals import appraisals, late_in_year, period_end, period_of
from runtime.ledger.operations import Call, operation


class Facts(TypedDict):
    late: int
    late_in_year: int
    bar: str
    absences: int
    trainings: list[dict[str, Any]]


@operation("appraisals.facts")
def facts(call: Call, appraisal: str) -> Facts:
    """Of the appraisal's month: how often lateness and absence stand, and each training with its score.

    `late_in_year`: lateness that stands since New Year · `bar`: none, or what bars the top grade by now."""
    row = documents.get(call.tx, appraisals, appraisal)
    last = period_end(period_of(call.tx, row))
    first = last.replace(day=1)
    counted = attendance.counted(call.tx, row.employee, first, last)
    late = late_in_year(call.tx, row)
    barred = call.decide("grade_bar", {"grade": "excellent", "late_in_year": late}, last)
    return {
        "late": counted["late"],
        "late_in_year": late,
        "bar": str(barred["bar"]),
        "absences": counted["absence"],
        "trainings": training.results(call.tx, row.employee, first, last),
    }
