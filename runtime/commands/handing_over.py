"""A supervisor gives a subordinate's open task to somebody else of their people, and says why.

The reason stands in the case's log and its thread, and both are told (store/comments.py: kind handed_over), also
who does not see the case whole: it is said to them. Not here: who may be given what (runtime/handing.py), and what
happens to the tasks of who has left (staffing.py)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from runtime import access, handing, household, library
from runtime.commands import comments, hearing
from runtime.commands.incidents import LONGEST, ReasonMissing
from runtime.commands.user_tasks import TaskAlreadyCompleted, TaskChanged, TaskWithdrawn
from runtime.errors import Forbidden
from runtime.identity import Actor
from runtime.ids import public_id
from runtime.store import comments as store
from runtime.store import user_tasks
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks as tasks


class NotYoursToGive(Forbidden):
    """You can give only tasks of your own people, and only to those of them who may do them."""

    code = "user_task.not_yours_to_give"


def give(tx: Transaction, actor: Actor, task: str, person: str, reason: str) -> None:
    """`person` (a public id), who is below the actor and may do the task, has it from now on.

    Raises ReasonMissing, NoSuchTask, TaskAlreadyCompleted, TaskWithdrawn, NotYoursToGive, TaskChanged."""
    reason = reason.strip()[:LONGEST]
    if not reason:
        raise ReasonMissing()
    row, case = _get(tx, actor, task)
    org = household.organisation(tx)
    node = library.process(tx, case.bindings[row.process]).node(row.element)
    asked = user_tasks.asked(tx, [row.id]).get(row.id, [])
    able = {each.public_id: each for each in handing.receivers(tx, actor, row, node, asked)}
    if person not in able:
        raise NotYoursToGive()
    if not user_tasks.hand_over(tx, row.id, row.version, able[person].id):
        raise TaskChanged()
    before = org.by_id[row.assignee_id].public_id if row.assignee_id else None
    comment = _tell(tx, actor, row, able[person].id, reason)
    detail: dict[str, Any] = {"comment": comment, "text": reason, "from": before, "to": person}
    hearing.reassigned(tx, actor, case, row, "task_reassigned", detail)


def _get(tx: Transaction, actor: Actor, task: str) -> tuple[Any, Any]:
    """The task and its case, which the actor sees whole, held for the transaction."""
    row = tx.first(sa.select(tasks).where(tasks.c.public_id == task))
    case = None
    if row is not None:
        seen = (cases.c.id == row.case_id, access.case_visible(actor, fully=True))
        case = tx.first(sa.select(cases).where(*seen).with_for_update(of=cases))
    if row is None or case is None:
        raise library.NoSuchTask()
    row = tx.first(sa.select(tasks).where(tasks.c.id == row.id))  # as it is now that its case is held
    assert row is not None
    if row.state == "completed":
        raise TaskAlreadyCompleted()
    if row.state == "cancelled":
        raise TaskWithdrawn()
    return row, case


def _tell(tx: Transaction, actor: Actor, task: Any, receiver: int, reason: str) -> str:
    """Whoever had the task and whoever has it now find the reason under their mentions."""
    comment = public_id()
    added = store.add(
        tx,
        public_id=comment,
        case_id=task.case_id,
        task_id=task.id,
        author_id=actor.id,
        at=tx.now,
        text=reason,
        kind=store.HANDED_OVER,
    )
    comments.tell(tx, added, {each: "" for each in (task.assignee_id, receiver) if each is not None})
    return comment
