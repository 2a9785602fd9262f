"""camunda:failedJobRetryTimeCycle read: how long to wait before each new attempt of a step that failed.

`R3/PT10M` is three attempts in all, ten minutes apart; `PT1M,PT5M` waits one minute before the
second attempt and five before the third, the last one. Not here: trying again (commands/retries.py)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import isodate

# A day of minutes: more would hide what has failed for good.
MOST_ATTEMPTS = 1_440

Delay = Any  # dt.timedelta, or isodate.Duration where it has months or years


def delays(text: str) -> tuple[Delay, ...] | None:
    """The pauses, one for each attempt after the first; None when the text is no such cycle."""
    repeats = re.fullmatch(r"R(\d{1,4})/(P\S+)", text.strip(), re.IGNORECASE)
    parts = [repeats[2]] if repeats else [part.strip() for part in text.split(",")]
    found: list[Delay] = []
    for part in parts:
        try:
            delay = isodate.parse_duration(part.upper()) if part[:1].upper() == "P" else None
        except (isodate.ISO8601Error, ValueError, OverflowError):
            delay = None
        if delay is None or (isinstance(delay, dt.timedelta) and delay < dt.timedelta(0)):
            return None
        found.append(delay)
    if repeats:
        attempts = int(repeats[1])
        return tuple(found * (attempts - 1)) if 1 <= attempts <= MOST_ATTEMPTS else None
    return tuple(found) if len(found) < MOST_ATTEMPTS else None
