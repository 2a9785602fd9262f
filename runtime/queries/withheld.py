"""What a case holds and does not tell everybody who sees it whole: what was found in a blind step.

A user task with the property `blind` is one that others may have to do once more without knowing what was found, such
as a look at the shelves: neither its answers nor what rules decided on them are told, nor what whoever did it wrote or
brought in beside them. Not here: who sees a case at all (access.py), what the books say meanwhile (counted.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import access, library
from runtime.bpmn.model import Node
from runtime.identity import SYSTEM, Actor
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks


@dataclass(frozen=True)
class Withheld:
    """`names`: the variables that the steps asked; `by`: the rows of who did them, whose words and files on the case
    are kept back as well. False where nothing is."""

    names: frozenset[str] = frozenset()
    by: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.by)


NOTHING = Withheld()


def withheld(tx: Transaction, actor: Actor, case: Any) -> Withheld:
    """`case`: its row. What its blind steps found, but for whoever did the step and who is above them; also for these
    while they may have to do one themselves: where nobody else is left, a superior counts.

    Whether a step is blind says the newest version of its process: a case that began before is no loophole."""
    blind = _blind(tx, case) if actor is not SYSTEM else frozenset()
    if not blind:
        return NOTHING
    of_these = tasks.c.case_id == case.id, tasks.c.process == case.process, tasks.c.element.in_(sorted(blind))
    done = tx.all(
        sa.select(tasks.c.form_id, tasks.c.element, tasks.c.completed_by).where(
            *of_these, tasks.c.state == "completed", tasks.c.completed_by.is_not(None)
        )
    )
    known = actor.subordinates & {row.completed_by for row in done}
    if known:
        asked = sa.select(1).where(*of_these, tasks.c.state.in_(OPEN), access.may_fall_to(actor)).limit(1)
        known = frozenset() if tx.scalar(asked) is not None else known
    others = [row for row in done if row.completed_by not in known | {actor.id}]
    return Withheld(
        frozenset(
            name
            for row in others
            if row.form_id is not None
            for name in library.form(tx, row.form_id, row.element).asked
        ),
        frozenset(row.completed_by for row in others),
    )


def of_cases(tx: Transaction, actor: Actor, ids: set[int]) -> dict[int, Withheld]:
    """The same of several cases, by their rows' ids."""
    rows = tx.all(sa.select(cases).where(cases.c.id.in_(sorted(ids)))) if ids else ()
    return {row.id: withheld(tx, actor, row) for row in rows}


def _blind(tx: Transaction, case: Any) -> frozenset[str]:
    newest = library.newest(tx, "bpmn", case.process)
    known: dict[str, Node] = {}
    for resource in (case.bindings[case.process], newest.id if newest is not None else None):
        if resource is not None:
            known |= {node.id: node for node in library.process(tx, resource).walk()}
    return frozenset(name for name, node in known.items() if node.properties.get("blind") == "true")
