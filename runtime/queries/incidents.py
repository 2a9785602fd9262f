"""What needs a person: open incidents, oldest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import access, library
from runtime.identity import Actor, require
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


def listing(tx: Transaction, actor: Actor, limit: int = 200) -> list[Incident]:
    """Needs the right to operate cases. Of a confidential case that the reader does not see fully
    the reason is only its code: the sentence may name what the case holds."""
    require(actor, "operate", "case")
    rows = tx.all(
        sa.select(
            incidents,
            cases.c.public_id.label("case"),
            cases.c.title,
            cases.c.process,
            cases.c.bindings,
            sa.and_(cases.c.confidential, sa.not_(access.case_visible(actor, fully=True))).label("barred"),
        )
        .outerjoin(cases, cases.c.id == incidents.c.case_id)
        .where(incidents.c.resolved_at.is_(None))
        .order_by(incidents.c.id)
        .limit(limit)
    )
    return [
        Incident(
            row.public_id, row.case or "", row.title or {}, row.process or "", row.element,
            _names(tx, row.bindings or {}, row.element),
            row.reason.partition(":")[0] if row.barred else row.reason, row.created_at,
        )
        for row in rows
    ]  # fmt: skip


def _names(tx: Transaction, bindings: Mapping[str, int], element: str) -> Mapping[str, str]:
    """What the diagrams of a case call an element; nothing if none of them has it."""
    nodes = (node for resource in bindings.values() for node in library.process(tx, resource).walk())
    return next((node.names for node in nodes if node.id == element), {})
