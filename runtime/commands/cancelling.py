"""A case is ended by hand: by one who may operate cases, with a reason.

Not here: ends that a process comes to by itself (engine), starting (cases.py)."""

from __future__ import annotations

from runtime.commands import advance, retries
from runtime.commands.incidents import LONGEST, ReasonMissing
from runtime.errors import Conflict, NotFound
from runtime.identity import Actor, require
from runtime.store import cases, external_tasks, jobs, user_tasks
from runtime.store.db import Transaction
from runtime.store.event_log import Event


class NothingToCancel(NotFound):
    """There is no such case."""

    code = "case.nothing_to_cancel"


class CaseIsOver(Conflict):
    """This case is over already."""

    code = "case.is_over"


def cancel(tx: Transaction, actor: Actor, case: str, reason: str) -> None:
    """End a case where it stands: its tasks, timers and waits are withdrawn, nothing that it has done is undone.

    What it called ends with it; messages that it has sent go on. One that can no longer be read is
    ended all the same. Raises ReasonMissing, NothingToCancel, CaseIsOver."""
    require(actor, "operate", "case")
    if not reason.strip():
        raise ReasonMissing()
    found = cases.get(tx, case)
    if found is None:
        raise NothingToCancel()
    row = cases.by_id(tx, found.id)
    if row.status != "running":
        raise CaseIsOver()
    entry = Event("case_cancelled", row.process, detail={"reason": reason.strip()[:LONGEST]})
    try:
        with tx.savepoint():
            advance.move(tx, actor, row, lambda execution: execution.cancel(), [entry])
    except cases.CaseMoved:
        raise
    except Exception:
        # A state that nobody can read any more, or a diagram that is gone: the rows alone are ended.
        ended = Event("ended", row.process, detail={"outcome": "cancelled"})
        advance.note(tx, actor, row, [entry, ended], status="cancelled", ended_at=tx.now)
        user_tasks.cancel_all(tx, row.id)
        external_tasks.end_of_case(tx, row.id)
        retries.end_incidents(tx, row.id, None)
    jobs.end_of_case(tx, row.id)
