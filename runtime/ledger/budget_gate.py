"""What is left of a budget before money is promised: the one place that asks.

Books that keep budgets register a source here. While there is none for a purpose, no budget is known and
limits of approval alone decide. Not here: the budgets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from runtime.store.db import Transaction

# (transaction, purpose, day) → CNY that is neither spent nor promised; None: this source knows no such budget.
Source = Callable[[Transaction, str, dt.date], Decimal | None]
SOURCES: list[Source] = []


def left(tx: Transaction, purpose: str, day: dt.date) -> Decimal | None:
    """CNY that may still be promised for `purpose` (award, training); None: no budget was entered."""
    for source in SOURCES:
        found = source(tx, purpose, day)
        if found is not None:
            return found
    return None
