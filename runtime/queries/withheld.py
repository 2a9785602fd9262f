"""What a case holds and does not tell everybody who sees it whole: what was found in a blind step.

A user task with the property `blind` is one that others may have to do once more without knowing what was found, such
as a look at the shelves: neither its answers nor what rules decided on them are told. Not here: who sees a case at all
(access.py), what the books say meanwhile (stock.blind)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from runtime import library
from runtime.bpmn.model import Node
from runtime.identity import SYSTEM, Actor
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks as tasks


def withheld(tx: Transaction, actor: Actor, case: Any) -> frozenset[str]:
    """`case`: its row. The names of variables that its blind steps asked, but for whoever did the step and who is
    above them.

    Whether a step is blind says the newest version of its process: a case that began before is no loophole."""
    blind = _blind(tx, case) if actor is not SYSTEM else frozenset()
    if not blind:
        return frozenset()
    done = tx.all(
        sa.select(tasks.c.form_id, tasks.c.element, tasks.c.completed_by).where(
            tasks.c.case_id == case.id,
            tasks.c.process == case.process,
            tasks.c.element.in_(sorted(blind)),
            tasks.c.state == "completed",
            tasks.c.form_id.is_not(None),
        )
    )
    theirs = actor.subordinates | {actor.id}
    return frozenset(
        name
        for row in done
        if row.completed_by not in theirs
        for name in library.form(tx, row.form_id, row.element).asked
    )


def _blind(tx: Transaction, case: Any) -> frozenset[str]:
    newest = library.newest(tx, "bpmn", case.process)
    known: dict[str, Node] = {}
    for resource in (case.bindings[case.process], newest.id if newest is not None else None):
        if resource is not None:
            known |= {node.id: node for node in library.process(tx, resource).walk()}
    return frozenset(name for name, node in known.items() if node.properties.get("blind") == "true")
