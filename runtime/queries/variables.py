"""The variables of a case as they stand, for machines: typed, not told in words.

Not here: what they were at an earlier point (history.py)."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from runtime import access, library
from runtime.identity import Actor
from runtime.queries import counted
from runtime.queries.cases import NoSuchCase
from runtime.queries.withheld import withheld
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.values import Value


def variables(tx: Transaction, actor: Actor, case: str) -> Mapping[str, Value]:
    """Those of the case's own process, by name; for whoever may see the whole case, without what a blind step found
    and is not theirs to know (withheld.py), nor what the books say of what they count (counted.py). Raises
    NoSuchCase."""
    row = tx.first(sa.select(cases).where(cases.c.public_id == case, access.case_visible(actor, fully=True)))
    if row is None:
        raise NoSuchCase()
    hidden = withheld(tx, actor, row).names
    known = library.at_rest(tx, row.id, row.process, row.bindings, row.state).variables()
    told = counted.told(tx, actor, known, known)
    return {name: value for name, value in told.items() if name not in hidden}
