"""The inbox: to do, done, started by me. Keyset pages; mine and my groups' as a union of limited queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from runtime import access, household, library
from runtime.errors import Invalid
from runtime.identity import Actor, Person
from runtime.queries import pages
from runtime.queries.pages import LARGEST_PAGE, Page
from runtime.queries.people import shown
from runtime.queries.since import since
from runtime.queries.standing import Standing, groups_of, standings
from runtime.store.cases import cases
from runtime.store.db import Instant, Transaction
from runtime.store.user_tasks import CLAIMED, NEVER, candidates
from runtime.store.user_tasks import user_tasks as tasks

MOST = 999  # that a count tells exactly: to tell 30,000 takes as long as a person notices, and nobody acts on it


class UnknownOrder(Invalid):
    """Lists are not sorted by {order}."""

    code = "page.unknown_order"


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
    in_place_of: Person | None
    groups: tuple[str, ...]
    created_at: dt.datetime
    due_at: dt.datetime | None
    overdue: bool
    priority: int
    reminded: int
    completed_at: dt.datetime | None


@dataclass(frozen=True)
class CaseRow:
    """A case as lists show it: where it waits, `outcome` are the names of the event that it ended with, `since` what
    became of what it granted (since.Since.kind), all as far as the reader may know it."""

    id: str
    title: Mapping[str, str]
    process: str
    process_names: Mapping[str, str]
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    standing: Standing
    outcome: Mapping[str, str] = field(default_factory=dict)
    since: str = ""


@dataclass(frozen=True)
class Counts:
    """todo = mine + group. Each is exact up to MOST; MOST + 1 means: more than that."""

    todo: int
    mine: int
    group: int
    done: int
    started: int


def columns(actor: Actor) -> list[Any]:
    """What task_rows needs to show to the actor, of user_tasks joined with cases."""
    return [
        tasks.c.id.label("row_id"),
        tasks.c.public_id,
        tasks.c.element,
        tasks.c.names,
        tasks.c.process,
        tasks.c.state,
        tasks.c.assignee_id,
        access.in_place_of(actor).label("in_place_of"),
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


@dataclass(frozen=True)
class Order:
    """What a list is sorted by, ascending: of a task that is somebody's, and of one that a group is asked."""

    mine: sa.ColumnElement[Any]
    asked: sa.ColumnElement[Any]
    read: Callable[[str], Any]  # from a cursor; raises ValueError


ORDERS = {
    "age": Order(tasks.c.created_at, candidates.c.created_at, pages.moment),
    "due": Order(
        sa.func.coalesce(tasks.c.due_at, sa.literal(NEVER, Instant)), candidates.c.due_by, pages.moment
    ),
    "priority": Order(-tasks.c.priority, candidates.c.rank, pages.number),
}


def followed_up(tx: Transaction) -> Any:
    """A task with a follow-up date is nobody's concern before it, as in Camunda's tasklist."""
    return sa.or_(tasks.c.follow_up_at.is_(None), tasks.c.follow_up_at <= tx.now)


def _mine(tx: Transaction, actor: Actor, key: Any, process: str | None = None) -> sa.Select[Any]:
    """key, id of the tasks that are the person's."""
    query = sa.select(key.label("key"), tasks.c.id.label("id")).where(
        tasks.c.assignee_id == actor.id, CLAIMED, followed_up(tx)
    )
    return query.where(tasks.c.case_process == process) if process else query


def _asked(tx: Transaction, actor: Actor, key: Any, process: str | None = None) -> list[sa.Select[Any]]:
    """key, id of the ready tasks that the person may claim; a query for each of their candidate keys."""
    return [_keyed(query, key, process) for query in asked_of(tx, actor)]


def _keyed(query: sa.Select[Any], key: Any, process: str | None) -> Any:
    query = query.with_only_columns(key.label("key"), candidates.c.task_id.label("id"))
    return query.where(candidates.c.process == process) if process else query


def asked_of(tx: Transaction, actor: Actor) -> list[sa.Select[Any]]:
    """Ids of the ready tasks that the person may claim, for themselves or in place of who is away; a query for each
    candidate key."""
    free = (
        sa.select(tasks.c.id)
        .select_from(candidates)
        .join(tasks, tasks.c.id == candidates.c.task_id)
        .where(
            candidates.c.ready,
            followed_up(tx),
            sa.type_coerce(tasks.c.excluded, sa.Text).not_like(f'%"{actor.public_id}"%'),
        )
    )
    own = [free.where(candidates.c.who == key) for key in access.who(actor)]
    return own + [free.where(candidates.c.who == key, falls) for key, falls in access.beside(actor)]


def counts(tx: Transaction, actor: Actor) -> Counts:
    """One statement. Beyond MOST nobody counts on: MOST + 1 stands for any more."""

    def count(*parts: sa.Select[Any]) -> Any:
        some = [sa.select(part.limit(MOST + 1).subquery().c.id) for part in parts]
        # A task that two of the person's groups are asked to do is one.
        found = (some[0].union(*some[1:]) if some[1:] else some[0]).subquery()
        most = sa.select(found.c.id).limit(MOST + 1).subquery()
        return sa.select(sa.func.count()).select_from(most).scalar_subquery()

    row = tx.first(
        sa.select(
            count(_mine(tx, actor, tasks.c.created_at)).label("mine"),
            count(*_asked(tx, actor, candidates.c.created_at)).label("group"),
            count(sa.select(tasks.c.id).where(tasks.c.completed_by == actor.id)).label("done"),
            count(sa.select(cases.c.id).where(cases.c.initiator_id == actor.id)).label("started"),
        )
    )
    assert row is not None
    return Counts(min(row.mine + row.group, MOST + 1), row.mine, row.group, row.done, row.started)


def todo(
    tx: Transaction,
    actor: Actor,
    *,
    only: str = "all",
    process: str | None = None,
    order: str = "age",
    after: str | None = None,
    limit: int = 50,
) -> Page[TaskRow]:
    """Open tasks. `only`: all | mine | group; `process`: of such cases; `order`: age (oldest first) | due
    (soonest first, then those without a date) | priority (most urgent first).

    Raises UnknownOrder, BadCursor."""
    if order not in ORDERS:
        raise UnknownOrder(order=order)
    by = ORDERS[order]
    limit = min(limit, LARGEST_PAGE)
    position = pages.position(after, by.read)
    parts = [(by.mine, tasks.c.id, _mine(tx, actor, by.mine, process))] if only in ("all", "mine") else []
    if only in ("all", "group"):
        # Each group by itself: its own index holds its page ready, which no index does for all of them.
        parts += [(by.asked, candidates.c.task_id, query) for query in _asked(tx, actor, by.asked, process)]
    if not parts:
        return Page([], None)
    limited = []
    for key, row_id, part in parts:
        if position:
            part = part.where(sa.tuple_(key, row_id) > pages.bound(position, key))
        page = part.order_by(key, row_id).limit(limit + 1).subquery()
        limited.append(sa.select(page.c.key, page.c.id))
    found = limited[0].union(*limited[1:]).subquery() if limited[1:] else limited[0].subquery()
    first = sa.select(found).order_by(found.c.key, found.c.id).limit(limit + 1).subquery()
    rows = tx.all(
        sa.select(*columns(actor), first.c.key.label("key"))
        .join(first, first.c.id == tasks.c.id)
        .join(cases, cases.c.id == tasks.c.case_id)
        .order_by(first.c.key, first.c.id)
    )
    return _page(tx, rows, limit, "key")


def done(tx: Transaction, actor: Actor, *, after: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """What the person completed, latest first."""
    limit = min(limit, LARGEST_PAGE)
    query = (
        sa.select(*columns(actor))
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.completed_by == actor.id)
    )
    if position := pages.position(after, pages.moment):
        query = query.where(
            sa.tuple_(tasks.c.completed_at, tasks.c.id) < pages.bound(position, tasks.c.completed_at)
        )
    rows = tx.all(query.order_by(tasks.c.completed_at.desc(), tasks.c.id.desc()).limit(limit + 1))
    return _page(tx, rows, limit, "completed_at")


def started(tx: Transaction, actor: Actor, *, after: str | None = None, limit: int = 50) -> Page[CaseRow]:
    """Cases that the person started, latest first."""
    limit = min(limit, LARGEST_PAGE)
    query = sa.select(cases).where(cases.c.initiator_id == actor.id)
    if position := pages.position(after, pages.moment):
        query = query.where(sa.tuple_(cases.c.started_at, cases.c.id) < pages.bound(position, cases.c.started_at))
    rows = tx.all(query.order_by(cases.c.started_at.desc(), cases.c.id.desc()).limit(limit + 1))
    return Page(case_rows(tx, rows[:limit], actor), pages.after(rows, limit, "started_at"))


def case_rows(tx: Transaction, rows: Sequence[Any], actor: Actor, *, ends: bool = True) -> list[CaseRow]:
    """Rows of cases as CaseRows for the actor; `ends`: with how each ended, unless that is confidential and not about
    them."""
    waiting = standings(tx, actor, [row.id for row in rows if row.ended_at is None])
    names = process_names(tx)
    over: dict[str, dt.datetime] = {}
    became: dict[str, str] = {}
    if ends:
        known = [row for row in rows if not row.confidential or row.subject_id == actor.id]
        over = {row.public_id: row.ended_at for row in known if row.ended_at is not None}
        # What was taken back before it was decided on ended so.
        became = {case: told.kind for case, told in since(tx, actor, over).items() if told.at > over[case]}
    return [
        CaseRow(
            row.public_id,
            row.title,
            row.process,
            names.get(row.process, {}),
            row.status,
            row.started_at,
            row.ended_at,
            waiting.get(row.id, Standing()),
            outcome(tx, row) if row.public_id in over else {},
            became.get(row.public_id, ""),
        )
        for row in rows
    ]


def outcome(tx: Transaction, case: Any) -> Mapping[str, str]:
    """What the event is called with which a case (its row) ended; {} while it runs, or if it has no name."""
    if case.end_event is None:
        return {}
    model = library.process(tx, case.bindings[case.process])
    return next((node.names for node in model.walk() if node.id == case.end_event), {})


def process_names(tx: Transaction) -> dict[str, Mapping[str, str]]:
    """Process id → names, of the newest versions."""
    return {row.key: library.process(tx, row.id).names for row in library.active(tx, "bpmn")}


def task_rows(tx: Transaction, rows: Any) -> list[TaskRow]:
    """Rows of columns() as TaskRows."""
    if not rows:
        return []
    org = household.organisation(tx)
    names = process_names(tx)
    groups = groups_of(tx, [row.row_id for row in rows])
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
            in_place_of=shown(org, row.in_place_of),
            groups=groups.get(row.row_id, ()),
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
    return Page(task_rows(tx, rows[:limit]), pages.after(rows, limit, by))
