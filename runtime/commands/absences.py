"""What somebody had taken from a group before they went on leave goes back to it while they are away.

Not here: who stands in for a group that is away as a whole (ledger/approvers.py)."""

from __future__ import annotations

from runtime import library
from runtime.commands import hearing
from runtime.identity import Actor
from runtime.store import absences, user_tasks
from runtime.store.db import Transaction


def free(tx: Transaction, actor: Actor) -> list[int]:
    """Give back what they took from their groups, once for each leave: what they take while they are on it stays
    theirs; the ids of these tasks. What is theirs by name waits for them."""
    tx.alone("absences")
    org, away = library.organisation(tx), library.newly_away(tx)
    people = sorted(org.by_public_id[person].id for person in away if person in org.by_public_id)
    given = [task for person in people for task in user_tasks.give_back(tx, person, [])]
    absences.note(tx, away.values())
    hearing.changed_hands(tx, actor, given)
    return given
