"""Who is asked besides, in whose place, where some of a group are away and all the others are kept from a task: as
for a group that is away as a whole, the deputy whom the leave names, and for what they are kept from the next
superior, up the line.

Written when a task opens, when a leave begins or ends, and when somebody changes groups; what else changes, a worker
sees within half a minute. To find it out for each list that is read took five times as long as the list itself. Not
here: groups that are away as a whole, of which no task need be looked at (ledger/approvers.py: stand_ins)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runtime import access, household
from runtime.store import user_tasks
from runtime.store.accounts import people
from runtime.store.db import Transaction
from runtime.store.user_tasks import user_tasks as tasks

Asked = Mapping[tuple[int, str], int]  # task and candidate key → the row of who is away


def opened(tx: Transaction, rows: Sequence[Mapping[str, Any]], may_claim: Mapping[str, Collection[str]]) -> None:
    """Tasks have just opened (rows of user_tasks, with who may claim each by activity)."""
    org = household.organisation(tx)

    def parted(row: Mapping[str, Any]) -> bool:
        groups = [key.partition(":")[2] for key in may_claim.get(row["activity"], ()) if key.startswith("group:")]
        return any(org.belongs(person, group) for person in row["excluded"] for group in groups)

    # Of most tasks it is known without asking who is away.
    found = [row["activity"] for row in rows if parted(row)]
    away = household.away(tx) if found else {}
    if away:
        user_tasks.stand_in(tx, _wanted(tx, tasks.c.activity.in_(found), away, held=True))


def changed(tx: Transaction) -> bool:
    """Whether somebody stands in who no longer should, or somebody else should now."""
    less, more = _differences(tx, held=False)
    return bool(less or more)


def look_again(tx: Transaction) -> None:
    """Whoever should stand in does, and nobody else."""
    tx.alone("stand_ins")
    less, more = _differences(tx, held=True)
    user_tasks.stand_down(tx, less)
    user_tasks.stand_in(tx, more)


def _differences(tx: Transaction, *, held: bool) -> tuple[list[tuple[int, str]], Asked]:
    """Who stands in and should not, and who should. Of what somebody has taken, or is done, whoever stood in for it is
    told so until the leave ends."""
    away, groups, rows = household.away(tx), household.organisation(tx).groups, user_tasks.in_place(tx)
    gone = household.gone(tx, away)
    parted = [f"group:{group}" for group, members in groups.items() if not gone.isdisjoint(members)]
    wanted = _wanted(tx, user_tasks.asked_of_any(parted), away, held=held) if parted else {}
    now = {(row.task_id, row.who): row.principal_id for row in rows}
    over = [
        (row.task_id, row.who)
        for row in rows
        if (wanted.get((row.task_id, row.who)) != row.principal_id if row.ready else row.principal_id not in gone)
    ]
    return over, {key: person for key, person in wanted.items() if now.get(key) != person}


def _wanted(tx: Transaction, which: sa.ColumnElement[bool], away: Mapping[str, Any], *, held: bool) -> Asked:
    """Who should stand in for these of the tasks that are to be taken."""
    asked: dict[int, tuple[list[str], list[str]]] = {}
    for row in user_tasks.kept_from_somebody(tx, which, held=held):
        asked.setdefault(row.id, ([], row.excluded))[0].append(row.who)
    lines = household.substitutes(tx, away, asked)
    parts = _parts(tx, {task for task, _ in lines}, {one for line in lines.values() for one in line})
    found: dict[tuple[int, str], int] = {}
    for (task, person), line in lines.items():
        nearest = next((one for one in line if (task, one) not in parts), None)
        if nearest is not None:
            found.setdefault((task, f"person:{nearest}"), person)
    return found


def _parts(tx: Transaction, ids: Collection[int], who: Collection[int]) -> set[tuple[int, int]]:
    """Task and person, of those who have a part in its case (access.has_part)."""
    if not ids or not who:
        return set()
    each = sa.select(tasks.c.id, people.c.id.label("person")).join(people, people.c.id.in_(who))
    rows = tx.all(each.where(tasks.c.id.in_(ids), access.has_part(people.c.id)))
    return {(row.id, row.person) for row in rows}
