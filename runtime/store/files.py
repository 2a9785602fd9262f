"""Files by content: in the database, so that several machines need no shared disk."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Transaction, metadata

files = sa.Table(
    "files",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

# Who brought a content in, and which case holds it: what its readers are judged by.
file_uses = sa.Table(
    "file_uses",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sha256", sa.ForeignKey("files.sha256"), nullable=False, index=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("media_type", sa.String(127), nullable=False),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("case_id", sa.ForeignKey("cases.id"), index=True),  # NULL until a form holds it
    sa.Column("at", Instant, nullable=False),
)


def put(tx: Transaction, content: bytes) -> str:
    """Store content once; its sha256."""
    sha256 = hashlib.sha256(content).hexdigest()
    if tx.scalar(sa.select(files.c.size).where(files.c.sha256 == sha256)) is None:
        tx.execute(sa.insert(files).values(sha256=sha256, size=len(content), content=content))
    return sha256


def content(tx: Transaction, sha256: str) -> Any:
    return tx.first(sa.select(files).where(files.c.sha256 == sha256))
