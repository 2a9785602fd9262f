"""Who is asked to do a task: people relative to the case, lanes, and what happens when nobody is left.

Explicit assignee or candidates win, else the lane's group. Whom the diagram excludes
(the drafter, who gains from it) is never asked, nor, of what a group is asked, who did a step of another lane in
the place of somebody away: whoever stands in does not do what lanes keep apart, in either order. If nobody else
is left, the property `nobody` of the task or its process decides: up the line (`superior`, unless it says
otherwise), to the group that `fallback` names, or `refuse`: an incident, and the task goes to the administrators
besides – to none of those who are excluded. Never an orphan task: whoever joins the group has it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from runtime import functions, library
from runtime.bpmn.model import Node, Process
from runtime.engine.ports import TaskOpened
from runtime.errors import Failed
from runtime.store import user_tasks
from runtime.store.accounts import Organisation
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.values import Value

if TYPE_CHECKING:
    from runtime.commands.world import BoundWorld


class NobodyToDoIt(Failed):
    """Nobody can do {element}: its group {groups} has no member, and there is no superior to pass it to."""

    code = "user_task.nobody"
    staff: Staff  # who is asked all the same


class CannotDoIt(Failed):
    """A listener of {element} gives it to {person}, who is nobody here or may not do it."""

    code = "user_task.cannot_do_it"


@dataclass(frozen=True)
class Staff:
    """`assignee_id`: whose task it is already; `candidates`: keys of who may claim it;
    `excluded`: public ids of who may not do it; `meant_for_id`: who is away while the assignee has it in their
    place, and has it again when they are back (commands/absences.py)."""

    assignee_id: int | None
    candidates: list[str]
    excluded: list[str]
    meant_for_id: int | None = None


def resolve(
    world: BoundWorld, task: TaskOpened, process: Process, node: Node, variables: Mapping[str, Value]
) -> Staff:
    """Raises NobodyToDoIt."""
    org, rule = world.organisation, _said(process, node, "nobody") or "superior"
    excluded = _excluded(world, node, variables)
    if task.assignee:
        person = org.by_public_id.get(task.assignee)
        if person is not None and person.active and task.assignee not in excluded:
            return Staff(person.id, [], excluded, _meant_for(world, node, variables, task.assignee, excluded))
        if rule == "superior":
            above = _above(org, [task.assignee, *excluded], excluded)
            if above is not None:
                return Staff(above, [], excluded)
    if world.stood_in and task.groups:
        excluded += _stood_in(world, task.groups)
    people = [org.by_public_id[p] for p in task.candidates if p in org.by_public_id and p not in excluded]
    keys = [f"person:{person.id}" for person in people if person.active]
    for group in task.groups:
        if any(org.by_id[member].public_id not in excluded for member in org.groups.get(group, ())):
            keys.append(f"group:{group}")
    if keys:
        return Staff(None, keys, excluded)
    above = _above(org, excluded, excluded) if rule == "superior" else None
    if above is not None:
        return Staff(above, [], excluded)
    fallback = _said(process, node, "fallback") if rule != "refuse" else ""
    if fallback and _anybody(org, [f"group:{fallback}"], excluded):
        return Staff(None, [f"group:{fallback}"], excluded)
    nobody = NobodyToDoIt(element=task.element, groups=", ".join(task.groups) or "–")
    asked = dict.fromkeys(f"group:{group}" for group in (*task.groups, "admin"))
    nobody.staff = Staff(None, list(asked), excluded)
    raise nobody


def reassign(world: BoundWorld, task: Any, person: str | None) -> dict[str, Any]:
    """The columns of an open task (a row of user_tasks) that a listener gives to `person`, or to whoever may
    claim it. Raises CannotDoIt."""
    if person is None:
        return {"assignee_id": None, "principal_id": None, "meant_for_id": None, "state": "ready"}
    found = world.organisation.by_public_id.get(person)
    if found is None or not found.active or person in task.excluded:
        raise CannotDoIt(element=task.element, person=person)
    return {"assignee_id": found.id, "principal_id": None, "meant_for_id": None, "state": "claimed"}


def keys(world: BoundWorld, task: Any, added: Mapping[str, Sequence[str]]) -> list[str]:
    """Who may claim an open task besides, of `candidates` (people) and `groups` that a listener adds."""
    org = world.organisation
    people = [
        org.by_public_id[person]
        for person in added.get("candidates", ())
        if person in org.by_public_id and person not in task.excluded
    ]
    found = [f"person:{person.id}" for person in people if person.active]
    return found + [f"group:{group}" for group in added.get("groups", ())]


def _said(process: Process, node: Node, name: str) -> str:
    return node.properties.get(name) or process.properties.get(name, "")


def _excluded(world: BoundWorld, node: Node, variables: Mapping[str, Value]) -> list[str]:
    text = node.properties.get("excludes")
    if not text:
        return []
    found = functions.evaluate(world.tx, world.actor, text, variables)
    return [person for person in (found if isinstance(found, list) else [found]) if person]


def _stood_in(world: BoundWorld, groups: Iterable[str]) -> list[str]:
    """Who did a step of the case, in the place of who was away, that none of these groups was asked."""
    task, asked = user_tasks.user_tasks, user_tasks.candidates
    keys = [f"group:{group}" for group in groups]
    same_lane = sa.select(1).where(asked.c.task_id == task.c.id, asked.c.who.in_(keys)).correlate(task).exists()
    found = world.tx.all(
        sa.select(task.c.completed_by)
        .join(cases, cases.c.id == task.c.case_id)
        .where(
            cases.c.public_id == world.case,
            task.c.principal_id.is_not(None),
            task.c.completed_by.is_not(None),
            sa.not_(same_lane),
        )
        .distinct()
    )
    return [world.organisation.by_id[row.completed_by].public_id for row in found]


def _meant_for(
    world: BoundWorld, node: Node, variables: Mapping[str, Value], assignee: str, excluded: Collection[str]
) -> int | None:
    """The person whom the property `meant_for` names, if somebody else is asked and they could do it as well."""
    text = node.properties.get("meant_for")
    person = functions.evaluate(world.tx, world.actor, text, variables) if text else None
    row = world.organisation.by_public_id.get(person) if person and person != assignee else None
    return int(row.id) if row is not None and row.active and person not in excluded else None


def _above(org: Organisation, people: Iterable[str], excluded: Iterable[str]) -> int | None:
    """The nearest active superior of any of these who is not excluded."""
    barred = set(excluded)
    for person in people:
        seen = {person}
        above = org.superior(person)
        while above and above not in seen:
            row = org.by_public_id[above]
            if row.active and above not in barred:
                return int(row.id)
            seen.add(above)
            above = org.superior(above)
    return None


def pass_on(tx: Transaction, person_id: int, receiver: str | None = None) -> list[int]:
    """What somebody who is gone was asked to do by name goes to `receiver` (a public id), as far as it is work
    that they may do; else to whom the property `nobody` says: the nearest superior, or the group that `fallback`
    names; else to whoever administers; the ids of these tasks. Not here: what they had taken from a group
    (store.user_tasks.give_back)."""
    org = library.organisation(tx)
    tasks = user_tasks.claimed_by(tx, person_id)
    takes = org.by_public_id.get(receiver) if receiver else None
    theirs = sa.select(cases.c.id, cases.c.bindings, cases.c.confidential)
    found = {row.id: row for row in tx.all(theirs.where(cases.c.id.in_([task.case_id for task in tasks])))}
    for task in tasks:
        case = found[task.case_id]
        process = library.process(tx, case.bindings[task.process])
        node = process.node(task.element)
        # What tells of people, or only its doer can do, is no work to take over.
        work = not case.confidential and node.properties.get("reassign") != "never"
        if work and takes is not None and takes.active and takes.public_id not in task.excluded:
            user_tasks.assign(tx, task.id, int(takes.id))
            continue
        rule, group = _said(process, node, "nobody") or "superior", _said(process, node, "fallback")
        above = _above(org, [org.by_id[person_id].public_id], task.excluded) if rule == "superior" else None
        user_tasks.assign(tx, task.id, above)
        if above is None:
            asked = f"group:{group}" if group and rule != "refuse" else ""
            able = bool(asked) and _anybody(org, [asked], task.excluded)
            user_tasks.ask(tx, task.id, asked if able else "group:admin")
    return [task.id for task in tasks]


def strand(tx: Transaction, groups: Collection[str]) -> list[int]:
    """What only these groups were asked to do, and nobody who is left in them may, goes to whoever administers
    besides – where all of them are barred, to the group that `fallback` names; the ids of these tasks."""
    org = library.organisation(tx)
    asked: dict[int, tuple[Any, list[str]]] = {}
    for row in user_tasks.asked_of(tx, groups):
        asked.setdefault(row.id, (row, []))[1].append(row.who)
    stranded = [task for task, who in asked.values() if not _anybody(org, who, task.excluded)]
    for task in stranded:
        wanted = "group:admin"
        if not _anybody(org, [wanted], task.excluded):
            bindings = tx.scalar(sa.select(cases.c.bindings).where(cases.c.id == task.case_id))
            process = library.process(tx, bindings[task.process])
            spare = f"group:{_said(process, process.node(task.element), 'fallback')}"
            wanted = spare if _anybody(org, [spare], task.excluded) else wanted
        user_tasks.ask(tx, task.id, wanted)
    return [task.id for task in stranded]


def _anybody(org: Organisation, who: Iterable[str], excluded: Collection[str]) -> bool:
    for key in who:
        kind, _, name = key.partition(":")
        members = org.groups.get(name, ()) if kind == "group" else (int(name),)
        if any(org.by_id[one].active and org.by_id[one].public_id not in excluded for one in members):
            return True
    return False
