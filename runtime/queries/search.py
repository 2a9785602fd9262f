"""Search: open tasks and cases by what they are called, as far as the person may see them.

Each part of what was typed (between spaces) must stand in the case's title or business key, in the name of
its process, or, for a task, in its own name. Names are few and are looked through here; titles and keys have
an index (store/search.py). Newest first, so that nothing has to be counted or ranked.
Not here: what a case is found by (store/search.py), who sees what (access.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from runtime import access, library
from runtime.identity import Actor
from runtime.queries import named, pages
from runtime.queries.inbox import CaseRow, TaskRow, asked_of, case_rows, columns, followed_up, task_rows
from runtime.store import search as index
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.search import case_search, every, has, plain, some
from runtime.store.user_tasks import CLAIMED, OPEN, candidates
from runtime.store.user_tasks import user_tasks as tasks

LONGEST = 100  # characters that are looked at
MOST_PARTS = 8
MOST_TASKS = 20
# Matches that one answer looks at: whoever may see few of very many goes on from there.
LOOKED_AT = 2_000


@dataclass(frozen=True)
class Found:
    """`tasks`: open ones, newest first, and whether there are `more`. `cases`: newest first; `next` is the
    cursor behind them, None if there are no more; `partly`: there may be others behind `next`, since so
    many match that not all of them were looked at. `named`: what has a number, code or name, on the first page."""

    text: str
    tasks: list[TaskRow] = field(default_factory=list)
    more: bool = False
    cases: list[CaseRow] = field(default_factory=list)
    next: str | None = None
    partly: bool = False
    named: named.Named = field(default_factory=named.Named)


def find(tx: Transaction, actor: Actor, text: str, *, after: str | None = None, limit: int = 30) -> Found:
    """Cases; on the first page tasks too, and what has a number, code or name. Raises BadCursor."""
    before = _before(after)
    limit = min(limit, pages.LARGEST_PAGE)
    words = {part: index.wanted(part) for part in text[:LONGEST].split()}
    parts = [part for part, found in words.items() if found][:MOST_PARTS]
    if not parts:
        return Found(text)
    wanted = [every(index.asks(tx, word, begins) for word, begins in words[part]) for part in parts]
    spoken = library.spoken_names(tx)
    fits = _cases_that_fit(parts, wanted, spoken)
    # A plan for any word walks all cases for a word that nearly none has.
    tx.plan_anew()
    looked = _looked_at(tx, fits, before)
    rows, next_, partly = _cases(tx, actor, fits, before, limit, looked)
    found = case_rows(tx, rows, actor, ends=False)
    if before is not None:
        return Found(text, cases=found, next=next_, partly=partly)
    shown, more = _tasks(tx, actor, fits, looked, parts, wanted, spoken)
    return Found(text, shown, more, found, next_, partly, named.find(tx, actor, text))


def _before(cursor: str | None) -> int | None:
    """The id that the page is behind. Raises BadCursor."""
    if not cursor:
        return None
    try:
        return pages.number(cursor)
    except ValueError:
        raise pages.BadCursor() from None


Names = Mapping[tuple[str, str], tuple[str, ...]]


def _unsaid(parts: list[str], names: Iterable[str]) -> frozenset[int]:
    """Which of the parts stand in none of the names."""
    texts = [plain(name) for name in names]
    return frozenset(
        place for place, part in enumerate(parts) if not any(plain(part) in text for text in texts)
    )


def _cases_that_fit(parts: list[str], wanted: list[str], spoken: Names) -> str:
    """All parts in title or key; or some in the process's name and the others there."""
    alternatives = [every(wanted)]
    by_rest: dict[frozenset[int], list[str]] = {}
    for (process, task), names in spoken.items():
        rest = _unsaid(parts, names)
        if not task and len(rest) < len(parts):
            by_rest.setdefault(rest, []).append(process)
    for rest, processes in by_rest.items():
        of_these = some(has(index.process_word(process)) for process in processes)
        alternatives.append(every([of_these, *(wanted[place] for place in sorted(rest))]))
    return some(alternatives)


def _matching(tx: Transaction, fits: str, before: int | None = None) -> sa.Select[tuple[int]]:
    """Ids of the newest cases that fit, before anybody asks who may see them."""
    query = sa.select(case_search.c.rowid.label("id")).where(
        index.matches(tx.connection.dialect.name, fits)
    )
    if before is not None:
        query = query.where(case_search.c.rowid < before)
    return query.order_by(case_search.c.rowid.desc())


def _looked_at(tx: Transaction, fits: str, before: int | None) -> tuple[int, int]:
    """How many fit, up to LOOKED_AT, and the oldest of them."""
    match = _matching(tx, fits, before).limit(LOOKED_AT).subquery()
    row = tx.first(
        sa.select(sa.func.count().label("number"), sa.func.coalesce(sa.func.min(match.c.id), 0).label("last"))
    )
    assert row is not None
    return row.number, row.last


def _newest(tx: Transaction, fits: str, before: int | None, last: int) -> sa.Subquery:
    """Those that were looked at, in the order of the index: it stops where the page is full."""
    query = _matching(tx, fits, before).where(case_search.c.rowid >= last)
    if tx.connection.dialect.name == "postgresql":
        # Found apart from what else is asked, or few of them are looked for among all cases, one by one.
        query = query.limit(LOOKED_AT)
    return query.subquery()


def _cases(
    tx: Transaction, actor: Actor, fits: str, before: int | None, limit: int, looked: tuple[int, int]
) -> tuple[list[sa.Row[Any]], str | None, bool]:
    number, last = looked
    if not number:
        return [], None, False
    newest = _newest(tx, fits, before, last)
    rows = tx.all(
        sa.select(*(column for column in cases.c if column.name not in ("state", "bindings")))
        .join(newest, newest.c.id == cases.c.id)
        .where(access.case_visible(actor))
        .order_by(newest.c.id.desc())
        .limit(limit + 1)
    )
    if len(rows) > limit:
        return list(rows[:limit]), str(rows[limit - 1].id), False
    return list(rows), (str(last) if number == LOOKED_AT else None), number == LOOKED_AT


def _tasks(
    tx: Transaction,
    actor: Actor,
    fits: str,
    looked: tuple[int, int],
    parts: list[str],
    wanted: list[str],
    spoken: Names,
) -> tuple[list[TaskRow], bool]:
    """Open tasks of the cases that fit; and those that are the person's, or their people's, by name."""
    found: dict[int, None] = {}
    number, last = looked
    if number:
        newest = _newest(tx, fits, None, last)
        of_cases = (
            sa.select(tasks.c.id)
            .join(newest, newest.c.id == tasks.c.case_id)
            .where(tasks.c.state.in_(OPEN), followed_up(tx), access.task_visible(actor))
            .order_by(newest.c.id.desc())
            .limit(MOST_TASKS + 1)
        )
        found |= dict.fromkeys(row.id for row in tx.all(of_cases))
    by_rest: dict[frozenset[int], list[tuple[str, str]]] = {}
    for (process, task), names in spoken.items():
        own = _unsaid(parts, names)
        # A task is called by its own name; its process's was looked for above.
        rest = own & _unsaid(parts, spoken.get((process, ""), ()))
        if task and len(own) < len(parts):
            by_rest.setdefault(rest, []).append((process, task))
    for rest, elements in by_rest.items():
        called = sa.or_(
            *(sa.and_(tasks.c.process == process, tasks.c.element == task) for process, task in elements)
        )
        if rest:
            those = _matching(tx, every(wanted[place] for place in sorted(rest))).limit(LOOKED_AT).subquery()
            called = sa.and_(called, tasks.c.case_id.in_(sa.select(those.c.id)))
        named = {task for _, task in elements}
        found |= dict.fromkeys(row.id for row in tx.all(_own(tx, actor, named, called)))
    ids = sorted(found, reverse=True)
    rows = tx.all(
        sa.select(*columns(actor))
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.id.in_(ids[:MOST_TASKS]))
        .order_by(tasks.c.id.desc())
    )
    return task_rows(tx, rows), len(ids) > MOST_TASKS


def _own(
    tx: Transaction, actor: Actor, elements: set[str], called: sa.ColumnElement[bool]
) -> sa.Select[tuple[int]]:
    """The newest tasks so called: the person's and their people's, and what their groups are asked."""
    people = [actor.id, *sorted(actor.subordinates)]
    # By the indexes that the inbox is read by: they say the element, so others are passed over there.
    theirs = sa.select(tasks.c.id).where(
        tasks.c.assignee_id.in_(people), CLAIMED, tasks.c.element.in_(elements), followed_up(tx)
    )
    branches = [theirs.order_by(tasks.c.created_at.desc(), tasks.c.id.desc())]
    for asked in asked_of(tx, actor):
        named = asked.where(candidates.c.element.in_(elements))
        branches.append(named.order_by(candidates.c.created_at.desc(), candidates.c.task_id.desc()))
    limited = [
        branch.where(called, access.task_visible(actor)).limit(MOST_TASKS + 1).subquery() for branch in branches
    ]
    found = sa.union(*(sa.select(each.c.id) for each in limited)).subquery()
    return sa.select(found.c.id).order_by(found.c.id.desc()).limit(MOST_TASKS + 1)
