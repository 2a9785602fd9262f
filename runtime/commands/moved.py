"""What a move leaves to people: the user tasks that it opens, alters, or makes stale.

Not here: moving a case (advance.py), what people do with their tasks (user_tasks.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime import functions, library
from runtime.commands import staffing, telling
from runtime.commands.retries import raise_incident
from runtime.commands.world import BoundWorld, sentence
from runtime.engine import ports
from runtime.engine.execution import Execution
from runtime.errors import GuichengError
from runtime.identity import Actor
from runtime.store import user_tasks
from runtime.store.db import Transaction
from runtime.store.event_log import Event
from runtime.values import Value


@dataclass
class Moved:
    """What a move left behind."""

    case_id: int
    case: str
    at: dt.datetime
    opened: list[dict[str, Any]] = field(default_factory=list)  # rows of user_tasks
    may_claim: dict[str, list[str]] = field(default_factory=dict)  # activity → candidate keys
    parked: list[ports.Parked] = field(default_factory=list)
    ended: bool = False
    refused: bool = False  # the books, or a rule, did not take what was given

    def next_for(self, actor: Actor) -> str | None:
        """The first task this move opened that is the actor's to do."""
        for row in self.opened:
            if (row["follow_up_at"] or self.at) <= self.at and self.may_do(actor, row):
                return str(row["public_id"])
        return None

    def may_do(self, actor: Actor, row: Mapping[str, Any]) -> bool:
        """Whether a task that this move opened is the actor's, or one that nobody has and they may claim."""
        if actor.public_id in row["excluded"]:
            return False
        if row["assignee_id"] is not None:
            return bool(row["assignee_id"] == actor.id)
        mine = {f"person:{actor.id}", *(f"group:{group}" for group in actor.groups)}
        return bool(mine & set(self.may_claim.get(row["activity"], ())))


def opened(
    tx: Transaction, case: Any, execution: Execution, world: BoundWorld, task: ports.TaskOpened, moved: Moved
) -> None:
    """Note the row of a task that opens, and who may claim it; what is wrong with it is an incident."""
    model = library.process(tx, case.bindings[task.process])
    node = model.node(task.element)
    try:
        staff = staffing.resolve(world, task, model, node, execution.sight(task.activity))
    except GuichengError as error:
        # The work stays and somebody sees it: whoever administers, with the reason.
        administrators = staffing.Staff(None, ["group:admin"], [])
        staff = error.staff if isinstance(error, staffing.NobodyToDoIt) else administrators
        raise_incident(tx, case.id, None, task.element, sentence(error), task.activity)
    form_id = None
    try:
        form_id = library.form_id(tx, node, case.bindings[task.process], task.form or "", case.revision)
        if node.fields:
            # Nobody would see why the field stays empty.
            form = library.form(tx, case.bindings[task.process], node.id)
            functions.defaults(tx, world.actor, form, execution.sight(task.activity), strict=True)
    except GuichengError as error:
        raise_incident(tx, case.id, None, task.element, sentence(error), task.activity)
    moved.opened.append(
        {
            "public_id": task.task,
            "case_id": case.id,
            "process": task.process,
            "case_process": case.process,
            "element": task.element,
            "activity": task.activity,
            "names": telling.task_names(node, task, lambda: execution.sight(task.activity), world),
            "form_id": form_id,
            "state": "claimed" if staff.assignee_id else "ready",
            "assignee_id": staff.assignee_id,
            "meant_for_id": staff.meant_for_id,
            "excluded": staff.excluded,
            "priority": task.priority,
            "created_at": tx.now,
            "due_at": task.due,
            "follow_up_at": task.follow_up,
        }
    )
    moved.may_claim[task.activity] = staff.candidates


def sent_back(tx: Transaction, actor: Actor, case: Any, done: Any, moved: Moved) -> list[Event]:
    """What the books refused comes back to whoever did it, and is due when it was: nobody else need take it, and an
    answer that does not fit gains no time. `done`: the row of the task that was completed. What the log says of it.

    Where listeners hear who has a task, or somebody did it in another's place, it is to be taken anew."""
    again = [row for row in moved.opened if (row["process"], row["element"]) == (done.process, done.element)]
    if len(again) != 1:
        return []
    [row] = again
    if done.due_at is not None and row["due_at"] is not None:
        row["due_at"] = min(row["due_at"], done.due_at)
    heard = row["element"] in library.process(tx, case.bindings[row["process"]]).heard
    if row["assignee_id"] is not None or actor.principal is not None or heard or not moved.may_do(actor, row):
        return []
    row |= {"state": "claimed", "assignee_id": actor.id}
    return [Event("task_claimed", row["process"], row["element"], row["activity"], {})]


def altered(tx: Transaction, case: Any, world: BoundWorld, change: ports.TaskAltered) -> None:
    """What listeners have set of a task that is open; an assignee whom its diagram excludes is an incident."""
    row = user_tasks.of_activity(tx, change.activity)
    columns: dict[str, Any] = {}
    for name, value in change.changes.items():
        if name == "name":
            columns["names"] = {"zh_Hans": value}
        elif name == "assignee":
            try:
                columns |= staffing.reassign(world, row, value)
            except GuichengError as error:
                raise_incident(tx, case.id, None, change.element, sentence(error), change.activity)
        elif name in ("candidates", "groups"):
            user_tasks.ask(tx, row.id, *staffing.keys(world, row, {name: value}))
        else:
            columns[{"priority": "priority", "due": "due_at", "follow_up": "follow_up_at"}[name]] = value
    if columns:
        user_tasks.alter(tx, row.id, **columns)


def look_again(tx: Transaction, execution: Execution, changed: Mapping[str, Value], moved: Moved) -> None:
    """Whoever has a form before them over what this move changed must see that before they complete it."""
    fresh = {row["activity"] for row in moved.opened}
    waiting = [activity for activity in execution.asked() if activity not in fresh] if changed else []
    if not waiting:
        return
    stale = []
    for task in user_tasks.with_form(tx, waiting):
        fields = set(library.form(tx, task.form_id, task.element).asked) & changed.keys()
        seen = execution.sight(task.activity) if fields else {}
        if any(seen.get(name) == changed[name] for name in fields):
            stale.append(task.id)
    user_tasks.outdate(tx, stale)
