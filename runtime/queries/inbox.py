"""The inbox: to do, done, started by me. Keyset pages; mine and my groups' as a union of limited queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from runtime import access, library
from runtime.errors import Invalid
from runtime.identity import Actor, Person
from runtime.queries.people import shown
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN, candidates
from runtime.store.user_tasks import user_tasks as tasks
from runtime.values import MAX_INTEGER

T = TypeVar("T")
LARGEST_PAGE = 200


class BadCursor(Invalid):
    """This page no longer exists; please start again from the first one."""

    code = "page.bad_cursor"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows, and the cursor of the page after them (None: this was the last)."""

    rows: list[T]
    next: str | None


@dataclass(frozen=True)
class TaskRow:
    """A task as lists show it."""

    id: str
    element: str
    names: Mapping[str, str]
    case: str
    case_title: Mapping[str, str]
    process: str
    process_names: Mapping[str, str]
    state: str
    assignee: Person | None
    groups: tuple[str, ...]
    created_at: dt.datetime
    due_at: dt.datetime | None
    overdue: bool
    priority: int
    reminded: int
    completed_at: dt.datetime | None


@dataclass(frozen=True)
class CaseRow:
    """A case as lists show it; `waiting_for` are the names of its open tasks."""

    id: str
    title: Mapping[str, str]
    process: str
    process_names: Mapping[str, str]
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    waiting_for: list[Mapping[str, str]]


@dataclass(frozen=True)
class Counts:
    """todo = mine + group."""

    todo: int
    mine: int
    group: int
    done: int
    started: int


def columns() -> list[Any]:
    """What task_rows needs, of user_tasks joined with cases."""
    return [
        tasks.c.id.label("row_id"),
        tasks.c.public_id,
        tasks.c.element,
        tasks.c.names,
        tasks.c.process,
        tasks.c.state,
        tasks.c.assignee_id,
        tasks.c.excluded,
        tasks.c.created_at,
        tasks.c.due_at,
        tasks.c.priority,
        tasks.c.reminded,
        tasks.c.completed_at,
        tasks.c.version,
        tasks.c.form_id,
        tasks.c.activity,
        cases.c.public_id.label("case"),
        cases.c.title,
        cases.c.process.label("case_process"),
        cases.c.id.label("case_id"),
    ]


def _mine(tx: Transaction, actor: Actor) -> Any:
    return sa.and_(tasks.c.assignee_id == actor.id, tasks.c.state == "claimed", _followed_up(tx))


def _followed_up(tx: Transaction) -> Any:
    """A task with a follow-up date is nobody's concern before it, as in Camunda's tasklist."""
    return sa.or_(tasks.c.follow_up_at.is_(None), tasks.c.follow_up_at <= tx.now)


def _claimable(tx: Transaction, actor: Actor) -> Any:
    """Ids of ready tasks that somebody like this person may claim."""
    return (
        sa.select(candidates.c.task_id)
        .join(tasks, tasks.c.id == candidates.c.task_id)
        .where(candidates.c.who.in_(access.who(actor)), tasks.c.state == "ready", _followed_up(tx))
    )


def _not_excluded(actor: Actor) -> Any:
    return sa.type_coerce(tasks.c.excluded, sa.Text).not_like(f'%"{actor.public_id}"%')


def counts(tx: Transaction, actor: Actor) -> Counts:
    """One statement."""

    def count(of: Any) -> Any:
        return sa.select(sa.func.count()).select_from(of.subquery()).scalar_subquery()

    row = tx.first(
        sa.select(
            count(sa.select(tasks.c.id).where(_mine(tx, actor))).label("mine"),
            count(_claimable(tx, actor).where(_not_excluded(actor)).distinct()).label("group"),
            count(sa.select(tasks.c.id).where(tasks.c.completed_by == actor.id)).label("done"),
            count(sa.select(cases.c.id).where(cases.c.initiator_id == actor.id)).label("started"),
        )
    )
    assert row is not None
    return Counts(row.mine + row.group, row.mine, row.group, row.done, row.started)


def todo(
    tx: Transaction,
    actor: Actor,
    *,
    only: str = "all",
    process: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[TaskRow]:
    """Open tasks, oldest first. `only`: all | mine | group."""
    limit = min(limit, LARGEST_PAGE)
    position = _cursor(after)
    parts = []
    if only in ("all", "mine"):
        parts.append(sa.select(tasks.c.id, tasks.c.created_at).where(_mine(tx, actor)))
    if only in ("all", "group"):
        parts.append(
            sa.select(tasks.c.id, tasks.c.created_at).where(
                tasks.c.id.in_(_claimable(tx, actor)), _not_excluded(actor)
            )
        )
    limited = []
    for part in parts:
        if process:
            part = part.join(cases, cases.c.id == tasks.c.case_id).where(
                sa.or_(tasks.c.process == process, cases.c.process == process)
            )
        if position:
            part = part.where(
                sa.tuple_(tasks.c.created_at, tasks.c.id) > _bound(position, tasks.c.created_at)
            )
        part = part.order_by(tasks.c.created_at, tasks.c.id).limit(limit + 1)
        limited.append(sa.select(part.subquery().c.id))
    if not limited:
        return Page([], None)
    found = limited[0].union_all(*limited[1:]).subquery()
    rows = tx.all(
        sa.select(*columns())
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.id.in_(sa.select(found.c.id)))
        .order_by(tasks.c.created_at, tasks.c.id)
        .limit(limit + 1)
    )
    return _page(tx, rows, limit, "created_at")


def done(tx: Transaction, actor: Actor, *, after: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """What the person completed, latest first."""
    limit = min(limit, LARGEST_PAGE)
    query = (
        sa.select(*columns())
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.completed_by == actor.id)
    )
    if position := _cursor(after):
        query = query.where(
            sa.tuple_(tasks.c.completed_at, tasks.c.id) < _bound(position, tasks.c.completed_at)
        )
    rows = tx.all(query.order_by(tasks.c.completed_at.desc(), tasks.c.id.desc()).limit(limit + 1))
    return _page(tx, rows, limit, "completed_at")


def started(tx: Transaction, actor: Actor, *, after: str | None = None, limit: int = 50) -> Page[CaseRow]:
    """Cases that the person started, latest first."""
    limit = min(limit, LARGEST_PAGE)
    query = sa.select(cases).where(cases.c.initiator_id == actor.id)
    if position := _cursor(after):
        query = query.where(sa.tuple_(cases.c.started_at, cases.c.id) < _bound(position, cases.c.started_at))
    rows = tx.all(query.order_by(cases.c.started_at.desc(), cases.c.id.desc()).limit(limit + 1))
    shown_rows = rows[:limit]
    waiting: dict[int, list[Mapping[str, str]]] = {}
    if shown_rows:
        for row in tx.all(
            sa.select(tasks.c.case_id, tasks.c.names)
            .where(tasks.c.case_id.in_([row.id for row in shown_rows]), tasks.c.state.in_(OPEN))
            .order_by(tasks.c.id)
        ):
            waiting.setdefault(row.case_id, []).append(row.names)
    names = process_names(tx)
    page = [
        CaseRow(
            row.public_id,
            row.title,
            row.process,
            names.get(row.process, {}),
            row.status,
            row.started_at,
            row.ended_at,
            waiting.get(row.id, []),
        )
        for row in shown_rows
    ]
    return Page(page, _next(rows, limit, "started_at"))


def process_names(tx: Transaction) -> dict[str, Mapping[str, str]]:
    """Process id → names, of the newest versions."""
    return {row.key: library.process(tx, row.id).names for row in library.active(tx, "bpmn")}


def task_rows(tx: Transaction, rows: Any) -> list[TaskRow]:
    """Rows of columns() as TaskRows."""
    if not rows:
        return []
    org = library.organisation(tx)
    names = process_names(tx)
    groups: dict[int, list[str]] = {}
    for row in tx.all(
        sa.select(candidates.c.task_id, candidates.c.who).where(
            candidates.c.task_id.in_([row.row_id for row in rows])
        )
    ):
        kind, _, who = row.who.partition(":")
        if kind == "group":
            groups.setdefault(row.task_id, []).append(who)
    return [
        TaskRow(
            id=row.public_id,
            element=row.element,
            names=row.names,
            case=row.case,
            case_title=row.title,
            process=row.case_process,
            process_names=names.get(row.case_process, {}),
            state=row.state,
            assignee=shown(org, row.assignee_id),
            groups=tuple(groups.get(row.row_id, ())),
            created_at=row.created_at,
            due_at=row.due_at,
            overdue=row.due_at is not None and row.completed_at is None and row.due_at < tx.now,
            priority=row.priority,
            reminded=row.reminded,
            completed_at=row.completed_at,
        )
        for row in rows
    ]


def _page(tx: Transaction, rows: Any, limit: int, by: str) -> Page[TaskRow]:
    return Page(task_rows(tx, rows[:limit]), _next(rows, limit, by))


def _next(rows: Any, limit: int, by: str) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    row_id = last.row_id if hasattr(last, "row_id") else last.id
    return f"{getattr(last, by).isoformat()}~{row_id}"


def _cursor(text: str | None) -> tuple[dt.datetime, int] | None:
    if not text:
        return None
    moment, _, row_id = text.partition("~")
    try:
        at, number = dt.datetime.fromisoformat(moment), int(row_id)
        if at.tzinfo is None or not 0 <= number <= MAX_INTEGER:
            raise ValueError
        return at.astimezone(dt.UTC), number
    except (ValueError, OverflowError):
        raise BadCursor() from None


def _bound(position: tuple[dt.datetime, int], moment: Any) -> Any:
    return sa.tuple_(sa.literal(position[0], moment.type), sa.literal(position[1]))
