"""Who decides on what somebody asks for: up the reporting line, past whoever may not decide, by deputy for who is away.

Not here: the decision itself (processes/superior_approval), what is decided on (each book)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from runtime.errors import Conflict
from runtime.ledger import leave
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts


class NobodyAbove(Conflict):
    """There is nobody above who may decide this."""

    code = "approver.nobody_above"


class Approver(TypedDict):
    approver: str
    instead_of: str | None
    with_hr: bool


@operation("people.approver", errors=("nobody_above",))
def approver(
    call: Call, applicant: Person, barred: list[Person] | None = None, beyond: Person | None = None
) -> Approver:
    """Who decides next on what `applicant` asks for: the nearest superior, above `beyond` if given.

    Whoever is barred (drafted it, gains from it) is passed over. For one who is on leave today the
    deputy that their leave names decides (`instead_of` is who is away), else the next superior; when
    all are away, the nearest of them. `with_hr`: it is the manager's own, so human resources decides
    as well. BPMN error: nobody_above."""
    organisation = accounts.organisation(call.tx)
    out = {applicant, *(barred or ())}
    line = _line(organisation, beyond or applicant, out)
    with_hr = applicant in organisation.members("manager")
    for superior in line:
        away = leave.away(call.tx, superior, call.today)
        if away is None:
            return {"approver": superior, "instead_of": None, "with_hr": with_hr}
        deputy = away.deputy
        if deputy and _may_stand_in(call, organisation, deputy, out | ({beyond} if beyond else set())):
            return {"approver": deputy, "instead_of": superior, "with_hr": with_hr}
    if not line:
        raise refuse("nobody_above", NobodyAbove())
    return {"approver": line[0], "instead_of": None, "with_hr": with_hr}


def _line(organisation: accounts.Organisation, person: str, out: Collection[str]) -> list[str]:
    """Active superiors of the person who may decide, nearest first."""
    line: list[str] = []
    seen, above = {person}, organisation.superior(person)
    while above and above not in seen:
        if organisation.by_public_id[above].active and above not in out:
            line.append(above)
        seen.add(above)
        above = organisation.superior(above)
    return line


def _may_stand_in(call: Call, organisation: accounts.Organisation, deputy: str, out: Collection[str]) -> bool:
    row = organisation.by_public_id.get(deputy)
    if row is None or not row.active or deputy in out:
        return False
    return leave.away(call.tx, deputy, call.today) is None
