"""What happens to a step that failed for a technical reason: tried again, then an incident.

The token is parked before the step (engine); the person's part of the transaction
stays. What a retry cannot mend (the diagram or the data is wrong) is an incident at once."""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
import structlog

from runtime import household
from runtime.bpmn.retry_cycle import Delay
from runtime.commands.world import sentence
from runtime.engine import timers
from runtime.engine.errors import Stuck
from runtime.engine.ports import BpmnError, Parked
from runtime.errors import Failed, GuichengError
from runtime.ids import public_id
from runtime.store import jobs
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared
from runtime.store.user_tasks import user_tasks

log = structlog.get_logger()
# Where the diagram says nothing (failedJobRetryTimeCycle): pauses before the second attempt and so on.
DELAYS = (dt.timedelta(seconds=10), dt.timedelta(minutes=1), dt.timedelta(minutes=10))


def schedule_retries(
    tx: Transaction,
    case: Any,
    parked: Sequence[Parked],
    attempts: Mapping[str, int],
    pauses: Mapping[str, Sequence[Delay]],
) -> None:
    """A job for each parked step, or its incident after the last attempt. `attempts`: which one this
    was, by activity; a step that is not named failed for the first time. `pauses`: what the diagram
    says of the activities that say something."""
    for stop in parked:
        attempt, delays = attempts.get(stop.activity, 0), pauses.get(stop.activity, DELAYS)
        error = stop.error
        reason = sentence(error) if error else stop.reason
        hopeless = isinstance(error, (BpmnError, Stuck)) or (
            isinstance(error, GuichengError) and not isinstance(error, Failed)
        )
        # The log is read by whoever runs the machine: of a confidential case it tells the kind and the place.
        # Our own errors say where in the diagram; a traceback would only bury that.
        told = {"reason": reason, "exc_info": None if isinstance(error, GuichengError) else error}
        if case.confidential:
            places = "".join(traceback.format_tb(error.__traceback__)) if error else ""
            told = {"reason": reason.partition(":")[0], "stack": places}
        log.warning("step_parked", case=case.public_id, element=stop.element, **told)
        if hopeless or attempt >= len(delays):
            raise_incident(tx, case.id, None, stop.element, reason, stop.activity)
        else:
            tx.execute(
                sa.insert(jobs.jobs).values(
                    kind="retry",
                    state="waiting",
                    key=f"retry:{stop.activity}:{attempt}:{public_id()}",
                    case_id=case.id,
                    element=stop.element,
                    activity=stop.activity,
                    due_at=timers.later(tx.now, delays[attempt], household.house(tx).zone),
                    payload={"attempt": attempt + 1},
                    priority=stop.priority,
                    error=reason[:2000],
                    created_at=tx.now,
                )
            )


def raise_incident(
    tx: Transaction, case_id: int | None, job_id: int | None, element: str, reason: str, activity: str = ""
) -> None:
    """Keep what went wrong until an operator has dealt with it."""
    tx.execute(
        sa.insert(jobs.incidents).values(
            public_id=public_id(),
            case_id=case_id,
            job_id=job_id,
            element=element,
            activity=activity,
            reason=reason[:4000],
            created_at=tx.now,
        )
    )


def _ended(case: Any) -> sa.Update:
    incident, job = jobs.incidents.c, jobs.jobs.c
    own = sa.select(job.id).where(job.case_id == case, job.kind != sa.literal("message"))
    return sa.update(jobs.incidents).where(
        incident.case_id == case,
        sa.or_(incident.job_id.is_(None), incident.job_id.in_(own)),
        incident.resolved_at.is_(None),
    )


# Whether something is still wrong with a task, for whoever asks of tasks.
TROUBLED = (
    sa.select(1)
    .where(
        jobs.incidents.c.case_id == user_tasks.c.case_id,
        jobs.incidents.c.activity == user_tasks.c.activity,
        jobs.incidents.c.resolved_at.is_(None),
    )
    .correlate(user_tasks)
    .exists()
)
# Said at the end of every case.
_END_ALL = Prepared(_ended(sa.bindparam("b_case")).values(resolved_at=sa.bindparam("b_now")))


def end_incidents(tx: Transaction, case_id: int, activities: Sequence[str] | None) -> None:
    """Steps that were done or withdrawn (None: the whole case is over) need nobody any more.

    A message that nobody took is not its sender's own: its incident stays."""
    if activities is None:
        _END_ALL.run(tx, b_case=case_id, b_now=tx.now)
        return
    incident = jobs.incidents.c.activity.in_(activities)
    tx.execute(_ended(case_id).where(incident).values(resolved_at=tx.now))
