"""A task is somebody else's: its listeners hear it, if its element has such listeners.

Only then does the case move; for all other tasks a line in the log is all, and the case is not loaded.
A listener that fails parks the task's token (engine), and the act that it hears of stays.
Not here: what listeners hear and may change (engine/task_events.py), the acts themselves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from runtime import library
from runtime.commands import advance
from runtime.engine.errors import ActivityNotFound, NotWaiting
from runtime.identity import Actor
from runtime.store.cases import by_id, cases
from runtime.store.db import Transaction
from runtime.store.event_log import Event
from runtime.store.user_tasks import user_tasks as tasks


def reassigned(
    tx: Transaction, actor: Actor, case: Any, task: Any, kind: str, detail: dict[str, Any] | None = None
) -> None:
    """Log the act `kind` by which `task` got another assignee or lost it, and tell who listens."""
    entry = Event(kind, task.process, task.element, task.activity, detail or {})
    if task.element in library.process(tx, case.bindings[task.process]).heard:
        advance.move(tx, actor, case, lambda execution: execution.reassigned(task.activity), [entry])
    else:
        advance.note(tx, actor, case, [entry])


def changed_hands(tx: Transaction, actor: Actor, ids: Sequence[int]) -> None:
    """Tell who listens that these tasks went back to their group or on to somebody, without their own act."""
    if not ids:
        return
    found = tx.all(
        sa.select(tasks.c.case_id, tasks.c.process, tasks.c.element, tasks.c.activity, cases.c.bindings)
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.id.in_(ids))
        .order_by(tasks.c.id)
    )
    for row in found:
        if row.element not in library.process(tx, row.bindings[row.process]).heard:
            continue
        activity = row.activity
        # It may have been completed meanwhile.
        with suppress(ActivityNotFound, NotWaiting):
            case = by_id(tx, row.case_id)
            advance.move(tx, actor, case, lambda execution: execution.reassigned(activity), [])  # noqa: B023
