"""What needs a person: open incidents, oldest first; one of them with what may be done about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import access, household, library
from runtime.identity import Actor, Person, require
from runtime.queries.people import shown
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.jobs import incidents


@dataclass(frozen=True)
class Incident:
    """`case` and `title` are empty for work that belongs to no case."""

    id: str
    case: str
    title: Mapping[str, str]
    process: str
    element: str
    names: Mapping[str, str]  # the step's, by language
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class IncidentPage:
    """`step`: a step of a running case stands behind it, which may be skipped or corrected.

    `ended_at`, once it is open no more: `resolution` says how a person dealt with it (retried, skipped,
    corrected, closed), "" if it ended with its step; `note` is their reason, "" where it is not the
    reader's to know."""

    incident: Incident
    case_running: bool
    step: bool
    ended_at: dt.datetime | None = None
    resolution: str = ""
    resolved_by: Person | None = None
    note: str = ""


def listing(tx: Transaction, actor: Actor, limit: int = 200) -> list[Incident]:
    """Needs the right to operate cases. Of a confidential case that the reader does not see fully
    the reason is only its code: the sentence may name what the case holds."""
    require(actor, "operate", "case")
    rows = tx.all(_all(actor).where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.id).limit(limit))
    return [_incident(tx, row) for row in rows]


def page(tx: Transaction, actor: Actor, incident: str) -> IncidentPage | None:
    """One incident, dealt with or not; None if there is none. Needs the right to operate cases."""
    require(actor, "operate", "case")
    row = tx.first(_all(actor).where(incidents.c.public_id == incident))
    if row is None:
        return None
    running = row.status == "running"
    return IncidentPage(
        _incident(tx, row),
        case_running=running,
        step=running and row.job_id is None and bool(row.activity),
        ended_at=row.resolved_at,
        resolution=row.resolution or "",
        resolved_by=shown(household.organisation(tx), row.resolved_by),
        note="" if row.barred else row.note or "",
    )


def _all(actor: Actor) -> sa.Select[Any]:
    # A case about nobody is NULL to some relations: neither visible nor not.
    seen = sa.func.coalesce(access.case_visible(actor, fully=True), sa.false())
    barred = sa.and_(cases.c.confidential, sa.not_(seen))
    return sa.select(
        incidents,
        cases.c.public_id.label("case"),
        cases.c.title,
        cases.c.process,
        cases.c.bindings,
        cases.c.status,
        barred.label("barred"),
    ).outerjoin(cases, cases.c.id == incidents.c.case_id)


def _incident(tx: Transaction, row: Any) -> Incident:
    return Incident(
        row.public_id, row.case or "", row.title or {}, row.process or "", row.element,
        _names(tx, row.bindings or {}, row.element),
        row.reason.partition(":")[0] if row.barred else row.reason, row.created_at,
    )  # fmt: skip


def _names(tx: Transaction, bindings: Mapping[str, int], element: str) -> Mapping[str, str]:
    """What the diagrams of a case call an element; nothing if none of them has it."""
    nodes = (node for resource in bindings.values() for node in library.process(tx, resource).walk())
    return next((node.names for node in nodes if node.id == element), {})
