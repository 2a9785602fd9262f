"""Incidents: what needed a person, dealt with by one who may operate cases.

Tried again as it is; passed over; tried again with corrected variables; or closed, where nothing is
left to do. Who did it and why is kept, in the case's log and with the incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from runtime import access, household
from runtime.commands import advance
from runtime.commands.user_tasks import hold_files
from runtime.engine.errors import CannotSkip, NotParked, Stuck
from runtime.errors import Conflict, Invalid, NotFound, Problem
from runtime.expressions.errors import CannotEvaluate
from runtime.identity import SYSTEM, Actor, require
from runtime.ids import public_id
from runtime.store import cases, external_tasks, jobs
from runtime.store.db import Transaction
from runtime.store.event_log import Event
from runtime.values import Value


class NoSuchIncident(NotFound):
    """There is no such incident."""

    code = "incident.unknown"


class IncidentResolved(Conflict):
    """This incident has been dealt with already."""

    code = "incident.resolved"


class ReasonMissing(Invalid):
    """Say why: others will read it."""

    code = "incident.reason_missing"


class NoStep(Conflict):
    """No step of a running case stands behind this incident: try it again or close it."""

    code = "incident.no_step"


class StillHeldUp(Conflict):
    """The case cannot go on by itself: try again, skip the step, correct its variables, or cancel the case."""

    code = "incident.still_held_up"


class GoesNoFurther(Conflict):
    """Skipped like this, the case finds no way on from the step."""

    code = "incident.goes_no_further"


NOT_SKIPPED = (NotParked, CannotSkip, GoesNoFurther)  # why a step is not passed over
LOSABLE = ("message", "signal", "begin", "start")  # jobs that a person may give up
LONGEST = 1000  # characters of a reason


def retry(tx: Transaction, actor: Actor, incident: str, reason: str = "") -> None:
    """Try the step or job behind an incident again, soon. Raises IncidentResolved."""
    row = _resolve(tx, actor, incident, "retried", reason.strip()[:LONGEST])
    if row.job_id is not None:
        tx.execute(
            sa.update(jobs.jobs)
            .where(jobs.jobs.c.id == row.job_id, jobs.jobs.c.state == "failed")
            .values(state="waiting", attempts=0, worker_id=None, due_at=tx.now)
        )
    elif row.activity and external_tasks.reopen(tx, row.activity):
        household.house(tx).opened.call(tx)
    elif row.activity:
        tx.insert(
            jobs.jobs,
            [
                {
                    "kind": "retry", "state": "waiting", "key": f"retry:{row.activity}:{public_id()}",
                    "case_id": row.case_id, "element": row.element, "activity": row.activity,
                    "due_at": tx.now, "payload": {"attempt": 0}, "created_at": tx.now,
                }
            ],
        )  # fmt: skip
    household.house(tx).waking.call(tx)


def skip(
    tx: Transaction, actor: Actor, incident: str, reason: str, values: Mapping[str, Value] | None = None
) -> None:
    """Pass over the step behind an incident: the case goes on as if it were done, with `values` in place of
    what would have come of it.

    Raises ReasonMissing, NoStep, NotParked, CannotSkip, NotAValue, NotYourFile, IncidentResolved, and
    GoesNoFurther with the cause as its problem, where the actor may know what the case holds."""
    told = _reason(reason)
    row = _resolve(tx, actor, incident, "skipped", told)
    case = _case(tx, row)
    given = dict(values or {})
    entry = Event("skipped", case.process, row.element, row.activity, {"reason": told, "values": sorted(given)})
    _end_retries(tx, row)
    _hold(tx, actor, case, given)
    try:
        advance.move(tx, actor, case, lambda execution: execution.skip(row.activity, given), [entry])
    except (Stuck, CannotEvaluate) as failure:
        raise GoesNoFurther(_cause(tx, actor, case, row.element, failure)) from failure


def correct(
    tx: Transaction, actor: Actor, incident: str, reason: str, values: Mapping[str, Value]
) -> None:
    """Write variables where the step behind an incident sees them, and try it again at once.

    Raises ReasonMissing, NoStep, NotAValue, NotYourFile, IncidentResolved."""
    told = _reason(reason)
    row = _resolve(tx, actor, incident, "corrected", told)
    case = _case(tx, row)
    entry = Event("corrected", case.process, row.element, row.activity, {"reason": told, "values": sorted(values)})
    _end_retries(tx, row)
    _hold(tx, actor, case, values)
    advance.move(tx, actor, case, lambda execution: execution.correct(row.activity, values), [entry])


def close(tx: Transaction, actor: Actor, incident: str, reason: str) -> None:
    """Nothing is left to do about an incident; a message or start behind it is given up.

    Raises ReasonMissing, IncidentResolved, and StillHeldUp where the case would stand for ever."""
    told = _reason(reason)
    row = _resolve(tx, actor, incident, "closed", told)
    case = cases.by_id(tx, row.case_id) if row.case_id is not None else None
    if row.job_id is not None:
        job = tx.first(sa.select(jobs.jobs.c.kind, jobs.jobs.c.state).where(jobs.jobs.c.id == row.job_id))
        if job is not None and job.state == "failed":
            if job.kind not in LOSABLE and case is not None and case.status == "running":
                raise StillHeldUp()
            tx.execute(sa.update(jobs.jobs).where(jobs.jobs.c.id == row.job_id).values(state="dropped"))
    elif case is not None and case.status == "running" and advance.held_up(tx, actor, case, row.activity):
        raise StillHeldUp()
    if case is not None:
        entry = Event("incident_closed", case.process, row.element, row.activity, {"reason": told})
        advance.note(tx, actor, case, [entry])


def _reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing()
    return reason.strip()[:LONGEST]


def _resolve(tx: Transaction, actor: Actor, incident: str, how: str, reason: str) -> Any:
    """The incident, dealt with in this transaction. Raises NoSuchIncident, IncidentResolved."""
    require(actor, "operate", "case")
    row = tx.first(sa.select(jobs.incidents).where(jobs.incidents.c.public_id == incident))
    if row is None:
        raise NoSuchIncident()
    resolved = tx.execute(
        sa.update(jobs.incidents)
        .where(jobs.incidents.c.id == row.id, jobs.incidents.c.resolved_at.is_(None))
        .values(resolved_at=tx.now, resolution=how, resolved_by=actor.id or None, note=reason or None)
    )
    if not resolved.rowcount:
        raise IncidentResolved()
    return row


def _case(tx: Transaction, row: Any) -> Any:
    case = cases.by_id(tx, row.case_id) if row.case_id is not None and row.activity else None
    if case is None or case.status != "running" or row.job_id is not None:
        raise NoStep()
    return case


def _hold(tx: Transaction, actor: Actor, case: Any, given: Mapping[str, Value]) -> None:
    """Nobody makes a file of others their own by naming it. Raises NotYourFile."""
    if actor is not SYSTEM:
        hold_files(tx, actor, case.id, given)


def _cause(
    tx: Transaction, actor: Actor, case: Any, element: str, failure: Stuck | CannotEvaluate
) -> list[Problem]:
    """Why it went no further; nothing where the sentence may name what a confidential case holds."""
    seen = sa.select(cases.cases.c.id).where(
        cases.cases.c.id == case.id, access.case_visible(actor, fully=True)
    )
    if actor is not SYSTEM and case.confidential and tx.first(seen) is None:
        return []
    return [Problem(failure.code, failure.message, element, failure.params)]


def _end_retries(tx: Transaction, row: Any) -> None:
    """What was to try the step again need not any more."""
    jobs.end(tx, [row.activity])
