"""Where an open case waits and with whom, as lists say it: its open tasks, and those of the cases that it called.

A case calls another by the message that begins it, if it then waits, under the same key, for a message which that
process sends: a stocktake its count sheets. Of those that the reader does not see only with whom they are is said
(`holders`), as on the caller's page (called.py). What a call activity calls has its tasks in the case itself. Where
there is nobody to ask: which of its elements wait, and what for (`awaited`), of which lists say the element. Not here:
the drawn case (cases.py)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import sqlalchemy as sa

from runtime import access, household, i18n, library
from runtime.bpmn.model import Node, Process
from runtime.i18n import say
from runtime.identity import GROUPS, Actor, Person
from runtime.ledger import operations
from runtime.queries.path import scopes
from runtime.queries.people import shown
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.external_tasks import external_tasks
from runtime.store.jobs import jobs, subscriptions
from runtime.store.prepared import Prepared, listed, numbered, size
from runtime.store.user_tasks import OPEN, candidates
from runtime.store.user_tasks import user_tasks as tasks

SAID = ("message", "signal")  # what an element without a name of its own is called by
# External work, without its topic and with it.
WORKED = ("waits for an external worker: {name}", "waits for an external worker: {name} ({topic})")
DELIVERED = ("waits to be delivered: {name}", "waits to be delivered: {name} ({topic})")
FIRST = 2  # open steps that a line has room for, unlike one another


class Asked(Protocol):
    """Whom a step is asked of: who has it, else the groups whose people may take it."""

    @property
    def assignee(self) -> Person | None: ...
    @property
    def groups(self) -> Collection[str]: ...


def whom(step: Asked, language: str) -> str:
    """With whom a step waits, in words; "" if it is asked of no group."""
    if step.assignee:
        return step.assignee.name(language)
    named = (i18n.label(language, dict(GROUPS.get(group, {})), group) for group in sorted(step.groups))
    return i18n.comma(language).join(named)


@dataclass(frozen=True)
class Holder:
    """Who has a step of a case, else the groups whose people may take it."""

    assignee: Person | None
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """An open step by name (`element`: its id). Not `asked`: one that is nobody's to do, such as an event."""

    element: str
    names: Mapping[str, str]
    assignee: Person | None = None
    groups: tuple[str, ...] = ()
    asked: bool = True


@dataclass(frozen=True)
class Standing:
    """Where a case waits: every open step by name, its own before those of the cases that it called; the `first` of
    them that differ in name or in who has them, with whom they wait; `holders`: with whom those are, each once, that it
    called and the reader does not see."""

    names: tuple[Mapping[str, str], ...] = ()
    first: tuple[Step, ...] = ()
    holders: tuple[Holder, ...] = ()

    @property
    def more(self) -> int:
        """How many open steps are not among the first."""
        return len(self.names) - len(self.first)


@lru_cache
def _candidates(number: int) -> Prepared:
    asked = candidates.c
    return Prepared(sa.select(asked.task_id, asked.who).where(asked.task_id.in_(listed("b_", number))))


def groups_of(tx: Transaction, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Task (its row) → the groups that are asked; one statement."""
    groups: dict[int, tuple[str, ...]] = {}
    for task, asked in _candidates(size(ids)).all(tx, **numbered("b_", ids)) if ids else ():
        kind, _, who = asked.partition(":")
        if kind == "group":
            groups[task] = (*groups.get(task, ()), who)
    return groups


def standings(tx: Transaction, actor: Actor, ids: Sequence[int]) -> dict[int, Standing]:
    """Case (its row) → where it waits, as far as the actor sees it and the cases that it called; a case of which there
    is nothing to say is left out. At most six statements, however many cases."""
    if not ids:
        return {}
    found: dict[int, list[Any]] = {}
    for row in tx.all(_open_tasks(tx, actor, ids)):
        found.setdefault(row.root, []).append(row)
    first = {root: _unlike(rows) for root, rows in found.items()}
    org = household.organisation(tx)
    groups = groups_of(tx, [row.id for rows in first.values() for row in rows if row.assignee_id is None])
    told = {
        root: Standing(
            tuple(row.names or {"en": row.element} for row in rows),
            tuple(
                Step(
                    row.element, row.names or {"en": row.element}, shown(org, row.assignee_id), groups.get(row.id, ())
                )
                for row in first[root]
            ),
        )
        for root, rows in found.items()
    }  # fmt: skip
    told |= _at_events(tx, actor, [case for case in ids if case not in told])
    held = _unseen(tx, actor, ids)
    return told | {case: replace(told.get(case, Standing()), holders=each) for case, each in held.items()}


def _unseen(tx: Transaction, actor: Actor, ids: Sequence[int]) -> dict[int, tuple[Holder, ...]]:
    """Case (its row) → with whom those are that it called and waits for and that the actor does not see. Not of a
    confidential one, nor of what a confidential one called of which the actor sees only where it stands."""
    answers = library.answers(tx)
    if not answers:
        return {}
    whole = sa.or_(cases.c.confidential.is_(False), access.case_visible(actor, fully=True))
    callers = (
        sa.select(cases.c.id.label("root"), cases.c.id.label("id"))
        .where(cases.c.id.in_(ids), access.case_visible(actor), whole)
        .cte("callers")
    )
    called = _called(callers, answers, callers.c.root, cases.c.id, access.case_visible(actor).label("seen"))
    rows = [row for row in tx.all(called.where(cases.c.confidential.is_(False))) if not row.seen]
    held = holders(tx, sorted({row.id for row in rows}))
    found: dict[int, dict[Any, Holder]] = {}
    for row in rows:
        for each in held.get(row.id, ()):
            found.setdefault(row.root, {})[each.assignee and each.assignee.id, each.groups] = each
    return {root: tuple(each.values()) for root, each in found.items()}


def holders(tx: Transaction, ids: Sequence[int]) -> dict[int, tuple[Holder, ...]]:
    """Case (its row) → with whom its open tasks are, each once; at most two statements."""
    if not ids:
        return {}
    rows = tx.all(
        sa.select(tasks.c.id, tasks.c.case_id, tasks.c.assignee_id)
        .where(tasks.c.case_id.in_(ids), tasks.c.state.in_(OPEN))
        .order_by(tasks.c.id)
    )
    groups = groups_of(tx, [row.id for row in rows if row.assignee_id is None])
    org = household.organisation(tx)
    found: dict[int, dict[Any, Holder]] = {}
    for row in rows:
        asked = tuple(sorted(groups.get(row.id, ())))
        found.setdefault(row.case_id, {}).setdefault(
            (row.assignee_id, asked), Holder(shown(org, row.assignee_id), asked)
        )
    return {case: tuple(each.values()) for case, each in found.items()}


def _unlike(rows: Sequence[Any]) -> list[Any]:
    """The first tasks that a reader can tell apart: nobody learns more from three that are called the same."""
    unlike: dict[Any, Any] = {}
    for row in rows:
        unlike.setdefault((row.process, row.element, str(row.names), row.assignee_id), row)
    return list(unlike.values())[:FIRST]


def _open_tasks(tx: Transaction, actor: Actor, ids: Sequence[int]) -> sa.Select[Any]:
    """Open tasks of the cases and of those that they called (`root`: of which of them), the nearest first."""
    tree = _tree(tx, actor, ids)
    return (
        sa.select(tree.c.root, tasks.c.id, tasks.c.process, tasks.c.element, tasks.c.names, tasks.c.assignee_id)
        .join(tasks, tasks.c.case_id == tree.c.id)
        .where(tasks.c.state.in_(OPEN))
        .order_by(tree.c.root, tree.c.depth, tasks.c.id)
    )


def _tree(tx: Transaction, actor: Actor, ids: Sequence[int]) -> sa.CTE:
    """The cases that the actor sees with those that they called, that these called, and so on, as far as the actor
    sees each: root, id, depth. What a case began is younger than it, so that none is met twice."""
    own = sa.select(cases.c.id.label("root"), cases.c.id.label("id"), sa.literal(0).label("depth"))
    tree = own.where(cases.c.id.in_(ids), access.case_visible(actor)).cte("tree", recursive=True)
    answers = library.answers(tx)
    if not answers:
        return tree
    called = _called(tree, answers, tree.c.root, cases.c.id, tree.c.depth + 1)
    return tree.union_all(called.where(access.case_visible(actor)))


def _called(of: sa.CTE, answers: Sequence[tuple[str, str]], *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The open cases (`cases`) that those of `of` (by their id) called and wait for, whoever sees them."""
    sent, awaited = jobs.alias("sent"), subscriptions.alias("awaited")
    return (
        sa.select(*columns)
        .select_from(of)
        .join(
            sent,
            sa.and_(
                sent.c.case_id == of.c.id,
                sent.c.state == sa.literal_column("'done'"),
                sent.c.kind == sa.literal_column("'message'"),
            ),
        )
        .join(cases, cases.c.cause == sent.c.key)
        .join(
            awaited,
            sa.and_(
                awaited.c.kind == sa.literal_column("'message'"),
                awaited.c.name.in_(sorted({name for _, name in answers})),
                awaited.c.key == sent.c.correlation,
                # By its name and key: a case that waits for hundreds is not looked through for each of them.
                awaited.c.case_id + 0 == of.c.id,
            ),
        )
        .where(
            cases.c.ended_at.is_(None),
            # Found by what began them, never among all cases of such a process.
            sa.tuple_(cases.c.process + "", awaited.c.name).in_(answers),
        )
    )


def _at_events(tx: Transaction, actor: Actor, ids: Sequence[int]) -> dict[int, Standing]:
    """Where cases without an open task wait: at which of their events and external tasks.

    Not of a confidential one of which the actor sees only where it stands: the way between its tasks tells what was
    decided."""
    if not ids:
        return {}
    waits = _waits(ids)
    whole = sa.or_(cases.c.confidential.is_(False), access.case_visible(actor, fully=True))
    rows = tx.all(
        sa.select(cases.c.id, cases.c.process, cases.c.bindings, waits.c.element, waits.c.kind, waits.c.name)
        .join(waits, waits.c.case_id == cases.c.id)
        .where(access.case_visible(actor), whole)
        .order_by(cases.c.id, waits.c.element)
    )
    steps: dict[int, list[Step]] = {}
    for row in rows:
        node = _waits_at(tx, row)
        if node is not None:
            name = row.name if row.kind in SAID else ""
            steps.setdefault(row.id, []).append(Step(node.id, node.names or {"en": name or node.id}, asked=False))
    return {
        case: Standing(
            tuple(step.names for step in waiting),
            tuple({step.element: step for step in waiting}.values())[:FIRST],
        )
        for case, waiting in steps.items()
    }


def _waits(ids: Sequence[int]) -> sa.Subquery:
    """What the cases' elements wait for that nobody is asked for: case_id, element, kind (message, signal, external,
    timer), name (of the message or signal; of external work its topic)."""
    work, timers = external_tasks.c, jobs.c
    return sa.union_all(
        sa.select(subscriptions.c.case_id, subscriptions.c.element, subscriptions.c.kind, subscriptions.c.name).where(
            subscriptions.c.case_id.in_(ids)
        ),
        sa.select(work.case_id, work.element, sa.literal("external"), work.topic).where(
            work.case_id.in_(ids), work.state.in_(("open", "failed"))
        ),
        sa.select(timers.case_id, timers.element, timers.kind, sa.literal("")).where(
            timers.case_id.in_(ids), timers.state == "waiting", timers.kind == "timer"
        ),
    ).subquery()


Awaited = Mapping[str, Sequence[tuple[str, str]]]  # element → what it waits for: kind and name, as of _waits


def awaited(tx: Transaction, case_id: int) -> Awaited:
    """What the elements of a case wait for; one statement."""
    waits = _waits([case_id])
    rows = tx.all(
        sa.select(waits.c.element, waits.c.kind, waits.c.name)
        .distinct()
        .order_by(waits.c.element, waits.c.kind, waits.c.name)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.element, []).append((row.kind, row.name))
    return found


def waits_for(node: Node, model: Process, waits: Awaited, language: str, *, topics: bool = False) -> list[str]:
    """What an element of the drawn process waits for, as the diagram calls it: by its own name; where it has none by
    that of the message or signal, or by the condition. What others do says so, with `topics` also under which. An
    event-based gateway waits for what the events behind it do."""
    if node.kind == "eventBasedGateway":
        flows = [flow for scope in scopes(model) for flow in scope.flows.values()]
        behind = {flow.target for flow in flows if flow.source == node.id}
        events = [event for event in model.walk() if event.id in behind]
        return [text for event in events for text in waits_for(event, model, waits, language, topics=topics)]
    name = i18n.label(language, dict(node.names))
    if node.trigger is not None and node.trigger.kind == "conditional":
        return [name or say(language, "waits until {condition} holds", condition=node.trigger.condition)]
    told = [_for(kind, of, node, language, topics) for kind, of in waits.get(node.id, ())]
    return list(dict.fromkeys(text for text in told if text))


def _for(kind: str, of: str, node: Node, language: str, topics: bool) -> str:
    name = i18n.label(language, dict(node.names))
    if kind == "external":
        # Who began a case knows its steps by their names; by its topic work is known to whoever runs the workers.
        sentence = DELIVERED if operations.is_outside(of) else WORKED
        return say(language, sentence[topics], name=name or node.id, topic=of)
    if name or kind not in SAID:
        return name
    if kind == "signal":
        return say(language, "waits for the signal {name}", name=of)
    return say(language, "waits for the message {name}", name=of)


def _waits_at(tx: Transaction, row: Any) -> Node | None:
    """The step at which a case waits by an element: of a boundary event the activity that it lies on; None of what
    may begin at any time meanwhile."""
    for process in (row.process, *(name for name in row.bindings if name != row.process)):
        known = library.nodes(tx, row.bindings[process])
        node = known.get(row.element)
        if node is not None and node.attached_to:
            node = known.get(node.attached_to)
        if node is not None:
            return None if node.kind == "startEvent" else node
    return None
