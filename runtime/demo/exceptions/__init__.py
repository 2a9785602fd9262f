"""What is left waiting at the end of the demo's months: a case at every exception that a process knows, and after
whatever was not done in time or refused by the books, on every date and with every seed.

A story that needs something – goods on a shelf, an order that was paid, a month that was appraised – makes it
itself: what comes about by chance is not there on some dates. Not here: what comes to an exception by chance and
is dealt with (trade, staff)."""

from __future__ import annotations

import datetime as dt
from functools import partial

from runtime.demo.department import Department
from runtime.demo.exceptions import months, office, people, purchasing, sales, stock
from runtime.demo.exceptions.telling import STORIES

__all__ = ["months", "office", "people", "plan", "purchasing", "sales", "stock"]


def plan(house: Department, begin: dt.date, end: dt.date) -> None:
    """Every story that fits between `begin` and `end`; the last is before the end's morning."""
    house.whims["sign_undertaking", "machao"] = None  # one never signs
    for workdays, act in STORIES:
        day = house.calendar.workday_after(end, -workdays)
        if day >= begin:
            story = f"{act.__module__}.{act.__name__}"
            house.at(house.moment(day, house.chance(story).uniform(9.1, 9.9)), partial(act, house), story)
    people.needed(house, end)
    months.appraisals(house, begin, end)
    months.closing(house, begin, end)
