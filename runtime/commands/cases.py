"""Starting cases: by a person with a form, or by a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import access, forms, functions, household, library
from runtime.bpmn.model import Node
from runtime.commands import advance, requests
from runtime.commands.user_tasks import hold_files
from runtime.errors import Forbidden, Invalid
from runtime.expressions import PURE
from runtime.identity import SYSTEM, Actor
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks


class NotYoursToStart(Forbidden):
    """Your role may not start this process."""

    code = "process.not_yours_to_start"


@dataclass(frozen=True)
class Started:
    """The case, and its first task that is the starter's, if any; `before`: it was started by an earlier,
    equal request. `refused`: the books did not take what was given, and the process has gone the way for that;
    `ended`: it is over already."""

    case: str
    next_task: str | None
    before: bool = False
    refused: bool = False
    ended: bool = False


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

    Raises FormInvalid with every field's reason, requests.RepeatedOtherwise."""
    if not once:
        moved = _start(tx, actor, process, answers, business_key)
        return Started(moved.case, moved.next_for(actor), refused=moved.refused, ended=moved.ended)
    asked = [process, dict(answers), business_key]
    case, before = requests.once(
        tx, actor, once, asked, lambda: _start(tx, actor, process, answers, business_key).case_id
    )
    assert case is not None
    return Started(requests.case_of(tx, case), _next_task(tx, actor, case), before)


def _start(
    tx: Transaction, actor: Actor, process: str, answers: Mapping[str, Any], business_key: str
) -> advance.Moved:
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
        tx, actor, process, start_event=begin.id, variables=given, business_key=business_key
    )
    hold_files(tx, actor, moved.case_id, given)
    return moved


def _answers(
    tx: Transaction, actor: Actor, begin: Node, diagram: int, answers: Mapping[str, Any]
) -> Mapping[str, Any]:
    form_id = library.form_id(tx, begin, diagram, library.start_form(begin))
    if form_id is None:
        if answers and actor is not SYSTEM:
            raise forms.FormInvalid(forms.unknown_fields(answers))
        return dict(answers)
    form = library.form(tx, form_id, begin.id)
    library.unobstructed(tx, form)
    usual = functions.defaults(tx, actor, form, {"initiator": actor.public_id or None})
    given = forms.validate(form, dict(answers), usual, library.options(tx, form, actor), today=household.today(tx))
    return dict.fromkeys(form.asked) | usual | given


def _next_task(tx: Transaction, actor: Actor, case_id: int) -> str | None:
    """The first open task of a case that is the actor's to do."""
    mine = sa.or_(
        tasks.c.assignee_id == actor.id, sa.and_(tasks.c.assignee_id.is_(None), access.asked(actor))
    )
    open_tasks = tx.all(
        sa.select(tasks.c.public_id, tasks.c.excluded)
        .where(
            tasks.c.case_id == case_id,
            tasks.c.state.in_(OPEN),
            sa.or_(tasks.c.follow_up_at.is_(None), tasks.c.follow_up_at <= tx.now),
            mine,
        )
        .order_by(tasks.c.id)
    )
    free = (task.public_id for task in open_tasks if actor.public_id not in task.excluded)
    return next(free, None)
