"""User tasks: what people are asked to do, and who may."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared

user_tasks = sa.Table(
    "user_tasks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("process", sa.String(128), nullable=False),  # the (called) process that holds the element
    sa.Column("element", sa.String(128), nullable=False),
    sa.Column("activity", sa.String(64), nullable=False, unique=True),
    sa.Column("names", Tagged, nullable=False),
    sa.Column("form_id", sa.ForeignKey("resources.id")),  # a form file, or the diagram that it stands in
    sa.Column("state", sa.String(10), nullable=False),  # ready | claimed | completed | cancelled
    sa.Column("assignee_id", sa.ForeignKey("people.id")),
    sa.Column("excluded", Tagged, nullable=False),  # person ids who may not do it
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("follow_up_at", Instant),
    sa.Column("reminded", sa.Integer, nullable=False, server_default="0"),
    sa.Column("completed_at", Instant),
    sa.Column("completed_by", sa.ForeignKey("people.id")),
    # queries.inbox.todo: mine; done: mine, newest first
    sa.Index(
        "ix_user_tasks_mine",
        "assignee_id",
        "created_at",
        "id",
        sqlite_where=sa.text("state = 'claimed'"),
        postgresql_where=sa.text("state = 'claimed'"),
    ),
    sa.Index("ix_user_tasks_done", "completed_by", "completed_at", "id"),
)

# Who may claim an open task: a group or a person. Rows stay when it closes, so that whoever comes
# too late is told so, and finds the case.
candidates = sa.Table(
    "user_task_candidates",
    metadata,
    sa.Column("task_id", sa.ForeignKey("user_tasks.id"), primary_key=True),
    sa.Column("who", sa.String(64), primary_key=True),  # "group:KEY" or "person:ID"
    sa.Column("created_at", Instant, nullable=False),
    # queries.inbox.todo: my groups, oldest first
    sa.Index("ix_user_task_candidates_who", "who", "created_at", "task_id"),
)

OPEN = ("ready", "claimed")
NEXT = {
    "ready": {"claimed", "completed", "cancelled"},
    "claimed": {"ready", "completed", "cancelled"},
    "completed": set(),
    "cancelled": set(),
}


_ASK = Prepared(
    sa.insert(candidates).from_select(
        ["task_id", "who", "created_at"],
        sa.select(user_tasks.c.id, sa.bindparam("b_who"), user_tasks.c.created_at).where(
            user_tasks.c.activity == sa.bindparam("b_activity")
        ),
    )
)


def add(tx: Transaction, rows: Sequence[dict[str, Any]], may_claim: dict[str, list[str]]) -> None:
    """Open tasks, with who may claim each (by activity), in two statements."""
    if not rows:
        return
    tx.insert(user_tasks, rows)
    wanted = [(activity, who) for activity, whos in may_claim.items() for who in dict.fromkeys(whos)]
    if wanted:
        _ASK.each(tx, [{"b_activity": activity, "b_who": who} for activity, who in wanted])


@lru_cache
def _change(columns: tuple[str, ...]) -> Prepared:
    task = user_tasks.c
    same = (task.id == sa.bindparam("b_id"), task.version == sa.bindparam("b_version"))
    return Prepared(sa.update(user_tasks).where(*same, task.state == sa.bindparam("b_state")), columns)


def change(tx: Transaction, task_id: int, version: int, before: str, after: str, **columns: Any) -> bool:
    """Move a task along NEXT if it is still as the caller saw it; whether it was."""
    assert after in NEXT[before], (before, after)
    columns |= {"state": after, "version": version + 1}
    seen = {"b_id": task_id, "b_state": before, "b_version": version}
    return _change(tuple(columns)).run(tx, **seen, **columns) == 1


def of_activity(tx: Transaction, activity: str) -> Any:
    """The row of an activity's task, whatever its state."""
    return tx.first(sa.select(user_tasks).where(user_tasks.c.activity == activity))


def give_back(tx: Transaction, person_id: int, who: Sequence[str]) -> list[int]:
    """Back to its group goes what the person took from one that is no longer theirs (`who`: theirs).

    Returns the ids of these tasks."""
    asked = sa.select(candidates.c.task_id)
    rows = tx.all(
        sa.select(user_tasks.c.id).where(
            user_tasks.c.assignee_id == person_id,
            user_tasks.c.state == "claimed",
            user_tasks.c.id.in_(asked),
            user_tasks.c.id.not_in(asked.where(candidates.c.who.in_(who))),
        )
    )
    given = [row.id for row in rows]
    if given:
        tx.execute(
            sa.update(user_tasks)
            .where(
                user_tasks.c.id.in_(given),
                user_tasks.c.assignee_id == person_id,
                user_tasks.c.state == "claimed",
            )
            .values(state="ready", assignee_id=None, version=user_tasks.c.version + 1)
        )
    return given


def claimed_by(tx: Transaction, person_id: int) -> list[Any]:
    return list(
        tx.all(
            sa.select(user_tasks).where(
                user_tasks.c.assignee_id == person_id, user_tasks.c.state == "claimed"
            )
        )
    )


def assign(tx: Transaction, task_id: int, person_id: int | None) -> None:
    """An open task becomes this person's (None: of whoever may claim it)."""
    tx.execute(
        sa.update(user_tasks)
        .where(user_tasks.c.id == task_id, user_tasks.c.state.in_(OPEN))
        .values(
            state="claimed" if person_id else "ready",
            assignee_id=person_id,
            version=user_tasks.c.version + 1,
        )
    )


def ask(tx: Transaction, task_id: int, *who: str) -> None:
    """More who may claim a task, each once: "group:KEY" or "person:ID"."""
    rows = tx.all(sa.select(candidates.c.who).where(candidates.c.task_id == task_id))
    asked = {row.who for row in rows}
    fresh = [each for each in dict.fromkeys(who) if each not in asked]
    tx.insert(candidates, [{"task_id": task_id, "who": each, "created_at": tx.now} for each in fresh])


def alter(tx: Transaction, task_id: int, **columns: Any) -> None:
    """Set these columns of a task that is open; what was shown of it before is no longer so."""
    tx.execute(
        sa.update(user_tasks)
        .where(user_tasks.c.id == task_id, user_tasks.c.state.in_(OPEN))
        .values(version=user_tasks.c.version + 1, **columns)
    )


def with_form(tx: Transaction, activities: Sequence[str]) -> list[Any]:
    """The open tasks of these activities that have a form: id, element, activity, form_id."""
    return list(
        tx.all(
            sa.select(
                user_tasks.c.id, user_tasks.c.element, user_tasks.c.activity, user_tasks.c.form_id
            ).where(
                user_tasks.c.activity.in_(activities),
                user_tasks.c.state.in_(OPEN),
                user_tasks.c.form_id.is_not(None),
            )
        )
    )


def outdate(tx: Transaction, tasks: Sequence[int]) -> None:
    """What is shown of these tasks is no longer so: completing them as seen before is refused."""
    if tasks:
        tx.execute(
            sa.update(user_tasks).where(user_tasks.c.id.in_(tasks)).values(version=user_tasks.c.version + 1)
        )


def cancel(tx: Transaction, activities: Sequence[str]) -> None:
    """Close the open tasks of ended activities."""
    if activities:
        tx.execute(
            sa.update(user_tasks)
            .where(user_tasks.c.activity.in_(activities), user_tasks.c.state.in_(OPEN))
            .values(state="cancelled", version=user_tasks.c.version + 1, completed_at=tx.now)
        )
