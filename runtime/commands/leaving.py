"""`people.leave`: a service task by which somebody's account ends and their work passes to others.

People, groups and reporting lines are identity data, so the books cannot write them: it is done here, by the
audited commands, in the transaction that moves the case. Not here: the leaving as a document
(ledger/leavings.py), what becomes of each task (staffing.pass_on)."""

from __future__ import annotations

from typing import TypedDict

from runtime.commands import accounts
from runtime.errors import NotFound
from runtime.identity import SYSTEM
from runtime.ledger.operations import Call, Person, operation
from runtime.store import accounts as people
from runtime.store import user_tasks


class NobodyLeaves(NotFound):
    """There is nobody of this id who could leave."""

    code = "leaving.nobody"


class Left(TypedDict):
    tasks: int
    people: int


@operation("people.leave")
def leave(
    call: Call, person: Person, receiver: Person | None = None, new_superior: Person | None = None
) -> Left:
    """Their sessions end and they are asked for nothing any more: what was theirs by name goes to `receiver`,
    unless it is confidential or the process bars them, else up the line; what they had taken goes back to its
    group; who reported to them reports to `new_superior`, else to their superior."""
    org = people.organisation(call.tx)
    row = org.by_public_id.get(person)
    if row is None:
        raise NobodyLeaves()
    if not row.active:
        return {"tasks": 0, "people": 0}  # an administrator was faster
    above = org.by_public_id.get(new_superior or org.superior(person) or "")
    below = [each for each in org.by_id.values() if each.superior_id == row.id and each.active]
    for each in below:
        accounts.set_superior(call.tx, SYSTEM, each.username, above.username if above else None)
    mine = len(user_tasks.claimed_by(call.tx, row.id))
    accounts.deactivate(call.tx, SYSTEM, row.username, receiver=receiver)
    return {"tasks": mine, "people": len(below)}
