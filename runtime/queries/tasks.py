"""One task as its page shows it: form, data, what the reader may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime import access, forms, functions, household, i18n, library
from runtime.bpmn.model import Node, Process
from runtime.identity import Actor
from runtime.queries import counted
from runtime.queries.inbox import TaskRow, columns, task_rows
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks
from runtime.values import over


@dataclass(frozen=True)
class TaskPage:
    """`schema` is a form-js schema in the reader's language (None: nothing to fill in), `data` its
    plain JSON values: those of the form's fields and no others."""

    row: TaskRow
    version: int
    schema: dict[str, Any] | None
    data: dict[str, Any]
    may_claim: bool
    may_complete: bool
    may_release: bool
    documentation: str
    clause: str
    case_summary: list[tuple[str, str]]
    anew: frozenset[str] = frozenset()

    @property
    def offered(self) -> dict[str, Any]:
        """`data` as a person begins with it: without the verdicts that are to be given `anew`."""
        return {name: value for name, value in self.data.items() if name not in self.anew}


@lru_cache(maxsize=200)
def _page_of(like: access.Likeness) -> Prepared:
    actor = access.anybody(like)
    return Prepared(
        sa.select(
            *columns(actor),
            tasks.c.completed_by,
            tasks.c.principal_id,
            access.asked(actor).label("asked"),
            access.has_part(actor.id).label("has_part"),
            cases.c.confidential,
            cases.c.state.label("case_state"),
            cases.c.bindings,
            cases.c.initiator_id,
        )
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.public_id == sa.bindparam("task"), access.task_visible(actor))
    )


def task_page(tx: Transaction, actor: Actor, task: str, language: str, *, exact: bool = False) -> TaskPage:
    """`exact`: numbers of `data` stay Decimals. Raises NoSuchTask also for one that is not the reader's to see."""
    row = _page_of(access.likeness(actor)).first(tx, task=task, **access.told(actor))
    if row is None:
        raise library.NoSuchTask()
    model = library.process(tx, row.bindings[row.process])
    node = model.node(row.element)
    is_open = row.state in OPEN
    mine = row.assignee_id == actor.id
    in_place = row.principal_id if row.assignee_id is not None else row.in_place_of
    barred = actor.public_id in row.excluded or (in_place is not None and bool(row.has_part))
    schema, data, anew = None, {}, frozenset[str]()
    if row.form_id is not None and is_open:
        form = library.form(tx, row.form_id, row.element)
        case = library.at_rest(tx, row.case_id, row.case_process, row.bindings, row.case_state)
        known = counted.told(tx, actor, case.sight(row.activity), form.reads)
        usual = functions.defaults(tx, actor, form, known)
        shown = over(over(known, usual), library.against(tx, form, language))
        options = library.options(tx, form, actor, language, shown, known)
        schema = forms.localise(form, language, options)
        opened = form.files
        if opened and row.confidential and not access.sees_case(tx, actor, row.case_id):
            opened = []
        data = forms.for_browser(form, shown, options, language, exact=exact, files=opened)
        anew = _anew(tx, actor, row, form, model, known)
    initiator = household.organisation(tx).by_id.get(row.initiator_id)
    [shown_row] = task_rows(tx, [row])
    return TaskPage(
        row=shown_row,
        version=row.version,
        schema=schema,
        data=data,
        may_claim=is_open and row.assignee_id is None and bool(row.asked) and not barred,
        may_complete=is_open and not barred and (mine or (row.assignee_id is None and bool(row.asked))),
        may_release=is_open and mine and (bool(row.asked) or row.principal_id is not None),
        documentation=i18n.label(language, node.guidance),
        clause=node.properties.get("clause", ""),
        case_summary=[(i18n.say(language, "Started by"), i18n.label(language, initiator.names))]
        if initiator and initiator.id != actor.id
        else [],
        anew=anew,
    )


def _anew(
    tx: Transaction, actor: Actor, row: Any, form: forms.Form, model: Process, known: Mapping[str, Any]
) -> frozenset[str]:
    """Which verdicts stand in the form from an earlier round, or are somebody else's: left as they were, they would
    be sent again unseen. What the start asked is what the case is about, and stays."""
    chosen = {name for name in form.verdicts if known.get(name) is not None}
    if not chosen:
        return frozenset()
    done = sa.and_(tasks.c.case_id == row.case_id, tasks.c.state == "completed")
    own = sa.and_(tasks.c.process == row.process, tasks.c.element == row.element)
    last = tx.scalar(sa.select(sa.func.max(tasks.c.id)).where(done, own))
    if last is not None:
        since = sa.select(tasks.c.id).where(done, sa.not_(own), tasks.c.id > last).limit(1)
        if tx.scalar(since) is None:
            return frozenset()  # the books sent it back: nothing of it is lost
    asked = _asked_elsewhere(tx, row, model)
    chosen -= {name for node, names in asked for name in names if node.kind == "startEvent"}
    if last is not None:
        return frozenset(chosen)
    theirs = {name for node, names in asked for name in names if known.get(f"{node.id}_by") is not None}
    mine = {name for node, names in asked for name in names if known.get(f"{node.id}_by") == actor.public_id}
    return frozenset(chosen & (theirs - mine))


def _asked_elsewhere(tx: Transaction, row: Any, model: Process) -> list[tuple[Node, tuple[str, ...]]]:
    """What the process's other forms ask, by their elements."""
    found = []
    for node in model.walk():
        named = library.start_form(node) if node.id != row.element else ""
        other = library.newest(tx, "form", named) if named and "$" not in named else None
        if other is not None:
            found.append((node, library.form(tx, other.id, node.id).asked))
    return found
