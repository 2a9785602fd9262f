"""Access tokens: what a program signs in with on somebody's behalf. Only a digest is kept.

Not here: making and revoking them (commands/tokens.py), whom one stands for (queries/tokens.py)."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Transaction, metadata

tokens = sa.Table(
    "access_tokens",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),  # to within commands.tokens.NOTED_EVERY
    sa.Column("revoked_at", Instant),
)


def digest(secret: str) -> str:
    """A token holds 256 random bits: nothing has to be made slow, and no salt hides what nobody can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def of_person(tx: Transaction, person_id: int) -> list[Any]:
    """Those that were not revoked, newest first; expired ones too, so that their owner sees why they fail."""
    return list(
        tx.all(
            sa.select(tokens)
            .where(tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None))
            .order_by(tokens.c.id.desc())
        )
    )
