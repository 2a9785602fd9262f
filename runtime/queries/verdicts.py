"""What people decided in a case, and what they remarked: out of the answers that its log holds.

Told of forms whose remark belongs to a verdict (`required_if`). Not here: what rules decided, and who may see it
(cases.py, which asks only for readers who see the case whole)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import forms, i18n, library, values
from runtime.identity import Person
from runtime.queries.people import shown
from runtime.store.accounts import Organisation
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks as tasks


@dataclass(frozen=True)
class Verdict:
    """`element`: the step's id; `step`, `decided` and `remark` are in the reader's language, or as they were written;
    `away` is whose place `by` stood in."""

    at: dt.datetime
    element: str
    step: str
    by: Person | None
    away: Person | None
    decided: str
    remark: str


def verdicts(
    tx: Transaction, case: Any, log: list[Any], org: Organisation, label: Callable[[str, str], str], language: str
) -> list[Verdict]:
    """Oldest first. What was erased from the log (a purge) is not told."""
    asked = _asked(tx, case.id)
    known: dict[str, Any] = {}
    found = []
    for entry in log if asked else ():
        if not entry.payload:
            continue
        payload = values.loads(entry.payload)
        written = {name: new for _, name, _old, new, removed in payload["changes"] if not removed}
        known |= written
        form = asked.get(payload["detail"].get("task", "")) if entry.kind == "task_completed" else None
        if form is None:
            continue
        # A remark is of this verdict only if it came with it; a verdict that is given again is not written anew.
        said = [written.get(each.key) for each in form.remarks]
        found.append(
            Verdict(
                entry.business_at,
                entry.element,
                label(entry.process, entry.element),
                shown(org, entry.actor_id),
                shown(org, entry.principal_id),
                _decided(form, known, language),
                "\n".join(text for text in said if isinstance(text, str)),
            )
        )
    return found


def _asked(tx: Transaction, case: int) -> dict[str, forms.Form]:
    """Completed task → its form, of those that ask for a verdict with a remark."""
    rows = tx.all(
        sa.select(tasks.c.public_id, tasks.c.form_id, tasks.c.element).where(
            tasks.c.case_id == case, tasks.c.state == "completed", tasks.c.form_id.is_not(None)
        )
    )
    read = {row.public_id: library.form(tx, row.form_id, row.element) for row in rows}
    return {task: form for task, form in read.items() if form.remarks}


def _decided(form: forms.Form, known: Mapping[str, Any], language: str) -> str:
    """The verdict by its button's name."""
    for each in form.walk():
        if each.type == "radio" and each.required and not each.readonly:
            for option in each.options:
                if option.value == known.get(each.key):
                    return i18n.label(language, dict(option.names), str(option.value))
    return ""
