"""Who is asked to do a task: people relative to the case, lanes, and what happens when nobody is left.

Explicit assignee or candidates win, else the lane's group. Whom the diagram excludes
(the drafter, who gains from it) is never asked, nor, of what a group is asked, who did a step of another lane in
the place of somebody away: whoever stands in does not do what lanes keep apart, in either order. If nobody else
is left, the property `nobody` of the task or its process decides: up the line (`superior`, unless it says
otherwise), to the group that `fallback` names, or `refuse`: an incident, and the task goes to the administrators
besides – to none of those who are excluded; where that is all of them, to the next group of `LAST`. Never an
orphan task: whoever joins the group has it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from runtime import functions, household, library
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

# Who is asked for what nobody else may do: whoever administers, then who may see what is confidential.
LAST = ("admin", "hr", "finance")


class NobodyToDoIt(Failed):
    """Nobody can do {element}: of {groups} and of those above nobody is left who may."""

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
            above = _above(world.tx, org, [task.assignee, *excluded], excluded)
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
    groups = [f"group:{group}" for group in task.groups]
    spare = _spare(world.tx, org, process, node, [*excluded, *_left(org, task.groups)], excluded)
    if spare is not None and groups and not any(org.groups.get(group) for group in task.groups):
        return Staff(None, list(dict.fromkeys([*groups, spare])), excluded)  # whoever joins the group has it at once
    if spare is not None:
        person = _person(spare)
        return Staff(person, [] if person else [spare], excluded)
    nobody = NobodyToDoIt(element=task.element, groups=", ".join(task.groups) or "–")
    nobody.staff = Staff(None, list(dict.fromkeys([*groups, _last(org, excluded)])), excluded)
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


def _above(tx: Transaction, org: Organisation, people: Iterable[str], excluded: Iterable[str]) -> int | None:
    """The nearest superior of any of these who is not excluded, nor away today if another one is here; above those
    who have left at the top, whoever has their office now."""
    barred, people = set(excluded), list(people)
    line = chain.from_iterable(org.line(person) for person in people)
    gone = [person for person in people if person in org.by_public_id and not org.by_public_id[person].active]
    heirs = chain.from_iterable(org.in_office_of(person) for person in gone)
    able = [int(org.by_public_id[each].id) for each in chain(line, heirs) if each not in barred]
    # It is asked by name: whoever is away would have it until they are back, and nobody in their place.
    out = household.gone(tx, household.away(tx)) if able else frozenset()
    return next((each for each in able if each not in out), able[0] if able else None)


def pass_on(tx: Transaction, person_id: int, receiver: str | None = None) -> list[int]:
    """What somebody who is gone was asked to do by name goes to `receiver` (a public id), as far as it is work
    that they may do; else to whom the property `nobody` says, or to whoever administers; the ids of these tasks.
    Not here: what they had taken from a group (store.user_tasks.give_back)."""
    org = household.organisation(tx)
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
        wanted = _spare(tx, org, process, node, [org.by_id[person_id].public_id], task.excluded)
        wanted = wanted or _last(org, task.excluded)
        above = _person(wanted)
        user_tasks.assign(tx, task.id, above)
        if above is None:
            user_tasks.ask(tx, task.id, wanted)
    return [task.id for task in tasks]


def strand(tx: Transaction, person_id: int, groups: Collection[str]) -> list[int]:
    """What only they, or only these groups that they are no longer in, were asked to do, and nobody who is left
    may, goes to whom the property `nobody` says besides, else to whoever administers; the ids of these tasks."""
    org = household.organisation(tx)
    asked: dict[int, tuple[Any, list[str]]] = {}
    for row in user_tasks.asked_of(tx, [f"person:{person_id}", *(f"group:{group}" for group in groups)]):
        asked.setdefault(row.id, (row, []))[1].append(row.who)
    stranded = [task for task, who in asked.values() if not _anybody(org, who, task.excluded)]
    for task in stranded:
        bindings = tx.scalar(sa.select(cases.c.bindings).where(cases.c.id == task.case_id))
        process = library.process(tx, bindings[task.process])
        gone = [org.by_id[person_id].public_id]
        spare = _spare(tx, org, process, process.node(task.element), gone, task.excluded)
        user_tasks.ask(tx, task.id, spare or _last(org, task.excluded))
    return [task.id for task in stranded]


def _spare(
    tx: Transaction,
    org: Organisation,
    process: Process,
    node: Node,
    gone: Iterable[str],
    excluded: Collection[str],
) -> str | None:
    """Whom the property `nobody` names where nobody else is left, as a key: the nearest superior of those who are
    gone, or the group that `fallback` names; none, if they may not do it either."""
    rule = _said(process, node, "nobody") or "superior"
    above = _above(tx, org, gone, excluded) if rule == "superior" else None
    if above is not None:
        return f"person:{above}"
    group = f"group:{_said(process, node, 'fallback')}"
    return group if rule != "refuse" and _anybody(org, [group], excluded) else None


def _left(org: Organisation, groups: Iterable[str]) -> list[str]:
    """Who was in one of these groups when they left, the last to come first."""
    gone = sorted({one for group in groups for one in org.ever.get(group, ())}, reverse=True)
    return [org.by_id[one].public_id for one in gone if not org.by_id[one].active]


def _last(org: Organisation, excluded: Collection[str]) -> str:
    able = (group for group in LAST if _anybody(org, [f"group:{group}"], excluded))
    return f"group:{next(able, LAST[0])}"


def _person(key: str) -> int | None:
    kind, _, name = key.partition(":")
    return int(name) if kind == "person" else None


def _anybody(org: Organisation, who: Iterable[str], excluded: Collection[str]) -> bool:
    for key in who:
        kind, _, name = key.partition(":")
        members = org.groups.get(name, ()) if kind == "group" else (int(name),)
        if any(org.by_id[one].active and org.by_id[one].public_id not in excluded for one in members):
            return True
    return False
