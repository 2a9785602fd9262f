"""What lists and search read instead of the tasks and cases themselves: that it says the same as they do.

Not here: who may do what is open (offices.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.store import search
from runtime.store.cases import cases
from runtime.store.db import Instant, Transaction
from runtime.store.purges import PURGED
from runtime.store.search import case_search
from runtime.store.user_tasks import NEVER, candidates, user_tasks

SOME = 500  # rows that are read at a time


@invariant("lists")
def candidates_follow_tasks(tx: Transaction) -> Iterator[Problem]:
    """Whoever is asked to do a task finds it by the state, age, due date, priority and process that it has."""
    task = user_tasks.c
    wanted: dict[str, sa.ColumnElement[Any]] = {
        "ready": task.state == "ready",
        "created_at": task.created_at,
        "due_by": sa.func.coalesce(task.due_at, sa.literal(NEVER, Instant)),
        "rank": -task.priority,
        "process": task.case_process,
        "element": task.element,
    }
    differs = {name: candidates.c[name] != value for name, value in wanted.items()}
    column = sa.case(*((each, sa.literal(name)) for name, each in differs.items()))
    query = (
        sa.select(task.public_id, candidates.c.who, column.label("differing"))
        .join(user_tasks, task.id == candidates.c.task_id)
        .where(sa.or_(*differs.values()))
    )
    for row in tx.execute(query.execution_options(yield_per=SOME)):
        yield Problem(
            "candidate_differs", "For {who} the inbox sorts or shows the task by another {column} than it has",
            f"user_tasks/{row.public_id}", {"who": row.who, "column": row.differing},
        )  # fmt: skip


@invariant("lists")
def tasks_name_their_process(tx: Transaction) -> Iterator[Problem]:
    """Each task names the process of its case, by which the inbox is narrowed."""
    query = (
        sa.select(user_tasks.c.public_id, user_tasks.c.case_process, cases.c.process)
        .join(cases, cases.c.id == user_tasks.c.case_id)
        .where(user_tasks.c.case_process != cases.c.process)
    )
    for row in tx.execute(query.execution_options(yield_per=SOME)):
        yield Problem(
            "task_process_differs", "The task is listed under {kept}, its case is one of {wanted}",
            f"user_tasks/{row.public_id}", {"kept": row.case_process, "wanted": row.process},
        )  # fmt: skip


@invariant("lists", slow=True)
def search_knows_cases(tx: Transaction) -> Iterator[Problem]:
    """Search knows each case by the words of its title and business key as they are now, and no other case."""
    sqlite = tx.connection.dialect.name == "sqlite"
    kept: Any = case_search.c.words
    kept = kept if sqlite else sa.func.array_to_string(sa.func.tsvector_to_array(kept), " ")
    query = (
        sa.select(
            cases.c.id, cases.c.public_id, cases.c.process, cases.c.title, cases.c.business_key,
            cases.c.confidential, kept.label("words"),
        )
        .outerjoin(case_search, case_search.c.rowid == cases.c.id)
        .where(cases.c.status != PURGED)
        .order_by(cases.c.id)
    )  # fmt: skip
    for row in tx.execute(query.execution_options(yield_per=SOME)):
        words = search.document(row.process, row.title, row.business_key, row.confidential)
        if row.words is None or set(row.words.split()) != set(words.split()):
            yield Problem(
                "search_differs", "Search knows the case by other words than it has", f"cases/{row.public_id}"
            )
    strange = (
        sa.select(case_search.c.rowid)
        .outerjoin(cases, cases.c.id == case_search.c.rowid)
        .where(sa.or_(cases.c.id.is_(None), cases.c.status == PURGED))
    )
    for row in tx.execute(strange.execution_options(yield_per=SOME)):
        yield Problem(
            "search_strange", "Search knows a case that is not there or was erased", f"{search.NAME}/{row.rowid}"
        )


@invariant("lists", slow=True)
def search_finds_cases(tx: Transaction) -> Iterator[Problem]:
    """Search for all cases of a process finds as many as there are."""
    counted = sa.select(cases.c.process, sa.func.count().label("count")).where(cases.c.status != PURGED)
    for row in tx.all(counted.group_by(cases.c.process).order_by(cases.c.process)):
        # By the index: what stands in the table of words it may have lost.
        fits = search.matches(tx.connection.dialect.name, search.has(search.process_word(row.process)))
        found = tx.scalar(sa.select(sa.func.count()).select_from(case_search).where(fits))
        if found != row.count:
            yield Problem(
                "search_misses", "Of {wanted} cases of {process} search finds {found}",
                f"{search.NAME}/{row.process}", {"wanted": row.count, "process": row.process, "found": found},
            )  # fmt: skip
