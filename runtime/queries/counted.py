"""What whoever is asked to count is not told meanwhile: what the books say of the components on their sheet.

A blind count is none for whoever sees the books. Not here: the pages of stock, which leave it out (stock.py), what a
count found (withheld.py), what is refused meanwhile (ledger/counting.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from runtime import access
from runtime.identity import Actor
from runtime.ledger import catalogue, counting
from runtime.store import user_tasks
from runtime.store.cases import cases
from runtime.store.db import Transaction

# What operations, forms, rules and diagrams call what the books say of the component beside it, or what it can be
# reckoned from.
BOOKS = frozenset(
    """book corrected corrected_on_hand elsewhere missing on_hand pieces_off value_off variance""".split()
)


def counted(tx: Transaction, actor: Actor) -> frozenset[str]:
    """SKUs that the person is asked to count now, or may be when whoever has the sheet gives it back."""
    tasks, sheets = user_tasks.user_tasks, counting.stocktake_sheets
    rows = tx.all(
        sa.select(catalogue.components.c.sku)
        .join(counting.stocktake_lines, counting.stocktake_lines.c.component_id == catalogue.components.c.id)
        .join(sheets, sheets.c.id == counting.stocktake_lines.c.sheet_id)
        .join(cases, cases.c.public_id == sheets.c.counting_case)
        .join(tasks, tasks.c.case_id == cases.c.id)
        .where(sheets.c.state == "open", tasks.c.state.in_(user_tasks.OPEN), access.may_fall_to(actor))
    )
    return frozenset(row.sku for row in rows)


def told(tx: Transaction, actor: Actor, known: Mapping[str, Any], read: Iterable[str]) -> Mapping[str, Any]:
    """What a case knows, without what the books say of what the reader is asked to count. `read`: the variables that
    are told of it; if none of BOOKS stands there, nothing is looked up."""
    if BOOKS.isdisjoint(_names({name: known[name] for name in read if name in known})):
        return known
    skus = counted(tx, actor)
    return _told(dict(known), skus) if skus else known


def concerns(value: Any, skus: frozenset[str]) -> bool:
    """Whether one of the components stands anywhere in it."""
    if isinstance(value, Mapping):
        return any(concerns(each, skus) for each in value.values())
    if isinstance(value, list):
        return any(concerns(each, skus) for each in value)
    return isinstance(value, str) and value in skus


def _names(value: Any) -> frozenset[str]:
    """Of variables, on every level."""
    if isinstance(value, Mapping):
        return frozenset(value).union(*map(_names, value.values()))
    return frozenset().union(*map(_names, value)) if isinstance(value, list) else frozenset()


def _told(value: Any, skus: frozenset[str], of: Any = None) -> Any:
    """`of`: the component that it stands beside."""
    if isinstance(value, Mapping):
        of = value.get("component", of)
        # A diagram may call anything so: of a map or a list there is no code.
        kept = BOOKS if isinstance(of, str) and of in skus else frozenset()
        return {name: None if name in kept else _told(each, skus, of) for name, each in value.items()}
    return [_told(each, skus, of) for each in value] if isinstance(value, list) else value
