"""Keyset pages: rows, and a cursor that says where the next page begins.

A cursor is "KEY~ID": what the list is sorted by, of the last row shown, and that row's id.
Not here: any list (inbox.py, search.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from runtime.errors import Invalid
from runtime.values import MAX_INTEGER

T = TypeVar("T")
LARGEST_PAGE = 200


class BadCursor(Invalid):
    """This page no longer exists; please start again from the first one."""

    code = "page.bad_cursor"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows, and the cursor of the page after them (None: this was the last)."""

    rows: list[T]
    next: str | None


def after(rows: Sequence[Any], limit: int, by: str) -> str | None:
    """The cursor behind the first `limit` of `rows` (with `row_id` or `id`), sorted by column `by`;
    None if there are no more than these."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    key = getattr(last, by)
    row_id = last.row_id if hasattr(last, "row_id") else last.id
    return f"{key.isoformat() if isinstance(key, dt.datetime) else key}~{row_id}"


def position(cursor: str | None, read: Callable[[str], Any]) -> tuple[Any, int] | None:
    """Key and id of a cursor, as `read` (moment, number) reads its key. Raises BadCursor."""
    if not cursor:
        return None
    key, _, row_id = cursor.partition("~")
    try:
        found = read(key), number(row_id)
        if found[1] < 0:
            raise ValueError(cursor)
        return found
    except (ValueError, OverflowError):
        raise BadCursor() from None


def moment(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at.astimezone(dt.UTC)


def number(text: str) -> int:
    found = int(text)
    if not -MAX_INTEGER <= found <= MAX_INTEGER:
        raise ValueError(text)
    return found


def bound(position: tuple[Any, int], key: sa.ColumnElement[Any]) -> Any:
    """The position as what (key, id) is compared with."""
    return sa.tuple_(sa.literal(position[0], key.type), sa.literal(position[1]))
