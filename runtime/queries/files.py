"""Downloading a file: to whoever uploaded it, or sees the case that holds it and does not withhold it."""

from __future__ import annotations

import sqlalchemy as sa

from runtime import access
from runtime.errors import NotFound
from runtime.identity import Actor
from runtime.queries.withheld import of_cases
from runtime.store import files
from runtime.store.db import Transaction
from runtime.store.files import file_uses
from runtime.values import File


class NoSuchFile(NotFound):
    """This file does not exist, or is not yours to see."""

    code = "file.not_found"


def content(tx: Transaction, actor: Actor, sha256: str) -> tuple[File, bytes]:
    """The file as it was named, and its bytes. Raises NoSuchFile."""
    uses = tx.all(
        sa.select(file_uses)
        .where(file_uses.c.sha256 == sha256, access.file_visible(actor))
        .order_by(file_uses.c.id)
    )
    kept = of_cases(tx, actor, {row.case_id for row in uses if row.case_id is not None})
    use = next((row for row in uses if row.case_id is None or row.person_id not in kept[row.case_id].by), None)
    row = files.content(tx, sha256) if use is not None else None
    if use is None or row is None:
        raise NoSuchFile()
    return File(sha256, use.name, use.media_type, row.size), row.content
