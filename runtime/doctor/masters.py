"""Master data: two persons stand behind every change, and what stands now is what the history says.

Not here: whether a change was a good one, or what was entered when the books were opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.catalogue import warehouses
from runtime.ledger.masters import KINDS, master_changes, master_history
from runtime.ledger.products import product_changes
from runtime.ledger.stock import stock_balances
from runtime.store.db import Transaction

SOME = 500  # rows that are read at a time


@invariant("books")
def master_data_is_approved_by_another(tx: Transaction) -> Iterator[Problem]:
    """Nobody decided on a change of master data or of a product that they proposed themselves."""
    for table in (master_changes, product_changes):
        change = table.c
        for row in tx.all(sa.select(change.number).where(change.decided_by == change.proposed_by)):
            yield Problem("own_change", "Whoever proposed it decided on it", f"{table.name}/{row.number}", {})


@invariant("books")
def changes_in_effect_are_in_the_history(tx: Transaction) -> Iterator[Problem]:
    """A change of master data is in the history when it is in effect, as it was approved and not before its day."""
    change, kept = master_changes.c, master_history.c
    in_effect = change.state == "in_effect"
    differs = sa.or_(
        kept.proposed_by != change.proposed_by,
        kept.approved_by != change.decided_by,
        kept.since < change.effective_on,
        # Texts of the same writer: equal when the values are.
        sa.type_coerce(kept.after, sa.Text) != sa.type_coerce(change.after, sa.Text),
    )
    wrong = sa.or_(
        sa.and_(in_effect, sa.or_(kept.id.is_(None), differs)), sa.and_(~in_effect, kept.id.is_not(None))
    )
    query = sa.select(change.number).outerjoin(master_history, kept.change_id == change.id).where(wrong)
    for row in tx.all(query.order_by(change.id)):
        yield Problem(
            "change_not_in_history", "Its state does not fit the history", f"master_changes/{row.number}", {}
        )


@invariant("books")
def master_data_is_its_history(tx: Transaction) -> Iterator[Problem]:
    """Master data that was ever changed is what its last changes made it."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    rows = sa.select(master_history).order_by(master_history.c.id)
    for row in tx.execute(rows.execution_options(yield_per=SOME)):
        last.setdefault((row.kind, row.subject), {}).update(row.after)
    for (kind, subject), values in last.items():
        found = KINDS[kind].look(tx, subject, False)
        present = found[0] if found else {}
        differs = sorted(field for field, value in values.items() if present.get(field) != value)
        if differs:
            yield Problem(
                "differs_from_history", "It is not what was approved: {what}", f"{kind}/{subject}",
                {"what": ", ".join(differs)},
            )  # fmt: skip


@invariant("books")
def closed_warehouses_are_empty(tx: Transaction) -> Iterator[Problem]:
    """Nothing is in a closed warehouse."""
    held = stock_balances.c
    pieces = sa.func.sum(held.on_hand + held.reserved)
    query = (
        sa.select(warehouses.c.code, pieces.label("pieces"))
        .join(stock_balances, held.warehouse_id == warehouses.c.id)
        .where(sa.not_(warehouses.c.active))
        .group_by(warehouses.c.code)
        .having(pieces != 0)
    )
    for row in tx.all(query):
        yield Problem(
            "closed_not_empty", "It is closed and {pieces} pieces are in it", f"warehouses/{row.code}",
            {"pieces": int(row.pieces)},
        )  # fmt: skip
