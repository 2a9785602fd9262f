"""Cases: one row each, with the engine's state and a version that every move raises."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.store.db import Id, Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("process", sa.String(128), nullable=False),
    sa.Column("bindings", Tagged, nullable=False),  # process id → resources.id, fixed at the start
    # Of the house when it began, which is what binding `deployment` means; NULL in cases older than it.
    sa.Column("revision", Id),
    sa.Column("business_key", sa.String(255), nullable=False, server_default=""),
    sa.Column("title", Tagged, nullable=False),  # language → text
    # running | completed | terminated | failed | cancelled
    sa.Column("status", sa.String(12), nullable=False),
    sa.Column("end_event", sa.String(128)),
    sa.Column("initiator_id", sa.ForeignKey("people.id")),
    sa.Column("subject_id", sa.ForeignKey("people.id")),  # whom the case is about
    sa.Column("confidential", sa.Boolean, nullable=False),
    # of the confidential ones: not even for superiors and finance
    sa.Column("hr_only", sa.Boolean, nullable=False, server_default=sa.false()),
    # somebody did a step of it in the place of who was away
    sa.Column("stood_in", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("cause", sa.String(255)),  # idempotency key of the message or timer that started it
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),  # of its last event
    sa.Column("chain", sa.String(64), nullable=False),  # hash of its last event
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.UniqueConstraint("cause"),
    # queries.inbox.started: mine, newest first
    sa.Index("ix_cases_initiator_started", "initiator_id", "started_at", "id"),
    # queries.cases.listing by process and status
    sa.Index("ix_cases_process_status", "process", "status", "id"),
)


class CaseMoved(Conflict):
    """The case moved on meanwhile. Nothing of yours was lost; please look again."""

    code = "case.moved"


def get(tx: Transaction, public_id: str) -> Any:
    return tx.first(sa.select(cases).where(cases.c.public_id == public_id))


_BY_ID = Prepared(sa.select(cases).where(cases.c.id == sa.bindparam("b_id")).with_for_update())


def by_id(tx: Transaction, case_id: int) -> Any:
    """The case's row, held for this transaction where the database can."""
    return _BY_ID.first(tx, b_id=case_id)


@lru_cache
def _add(columns: tuple[str, ...]) -> Prepared:
    return Prepared(sa.insert(cases).returning(cases.c.id), columns)


def add(tx: Transaction, **columns: Any) -> Any:
    """A new case; its row, with the columns that were given."""
    row = _add(tuple(columns)).one(tx, **columns)
    assert row is not None
    return SimpleNamespace(id=row[0], **columns)


@lru_cache
def _save(columns: tuple[str, ...]) -> Prepared:
    same = cases.c.id == sa.bindparam("b_id"), cases.c.version == sa.bindparam("b_expected")
    return Prepared(sa.update(cases).where(*same), columns)


def save(tx: Transaction, case_id: int, expected: int, **columns: Any) -> None:
    """Write the case if nobody moved it since version `expected`. Raises CaseMoved."""
    columns["version"] = expected + 1
    changed = _save(tuple(columns)).run(tx, b_id=case_id, b_expected=expected, **columns)
    if changed != 1:
        raise CaseMoved()
