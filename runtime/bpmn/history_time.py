"""camunda:historyTimeToLive read: how long a case that has ended keeps its details.

`180` is days; `P180D` and `P1Y` are durations. Not here: erasing them (commands/purge.py)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import isodate

MOST_DAYS = 36_500  # a hundred years

Time = Any  # dt.timedelta, or isodate.Duration where it has months or years


def kept_for(text: str) -> Time | None:
    """The time; None when the text is none."""
    text = text.strip()
    if re.fullmatch(r"\d{1,6}", text):
        return dt.timedelta(days=int(text)) if int(text) <= MOST_DAYS else None
    if (
        not re.fullmatch(r"P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?", text, re.IGNORECASE)
        or len(text) < 3
        or len(text) > 20
    ):
        return None
    try:
        return isodate.parse_duration(text.upper())
    except (isodate.ISO8601Error, ValueError, OverflowError):
        return None
