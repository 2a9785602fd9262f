"""Starting cases: by a person with a form, or by a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime import forms, functions, library
from runtime.bpmn.model import Node
from runtime.commands import advance
from runtime.commands.user_tasks import hold_files
from runtime.errors import Forbidden, Invalid
from runtime.expressions import PURE
from runtime.identity import SYSTEM, Actor
from runtime.store.db import Transaction


class NotYoursToStart(Forbidden):
    """Your role may not start this process."""

    code = "process.not_yours_to_start"


@dataclass(frozen=True)
class Started:
    """The case, and its first task that is the starter's, if any."""

    case: str
    next_task: str | None


class BusinessKeyTooLong(Invalid):
    """A business key has at most {most} characters."""

    code = "case.key_too_long"


LONGEST_KEY = 255


def check_key(business_key: str) -> None:
    """Raises BusinessKeyTooLong."""
    if len(business_key) > LONGEST_KEY:
        raise BusinessKeyTooLong(most=LONGEST_KEY)


def start(
    tx: Transaction, actor: Actor, process: str, answers: Mapping[str, Any], business_key: str = ""
) -> Started:
    """Start a process by its plain start event. Raises FormInvalid with every field's reason."""
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
