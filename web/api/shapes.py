"""What the API answers, as dataclasses: written as JSON by writing.py, described by openapi.py.

They say what programs may rely on, apart from what queries return. Names and titles are in the reader's
language; ids are opaque. Not here: cases (case_shapes.py), errors (problems.py)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from runtime.identity import Person as Somebody
from runtime.queries import inbox, processes, tasks
from web import show


@dataclass(frozen=True)
class Person:
    id: str
    name: str

    @classmethod
    def of(cls, person: Somebody | None) -> Person | None:
        return cls(person.id, show.label(person.names, person.id)) if person else None


@dataclass(frozen=True)
class Session:
    """Who asks. `csrf_token` goes into X-CSRFToken of what changes something; None with an access token,
    which needs none."""

    id: str
    username: str
    name: str
    language: str
    groups: list[str]
    csrf_token: str | None


@dataclass(frozen=True)
class Process:
    key: str
    name: str
    description: str
    clause: str

    @classmethod
    def of(cls, row: processes.ProcessRow) -> Process:
        return cls(row.key, show.label(row.names, row.key), row.description, row.clause)


@dataclass(frozen=True)
class Processes:
    processes: list[Process]


@dataclass(frozen=True)
class StartForm:
    """`form`: a form-js schema, None when nothing is asked; `data`: what stands in it at first, by field."""

    key: str
    name: str
    description: str
    clause: str
    form: dict[str, Any] | None
    data: dict[str, Any]

    @classmethod
    def of(cls, page: processes.StartPage) -> StartForm:
        name = show.label(page.names, page.key)
        return cls(page.key, name, page.description, page.clause, page.schema, page.data)


@dataclass(frozen=True)
class Started:
    """The case, and its first task that is the starter's, if there is one."""

    case: str
    next_task: str | None


@dataclass(frozen=True)
class Task:
    """`state`: ready (of whoever may claim it), claimed, completed or cancelled; `groups`: who may claim it."""

    id: str
    element: str
    name: str
    case: str
    case_title: str
    process: str
    process_name: str
    state: str
    assignee: Person | None
    in_place_of: Person | None
    groups: list[str]
    priority: int
    created_at: dt.datetime
    due_at: dt.datetime | None
    overdue: bool
    completed_at: dt.datetime | None

    @classmethod
    def of(cls, row: inbox.TaskRow) -> Task:
        return cls(
            id=row.id,
            element=row.element,
            name=show.label(row.names, row.element),
            case=row.case,
            case_title=show.label(row.case_title),
            process=row.process,
            process_name=show.label(row.process_names, row.process),
            state=row.state,
            assignee=Person.of(row.assignee),
            in_place_of=Person.of(row.in_place_of),
            groups=list(row.groups),
            priority=row.priority,
            created_at=row.created_at,
            due_at=row.due_at,
            overdue=row.overdue,
            completed_at=row.completed_at,
        )


@dataclass(frozen=True)
class Counts:
    """todo = mine + group."""

    todo: int
    mine: int
    group: int
    done: int
    started: int


@dataclass(frozen=True)
class Inbox:
    """A page of tasks, oldest first. `next` goes into `after` for the page behind it; None: this was the
    last."""

    tasks: list[Task]
    next: str | None

    @classmethod
    def of(cls, page: inbox.Page[inbox.TaskRow]) -> Inbox:
        return cls([Task.of(row) for row in page.rows], page.next)


@dataclass(frozen=True)
class TaskPage:
    """A task with what is needed to do it.

    `version` and `data` may be sent back with the answers (`version`, `seen`), so that what somebody else
    changed meanwhile is not overwritten. `form`: a form-js schema, None when nothing is asked."""

    task: Task
    version: int
    form: dict[str, Any] | None
    data: dict[str, Any]
    may_claim: bool
    may_complete: bool
    may_release: bool
    documentation: str
    clause: str

    @classmethod
    def of(cls, page: tasks.TaskPage) -> TaskPage:
        return cls(
            Task.of(page.row), page.version, page.schema, page.data, page.may_claim, page.may_complete,
            page.may_release, page.documentation, page.clause,
        )  # fmt: skip


@dataclass(frozen=True)
class Completed:
    """The case, and its next task that is the same person's, if there is one."""

    case: str
    next_task: str | None


@dataclass(frozen=True)
class ReportColumn:
    """`kind`: text, number, money (CNY), percent, days, times, figure, date (2026-03-31) or choice."""

    key: str
    name: str
    kind: str


@dataclass(frozen=True)
class ReportExport:
    """A report from `since` to `until`, both included; `approval`: the number of the data export that it was taken by,
    None of an open report. `rows`: a cell by each column's key, None where there is none or it is hidden."""

    report: str
    since: dt.date
    until: dt.date
    approval: str | None
    columns: list[ReportColumn]
    rows: list[dict[str, Any]]
