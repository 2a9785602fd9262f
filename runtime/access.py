"""Who may see and do what: one SQL predicate per kind of object.

Commands, queries, search and export all ask here. Rights are grants (identity.Grant):
role, verb, kind, relation, fields; whatever no grant names is refused.
`DEFAULT_GRANTS` is what an installation starts with; the table `grants` is the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.identity import SYSTEM, Actor, Grant, StandIn
from runtime.ledger import operations
from runtime.store import accounts
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.files import file_uses
from runtime.store.purges import PURGED
from runtime.store.user_tasks import candidates, user_tasks

RELATIONS = ("own", "subordinate", "assigned", "started", "department", "any")

# What a grant without full sight of a case still shows: where it stands, not what it holds.
LIMITED = "title,status,diagram,tasks"

DEFAULT_GRANTS = [
    # Everyone: what is theirs, what they are asked to do, what concerns their own people.
    Grant("*", "read", "case", "own"),
    Grant("*", "read", "case", "subordinate"),
    Grant("*", "read", "case", "assigned"),
    Grant("*", "read", "confidential_case", "own"),
    Grant("*", "read", "confidential_case", "subordinate"),
    # Whoever started a confidential case or has a task in it sees where it stands, and that task's form.
    Grant("*", "read", "confidential_case", "started", LIMITED),
    Grant("*", "read", "confidential_case", "assigned", LIMITED),
    Grant("hr", "read", "confidential_case", "any"),
    Grant("finance", "read", "confidential_case", "any"),
    # What is for human resources alone, such as a sick note: the person it is about, and no superior.
    Grant("*", "read", "hr_case", "own"),
    Grant("*", "read", "hr_case", "assigned", LIMITED),
    Grant("hr", "read", "hr_case", "any"),
    Grant("*", "comment", "case", "any"),  # of those that they see whole
    Grant("*", "complete", "user_task", "own"),
    Grant("*", "complete", "user_task", "assigned"),
    Grant("*", "read", "user_task", "subordinate"),
    Grant("*", "start", "process", "any"),  # of those whose diagram names one of their groups
    Grant("*", "read", "process", "any"),  # its diagram, not its cases
    Grant("*", "read", "rule", "any"),
    Grant("*", "read", "handbook", "any"),
    Grant("*", "read", "acknowledgement", "subordinate"),
    *(Grant(group, "read", "acknowledgement", "any") for group in ("hr", "admin")),
    Grant("*", "read", "stock", "any"),
    # The contacts of those whom they deal with; warehouses and components are read with the stock.
    *(
        Grant(group, "read", "supplier", "any")
        for group in ("manager", "supervisor", "specialist", "analyst", "division_lead", "purchasing")
    ),
    *(
        Grant(group, "read", "customer", "any")
        for group in ("manager", "supervisor", "specialist", "analyst", "division_lead")
    ),
    # Which months of the books are closed, and what was posted later.
    *(Grant(group, "read", "period", "any") for group in ("finance", "manager", "division_lead")),
    *(Grant(group, "read", "report", "any") for group in ("manager", "supervisor", "analyst", "division_lead")),
    # Of people in groups; "department": unless the group is so small that it tells of somebody.
    *(
        Grant(group, "read", "people_report", "department")
        for group in ("manager", "supervisor", "analyst", "division_lead")
    ),
    Grant("hr", "read", "people_report", "any"),
    *(Grant(group, "read", "case", "department") for group in ("manager", "division_lead")),
    Grant("admin", "edit", "rule", "any"),  # publishing is what its process does, when somebody else approved
    Grant("admin", "read", "case", "department", LIMITED),
    Grant("admin", "administer", "people", "any"),
    Grant("admin", "operate", "case", "any", LIMITED),
    Grant("admin", "deploy", "process", "any"),
    Grant("admin", "publish", "handbook", "any"),
]

# What nobody has from the start, and an administrator may grant.
OPTIONAL = frozenset(
    [
        *(("send", "message"), ("send", "signal"), ("evaluate", "condition")),
        ("publish", "rule"),  # past its process
        ("work", "topic"),  # as an external worker; the grant's fields name the topics
    ]
)


def granted(actor: Actor, verb: str, kind: str) -> dict[str, str]:
    """relation → fields, of the grants that name the verb and the kind."""
    found: dict[str, str] = {}
    for grant in actor.grants:
        if (grant.verb, grant.kind) == (verb, kind) and found.get(grant.relation) != "*":
            found[grant.relation] = grant.fields
    return found


@dataclass(frozen=True)
class Anybody(Actor):
    """Whoever has these grants, in a statement that is built once: their id, the keys that mean them and
    those below them are parameters, which `told` gives."""

    keys: tuple[Any, ...] = ()
    beyond: tuple[tuple[Any, Any], ...] = ()
    below: tuple[Any, ...] = ()


Likeness = tuple[frozenset[Grant] | None, int, int, int]


def likeness(actor: Actor) -> Likeness:
    """What a statement about an actor depends on, beside its parameters."""
    if actor is SYSTEM:
        return None, 0, 0, 0
    return actor.grants, len(who(actor)), len(further(actor)), len(actor.subordinates)


def anybody(like: Likeness) -> Actor:
    grants, keys, beyond, below = like
    if grants is None:
        return SYSTEM
    return Anybody(
        sa.bindparam("me", type_=sa.Integer),  # type: ignore[arg-type]
        "",
        "",
        grants=grants,
        keys=tuple(sa.bindparam(f"key_{number}", type_=sa.String) for number in range(keys)),
        beyond=tuple(
            (sa.bindparam(f"beyond_{number}", type_=sa.String), sa.bindparam(f"nearer_{number}", type_=sa.String))
            for number in range(beyond)
        ),
        below=tuple(sa.bindparam(f"below_{number}", type_=sa.Integer) for number in range(below)),
    )


def told(actor: Actor) -> dict[str, Any]:
    """The parameters of a statement about anybody who is like the actor."""
    if actor is SYSTEM:
        return {}
    given: dict[str, Any] = {f"key_{number}": key for number, key in enumerate(who(actor))}
    for number, (key, nearer) in enumerate(further(actor)):
        given |= {f"beyond_{number}": key, f"nearer_{number}": nearer}
    given |= {f"below_{number}": person for number, person in enumerate(sorted(actor.subordinates))}
    return {"me": actor.id, **given}


def works_on(actor: Actor, topic: str) -> bool:
    """Whether the person (an external worker's account) may fetch and do what waits under a topic."""
    if actor is SYSTEM:
        return True
    if operations.is_outside(topic):
        return False  # the house does it itself
    named = [grant.fields for grant in actor.grants if (grant.verb, grant.kind) == ("work", "topic")]
    return any(fields == "*" or topic in (each.strip() for each in fields.split(",")) for fields in named)


def sees_case(tx: Transaction, actor: Actor, case_id: int) -> bool:
    """Whether the person sees this case whole."""
    seen = sa.select(cases.c.id).where(cases.c.id == case_id, case_visible(actor, fully=True))
    return tx.scalar(seen) is not None


def who(actor: Actor) -> list[str]:
    """The candidate keys that mean this person, also in place of a group that is away."""
    if isinstance(actor, Anybody):
        return list(actor.keys)
    groups = actor.groups | {each.group for each in actor.stands_in if each.nearer is None}
    return [f"person:{actor.id}", *sorted(f"group:{group}" for group in groups)]


def further(actor: Actor) -> list[tuple[str, str]]:
    """Candidate keys that mean this person for tasks from which somebody nearer is kept, and how the column
    `excluded` names that somebody (a pattern)."""
    if isinstance(actor, Anybody):
        return list(actor.beyond)
    return sorted(
        (f"group:{each.group}", f'%"{each.nearer}"%')
        for each in actor.stands_in
        if each.nearer is not None and each.group not in actor.groups
    )


def _is_below(actor: Actor, person: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The person with this id is below the actor in the org tree."""
    below = list(actor.below) if isinstance(actor, Anybody) else sorted(actor.subordinates)
    return person.in_(below) if below else sa.false()


def asked(actor: Actor, task: sa.FromClause = user_tasks) -> sa.ColumnElement[bool]:
    """The task (a row of user_tasks, or an alias of it) may be claimed by the person."""
    means = candidates.c.who.in_(who(actor))
    kept_from = [
        sa.and_(candidates.c.who == key, sa.type_coerce(task.c.excluded, sa.Text).like(nearer))
        for key, nearer in further(actor)
    ]
    return (
        sa.select(1)
        .where(candidates.c.task_id == task.c.id, sa.or_(means, *kept_from) if kept_from else means)
        .correlate(task)
        .exists()
    )


def _has_task(actor: Actor, case: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """The person has, had or may claim a task of the case with this id."""
    # An alias, since the query around may be over user_tasks itself. Asked case by case: all cases that a
    # group ever had a task of are too many to gather.
    task = user_tasks.alias()
    mine = sa.or_(task.c.assignee_id == actor.id, task.c.completed_by == actor.id, asked(actor, task))
    return sa.select(1).where(task.c.case_id == case, mine).correlate(case.table).exists()


def _about(actor: Actor, confidential: bool) -> dict[str, Callable[[], sa.ColumnElement[bool]]]:
    started_by = cases.c.initiator_id
    return {
        # Who started a confidential case is not thereby somebody it concerns.
        "own": lambda: (
            cases.c.subject_id == actor.id
            if confidential
            else sa.or_(started_by == actor.id, cases.c.subject_id == actor.id)
        ),
        "subordinate": lambda: (
            _is_below(actor, cases.c.subject_id)
            if confidential
            else sa.or_(_is_below(actor, started_by), _is_below(actor, cases.c.subject_id))
        ),
        "started": lambda: started_by == actor.id,
        "assigned": lambda: _has_task(actor, cases.c.id),
        "department": sa.true,
        "any": sa.true,
    }


def case_visible(actor: Actor, *, fully: bool = False) -> sa.ColumnElement[bool]:
    """Which rows of `cases` the person may see; `fully`: with variables, decisions and documents."""
    if actor is SYSTEM:
        return sa.true()
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    for kind, confidential, hr_only in (
        ("case", False, False),
        ("confidential_case", True, False),
        ("hr_case", True, True),
    ):
        tests = _about(actor, confidential)
        given = {r for r, fields in granted(actor, "read", kind).items() if fields == "*" or not fully}
        # Whoever sees all of them need not be asked about each: having a task in one is dear to look up.
        relations = [sa.true()] if given & {"department", "any"} else [tests[r]() for r in sorted(given)]
        of_kind = sa.and_(cases.c.confidential == confidential, cases.c.hr_only == hr_only)
        allowed.append(sa.and_(of_kind, sa.or_(sa.false(), *relations)))
    # Of one whose details were erased nothing is left to show.
    return sa.and_(cases.c.status != PURGED, sa.or_(*allowed))


def task_visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Which rows of `user_tasks` the person may open (joined with nothing)."""
    if actor is SYSTEM:
        return sa.true()
    tests: list[sa.ColumnElement[bool]] = [sa.false()]
    relations = granted(actor, "complete", "user_task")
    if "own" in relations:
        tests.append(user_tasks.c.assignee_id == actor.id)
        tests.append(user_tasks.c.completed_by == actor.id)
    if "assigned" in relations:
        tests.append(asked(actor))
    if "subordinate" in granted(actor, "read", "user_task"):
        tests.append(
            sa.and_(
                _is_below(actor, user_tasks.c.assignee_id),
                _case_seen(actor, user_tasks.c.case_id),
            )
        )
    return sa.or_(*tests)


def file_visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Which rows of `file_uses` the person may download: their own uploads, and of cases seen fully."""
    # A task's form shows the files of its case to whoever is to decide on them.
    ordinary = sa.and_(cases.c.confidential.is_(False), _has_task(actor, cases.c.id))
    return sa.or_(
        sa.and_(file_uses.c.person_id == actor.id, file_uses.c.case_id.is_(None)),
        _the_case(file_uses.c.case_id, sa.or_(case_visible(actor, fully=True), ordinary)),
    )


def _case_seen(actor: Actor, case: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """The person sees the case with this id fully."""
    return _the_case(case, case_visible(actor, fully=True))


def _the_case(case: sa.Column[Any], holds: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """`holds`, said of rows of `cases`, is so of the case with this id."""
    return sa.select(1).where(cases.c.id == case, holds).correlate(case.table).exists()


@dataclass(frozen=True)
class Rights:
    """What a person may do, beside what stands in their own row."""

    groups: frozenset[str]
    subordinates: frozenset[int]
    grants: frozenset[Grant]


def rights_of(tx: Transaction, person_id: int) -> Rights:
    """Groups, grants and everybody below, read afresh."""
    groups = accounts.groups_of(tx, person_id)
    rows = accounts.grants_of(tx, groups)
    return Rights(
        groups,
        accounts.below(tx, person_id) - {person_id},
        frozenset(Grant(row.group, row.verb, row.kind, row.relation, row.fields) for row in rows),
    )


def actor_of(person: Any, rights: Rights, stands_in: tuple[StandIn, ...] = ()) -> Actor:
    """The person (a row of people) with their rights, and the groups for which they stand in today."""
    return Actor(
        id=person.id,
        public_id=person.public_id,
        username=person.username,
        names=person.names,
        groups=rights.groups,
        language=person.language,
        epoch=person.epoch,
        superior=person.superior_id,
        subordinates=rights.subordinates,
        grants=rights.grants,
        stands_in=stands_in,
    )
