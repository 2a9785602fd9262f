"""What happened in each case, in order: append-only, chained by hash.

The chain runs over salted digests of the payloads, so a payload that holds personal
data can be purged (payload and salt set to NULL) and the chain still proves the rest."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime import values
from runtime.store.db import Id, Instant, Transaction, metadata

events = sa.Table(
    "events",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("actor_id", sa.ForeignKey("people.id")),  # NULL: the runtime itself
    sa.Column("principal_id", sa.ForeignKey("people.id")),  # on whose behalf a deputy acted
    sa.Column("process", sa.String(128), nullable=False),
    sa.Column("element", sa.String(128), nullable=False),
    sa.Column("activity", sa.String(64), nullable=False),
    sa.Column("business_at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("payload", sa.Text),  # tagged JSON: detail and change of variables
    sa.Column("salt", sa.String(32)),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), index=True),
    sa.Column("element", sa.String(128), nullable=False),
    sa.Column("activity", sa.String(64), nullable=False),
    sa.Column("rule", sa.String(128), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),  # tagged JSON of rules.evaluate.Decision
    # queries.rules: recent decisions of a rule
    sa.Index("ix_decisions_rule_at", "rule", "id"),
)


def decided(tx: Transaction, rule: str, since: dt.datetime, until: dt.datetime, most: int) -> list[Any]:
    """Decisions of a rule in a time, the newest `most`, newest first: case_id, version, at, decision."""
    return list(
        tx.all(
            sa.select(decisions.c.case_id, decisions.c.version, decisions.c.at, decisions.c.decision)
            .where(decisions.c.rule == rule, decisions.c.at >= since, decisions.c.at < until)
            .order_by(decisions.c.id.desc())
            .limit(most)
        )
    )


SALT = 16  # bytes


@dataclass
class Event:
    """One entry before it is written. `changes`: variables, as [scope, name, old, new, removed]."""

    kind: str
    process: str = ""
    element: str = ""
    activity: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    changes: list[list[Any]] = field(default_factory=list)


def link(previous: str, row: dict[str, Any]) -> str:
    """The chain's next hash: over the previous one and everything but payload and salt."""
    whole = (
        f"{previous}\x1f{row['sequence']}\x1f{row['kind']}\x1f{row['actor_id']}\x1f{row['principal_id']}\x1f"
        f"{row['process']}\x1f{row['element']}\x1f{row['activity']}\x1f{_moment(row['business_at'])}\x1f"
        f"{_moment(row['recorded_at'])}\x1f{row['digest']}"
    )
    return hashlib.sha256(whole.encode()).hexdigest()


@lru_cache(maxsize=1000)
def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat()


def seal(salt: str, payload: str) -> str:
    return hashlib.sha256((salt + payload).encode()).hexdigest()


def append(
    tx: Transaction,
    case_id: int,
    sequence: int,
    chain: str,
    entries: Sequence[Event],
    actor_id: int | None,
    principal_id: int | None,
    recorded_at: dt.datetime,
) -> tuple[int, str]:
    """Write entries after `sequence`/`chain`, in one statement; the new sequence and chain."""
    rows = []
    salts = os.urandom(SALT * len(entries)).hex()
    for number, entry in enumerate(entries):
        sequence += 1
        salt = salts[2 * SALT * number :][: 2 * SALT]
        payload = values.dumps({"detail": entry.detail, "changes": entry.changes})
        row = {
            "case_id": case_id,
            "sequence": sequence,
            "kind": entry.kind,
            "actor_id": actor_id or None,
            "principal_id": principal_id or None,
            "process": entry.process,
            "element": entry.element,
            "activity": entry.activity,
            "business_at": tx.now,
            "recorded_at": recorded_at,
            "payload": payload,
            "salt": salt,
            "digest": seal(salt, payload),
        }
        chain = row["chain"] = link(chain, row)
        rows.append(row)
    tx.insert(events, rows)
    return sequence, chain


def of_case(tx: Transaction, case_id: int, until: int | None = None) -> list[Any]:
    """A case's entries in order, up to sequence `until`."""
    query = sa.select(events).where(events.c.case_id == case_id).order_by(events.c.sequence)
    return list(tx.all(query if until is None else query.where(events.c.sequence <= until)))


def stream(tx: Transaction, case_id: int) -> Iterator[Any]:
    """A case's entries in order, some at a time: a log may be longer than memory."""
    query = sa.select(events).where(events.c.case_id == case_id).order_by(events.c.sequence)
    yield from tx.execute(query.execution_options(yield_per=500))


@dataclass
class Chain:
    """A log followed from its first entry. `broken`: the first sequence at which the chain (or an
    unpurged payload) does not hold."""

    sequence: int = 0
    last: str = ""
    broken: int | None = None

    def follow(self, row: Any) -> None:
        self.sequence += 1
        sealed = row.payload is None or seal(row.salt, row.payload) == row.digest
        fits = row.sequence == self.sequence and link(self.last, row._asdict()) == row.chain
        if self.broken is None and not (sealed and fits):
            self.broken = self.sequence
        self.sequence, self.last = row.sequence, row.chain


def broken_at(rows: Iterable[Any]) -> int | None:
    """The first sequence at which the chain (or an unpurged payload) does not hold, or None."""
    chain = Chain()
    for row in rows:
        chain.follow(row)
    return chain.broken
