"""Starting cases: by a person with a form, or by a message."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import access, forms, functions, library
from runtime.bpmn.model import Node
from runtime.commands import advance
from runtime.commands.user_tasks import hold_files
from runtime.errors import Conflict, Forbidden, Invalid
from runtime.expressions import PURE
from runtime.identity import SYSTEM, Actor
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks
from runtime.values import Value, dumps


class NotYoursToStart(Forbidden):
    """Your role may not start this process."""

    code = "process.not_yours_to_start"


@dataclass(frozen=True)
class Started:
    """The case, and its first task that is the starter's, if any; `before`: it was started by an earlier,
    equal request."""

    case: str
    next_task: str | None
    before: bool = False


class RepeatedOtherwise(Conflict):
    """The same idempotency key started something else before. Nothing was started now."""

    code = "case.repeated_otherwise"


class BadIdempotencyKey(Invalid):
    """An idempotency key has at most {most} characters."""

    code = "case.bad_idempotency_key"


class BusinessKeyTooLong(Invalid):
    """A business key has at most {most} characters."""

    code = "case.key_too_long"


LONGEST_KEY = 255


def check_key(business_key: str) -> None:
    """Raises BusinessKeyTooLong."""
    if len(business_key) > LONGEST_KEY:
        raise BusinessKeyTooLong(most=LONGEST_KEY)


def start(
    tx: Transaction,
    actor: Actor,
    process: str,
    answers: Mapping[str, Any],
    business_key: str = "",
    once: str = "",
) -> Started:
    """Start a process by its plain start event. `once` (an idempotency key of the caller's) names this very
    start: whoever lost the answer asks again, and gets the case that was started.

    Raises FormInvalid with every field's reason, RepeatedOtherwise."""
    cause = None
    if once:
        cause = _cause(actor, once, [process, dict(answers), business_key])
        before = _started_before(tx, actor, cause)
        if before is not None:
            return before
    row = library.newest(tx, "bpmn", process)
    if row is None:
        raise library.NoSuchProcess(process=process)
    model = library.process(tx, row.id)
    begin = library.plain_start(model)
    if begin is None or not library.may_start(model, actor):
        raise NotYoursToStart()
    given = _answers(tx, actor, begin, row.id, answers)
    if begin.key_field and given.get(begin.key_field) is not None:
        business_key = business_key or str(PURE["text"](given[begin.key_field]))
    check_key(business_key)
    moved = advance.begin(
        tx, actor, process, start_event=begin.id, variables=given, business_key=business_key, cause=cause
    )
    hold_files(tx, actor, moved.case_id, given)
    return Started(moved.case, moved.next_for(actor))


def _answers(
    tx: Transaction, actor: Actor, begin: Node, diagram: int, answers: Mapping[str, Any]
) -> Mapping[str, Any]:
    form_id = library.form_id(tx, begin, diagram, library.start_form(begin))
    if form_id is None:
        if answers and actor is not SYSTEM:
            raise forms.FormInvalid(forms.unknown_fields(answers))
        return dict(answers)
    form = library.form(tx, form_id, begin.id)
    usual = functions.defaults(tx, actor, form, {"initiator": actor.public_id or None})
    given = forms.validate(form, dict(answers), usual, library.options(tx, form), today=library.today(tx))
    return dict.fromkeys(form.asked) | usual | given


def _cause(actor: Actor, once: str, asked: Value) -> str:
    """Who asks, their key, and what they ask for: the same key may not mean something else."""
    if len(once) > LONGEST_KEY:
        raise BadIdempotencyKey(most=LONGEST_KEY)
    told = [
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in (once, dumps(asked))
    ]
    return ":".join(["asked", actor.public_id, *told])


def _started_before(tx: Transaction, actor: Actor, cause: str) -> Started | None:
    """What an earlier request with this key started. Raises RepeatedOtherwise."""
    key = cause.rpartition(":")[0]
    tx.alone(key)
    # ";" is the character after ":".
    row = tx.first(
        sa.select(cases.c.id, cases.c.public_id, cases.c.cause).where(
            cases.c.cause >= f"{key}:", cases.c.cause < f"{key};"
        )
    )
    if row is None:
        return None
    if row.cause != cause:
        raise RepeatedOtherwise()
    mine = sa.or_(
        tasks.c.assignee_id == actor.id, sa.and_(tasks.c.assignee_id.is_(None), access.asked(actor))
    )
    open_tasks = tx.all(
        sa.select(tasks.c.public_id, tasks.c.excluded)
        .where(tasks.c.case_id == row.id, tasks.c.state.in_(OPEN), mine)
        .order_by(tasks.c.id)
    )
    free = (task.public_id for task in open_tasks if actor.public_id not in task.excluded)
    return Started(row.public_id, next(free, None), before=True)
