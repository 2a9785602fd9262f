"""What happens to a user task, and the listeners that hear it: create, update, assignment, complete, delete.

As in Camunda 7.12 and later: create, then assignment if somebody has the task by then; when the
assignee changes later, update and then assignment. What a listener sets the next one sees, and an
assignee that it sets is told to the listeners to assignment; no listener's change is an update.
Not here: when these happen (elements/user_task.py), the row of the task (commands/advance)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import isodate

from runtime.bpmn.vocabulary import CHANGING
from runtime.engine import scripted, timers
from runtime.engine.elements.base import shown
from runtime.engine.errors import NeverSettled, NotPeople, NotText
from runtime.engine.ports import Task, TaskAltered, TaskOpened
from runtime.engine.priorities import number
from runtime.engine.tree import Token
from runtime.values import Value

END_OF_DAY = dt.time(23, 59, 59)
# How often an assignee that listeners to assignment set is told to them again.
ROUNDS = 10


def label(names: Mapping[str, str], element: str) -> str:
    return names.get("zh_Hans") or names.get("en") or element


def created(token: Token, opened: TaskOpened) -> TaskOpened:
    """The task as its listeners to create and assignment leave it. What they hear of its assignee is
    whose it will be, by the house's rules. Raises BpmnError, NeverSettled."""
    heard = token.task_spec.listeners
    if "task.create" not in heard and "task.assignment" not in heard:
        return opened
    for event in ("create", "assignment"):
        whose = token.case.world.whose(opened, token.case.names(token).plain())
        if event == "assignment" and not whose:
            continue
        name = label(opened.names, opened.element)
        task = Task(opened.task, name, whose, opened.priority, opened.due, opened.follow_up)
        changes = _changes(task, _hear(token, event, task))
        if "name" in changes:
            changes["names"] = {"zh_Hans": changes.pop("name")}
        for added in ("candidates", "groups"):
            if added in changes:
                changes[added] = tuple(dict.fromkeys((*getattr(opened, added), *changes[added])))
        opened = replace(opened, **changes)
    return opened


def told(token: Token, events: Sequence[str]) -> None:
    """Listeners to these events hear them, of the task as it is now; what they change of it is reported."""
    if not any(f"task.{event}" in token.task_spec.listeners for event in events):
        return
    case = token.case
    before = task = case.user_task(token)
    for event in events:
        task = _hear(token, event, task)
    changes = _changes(before, task)
    if changes:
        process = token.workflow.spec.process.id
        case.report(TaskAltered(token.element, token.id, process=process, changes=changes))
        case.user_tasks[token.id] = replace(task, candidates=(), groups=())


def _hear(token: Token, event: str, task: Task) -> Task:
    """The task as the listeners to `event` leave it."""
    heard = token.task_spec.listeners
    for _ in range(ROUNDS):
        before = task.assignee
        for script in heard.get(f"task.{event}", ()):
            names = token.case.names(token)
            given = scripted.run(token, script, names, _facts(token, event, task), changing=event in CHANGING)
            task = _set(token, task, given.task)
        # At its creation, the assignee is told after all listeners to create have spoken.
        if event == "create" or task.assignee == before:
            return task
        event = "assignment"
        if "task.assignment" not in heard:
            return task
    raise NeverSettled(element=token.element, rounds=ROUNDS)


def _facts(token: Token, event: str, task: Task) -> dict[str, Value]:
    return {
        "id": task.id,
        "name": task.name,
        "assignee": task.assignee,
        "priority": task.priority,
        "dueDate": task.due,
        "followUpDate": task.follow_up,
        "taskDefinitionKey": token.element,
        "executionId": token.id,
        "processInstanceId": token.case.case_id,
        "eventName": event,
    }


def _set(token: Token, task: Task, given: Mapping[str, Value]) -> Task:
    """The task with what a script set of it. Raises NotText, NotPeople, NotAPriority."""
    element, changes = token.element, dict[str, Any]()
    for fact, value in given.items():
        if fact == "assignee":
            if value is not None and not isinstance(value, str):
                raise NotPeople(field=fact, element=element, value=shown(value))
            changes[fact] = value or None
        elif fact == "name":
            if not isinstance(value, str) or not value.strip():
                raise NotText(field=fact, element=element, value=shown(value))
            changes[fact] = value.strip()
        elif fact == "priority":
            changes[fact] = number(value, "priority", element)
        elif fact == "dueDate":
            changes["due"] = moment(token, fact, value)
        elif fact == "followUpDate":
            changes["follow_up"] = moment(token, fact, value)
        else:
            added = {"candidateUsers": "candidates", "candidateGroups": "groups"}[fact]
            if not isinstance(value, list) or not all(isinstance(who, str) and who for who in value):
                raise NotPeople(field=fact, element=element, value=shown(value))
            changes[added] = tuple(dict.fromkeys((*getattr(task, added), *value)))
    return replace(task, **changes)


def _changes(before: Task, after: Task) -> dict[str, Any]:
    return {name: value for name, value in vars(after).items() if value != getattr(before, name)}


def moment(token: Token, field: str, value: Value) -> dt.datetime | None:
    """A date-time in UTC; a bare date is the end of that day, a duration runs from now. Raises NotText."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = timers.read_moment(value)
    zone = token.case.zone
    if isinstance(value, dt.date):
        return timers.moment(value, zone, END_OF_DAY)
    if isinstance(value, (dt.timedelta, isodate.Duration)):
        return timers.later(token.case.now, value, zone)
    raise NotText(field=field, element=token.element, value=shown(value))
