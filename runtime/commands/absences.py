"""What somebody had taken from a group before they went on leave goes back to it while they are away; what others
have by name in their place, or are asked besides (stand_ins.py), comes back to them with them.

Not here: who stands in for a group that is away as a whole, or for one person (ledger/approvers.py)."""

from __future__ import annotations

from runtime import household
from runtime.commands import hearing, stand_ins
from runtime.identity import Actor
from runtime.store import absences, user_tasks
from runtime.store.db import Transaction


def free(tx: Transaction, actor: Actor) -> list[int]:
    """Give back what they took from their groups, once for each leave: what they take while they are on it stays
    theirs; the ids of these tasks. What is theirs by name waits for them."""
    tx.alone("absences")
    known, begun = household.organisation(tx).by_public_id, household.absences(tx).begun
    people = sorted({known[person].id for person in begun.values() if person in known})
    given = [task for person in people for task in user_tasks.give_back(tx, person, [])]
    absences.note(tx, begun)
    stand_ins.look_again(tx)
    hearing.changed_hands(tx, actor, given)
    return given


def give_again(tx: Transaction, actor: Actor) -> list[int]:
    """What was asked of others by name while somebody was away is theirs again; the ids of these tasks. Who stands in
    for a part of a group is found anew.

    What a stand-in was about to send is refused then, as of any task that changed hands."""
    tx.alone("absences")
    given = [
        row.id
        for row in household.kept_for_who_is_back(tx)
        if user_tasks.hand_over(tx, row.id, row.version, row.meant_for_id)
    ]
    absences.forget(tx, household.absences(tx).over)
    stand_ins.look_again(tx)
    hearing.changed_hands(tx, actor, given)
    return given
