"""What playing a scenario asks of its installation, past all rights: one query each, for SYSTEM.

Not here: what people see and do, which goes the ways of the pages (play.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from runtime import library
from runtime.commands import advance
from runtime.identity import GROUPS, Actor
from runtime.queries import history
from runtime.scenarios.judge import ASSIGNEE
from runtime.store import accounts as account_store
from runtime.store import deployments, event_log
from runtime.store import user_tasks as task_store
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.jobs import incidents, jobs


def who_is_meant(tx: Transaction, actor: Actor, who: str, task: Any) -> str | None:
    org = account_store.organisation(tx)
    if who == ASSIGNEE and task is not None and task.assignee_id is not None:
        return str(org.by_id[task.assignee_id].username)
    for member in org.groups.get(who, ()):
        row = org.by_id[member]
        free = task is None or (task.assignee_id is None and row.public_id not in task.excluded)
        if free or task.assignee_id == member:
            return str(row.username)
    # Nobody of the group may: the first of them is told why.
    return next((str(org.by_id[member].username) for member in org.groups.get(who, ())), None)


def person(tx: Transaction, actor: Actor, username: str) -> Any:
    """The row of somebody, here or gone; None if there never was such a one."""
    return account_store.find(tx, username=username)


def open_tasks(tx: Transaction, actor: Actor, case: int | None, element: str | None) -> list[Any]:
    """Of a case, or of all. `id` is the case's, as of a row of cases; `task_id` the task's own."""
    tasks = task_store.user_tasks
    query = sa.select(
        tasks.c.id.label("task_id"),
        tasks.c.public_id,
        tasks.c.element,
        tasks.c.assignee_id,
        tasks.c.excluded,
        tasks.c.case_id.label("id"),
    ).where(tasks.c.state.in_(task_store.OPEN))
    if case is not None:
        query = query.where(tasks.c.case_id == case)
    if element is not None:
        query = query.where(tasks.c.element == element)
    return list(tx.all(query.order_by(tasks.c.id)))


def asked(tx: Transaction, actor: Actor, task: int) -> list[str]:
    """Whose the task is, or who may claim it: names of people and keys of groups."""
    org = account_store.organisation(tx)
    tasks, candidates = task_store.user_tasks, task_store.candidates
    assignee = tx.scalar(sa.select(tasks.c.assignee_id).where(tasks.c.id == task))
    if assignee is not None:
        return [str(org.by_id[assignee].username)]
    rows = tx.all(sa.select(candidates.c.who).where(candidates.c.task_id == task).order_by(candidates.c.who))
    keys = [row.who.partition(":")[2] for row in rows]
    return [key if key in GROUPS else str(org.by_id[int(key)].username) for key in keys]


def case(tx: Transaction, actor: Actor, case: int) -> Any:
    return tx.first(sa.select(cases).where(cases.c.id == case))


def cases_of(tx: Transaction, actor: Actor, process: str) -> list[Any]:
    """Oldest first."""
    return list(tx.all(sa.select(cases).where(cases.c.process == process).order_by(cases.c.id)))


def state(tx: Transaction, actor: Actor, case: int) -> history.State:
    return history.state_at(tx, case)


def log(tx: Transaction, actor: Actor, case: int) -> list[Any]:
    return event_log.of_case(tx, case)


def ends_of(tx: Transaction, actor: Actor, process: str) -> set[str]:
    row = library.newest(tx, "bpmn", process)
    return (
        {node.id for node in library.process(tx, row.id).walk() if node.kind == "endEvent"} if row else set()
    )


def unresolved(tx: Transaction, actor: Actor) -> list[Any]:
    query = sa.select(incidents, cases.c.process).outerjoin(cases, cases.c.id == incidents.c.case_id)
    return list(tx.all(query.where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.id)))


def newest_rule(tx: Transaction, actor: Actor, rule: str) -> Any:
    return deployments.get(tx, deployments.latest(tx, "rule", rule).id)


def timer(tx: Transaction, actor: Actor, process: str, element: str) -> dt.datetime | None:
    """When a start timer comes due."""
    waiting = (jobs.c.kind == "start", jobs.c.state == "waiting")
    query = sa.select(jobs.c.due_at).where(*waiting, jobs.c.activity == process, jobs.c.element == element)
    return tx.scalar(query)


def begin(tx: Transaction, actor: Actor, process: str, variables: Mapping[str, Any]) -> None:
    advance.begin(tx, actor, process, variables=variables)
