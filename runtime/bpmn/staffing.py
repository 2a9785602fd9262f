"""Who gets each task, as `guicheng deploy` and `check --who` show it before anything runs.

An explicit assignee or candidates win; else the innermost lane's group; a process without
lanes that nobody starts by hand takes the lane of its caller. Not here: evaluating
expressions and finding people (engine, identity)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.bpmn.model import Process
from runtime.expressions.read import MAX_LENGTH

# What the property `nobody` may say of a task that nobody is left to do (commands/staffing.py).
RULES = ("superior", "fallback", "refuse")
# A comma inside ${…} belongs to the expression. One that is never closed goes to the end, so that a
# text of nothing but openings is read once and not once from each.
_LISTED = re.compile(r"(?:[$#]\{[^}]*(?:\}|$)|[^,])+")


@dataclass(frozen=True)
class Row:
    """A user task and its people. `source`: assignee | candidates | lane | caller | nobody.

    `assignee`, `users` and `groups` are as written: a key, or an expression of the case."""

    task: str
    names: Mapping[str, str]
    source: str
    assignee: str = ""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lane: str = ""


def listed(text: str) -> tuple[str, ...]:
    """The parts of a list with commas, expressions whole."""
    if len(text) > MAX_LENGTH:  # refused by bad_expression, whatever is in it
        return (text.strip(),)
    return tuple(part.strip() for part in _LISTED.findall(text) if part.strip())


def table(process: Process) -> list[Row]:
    """One row a user task, those inside subprocesses too."""
    inherits = not process.lanes and process.attributes.get("isStartableInTasklist") == "false"
    rows = []
    for node in process.walk():
        if node.kind != "userTask":
            continue
        assignee = node.attributes.get("assignee", "")
        users = listed(node.attributes.get("candidateUsers", ""))
        groups = listed(node.attributes.get("candidateGroups", ""))
        lane = process.lanes.get(node.lane)
        if assignee:
            source = "assignee"
        elif users or groups:
            source = "candidates"
        elif lane is not None and lane.group:
            source, groups = "lane", (lane.group,)
        elif inherits:
            source = "caller"
        else:
            source = "nobody"
        rows.append(Row(node.id, node.names, source, assignee, users, groups, node.lane))
    return rows
