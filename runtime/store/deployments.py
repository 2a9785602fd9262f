"""Deployed resources: diagrams, forms and rule files, versioned by content.

Not here: checking them (bpmn, forms, rules), deciding what deploys (commands/deploy.py)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared

resources = sa.Table(
    "resources",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("kind", sa.String(8), nullable=False),  # bpmn | form | rule
    sa.Column("key", sa.String(128), nullable=False),  # process, form or rule id
    sa.Column("version", sa.Integer),  # NULL while a draft
    sa.Column("state", sa.String(8), nullable=False),  # draft | active | retired
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("file", sa.String(255), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("effective_from", sa.Date),  # rules: the first day the version decides for
    sa.Column("external_topics", Tagged),  # diagrams: topics that were no operation when it was deployed
    sa.Column("base_version", sa.Integer),  # drafts: what they were edited from
    sa.Column("origin", sa.String(8), nullable=False),  # folder | browser | cli
    # Those of one deployment have the same; NULL while a draft, and for what is older than this column.
    sa.Column("deployment", sa.ForeignKey("admin_log.id")),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("created_by", sa.ForeignKey("people.id")),
    sa.Column("proven_at", Instant),  # rules: when examples and proofs of a draft held
    sa.Column("approved_by", sa.ForeignKey("people.id")),  # rules: who decided that a draft holds
    sa.UniqueConstraint("kind", "key", "version"),
    # latest(): the newest active version of a key
    sa.Index("ix_resources_active", "kind", "key", "state", "version"),
)

# The hash last taken from the folder: a file deploys again only when it differs.
folder_files = sa.Table(
    "folder_files",
    metadata,
    sa.Column("path", sa.String(255), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
)


# Which start events the newest version of each process has, beside the plain one.
starts = sa.Table(
    "start_events",
    metadata,
    sa.Column("process", sa.String(128), primary_key=True),
    sa.Column("element", sa.String(128), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),  # message | timer | signal | conditional
    sa.Column("name", sa.String(128), nullable=False),  # the message's or signal's name
    sa.Index("ix_start_events_kind_name", "kind", "name"),
)


def started_by(tx: Transaction, kind: str, name: str) -> Any:
    """The start event that a message of this name triggers, or None."""
    return tx.first(sa.select(starts).where(starts.c.kind == kind, starts.c.name == name))


def started_by_messages(tx: Transaction) -> list[Any]:
    """The start events that messages trigger."""
    return list(tx.all(sa.select(starts).where(starts.c.kind == "message").order_by(starts.c.process)))


def started_by_signals(tx: Transaction, names: Sequence[str]) -> list[Any]:
    """The start events that signals of these names trigger; one signal may start several processes."""
    return list(
        tx.all(
            sa.select(starts)
            .where(starts.c.kind == "signal", starts.c.name.in_(names))
            .order_by(starts.c.process, starts.c.element)
        )
    )


def started_by_conditions(tx: Transaction) -> list[str]:
    """The processes that a condition starts."""
    conditional = sa.select(starts.c.process).where(starts.c.kind == "conditional")
    return list(tx.connection.execute(conditional.distinct().order_by(starts.c.process)).scalars())


def started_by_time(tx: Transaction) -> list[str]:
    """The processes that a timer starts."""
    return list(
        tx.connection.execute(
            sa.select(starts.c.process).where(starts.c.kind == "timer").distinct().order_by(starts.c.process)
        ).scalars()
    )


_STARTS_OF = Prepared(sa.select(starts).where(starts.c.process == sa.bindparam("b_process")))


def starts_of(tx: Transaction, process: str) -> list[Any]:
    return _STARTS_OF.rows(tx, b_process=process)


def replace_starts(tx: Transaction, process: str, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.execute(sa.delete(starts).where(starts.c.process == process))
    tx.insert(starts, [{"process": process, **row} for row in rows])


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


# Content is large and compiled once (library.py): only `get` brings it.
_LIGHT = [column for column in resources.c if column.name != "content"]
_GET = Prepared(sa.select(resources).where(resources.c.id == sa.bindparam("b_id")))


def _newest(*of: sa.ColumnElement[bool]) -> Prepared:
    """Of the versions of a key (`b_kind`, `b_key`) for which this holds."""
    key = (resources.c.kind == sa.bindparam("b_kind"), resources.c.key == sa.bindparam("b_key"))
    return Prepared(sa.select(*_LIGHT).where(*key, *of).order_by(resources.c.version.desc()).limit(1))


_ACTIVE = resources.c.state == "active"
# What had been deployed by a revision of the house (`b_revision`).
_DEPLOYED = sa.and_(
    resources.c.version.is_not(None),
    sa.or_(resources.c.deployment.is_(None), resources.c.deployment <= sa.bindparam("b_revision")),
)
_IN_EFFECT = sa.or_(
    resources.c.effective_from.is_(None), resources.c.effective_from <= sa.bindparam("b_as_of")
)
_AS_OF, _LATEST = _newest(_DEPLOYED), _newest(_ACTIVE)
_IN_FORCE, _IN_FORCE_AT = _newest(_ACTIVE, _IN_EFFECT), _newest(_ACTIVE, _IN_EFFECT, _DEPLOYED)


def get(tx: Transaction, resource_id: int) -> Any:
    """The whole row, with its content."""
    return _GET.first(tx, b_id=resource_id)


def as_of(tx: Transaction, kind: str, key: str, revision: int) -> Any:
    """The version that was the newest at a revision of the house, or None."""
    return _AS_OF.first(tx, b_kind=kind, b_key=key, b_revision=revision)


def latest(tx: Transaction, kind: str, key: str) -> Any:
    """The newest active version, or None."""
    return _LATEST.first(tx, b_kind=kind, b_key=key)


def version(tx: Transaction, kind: str, key: str, number: int) -> Any:
    return tx.first(
        sa.select(*_LIGHT).where(
            resources.c.kind == kind, resources.c.key == key, resources.c.version == number
        )
    )


def in_force(tx: Transaction, key: str, as_of: dt.date, revision: int | None = None) -> Any:
    """The rule version that decides for a date: of those in effect (and, where a revision of the house is
    given, deployed by then), the newest; or None."""
    if revision is None:
        return _IN_FORCE.first(tx, b_kind="rule", b_key=key, b_as_of=as_of)
    return _IN_FORCE_AT.first(tx, b_kind="rule", b_key=key, b_as_of=as_of, b_revision=revision)


def active(tx: Transaction, kind: str) -> list[Any]:
    """The newest active version of every key of a kind, by key."""
    newest = (
        sa.select(resources.c.key, sa.func.max(resources.c.version).label("version"))
        .where(resources.c.kind == kind, resources.c.state == "active")
        .group_by(resources.c.key)
        .subquery()
    )
    return list(
        tx.all(
            sa.select(*_LIGHT)
            .join(newest, sa.and_(resources.c.key == newest.c.key, resources.c.version == newest.c.version))
            .where(resources.c.kind == kind)
            .order_by(resources.c.key)
        )
    )


def versions(tx: Transaction, kind: str, key: str) -> list[Any]:
    """Every version and draft of a key, newest first, without content."""
    return list(
        tx.all(
            sa.select(*_LIGHT)
            .where(resources.c.kind == kind, resources.c.key == key)
            .order_by(resources.c.id.desc())
        )
    )


def add(tx: Transaction, **columns: Any) -> int:
    result = tx.execute(sa.insert(resources).values(created_at=tx.now, **columns))
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def next_version(tx: Transaction, kind: str, key: str) -> int:
    highest = tx.scalar(
        sa.select(sa.func.max(resources.c.version)).where(resources.c.kind == kind, resources.c.key == key)
    )
    return (highest or 0) + 1


def taken(tx: Transaction) -> dict[str, str]:
    """Path → hash of what was last taken from the folder."""
    return {row.path: row.sha256 for row in tx.all(sa.select(folder_files))}


def take(tx: Transaction, path: str, sha256: str) -> None:
    changed = tx.execute(sa.update(folder_files).where(folder_files.c.path == path).values(sha256=sha256))
    if not changed.rowcount:
        tx.execute(sa.insert(folder_files).values(path=path, sha256=sha256))
