"""What a case is about: the form that whoever began it filled in, with the values that the case holds now.

Not here: who may see it (cases.py, which asks only for readers who see the case whole)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import forms, household, library
from runtime.identity import Actor
from runtime.ledger import own, reading
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks as tasks


@dataclass(frozen=True)
class Entered:
    """A form-js schema in the reader's language and its values as plain JSON, to be read only."""

    schema: dict[str, Any]
    data: dict[str, Any]


def entered(tx: Transaction, actor: Actor, case: Any, language: str) -> Entered | None:
    """`case`: its row. The start's form, or, for whoever began the case and who is above them, that of the first
    step, if they did it.

    None for a case that nobody began, or of which nothing was typed. What was found in a step is not told to the
    others who could have done it: they may be the ones who count it again, blind."""
    form = _form(tx, actor, case) if case.initiator_id is not None else None
    if form is None:
        return None
    known = library.at_rest(tx, case.id, case.process, case.bindings, case.state).sight()
    if not any(name in known for name in form.asked):
        return None  # begun by a program, or by a message
    held = forms.held(form, known)
    options = reading.options(tx, (), language, held)
    options |= own.options(tx, (), actor.public_id, household.today(tx), held)
    read = form.only_read()
    data = forms.for_browser(read, known, options, language, files=read.files)
    return Entered(forms.localise(form, language, options), data)


def _form(tx: Transaction, actor: Actor, case: Any) -> forms.Form | None:
    diagram = case.bindings[case.process]
    begin = library.plain_start(library.process(tx, diagram))
    if begin is not None:
        found = library.form_id(tx, begin, diagram, library.start_form(begin), case.revision)
        if found is not None:
            return library.form(tx, found, begin.id)
    if case.initiator_id != actor.id and case.initiator_id not in actor.subordinates:
        return None
    first = tx.first(
        sa.select(tasks.c.form_id, tasks.c.element, tasks.c.completed_by)
        .where(tasks.c.case_id == case.id, tasks.c.process == case.process, tasks.c.state == "completed")
        .order_by(tasks.c.id)
        .limit(1)
    )
    if first is None or first.form_id is None or first.completed_by != case.initiator_id:
        return None
    return library.form(tx, first.form_id, first.element)
