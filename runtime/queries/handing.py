"""Open tasks of a case that the reader may give to somebody else, and to whom.

Not here: who may be given what (runtime/handing.py), giving it (commands/handing_over.py)."""

from __future__ import annotations

import sqlalchemy as sa

from runtime import access, handing, library
from runtime.identity import Actor, Person
from runtime.store import user_tasks
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks


def of_case(tx: Transaction, actor: Actor, case: str) -> dict[str, list[Person]]:
    """Open task → whom the reader may give it to; only of a case that they see whole, and only tasks that are
    theirs to give."""
    return _receivers(tx, actor, cases.c.public_id == case)


def of_task(tx: Transaction, actor: Actor, task: str) -> list[Person]:
    """Whom the reader may give an open task to. Raises NoSuchTask where they do not see its case whole."""
    seen = (
        sa.select(tasks.c.id)
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.public_id == task, access.case_visible(actor, fully=True))
    )
    if tx.first(seen) is None:
        raise library.NoSuchTask()
    return _receivers(tx, actor, tasks.c.public_id == task).get(task, [])


def _receivers(tx: Transaction, actor: Actor, which: sa.ColumnElement[bool]) -> dict[str, list[Person]]:
    if not actor.subordinates:
        return {}  # the most, and nothing is asked for them
    rows = tx.all(
        sa.select(tasks, cases.c.bindings)
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(which, tasks.c.state.in_(OPEN), access.case_visible(actor, fully=True))
        .order_by(tasks.c.id)
    )
    asked = user_tasks.asked(tx, [row.id for row in rows]) if rows else {}
    found = {}
    for row in rows:
        node = library.process(tx, row.bindings[row.process]).node(row.element)
        able = handing.receivers(tx, actor, row, node, asked.get(row.id, []))
        if able:
            found[row.public_id] = [Person(each.public_id, each.names) for each in able]
    return found
