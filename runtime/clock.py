"""The only place that reads the clock.

Everything else is told the time. Tests and the demo move it with `travel`;
the business zone is a setting and belongs to whoever shows a time."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager

_offset = dt.timedelta()
_frozen: dt.datetime | None = None


def now() -> dt.datetime:
    """The present, in UTC, to the microsecond."""
    return (_frozen or dt.datetime.now(dt.UTC)) + _offset


def seconds() -> float:
    """Of a clock that only tells how long something takes; `frozen` and `shift` do not move it."""
    return time.monotonic()


def shift(by: dt.timedelta) -> None:
    """Move the clock of this process; shifts add up."""
    global _offset
    _offset += by


@contextmanager
def frozen(at: dt.datetime) -> Iterator[None]:
    """Stand still at `at` (aware) for the block; `shift` still moves on from there."""
    global _frozen, _offset
    before = _frozen, _offset
    _frozen, _offset = at.astimezone(dt.UTC), dt.timedelta()
    try:
        yield
    finally:
        _frozen, _offset = before
