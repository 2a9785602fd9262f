"""A case's row and its state: that it loads, and that they say the same.

Not here: what waits (waits.py), what happened (logs.py)."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.doctor.invariant import invariant
from runtime.doctor.seen import Seen
from runtime.errors import Problem

ENDED = ("completed", "terminated", "failed", "cancelled")


@invariant("case", of_cases=True)
def case_loads(case: Seen) -> Iterator[Problem]:
    """The state of each case loads, with the diagrams that the case began with."""
    if case.failure is not None:
        reason = f"{type(case.failure).__name__}: {case.failure}"
        yield Problem(
            "case_unloadable", "The state of the case does not load: {reason}", case.place, {"reason": reason}
        )


@invariant("case", of_cases=True)
def case_row(case: Seen) -> Iterator[Problem]:
    """The row of each case says what its state says: which case it is, its business key, whether it has ended."""
    row, execution = case.row, case.execution
    if execution is None:
        return
    state = execution.state()
    held = {
        "public_id": (row.public_id, state["case"]),
        "process": (row.process, state["process"]),
        "business_key": (row.business_key, execution.business_key),
        "status": (
            row.status,
            row.status if execution.ended == (row.status in ENDED) else _told(execution.ended),
        ),
        "ended_at": (
            row.ended_at,
            row.ended_at if (row.ended_at is None) == case.running else _told(execution.ended),
        ),
    }
    for name, (kept, wanted) in held.items():
        if kept != wanted:
            yield Problem(
                "case_row_differs",
                "The column {column} says {kept}, the state says {wanted}",
                case.place,
                {"column": name, "kept": kept, "wanted": wanted},
            )


def _told(ended: bool) -> str:
    return "ended" if ended else "running"


@invariant("case", of_cases=True)
def case_version(case: Seen) -> Iterator[Problem]:
    """The version of each case counts its moves: there is at least one, and each has left something in the log."""
    row = case.row
    if not 1 <= row.version <= row.sequence:
        yield Problem(
            "case_version_wrong",
            "Version {version} does not fit {sequence} entries of the log",
            case.place,
            {"version": row.version, "sequence": row.sequence},
        )


@invariant("case", of_cases=True)
def case_stands(case: Seen) -> Iterator[Problem]:
    """Each running case stands somewhere, and one in which nothing can happen any more has an open incident."""
    if not case.running or case.execution is None or case.execution.ended:
        return
    if not case.open:
        yield Problem("case_nowhere", "The case runs and stands nowhere", case.place)
    stuck = case.execution.deadlocked
    if stuck and not {incident.activity for incident in case.incidents} & {token.id for token in stuck}:
        elements = ", ".join(dict.fromkeys(token.element for token in stuck))
        yield Problem(
            "case_stuck_unseen",
            "Nothing can happen any more at {elements}, and no incident says so",
            case.place,
            {"elements": elements},
        )
