"""User tasks: what people are asked to do, and who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import DDL, event

from runtime.store.db import Id, Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared, listed, numbered, size

user_tasks = sa.Table(
    "user_tasks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("process", sa.String(128), nullable=False),  # the (called) process that holds the element
    sa.Column("case_process", sa.String(128), nullable=False, server_default=""),  # that of its case
    sa.Column("element", sa.String(128), nullable=False),
    sa.Column("activity", sa.String(64), nullable=False, unique=True),
    sa.Column("names", Tagged, nullable=False),
    sa.Column("form_id", sa.ForeignKey("resources.id")),  # a form file, or the diagram that it stands in
    sa.Column("state", sa.String(10), nullable=False),  # ready | claimed | completed | cancelled
    sa.Column("assignee_id", sa.ForeignKey("people.id")),
    sa.Column("principal_id", sa.ForeignKey("people.id")),  # who was away when the assignee took it in their place
    sa.Column("meant_for_id", sa.ForeignKey("people.id")),  # who is away while the assignee has it by name
    sa.Column("excluded", Tagged, nullable=False),  # person ids who may not do it
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("follow_up_at", Instant),
    sa.Column("reminded", sa.Integer, nullable=False, server_default="0"),
    sa.Column("completed_at", Instant),
    sa.Column("completed_by", sa.ForeignKey("people.id")),
    # queries.inbox.todo: mine, and all that it is sorted by, so that a busy person's list is one scan of it
    sa.Index(
        "ix_user_tasks_mine",
        "assignee_id",
        "created_at",
        "id",
        "due_at",
        "priority",
        "follow_up_at",
        "case_process",
        "element",
        sqlite_where=sa.text("state = 'claimed'"),
        postgresql_where=sa.text("state = 'claimed'"),
    ),
    # kept_for: whose place somebody fills
    sa.Index(
        "ix_user_tasks_meant_for",
        "meant_for_id",
        sqlite_where=sa.text("meant_for_id IS NOT NULL AND state = 'claimed'"),
        postgresql_where=sa.text("meant_for_id IS NOT NULL AND state = 'claimed'"),
    ),
    # queries.inbox.done: newest first
    sa.Index(
        "ix_user_tasks_done",
        "completed_by",
        "completed_at",
        "id",
        sqlite_where=sa.text("completed_by IS NOT NULL"),
        postgresql_where=sa.text("completed_by IS NOT NULL"),
    ),
)

NEVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)  # when a task without a due date is due: after all others

# Who may claim a task: a group or a person. Rows stay when it closes, so that whoever comes too late is
# told so, and finds the case; the inbox reads those of ready tasks alone, by indexes that hold nothing else.
candidates = sa.Table(
    "user_task_candidates",
    metadata,
    sa.Column("task_id", sa.ForeignKey("user_tasks.id"), primary_key=True),
    sa.Column("who", sa.String(64), primary_key=True),  # "group:KEY" or "person:ID"
    # who is away, and in whose place this person is asked until they are back (commands/stand_ins.py)
    sa.Column("principal_id", sa.ForeignKey("people.id")),
    sa.Column("created_at", Instant, nullable=False),
    # What a list sorts and narrows by stands here again, kept true by the trigger below.
    sa.Column("ready", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("due_by", Instant, nullable=False, server_default="9999-12-31T00:00:00.000000Z"),
    sa.Column("rank", sa.Integer, nullable=False, server_default="0"),  # -priority: the most urgent first
    sa.Column("process", sa.String(128), nullable=False, server_default=""),  # of the case
    sa.Column("element", sa.String(128), nullable=False, server_default=""),
    # queries.inbox.todo: of each of my groups, by age, due date and priority; queries.search: by element
    *(
        sa.Index(
            f"ix_user_task_candidates_by_{by}",
            "who",
            column,
            "task_id",
            "process",
            "element",
            sqlite_where=sa.text("ready = 1"),
            postgresql_where=sa.text("ready"),
        )
        for by, column in (("age", "created_at"), ("due", "due_by"), ("priority", "rank"))
    ),
    # in_place: who stands in for somebody
    sa.Index(
        "ix_user_task_candidates_in_place",
        "principal_id",
        sqlite_where=sa.text("principal_id IS NOT NULL"),
        postgresql_where=sa.text("principal_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,  # one tree less to write (decision 0031)
)


def followers(dialect: str) -> list[str]:
    """What keeps candidates true to their task, whoever changes it and by whichever statement."""
    changed = (
        "(OLD.state = 'ready') <> (NEW.state = 'ready') OR OLD.priority <> NEW.priority"
        " OR OLD.due_at IS DISTINCT FROM NEW.due_at"
    )
    update = (
        "UPDATE user_task_candidates SET ready = (NEW.state = 'ready'), rank = -NEW.priority,"
        " due_by = coalesce(NEW.due_at, '9999-12-31T00:00:00.000000Z') WHERE task_id = NEW.id;"
    )
    head = "CREATE TRIGGER user_tasks_candidates AFTER UPDATE OF state, priority, due_at ON user_tasks FOR EACH ROW"
    if dialect == "sqlite":
        # IS DISTINCT FROM came to SQLite with 3.39; IS NOT means the same there.
        return [f"{head} WHEN {changed.replace('IS DISTINCT FROM', 'IS NOT')} BEGIN {update} END"]
    return [
        "CREATE OR REPLACE FUNCTION follow_user_task() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {update} RETURN NULL; END $$",
        f"{head} WHEN ({changed}) EXECUTE FUNCTION follow_user_task()",
    ]


for _dialect in ("sqlite", "postgresql"):
    for _statement in followers(_dialect):
        event.listen(user_tasks, "after_create", DDL(_statement).execute_if(dialect=_dialect))

OPEN = ("ready", "claimed")


def done_again() -> sa.ColumnElement[bool]:
    """Of a row of user_tasks: its step had been done in the case before it was handed out. What several people have
    at one time, as a notice that each of them reads, is not done again."""
    task, before = user_tasks.c, user_tasks.alias()
    return (
        sa.select(1)
        .where(
            before.c.case_id == task.case_id,
            before.c.process == task.process,
            before.c.element == task.element,
            before.c.state == "completed",
            before.c.id < task.id,
            before.c.completed_at <= task.created_at,
        )
        .correlate(user_tasks)
        .exists()
    )
# As literals: SQLite takes a partial index only when it sees the value.
READY = user_tasks.c.state == sa.literal_column("'ready'")
CLAIMED = user_tasks.c.state == sa.literal_column("'claimed'")
NEXT = {
    "ready": {"claimed", "completed", "cancelled"},
    "claimed": {"ready", "completed", "cancelled"},
    "completed": set(),
    "cancelled": set(),
}


def _asking(task: sa.ColumnElement[bool]) -> sa.Insert:
    """One more candidate, `b_who`, of a task, in the place of `b_principal` if that is anybody."""
    row = user_tasks.c
    values = {
        "task_id": row.id,
        "who": sa.bindparam("b_who", type_=sa.String),
        "principal_id": sa.bindparam("b_principal", type_=sa.Integer),
        "created_at": row.created_at,
        "ready": READY,
        "due_by": sa.func.coalesce(row.due_at, sa.literal(NEVER, Instant)),
        "rank": -row.priority,
        "process": row.case_process,
        "element": row.element,
    }
    return sa.insert(candidates).from_select(list(values), sa.select(*values.values()).where(task))


_ASK = Prepared(_asking(user_tasks.c.activity == sa.bindparam("b_activity")))


def add(tx: Transaction, rows: Sequence[dict[str, Any]], may_claim: dict[str, list[str]]) -> None:
    """Open tasks, with who may claim each (by activity), in two statements."""
    if not rows:
        return
    tx.insert(user_tasks, rows)
    wanted = [(activity, who) for activity, whos in may_claim.items() for who in dict.fromkeys(whos)]
    if wanted:
        _ASK.each(tx, [{"b_activity": activity, "b_who": who, "b_principal": None} for activity, who in wanted])


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


def follow(connection: sa.Connection) -> int:
    """Make every candidate's columns those of its task, as the trigger keeps them; how many there are."""
    task = user_tasks.c
    true = {
        "created_at": task.created_at,
        "ready": task.state == "ready",
        "due_by": sa.func.coalesce(task.due_at, sa.literal(NEVER, Instant)),
        "rank": -task.priority,
        "process": task.case_process,
        "element": task.element,
    }
    of_task = {
        name: sa.select(value).where(task.id == candidates.c.task_id).scalar_subquery() for name, value in true.items()
    }
    return connection.execute(sa.update(candidates).values(of_task)).rowcount


def give_back(tx: Transaction, person_id: int, who: Sequence[str]) -> list[int]:
    """Back to its group goes what the person took from one that is no longer theirs (`who`: theirs).

    Returns the ids of these tasks."""
    asked = sa.select(1).where(candidates.c.task_id == user_tasks.c.id).correlate(user_tasks)
    rows = tx.all(
        sa.select(user_tasks.c.id).where(
            user_tasks.c.assignee_id == person_id,
            CLAIMED,
            asked.exists(),
            ~asked.where(candidates.c.who.in_(who)).exists(),
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
            .values(state="ready", assignee_id=None, principal_id=None, version=user_tasks.c.version + 1)
        )
    return given


_KEPT_FOR = Prepared(
    sa.select(user_tasks.c.id, user_tasks.c.version, user_tasks.c.excluded, user_tasks.c.meant_for_id)
    .where(user_tasks.c.meant_for_id.is_not(None), user_tasks.c.meant_for_id != user_tasks.c.assignee_id, CLAIMED)
)


def kept_for(tx: Transaction) -> list[Any]:
    """Open tasks that somebody has in the place of who is away: id, version, excluded, meant_for_id."""
    # Every worker asks whenever it looks around: sorted here, since SQLite would go through all tasks for an order.
    return sorted(_KEPT_FOR.rows(tx), key=lambda row: int(row.id))


def claimed_by(tx: Transaction, person_id: int) -> list[Any]:
    return list(
        tx.all(
            sa.select(user_tasks).where(user_tasks.c.assignee_id == person_id, CLAIMED)
        )
    )


def asked_of(tx: Transaction, keys: Collection[str]) -> list[Any]:
    """Tasks that "group:KEY" or "person:ID" may claim: id, case_id, process, element, excluded and, a row for each,
    `who` may for themselves."""
    held = sa.select(candidates.c.task_id).where(candidates.c.who.in_(keys), candidates.c.ready)
    return list(
        tx.all(
            sa.select(
                user_tasks.c.id,
                user_tasks.c.case_id,
                user_tasks.c.process,
                user_tasks.c.element,
                user_tasks.c.excluded,
                candidates.c.who,
            )
            .join(candidates, candidates.c.task_id == user_tasks.c.id)
            .where(user_tasks.c.id.in_(held), candidates.c.principal_id.is_(None))
            .order_by(user_tasks.c.id, candidates.c.who)
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
            principal_id=None,
            version=user_tasks.c.version + 1,
        )
    )


def hand_over(tx: Transaction, task_id: int, version: int, person_id: int) -> bool:
    """An open task becomes this person's, if it is still as the caller saw it; whether it was."""
    same = (user_tasks.c.id == task_id, user_tasks.c.version == version, user_tasks.c.state.in_(OPEN))
    values = {
        "state": "claimed",
        "assignee_id": person_id,
        "principal_id": None,
        "meant_for_id": None,
        "version": version + 1,
    }
    return tx.execute(sa.update(user_tasks).where(*same).values(**values)).rowcount == 1


def asked(tx: Transaction, task_ids: Collection[int]) -> dict[int, list[str]]:
    """Task → its candidate keys, without those of stand-ins."""
    found: dict[int, list[str]] = {}
    of_tasks = (candidates.c.task_id.in_(list(task_ids)), candidates.c.principal_id.is_(None))
    rows = tx.all(sa.select(candidates.c.task_id, candidates.c.who).where(*of_tasks))
    for row in rows:
        found.setdefault(row.task_id, []).append(row.who)
    return found


def ask(tx: Transaction, task_id: int, *who: str) -> None:
    """More who may claim a task, each once: "group:KEY" or "person:ID"."""
    of_task = candidates.c.task_id == task_id
    rows = tx.all(sa.select(candidates.c.who, candidates.c.principal_id).where(of_task))
    asked = {row.who: row.principal_id for row in rows}
    if any(asked.get(each) for each in who):
        # Whoever stood in is asked for themselves from now on.
        tx.execute(sa.update(candidates).where(of_task, candidates.c.who.in_(who)).values(principal_id=None))
    fresh = [each for each in dict.fromkeys(who) if each not in asked]
    if fresh:
        tx.execute(_asking(user_tasks.c.id == task_id), [{"b_who": each, "b_principal": None} for each in fresh])


_IN_PLACE = Prepared(
    sa.select(candidates.c.task_id, candidates.c.who, candidates.c.principal_id, candidates.c.ready)
    .where(candidates.c.principal_id.is_not(None))
)


def in_place(tx: Transaction) -> list[Any]:
    """Who is asked in the place of somebody, of whichever task: task_id, who, principal_id, ready."""
    return _IN_PLACE.rows(tx)


def kept_from_somebody(tx: Transaction, which: sa.ColumnElement[bool], *, held: bool) -> list[Any]:
    """Ready tasks from which somebody is kept: id, excluded and, a row for each, `who` may claim it for themselves.
    `which`: of user_tasks; `held`: for the transaction."""
    query = (
        sa.select(user_tasks.c.id, user_tasks.c.excluded, candidates.c.who)
        .join(candidates, candidates.c.task_id == user_tasks.c.id)
        .where(
            which,
            READY,
            sa.type_coerce(user_tasks.c.excluded, sa.Text).like('%"%'),
            candidates.c.principal_id.is_(None),
        )
        .order_by(user_tasks.c.id, candidates.c.who)
    )
    return list(tx.all(query.with_for_update(of=user_tasks) if held else query))


def asked_of_any(keys: Collection[str]) -> sa.ColumnElement[bool]:
    """Of a row of user_tasks: "group:KEY" or "person:ID" may claim it."""
    return user_tasks.c.id.in_(sa.select(candidates.c.task_id).where(candidates.c.who.in_(keys), candidates.c.ready))


def stand_in(tx: Transaction, who: Mapping[tuple[int, str], int]) -> None:
    """These keys may claim these tasks as well, each in the place of somebody (a row of people)."""
    rows = [{"b_id": task, "b_who": key, "b_principal": person} for (task, key), person in who.items()]
    if rows:
        tx.execute(_asking(user_tasks.c.id == sa.bindparam("b_id")), rows)


def stand_down(tx: Transaction, who: Collection[tuple[int, str]]) -> None:
    """These keys may no longer claim these tasks in anybody's place."""
    if who:
        same = (candidates.c.task_id == sa.bindparam("b_task"), candidates.c.who == sa.bindparam("b_who"))
        one = sa.delete(candidates).where(*same, candidates.c.principal_id.is_not(None))
        tx.execute(one, [{"b_task": task, "b_who": key} for task, key in sorted(who)])


def alter(tx: Transaction, task_id: int, **columns: Any) -> None:
    """Set these columns of a task that is open; what was shown of it before is no longer so."""
    tx.execute(
        sa.update(user_tasks)
        .where(user_tasks.c.id == task_id, user_tasks.c.state.in_(OPEN))
        .values(version=user_tasks.c.version + 1, **columns)
    )


def with_form(tx: Transaction, activities: Sequence[str]) -> list[Any]:
    """The open tasks of these activities that have a form: id, element, activity, form_id."""
    return _with_form(size(activities)).rows(tx, **numbered("b_", activities))


@lru_cache
def _with_form(number: int) -> Prepared:
    return Prepared(
        sa.select(user_tasks.c.id, user_tasks.c.element, user_tasks.c.activity, user_tasks.c.form_id).where(
            user_tasks.c.activity.in_(listed("b_", number)),
            user_tasks.c.state.in_([sa.literal(state) for state in OPEN]),
            user_tasks.c.form_id.is_not(None),
        )
    )


def outdate(tx: Transaction, tasks: Sequence[int]) -> None:
    """What is shown of these tasks is no longer so: completing them as seen before is refused."""
    if tasks:
        tx.execute(
            sa.update(user_tasks).where(user_tasks.c.id.in_(tasks)).values(version=user_tasks.c.version + 1)
        )


def cancel_all(tx: Transaction, case_id: int) -> None:
    """The case is over."""
    tx.execute(
        sa.update(user_tasks)
        .where(user_tasks.c.case_id == case_id, user_tasks.c.state.in_(OPEN))
        .values(state="cancelled", version=user_tasks.c.version + 1, completed_at=tx.now)
    )


def cancel(tx: Transaction, activities: Sequence[str]) -> None:
    """Close the open tasks of ended activities."""
    if activities:
        tx.execute(
            sa.update(user_tasks)
            .where(user_tasks.c.activity.in_(activities), user_tasks.c.state.in_(OPEN))
            .values(state="cancelled", version=user_tasks.c.version + 1, completed_at=tx.now)
        )
