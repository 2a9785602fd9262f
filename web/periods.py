"""Which days a page's figures are asked of: a named period, or a first and a last day."""

from __future__ import annotations

import datetime as dt

from flask import request

from runtime import clock
from runtime.errors import Invalid
from web import current, show

NAMES = {
    "month": "This month",
    "last_month": "Last month",
    "quarter": "The last 90 days",
    "year": "This year",
}


class NotDays(Invalid):
    """A first and a last day are needed, written like 2026-11-23."""

    code = "period.not_days"


def names() -> dict[str, str]:
    """The named periods in the reader's language."""
    return {key: current.say(word) for key, word in NAMES.items()}


def sent() -> tuple[dt.date, dt.date]:
    """The first and last day that a form sent as `since` and `until`. Raises NotDays."""
    return read(request.form.get("since", ""), request.form.get("until", ""))


def read(since: str, until: str) -> tuple[dt.date, dt.date]:
    """Two days that were written. Raises NotDays."""
    try:
        return dt.date.fromisoformat(since), dt.date.fromisoformat(until)
    except ValueError:
        raise NotDays from None


def asked(otherwise: str = "quarter") -> tuple[dt.date, dt.date, str]:
    """The first and last day that figures are asked of, and which of the periods that is ("" if none)."""
    today = clock.now().astimezone(show.zone()).date()
    first = today.replace(day=1)
    named = request.args.get("period", "")
    if named not in NAMES:
        try:
            since, until = (dt.date.fromisoformat(request.args[name]) for name in ("since", "until"))
        except (KeyError, ValueError):
            named = otherwise
        else:
            return min(since, until), max(since, until), ""
    if named == "month":
        return first, today, named
    if named == "last_month":
        return (first - dt.timedelta(days=1)).replace(day=1), first - dt.timedelta(days=1), named
    if named == "year":
        return today.replace(month=1, day=1), today, named
    return today - dt.timedelta(days=89), today, named
