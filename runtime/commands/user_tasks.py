"""What people do with their tasks: claim, release, complete.

The form is checked here whatever the browser did; a second completion is told
kindly and changes nothing. Not here: what the case does next (advance.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime import access, forms, functions, household, library
from runtime.commands import advance, hearing, retries
from runtime.engine.execution import Execution
from runtime.errors import Conflict, Forbidden, Problem
from runtime.identity import Actor
from runtime.store import accounts, files, prepared, user_tasks
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.event_log import Event
from runtime.store.user_tasks import user_tasks as tasks
from runtime.values import File, Value, over


class TaskAlreadyCompleted(Conflict):
    """Someone completed this task first. Nothing was done twice."""

    code = "user_task.already_completed"


class TaskWithdrawn(Conflict):
    """The case went another way meanwhile; this task is no longer needed."""

    code = "user_task.withdrawn"


class TaskTaken(Conflict):
    """Someone else has taken this task."""

    code = "user_task.taken"


class TaskChanged(Conflict):
    """This task changed since you opened it. Please look at it again; what you typed is kept."""

    code = "user_task.changed"


class FieldsChanged(Conflict):
    """Somebody changed what you typed over. Nothing was sent yet, and what you typed is kept.

    A Problem for each such field; `fresh`: fields that changed too and that the user left alone."""

    code = "user_task.fields_changed"

    def __init__(self, problems: list[Problem], fresh: frozenset[str]) -> None:
        super().__init__(problems)
        self.fresh = fresh


class NotYours(Forbidden):
    """This task is not yours to do."""

    code = "user_task.not_yours"


class NotYourOwn(Forbidden):
    """You started or gain from this, so somebody else must decide it."""

    code = "user_task.own_request"


class NotBoth(Forbidden):
    """You did another step of this case yourself, so this one is not yours to do in place of somebody. Give it back."""

    code = "user_task.not_both"


class NotYourFile(Forbidden):
    """The file {name} was not uploaded by you."""

    code = "file.not_yours"


@dataclass(frozen=True)
class Completed:
    """The case, and the next task of it that is the same person's, if any. `again`: the same step is to be done again.
    `refused`: the books did not take what was answered, and the process has gone the way for that."""

    case: str
    next_task: str | None
    again: bool = False
    refused: bool = False


@lru_cache(maxsize=200)
def _asked_for(like: access.Likeness) -> prepared.Prepared:
    actor = access.anybody(like)
    return prepared.Prepared(
        sa.select(
            tasks,
            cases,
            access.asked(actor).label("asked"),
            access.in_place_of(actor).label("in_place_of"),
            retries.TROUBLED.label("troubled"),
            accounts.REVISION.label("revision"),
        )
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.public_id == sa.bindparam("task"), access.task_visible(actor))
        .with_for_update(of=cases)
    )


def _get(tx: Transaction, actor: Actor, public_id: str) -> tuple[Any, Any]:
    """The task (with `asked`: may claim it; `in_place_of`: the row of who is away and would; `troubled`: an incident
    is open at it) and its case, held for the transaction, in one statement.

    Raises NoSuchTask, or why it is no longer open."""
    found = _asked_for(access.likeness(actor)).one(tx, task=public_id, **access.told(actor))
    if found is None:
        raise library.NoSuchTask()
    *columns, asked, in_place_of, troubled, revision = found
    household.seen(tx, revision)
    size = len(tasks.c)
    task = prepared.row(tasks, columns[:size], asked=asked, in_place_of=in_place_of, troubled=troubled)
    if task.state == "completed":
        raise TaskAlreadyCompleted()
    if task.state == "cancelled":
        raise TaskWithdrawn()
    return task, prepared.row(cases, columns[size:])


def _require_mine(tx: Transaction, actor: Actor, task: Any) -> None:
    if actor.public_id in task.excluded:
        raise NotYourOwn()
    if task.assignee_id is not None and task.assignee_id != actor.id:
        raise TaskTaken()
    if task.assignee_id is None and not task.asked:
        raise NotYours()
    # They were asked as having no part in it; since then, that may have changed.
    in_place = task.principal_id if task.assignee_id is not None else task.in_place_of
    if in_place is not None and tx.scalar(
        sa.select(tasks.c.id).where(tasks.c.id == task.id, access.has_part(actor.id))
    ):
        raise NotBoth()


def claim(tx: Transaction, actor: Actor, task: str) -> None:
    """Take a task of one of your groups."""
    row, case = _get(tx, actor, task)
    _require_mine(tx, actor, row)
    if row.assignee_id == actor.id:
        return
    actor = replace(actor, principal=row.in_place_of)
    taken = {"assignee_id": actor.id, "principal_id": actor.principal}
    if not user_tasks.change(tx, row.id, row.version, "ready", "claimed", **taken):
        raise TaskTaken()
    hearing.reassigned(tx, actor, case, row, "task_claimed")


def release(tx: Transaction, actor: Actor, task: str) -> bool:
    """Give a claimed task back to those who may do it; whether the actor still is one of them."""
    row, case = _get(tx, actor, task)
    if row.assignee_id != actor.id:
        raise NotYours()
    if not row.asked and row.principal_id is None:
        raise NotYours()  # it was assigned to this person by name: there is nobody to give it back to
    if not user_tasks.change(tx, row.id, row.version, "claimed", "ready", assignee_id=None, principal_id=None):
        raise TaskChanged()
    hearing.reassigned(tx, actor, case, row, "task_released")
    return bool(row.asked)


def complete(
    tx: Transaction,
    actor: Actor,
    task: str,
    answers: Mapping[str, Any],
    version: int | None = None,
    seen: Mapping[str, Any] | None = None,
) -> Completed:
    """Check the form, write what its user changed, and move the case on: one transaction.

    `seen`: the form's values as its user saw them (TaskPage.data). What they left alone is then not
    written; what they typed over and somebody else changed meanwhile is refused by field. Without
    `seen`, `version` (the task as its user saw it) refuses the whole form when any field changed.
    Raises FormInvalid with every field's reason, FieldsChanged, TaskChanged."""
    row, case = _get(tx, actor, task)
    _require_mine(tx, actor, row)
    actor = replace(actor, principal=row.in_place_of)
    if seen is None and version is not None and version != row.version:
        raise TaskChanged()
    if not user_tasks.change(
        tx,
        row.id,
        row.version,
        row.state,
        "completed",
        assignee_id=actor.id,
        principal_id=actor.principal,
        completed_by=actor.id,
        completed_at=tx.now,
    ):
        raise TaskAlreadyCompleted()
    entry = Event("task_completed", row.process, row.element, row.activity, {"task": row.public_id})

    def act(execution: Execution) -> None:
        known = execution.sight(row.activity)
        given: Mapping[str, Value] = {}
        if row.form_id is not None:
            form = library.form(tx, row.form_id, row.element)
            library.unobstructed(tx, form)
            usual = functions.defaults(tx, actor, form, known)
            options = library.options(tx, form, actor, case=known)
            given = forms.validate(form, dict(answers), over(usual, known), options, today=household.today(tx))
            if seen is not None:
                given = _typed(form, given, over(known, usual), seen)
            # What was left empty is null from now on, so that the process may ask for it.
            given = {name: None for name in form.asked if name not in known} | usual | dict(given)
        elif answers:
            raise forms.FormInvalid(forms.unknown_fields(answers))
        changed = {name: value for name, value in given.items() if name not in known or known[name] != value}
        hold_files(tx, actor, case.id, changed)
        execution.complete(row.activity, {**changed, f"{row.element}_by": actor.public_id})

    moved = advance.move(tx, actor, case, act, [entry], done=row)
    same = [(each["process"], each["element"]) == (row.process, row.element) for each in moved.opened]
    return Completed(case.public_id, moved.next_for(actor), any(same), moved.refused)


def _typed(
    form: forms.Form, given: Mapping[str, Value], known: Mapping[str, Value], seen: Mapping[str, Any]
) -> dict[str, Value]:
    """Of the answers those that a form's user changed, where somebody else changed the field meanwhile.

    Raises FieldsChanged for what both changed, and differently."""
    now, sent = forms.for_browser(form, known), forms.for_browser(form, given)
    moved = {name for name in form.asked if name in given and seen.get(name) != now.get(name)}
    fresh = frozenset(name for name in moved if sent.get(name) == seen.get(name))
    problems = [
        Problem(
            "answer.changed_meanwhile",
            "Somebody changed this to {theirs} meanwhile; you entered {yours}. Send it again to keep yours.",
            name,
            {"field": name, "theirs": _told(now.get(name)), "yours": _told(sent.get(name))},
        )
        for name in form.asked
        if name in moved - fresh and sent.get(name) != now.get(name)
    ]
    if problems:
        raise FieldsChanged(problems, fresh)
    return {name: value for name, value in given.items() if name not in fresh}


def _told(value: Any) -> str:
    """A plain JSON value in a sentence."""
    if value is None or value == "":
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"


def hold_files(tx: Transaction, actor: Actor, case_id: int, given: Value) -> None:
    """Files in a form's answers now belong to the case. Raises NotYourFile."""
    uses = files.file_uses
    for file in files_in(given):
        # One upload a file: the same one that was sent with another form stays there.
        own = (
            sa.select(uses.c.id)
            .where(
                uses.c.sha256 == file.sha256,
                # A field may take files by these.
                uses.c.name == file.name,
                uses.c.media_type == file.media_type,
                sa.or_(
                    sa.and_(uses.c.person_id == actor.id, uses.c.case_id.is_(None)),
                    uses.c.case_id == case_id,
                ),
            )
            .order_by(uses.c.case_id.is_(None), uses.c.id)
            .limit(1)
            .scalar_subquery()
        )
        held = tx.execute(sa.update(uses).where(uses.c.id == own).values(case_id=case_id))
        if not held.rowcount:
            raise NotYourFile(name=file.name)


def files_in(value: Value) -> Iterator[File]:
    """Those in a value, however deep."""
    if isinstance(value, File):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from files_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from files_in(item)
