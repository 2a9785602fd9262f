"""What the API answers of cases, their decisions and incidents. Variables are tagged JSON (runtime/values.py).

Not here: tasks and people (shapes.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.queries import called, cases, inbox, incidents, standing, verdicts
from runtime.values import Value, to_json
from web import current, show
from web.api.shapes import Person, Task


@dataclass(frozen=True)
class Step:
    """An open step: `person` has it, else the people of `groups` may take it; `whom` says either in the reader's
    language, "" of what is nobody's to do, such as an event (not `asked`)."""

    element: str
    name: str
    person: Person | None
    groups: list[str]
    whom: str
    asked: bool

    @classmethod
    def of(cls, step: standing.Step) -> Step:
        return cls(
            step.element, show.label(step.names, step.element), Person.of(step.assignee), sorted(step.groups),
            standing.whom(step, current.language()), step.asked,
        )  # fmt: skip


@dataclass(frozen=True)
class CaseRow:
    """`status`: running, completed, terminated, failed or cancelled; `waiting_for`: every open step by name, its own
    and those of the cases that it called; `steps`: the first two that differ, with whom they wait; `more`: how many
    open steps are not among these; `whom`: with whom those are, in words, that it called and you do not see."""

    id: str
    title: str
    process: str
    process_name: str
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    waiting_for: list[str]
    steps: list[Step]
    more: int
    whom: str

    @classmethod
    def of(cls, row: inbox.CaseRow) -> CaseRow:
        return cls(
            row.id,
            show.label(row.title),
            row.process,
            show.label(row.process_names, row.process),
            row.status,
            row.started_at,
            row.ended_at,
            [show.label(names) for names in row.standing.names],
            [Step.of(step) for step in row.standing.first],
            row.standing.more,
            show.with_whom(row.standing),
        )


@dataclass(frozen=True)
class Cases:
    """A page of cases, latest first. `next` goes into `after` for the page behind it; None: this was the
    last."""

    cases: list[CaseRow]
    next: str | None

    @classmethod
    def of(cls, page: inbox.Page[inbox.CaseRow]) -> Cases:
        return cls([CaseRow.of(row) for row in page.rows], page.next)


@dataclass(frozen=True)
class Standing:
    """A process of the case: ids of its elements by what became of them. `waiting`: whom or what an active
    element waits for, in words."""

    process: str
    name: str
    done: list[str]
    active: list[str]
    cancelled: list[str]
    flows: list[str]
    waiting: dict[str, str]

    @classmethod
    def of(cls, view: cases.DiagramView) -> Standing:
        return cls(
            view.process, show.label(view.names, view.process), view.done, view.active, view.cancelled,
            view.flows, view.waiting,
        )  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A value with its name in words; the value is tagged JSON."""

    name: str
    value: Any


@dataclass(frozen=True)
class Decision:
    """What a rule decided: `rule` and `version` name the file that did, `reasons` are its own sentences."""

    at: dt.datetime
    rule: str
    name: str
    version: int
    inputs: list[Told]
    outputs: list[Told]
    reasons: list[str]
    refused: str

    @classmethod
    def of(cls, view: cases.DecisionView) -> Decision:
        return cls(
            view.at, view.rule, show.label(view.names, view.rule), view.version,
            [Told(name, to_json(value)) for name, value in view.inputs],
            [Told(name, to_json(value)) for name, value in view.outputs],
            view.reasons, view.refused,
        )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What somebody decided: `decided` is the verdict in the reader's language, `remark` as it was written, "" without
    one. `away`: whose place `by` stood in."""

    at: dt.datetime
    element: str
    name: str
    by: Person | None
    away: Person | None
    decided: str
    remark: str

    @classmethod
    def of(cls, view: verdicts.Verdict) -> Verdict:
        return cls(
            view.at, view.element, view.step, Person.of(view.by), Person.of(view.away), view.decided, view.remark
        )


@dataclass(frozen=True)
class CaseIncident:
    id: str
    element: str
    name: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class Document:
    """What the case made in the books, or a file that it holds; `link` is an address of this site, or ""."""

    kind: str
    value: Any
    link: str


@dataclass(frozen=True)
class CalledCase:
    """A case that this one began by a message and waits for. `id` is "" where it is not yours to open; `whom`: with
    whom it is, in words."""

    id: str
    title: str
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    whom: str

    @classmethod
    def of(cls, row: called.Called) -> CalledCase:
        return cls(row.id, show.label(row.title), row.status, row.started_at, row.ended_at, show.with_whom(row))


@dataclass(frozen=True)
class Case:
    """`called`: the cases that it called, the open ones first, at most 100; `called_more`: how many there are beside
    these."""

    id: str
    title: str
    process: str
    process_name: str
    version: int
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    initiator: Person | None
    full: bool
    standing: list[Standing]
    called: list[CalledCase]
    called_more: int
    tasks: list[Task]
    verdicts: list[Verdict]
    decisions: list[Decision]
    incidents: list[CaseIncident]
    documents: list[Document]

    @classmethod
    def of(cls, page: cases.CasePage) -> Case:
        return cls(
            id=page.id,
            title=show.label(page.title),
            process=page.process_key,
            process_name=show.label(page.process_names, page.process_key),
            version=page.version,
            status=page.status,
            started_at=page.started_at,
            ended_at=page.ended_at,
            initiator=Person.of(page.initiator),
            full=page.full,
            standing=[Standing.of(view) for view in page.diagrams],
            called=[CalledCase.of(row) for row in page.calls.first],
            called_more=page.calls.more,
            tasks=[Task.of(row) for row in page.open_tasks],
            verdicts=[Verdict.of(view) for view in page.verdicts],
            decisions=[Decision.of(view) for view in page.decisions],
            incidents=[
                CaseIncident(row.id, row.element, row.label, row.reason, row.at) for row in page.incidents
            ],
            documents=[Document(kind, to_json(value), link) for kind, value, link in page.documents],
        )


@dataclass(frozen=True)
class Variables:
    """By name, as tagged JSON."""

    variables: dict[str, Any]

    @classmethod
    def of(cls, held: Mapping[str, Value]) -> Variables:
        return cls({name: to_json(value, name) for name, value in held.items()})


@dataclass(frozen=True)
class Moment:
    """`kind` stays, `text` is for people; `detail`: how long a task lay, if that is worth telling."""

    at: dt.datetime
    kind: str
    actor: Person | None
    text: str
    element: str
    detail: str


@dataclass(frozen=True)
class History:
    moments: list[Moment]

    @classmethod
    def of(cls, page: cases.CasePage) -> History:
        return cls(
            [
                Moment(each.at, each.kind, Person.of(each.actor), each.text, each.element, each.detail)
                for each in page.timeline
            ]
        )


@dataclass(frozen=True)
class Correlated:
    """The case that got the message, or that it started."""

    case: str


@dataclass(frozen=True)
class Incident:
    """`case` is empty for work that belongs to none. `reason` begins with a code of docs/errors.md."""

    id: str
    case: str
    title: str
    process: str
    element: str
    name: str
    reason: str
    at: dt.datetime

    @classmethod
    def of(cls, row: incidents.Incident) -> Incident:
        return cls(
            row.id, row.case, show.label(row.title), row.process, row.element,
            show.label(row.names, row.element), row.reason, row.at,
        )  # fmt: skip


@dataclass(frozen=True)
class Incidents:
    incidents: list[Incident]
