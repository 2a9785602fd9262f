"""Whoever drafted something or gains from it does not decide it, whatever way the task comes to them.

Tried on each deciding task as it stands open in a scenario: asked by name, as a candidate after a change of role,
as a deputy of a group that is away, or of some of it, as a signer whom a listener adds, as who receives it from a
superior or from somebody who leaves. Nothing of it stays. Not here: playing the scenarios (test_scenarios.py)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from runtime import handing, household, library
from runtime.bpmn.model import Node, Process
from runtime.commands import staffing, user_tasks
from runtime.errors import GuichengError
from runtime.identity import SYSTEM, Actor, StandIn, Substitute
from runtime.store import accounts
from runtime.store import user_tasks as store
from runtime.store.cases import cases
from runtime.store.db import Transaction
from tests.office import Office

Key = tuple[str, str]  # process and element
# What a field of a form offers where a matter is decided.
VERDICTS = frozenset("approve allow agree uphold accept clear enter confirm release".split())
# Variables of a case that name whom it is about.
GAINS = ("employee", "nominee", "applicant", "candidate", "leaver")
# What somebody decides of what they wrote, or of themselves, because it is theirs to say.
OWN = {
    ("attendance_import", "confirm_import"): "whoever imports sees the dry run first; each superior judges",
    ("career_development", "confirm_development"): "the plan is the employee's; the interviewer drafted it",
    ("employee_appraisal", "confirm_result"): "the employee accepts their result or appeals",
    ("errand", "accept_errand"): "who gave the errand takes the doer's work, not their own",
    ("issue_escalation", "confirm_answer"): "whoever raised it says whether the answer helps",
    ("confidentiality_breach", "close_breach"): "nothing is decided: what was done and learnt is written down",
    ("career_move", "before_effect"): "nothing is decided: whoever set the day says what has changed since",
    ("career_move", "change_position"): "nothing is decided: an administrator does what was approved",
    ("improvement_plan", "draft_plan"): "the superior's own plan for their employee, who may dispute the facts",
    ("improvement_plan", "review_progress"): "the superior who set the goals sees whether they are met",
    ("training_event", "score_participants"): "the trainer scores whom they ticked as there, none of whom may score",
    ("training_event", "hold_resit"): "the trainer scores whom they ticked as there or absent",
    ("leaving", "plan_handover"): "the superior says who takes over; human resources only entered the day",
    ("leaving", "correct_leaving"): "nothing is decided: what was entered is put right",
    ("leaving", "watch_last_day"): "human resources enters the other day, or that they stay",
    ("leaving", "settle_leaving"): "nothing is decided: papers and things are settled",
}


@dataclass(frozen=True)
class Desk:
    """What a task's (or a start's) form shows, and what it asks."""

    shown: frozenset[str]
    asked: frozenset[str]
    verdict: bool


def forms(folders: Iterable[Path]) -> dict[str, Desk]:
    return {path.stem: _desk(path) for folder in folders for path in folder.rglob("*.form")}


def _desk(form: Path) -> Desk:
    parts = json.loads(form.read_text(encoding="utf-8"))["components"]
    named = {part.get("key") or part.get("path"): part for part in parts}
    asked = {name for name, part in named.items() if name and not part.get("readonly") and not part.get("disabled")}
    verdict = any(
        value.get("value") in VERDICTS
        for name in asked
        if named[name]["type"] in ("radio", "select")
        for value in named[name].get("values", ())
    )
    return Desk(frozenset(name for name in named if name), frozenset(asked), verdict)


def deciding(models: Mapping[str, tuple[Process, Any]], desks: Mapping[str, Desk]) -> set[Key]:
    """Every user task whose form has a field by which something is decided, or from which its diagram keeps
    somebody; but for what is one's own to say."""
    return {
        (key, node.id)
        for key, (process, _) in models.items()
        for node in process.walk()
        if node.kind == "userTask" and (_has_verdict(node, desks) or node.properties.get("excludes"))
    } - OWN.keys()


def _has_verdict(node: Node, desks: Mapping[str, Desk]) -> bool:
    form = node.attributes.get("formRef")
    return form in desks and desks[form].verdict


class Undone(Exception):
    """A try is over, and its transaction with it."""


def ways(office: Office, task: str, desks: Mapping[str, Desk]) -> set[str]:
    """`person's part: way` of each way by which somebody who had a part in the matter comes to decide it."""
    found: set[str] = set()

    def attempt(tx: Transaction, actor: Actor) -> None:
        row = tx.first(sa.select(store.user_tasks).where(store.user_tasks.c.public_id == task))
        case = tx.first(sa.select(cases).where(cases.c.id == row.case_id))
        org = household.organisation(tx)
        for person, part in _involved(tx, row, case, desks).items():
            found.update(f"{part}: {way}" for way in _ways(tx, row, case, org.by_id[person]))
        raise Undone

    try:
        office.runtime.do(attempt, SYSTEM)
    except Undone:
        return found
    raise AssertionError


def _involved(tx: Transaction, task: Any, case: Any, desks: Mapping[str, Desk]) -> dict[int, str]:
    """person → their part: they wrote what the task's form shows, or it is about them."""
    org, tasks = household.organisation(tx), store.user_tasks.c
    found: dict[int, str] = {}

    def node(process: str, element: str) -> Node:
        return library.process(tx, case.bindings[process]).node(element)

    def desk(of: Node) -> Desk:
        return desks.get(of.attributes.get("formRef", ""), Desk(frozenset(), frozenset(), False))

    mine = desk(node(task.process, task.element))
    done = sa.select(tasks.completed_by, tasks.process, tasks.element)
    for row in tx.all(done.where(tasks.case_id == case.id, tasks.state == "completed").order_by(tasks.id)):
        other = desk(node(row.process, row.element))
        # Comments of those who decided before are shown as well.
        if other.asked & mine.shown - mine.asked and not other.verdict:
            found.setdefault(row.completed_by, f"wrote it in {row.element}")
    if case.initiator_id is not None:
        model = library.process(tx, case.bindings[case.process])
        if any(desk(each).asked & mine.shown for each in model.walk() if each.kind == "startEvent"):
            found[case.initiator_id] = "began the case"
    known = library.at_rest(tx, case.id, case.process, case.bindings, case.state).sight(task.activity)
    for name in GAINS:
        person = org.by_public_id.get(known[name]) if isinstance(known.get(name), str) else None
        if person is not None:
            found[person.id] = f"is the {name}"
    return found


def _ways(tx: Transaction, row: Any, case: Any, person: Any) -> Iterator[str]:
    org = household.organisation(tx)
    node = library.process(tx, case.bindings[row.process]).node(row.element)
    actor = household.actor(tx, accounts.find(tx, public_id=person.public_id))
    if row.assignee_id == person.id:
        yield "asked by name"
    everybodys = replace(actor, subordinates=frozenset(org.by_id))
    asked = [*store.asked(tx, [row.id]).get(row.id, []), f"person:{person.id}"]
    if any(each.id == person.id for each in handing.receivers(tx, everybodys, row, node, asked)):
        yield "given it by a superior"
    world: Any = SimpleNamespace(organisation=org)
    if staffing.keys(world, row, {"candidates": [person.public_id]}):
        yield "added as a signer"
    other = next(each for each in org.by_id.values() if each.active and each.id != person.id)
    tasks = store.user_tasks
    with tx.connection.begin_nested() as before:
        store.assign(tx, row.id, other.id)
        staffing.pass_on(tx, other.id, person.public_id)
        if tx.scalar(sa.select(tasks.c.assignee_id).where(tasks.c.id == row.id)) == person.id:
            yield "left it by somebody who is gone"
        before.rollback()
    with tx.connection.begin_nested() as before:
        tx.execute(sa.update(tasks).where(tasks.c.id == row.id).values(assignee_id=None, state="ready"))
        groups = [key.partition(":")[2] for key in asked if key.startswith("group:")]
        line = (Substitute(person.id, person.public_id, other.public_id),)
        stands = tuple(StandIn(group, other.id, household.today(tx), line) for group in groups)
        try:
            user_tasks.claim(tx, replace(actor, stands_in=stands), row.public_id)
            yield "as a deputy for the group"
        except GuichengError:
            pass
        before.rollback()
    if groups and asked.count(f"person:{person.id}") == 1:
        with tx.connection.begin_nested() as before:
            tx.execute(sa.update(tasks).where(tasks.c.id == row.id).values(assignee_id=None, state="ready"))
            store.stand_in(tx, {(row.id, f"person:{person.id}"): other.id})
            try:
                user_tasks.claim(tx, actor, row.public_id)
                yield "as a deputy for a part of the group"
            except GuichengError:
                pass
            before.rollback()
    with tx.connection.begin_nested() as before:
        tx.execute(sa.update(tasks).where(tasks.c.id == row.id).values(assignee_id=None, state="ready"))
        store.ask(tx, row.id, f"person:{person.id}")
        try:
            user_tasks.claim(tx, actor, row.public_id)
            yield "a candidate after a change of role"
        except GuichengError:
            pass
        before.rollback()
