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
    # Whoever reports a breach sees that it is being looked into, and nothing of what is found.
    Grant("*", "read", "hr_case", "started", LIMITED),
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
    """Whoever has these grants, in a statement that is built once: their id, the keys that mean them, the places
    that they take and those below them are parameters, which `told` gives."""

    keys: tuple[Any, ...] = ()
    places: tuple[Place, ...] = ()
    below: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Place:
    """A StandIn as statements say it: the candidate key of its group, who is away, and of each of its line the row
    and how the column `excluded` names them and whom they answer for (patterns)."""

    key: Any
    away: Any
    line: tuple[tuple[Any, Any, Any], ...]


Likeness = tuple[frozenset[Grant] | None, int, tuple[int, ...], int]


def likeness(actor: Actor) -> Likeness:
    """What a statement about an actor depends on, beside its parameters."""
    if actor is SYSTEM:
        return None, 0, (), 0
    lines = tuple(len(place.line) for place in _places(actor))
    return actor.grants, len(who(actor)), lines, len(actor.subordinates)


def anybody(like: Likeness) -> Actor:
    grants, keys, lines, below = like
    if grants is None:
        return SYSTEM
    return Anybody(
        sa.bindparam("me", type_=sa.Integer),  # type: ignore[arg-type]
        "",
        "",
        grants=grants,
        keys=tuple(sa.bindparam(f"key_{number}", type_=sa.String) for number in range(keys)),
        places=tuple(_anybodys(number, length) for number, length in enumerate(lines)),
        below=tuple(sa.bindparam(f"below_{number}", type_=sa.Integer) for number in range(below)),
    )


def _anybodys(number: int, length: int) -> Place:
    def parameter(name: str, kind: Any) -> Any:
        return sa.bindparam(f"{name}_{number}", type_=kind)

    line = (
        (parameter(f"in_{at}", sa.Integer), parameter(f"named_{at}", sa.String), parameter(f"for_{at}", sa.String))
        for at in range(length)
    )
    return Place(parameter("place", sa.String), parameter("away", sa.Integer), tuple(line))


def told(actor: Actor) -> dict[str, Any]:
    """The parameters of a statement about anybody who is like the actor."""
    if actor is SYSTEM:
        return {}
    given: dict[str, Any] = {f"key_{number}": key for number, key in enumerate(who(actor))}
    for number, place in enumerate(_places(actor)):
        given |= {f"place_{number}": place.key, f"away_{number}": place.away}
        for at, (person, named, principal) in enumerate(place.line):
            given |= {f"in_{at}_{number}": person, f"named_{at}_{number}": named, f"for_{at}_{number}": principal}
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
    """The candidate keys that mean this person."""
    if isinstance(actor, Anybody):
        return list(actor.keys)
    return [f"person:{actor.id}", *sorted(f"group:{group}" for group in actor.groups)]


def _places(actor: Actor) -> tuple[Place, ...]:
    if isinstance(actor, Anybody):
        return actor.places
    return tuple(
        Place(
            f"group:{each.group}",
            each.away,
            tuple((one.id, f'%"{one.public_id}"%', f'%"{one.answers_for}"%') for one in each.line),
        )
        for each in actor.stands_in
    )


def beside(actor: Actor, task: sa.FromClause = user_tasks) -> list[tuple[Any, sa.ColumnElement[bool]]]:
    """Candidate keys of the groups for which the person stands in, and of which of their tasks: those from which
    all who are nearer are kept, and not this person."""
    return [(place.key, _falls_to(place, task)) for place in _places(actor)]


def _falls_to(place: Place, task: sa.FromClause) -> sa.ColumnElement[bool]:
    *nearer, last = (_kept_from(task, *one) for one in place.line)
    return sa.and_(*nearer, sa.not_(last))


def _kept_from(task: sa.FromClause, person: Any, named: Any, principal: Any) -> sa.ColumnElement[bool]:
    excluded = sa.type_coerce(task.c.excluded, sa.Text)
    return sa.or_(excluded.like(named), excluded.like(principal), has_part(person, task))


def has_part(person: Any, task: sa.FromClause = user_tasks) -> sa.ColumnElement[bool]:
    """The person (a row) started the task's case, is whom it is about, or did a step of it that was asked of nobody
    who is asked this one: whoever stands in does not do what lanes keep apart."""
    case, step, asked_then, asked_now = cases.alias(), user_tasks.alias(), candidates.alias(), candidates.alias()
    concerned = sa.or_(case.c.initiator_id == person, case.c.subject_id == person)
    its_case = sa.select(1).where(case.c.id == task.c.case_id, concerned).correlate_except(case)
    of_both = sa.and_(
        asked_then.c.task_id == step.c.id,
        asked_now.c.task_id == task.c.id,
        asked_then.c.who == asked_now.c.who,
        # Whoever stands in twice may do so for two lanes.
        asked_then.c.principal_id.is_(None),
        asked_now.c.principal_id.is_(None),
    )
    same_lane = sa.select(1).where(of_both).correlate_except(asked_then, asked_now).exists()
    done = sa.select(1).where(step.c.case_id == task.c.case_id, step.c.completed_by == person, sa.not_(same_lane))
    return sa.or_(its_case.exists(), done.correlate_except(step).exists())


def _is_below(actor: Actor, person: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The person with this id is below the actor in the org tree."""
    below = list(actor.below) if isinstance(actor, Anybody) else sorted(actor.subordinates)
    return person.in_(below) if below else sa.false()


def asked(actor: Actor, task: sa.FromClause = user_tasks) -> sa.ColumnElement[bool]:
    """The task (a row of user_tasks, or an alias of it) may be claimed by the person, for themselves or in place of
    who is away."""
    means = candidates.c.who.in_(who(actor))
    in_place = [sa.and_(candidates.c.who == key, falls) for key, falls in beside(actor, task)]
    return _has_candidate(task, sa.or_(means, *in_place) if in_place else means)


def may_fall_to(actor: Actor, task: sa.FromClause = user_tasks) -> sa.ColumnElement[bool]:
    """The task is the person's or may become theirs: also while somebody else has it, who may give it back."""
    barred = sa.type_coerce(task.c.excluded, sa.Text).like(f'%"{actor.public_id}"%')
    return sa.or_(task.c.assignee_id == actor.id, sa.and_(asked(actor, task), sa.not_(barred)))


def in_place_of(actor: Actor, task: sa.FromClause = user_tasks) -> sa.ColumnElement[Any]:
    """The row of who is away and in whose place the task was taken, or given by name, or, of one that nobody has, the
    person is asked; else NULL."""
    own = _has_candidate(task, sa.and_(candidates.c.who.in_(who(actor)), candidates.c.principal_id.is_(None)))
    asked = sa.select(candidates.c.principal_id).where(
        candidates.c.task_id == task.c.id, candidates.c.who == who(actor)[0]
    )
    return sa.case(
        (task.c.state != "ready", sa.func.coalesce(task.c.principal_id, task.c.meant_for_id)),
        (own, sa.null()),
        *(
            (sa.and_(_has_candidate(task, candidates.c.who == place.key), _falls_to(place, task)), place.away)
            for place in _places(actor)
        ),
        else_=asked.correlate(task).scalar_subquery(),
    )


def _has_candidate(task: sa.FromClause, which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.select(1).where(candidates.c.task_id == task.c.id, which).correlate(task).exists()


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
