"""Who may be given somebody's open task by somebody above them: a supervisor's reassigning.

Only down the reporting line: from somebody below the actor, or from a group that has not taken it, to somebody
below the actor. Only to whom the task could have gone at first: whoever its candidates mean, or, of a task that
is somebody's by name, if its property `reassign` is `team`, who is in a group with them. Never to whom the
diagram excludes. Not here: giving it (commands/user_tasks.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from runtime import household
from runtime.bpmn.model import Node
from runtime.identity import Actor
from runtime.store.accounts import Organisation
from runtime.store.db import Transaction

TEAM = "team"  # of the property `reassign`


def receivers(tx: Transaction, actor: Actor, task: Any, node: Node, asked: Collection[str]) -> list[Any]:
    """Rows of people whom the actor may give the open task to. `task`: a row of user_tasks (assignee_id,
    excluded); `asked`: its candidate keys. Empty: it is not the actor's to give."""
    org = household.organisation(tx)
    if task.assignee_id is not None and task.assignee_id not in actor.subordinates:
        return []
    able = _able(org, task, node, asked)
    barred = {
        task.assignee_id,
        *(org.by_public_id[each].id for each in task.excluded if each in org.by_public_id),
    }
    found = [org.by_id[each] for each in sorted((able & actor.subordinates) - barred)]
    return [row for row in found if row.active]


def _able(org: Organisation, task: Any, node: Node, asked: Collection[str]) -> set[int]:
    """Whom the task could have gone to."""
    found: set[int] = set()
    for key in asked:
        kind, _, name = key.partition(":")
        found |= set(org.groups.get(name, ())) if kind == "group" else {int(name)}
    if not asked and node.properties.get("reassign") == TEAM:
        for members in org.groups.values():
            if task.assignee_id in members:
                found |= set(members)
    return found
