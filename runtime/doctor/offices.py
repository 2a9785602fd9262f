"""Who may do what is open, and the jobs that belong to no case: starts by time, incidents.

Not here: the jobs of a case's own waits (waits.py)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime import library
from runtime.commands.world import BoundWorld
from runtime.doctor.invariant import invariant
from runtime.engine import starts
from runtime.errors import Problem
from runtime.identity import GROUPS, SYSTEM
from runtime.store import deployments
from runtime.store.accounts import memberships, people
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.jobs import incidents, jobs
from runtime.store.user_tasks import OPEN, candidates, user_tasks

SOME = 500  # rows that are read at a time


@invariant("people")
def candidates_exist(tx: Transaction) -> Iterator[Problem]:
    """Whoever may do an open task is a group or a person that exists."""
    known = {f"group:{group}" for group in GROUPS}
    open_to = (
        sa.select(user_tasks.c.public_id, candidates.c.who, people.c.id.label("person"))
        .join(user_tasks, user_tasks.c.id == candidates.c.task_id)
        .outerjoin(people, sa.literal("person:") + sa.cast(people.c.id, sa.String) == candidates.c.who)
        .where(user_tasks.c.state.in_(OPEN), candidates.c.who.not_in(known))
    )
    for row in tx.execute(open_to.execution_options(yield_per=SOME)):
        if row.person is None:
            yield Problem(
                "candidate_unknown", "The task is open to {who}, who does not exist",
                f"user_tasks/{row.public_id}", {"who": row.who},
            )  # fmt: skip


@invariant("people")
def tasks_are_somebodys(tx: Transaction) -> Iterator[Problem]:
    """Each open task is either taken by an active person, or open to somebody."""
    asked = sa.exists().where(candidates.c.task_id == user_tasks.c.id)
    wrong = (
        sa.select(user_tasks.c.public_id, user_tasks.c.element, user_tasks.c.state)
        .outerjoin(people, people.c.id == user_tasks.c.assignee_id)
        .where(
            user_tasks.c.state.in_(OPEN),
            sa.or_(
                sa.and_(user_tasks.c.assignee_id.is_(None), sa.not_(asked)),
                (user_tasks.c.state == "claimed") != user_tasks.c.assignee_id.is_not(None),
                people.c.active.is_(False),
            ),
        )
    )
    for row in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "task_of_nobody", "The task {element} ({state}) is open and nobody who is there can do it",
            f"user_tasks/{row.public_id}", {"element": row.element, "state": row.state},
        )  # fmt: skip


@invariant("people")
def reporting_lines(tx: Transaction) -> Iterator[Problem]:
    """Nobody reports to themselves, directly or through others; everybody is in groups that exist."""
    above = {row.id: row.superior_id for row in tx.all(sa.select(people.c.id, people.c.superior_id))}
    for person in above:
        seen, at = set(), above[person]
        while at is not None and at != person and at not in seen:
            seen.add(at)
            at = above.get(at)
        if at == person:
            yield Problem(
                "reports_to_self", "The reporting line of this person leads back to them", f"people/{person}"
            )
    for row in tx.all(sa.select(memberships).where(memberships.c.group.not_in(list(GROUPS)))):
        yield Problem(
            "group_unknown", "This person is in the group {group}, which does not exist",
            f"people/{row.person_id}", {"group": row.group},
        )  # fmt: skip


@invariant("case")
def jobs_have_cases(tx: Transaction) -> Iterator[Problem]:
    """Each waiting job of a kind that moves a case names its case."""
    kinds = ("timer", "retry", "continue", "signal")
    for row in tx.execute(
        sa.select(jobs.c.id, jobs.c.kind)
        .where(jobs.c.kind.in_(kinds), jobs.c.state == "waiting", jobs.c.case_id.is_(None))
        .execution_options(yield_per=SOME)
    ):
        yield Problem(
            "job_without_case", "The {kind} job names no case", f"jobs/{row.id}", {"kind": row.kind}
        )


@invariant("case")
def failed_jobs(tx: Transaction) -> Iterator[Problem]:
    """Each job that failed for good has an open incident, and each open incident of a job one that failed."""
    watched = sa.exists().where(incidents.c.job_id == jobs.c.id, incidents.c.resolved_at.is_(None))
    # Of an ended case nothing is to be mended, except that a message found nobody.
    matters = sa.or_(jobs.c.case_id.is_(None), cases.c.status == "running", jobs.c.kind == "message")
    unseen = (
        sa.select(jobs.c.id, jobs.c.kind)
        .outerjoin(cases, cases.c.id == jobs.c.case_id)
        .where(jobs.c.state == "failed", sa.not_(watched), matters)
    )
    for row in tx.execute(unseen.execution_options(yield_per=SOME)):
        yield Problem(
            "failure_unseen",
            "The {kind} job has failed and no incident says so",
            f"jobs/{row.id}",
            {"kind": row.kind},
        )
    idle = (
        sa.select(incidents.c.public_id, jobs.c.state)
        .join(jobs, jobs.c.id == incidents.c.job_id)
        .where(incidents.c.resolved_at.is_(None), jobs.c.state != "failed")
    )
    for row in tx.execute(idle.execution_options(yield_per=SOME)):
        yield Problem(
            "incident_without_failure", "The incident is open and its job is {state}",
            f"incidents/{row.public_id}", {"state": row.state},
        )  # fmt: skip


@invariant("deployed")
def starts_by_time(tx: Transaction) -> Iterator[Problem]:
    """Each process that a timer starts has a waiting job for each such start that is still to come, and no other."""
    work = sa.select(jobs.c.activity, jobs.c.element).where(jobs.c.kind == "start", jobs.c.state == "waiting")
    waiting = {(row.activity, row.element) for row in tx.all(work)}
    timed = sa.select(deployments.starts).where(deployments.starts.c.kind == "timer")
    known = {(row.process, row.element) for row in tx.all(timed)}
    wanted = {
        (process, element)
        for process in sorted({each for each, _ in known})
        for element in _to_come(tx, process)
    }
    for process, element in sorted(wanted - waiting):
        yield Problem(
            "start_not_due", "Nothing will start {process} by {element}", f"start_events/{process}/{element}",
            {"process": process, "element": element},
        )  # fmt: skip
    for process, element in sorted(waiting - known):
        yield Problem(
            "start_unknown", "A job waits to start {process} by {element}, which it does not have",
            f"start_events/{process}/{element}", {"process": process, "element": element},
        )  # fmt: skip


def _to_come(tx: Transaction, process: str) -> list[str]:
    row = library.newest(tx, "bpmn", process)
    if row is None:
        return []
    definition = library.definition(tx, process, library.bind(tx, process))
    world = BoundWorld(tx, "", SYSTEM)
    return list(
        starts.next_due(
            definition, tx.now, since=row.created_at, zone=world.zone, functions=world.functions(None)
        )
    )
