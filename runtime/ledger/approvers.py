"""Who decides: up the reporting line, past whoever may not decide, by deputy for who is away.

Not here: the decision itself (processes/superior_approval), what is decided on (each book)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict

from runtime.errors import Conflict
from runtime.identity import StandIn, Substitute
from runtime.ledger import leave
from runtime.ledger.appraisals import DEPARTMENT
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Transaction

WAITS = "hr"  # what this group is asked waits for them: a sick note is for nobody else's eyes


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

    Whoever is barred (drafted it, gains from it) is passed over, and so is whoever works for one of them: nobody
    decides on what their own superior wants. For one who is on leave today the
    deputy that their leave names decides (`instead_of` is who is away), else the next superior; when
    all are away, the nearest of them. `with_hr`: it is the manager's own, so human resources decides
    as well. BPMN error: nobody_above."""
    organisation = accounts.organisation(call.tx)
    out = {applicant, *(barred or ())}
    away = leave.away(call.tx, call.today)
    line = _line(organisation, beyond or applicant, out)
    out |= _below(organisation, [*line, *(row.deputy for row in away.values() if row.deputy)], out)
    line = [person for person in line if person not in out]
    with_hr = applicant in organisation.members("manager")
    found = asked(organisation, line, out | ({beyond} if beyond else set()), away)
    if found is None:
        raise refuse("nobody_above", NobodyAbove())
    return {"approver": found[0], "instead_of": found[1], "with_hr": with_hr}


def acting(
    tx: Transaction, organisation: accounts.Organisation, person: str, barred: Collection[str], today: dt.date
) -> str | None:
    """Who does today what is asked of a person by name: they themselves; on leave, the deputy whom their leave
    names, unless barred; else the next superior. The person, when all are away; None, when all are barred."""
    row, out = organisation.by_public_id.get(person), set(barred)
    own = [person] if row is not None and row.active and person not in out else []
    line = [*own, *_line(organisation, person, out)]
    found = asked(organisation, line, out | {person}, leave.away(tx, today))
    return found[0] if found else None


def asked(
    organisation: accounts.Organisation, line: Sequence[str], out: Collection[str], away: Mapping[str, Any]
) -> tuple[str, str | None] | None:
    """The first of the line who is here, or the deputy of the first who has one that is not `out`, with whom they
    stand in for; the first of all, when nobody is here. None of an empty line. away: as leave.away has it."""
    for person in line:
        if person not in away:
            return person, None
        deputy = away[person].deputy
        if deputy and deputy not in out and _is_here(organisation, deputy, away):
            return deputy, person
    return (line[0], None) if line else None


def stand_ins(
    organisation: accounts.Organisation, away: Mapping[str, Any], today: dt.date
) -> dict[int, tuple[StandIn, ...]]:
    """Row of a person → the groups whose people are all away today and for which they stand in: the deputy whom a
    leave names, and for what the deputy is kept from the next superior who is here, and so on up the line.

    What human resources are asked waits for them. A deputy who is in none of the department's groups is passed over.
    Half a day is waited for. away: as leave.away has it."""
    gone = {person for person, row in away.items() if leave.all_day(row, today)}
    found: dict[int, list[StandIn]] = {}
    for group in sorted(organisation.groups) if gone else ():
        names = organisation.members(group)
        if group == WAITS or not all(name in gone for name in names):
            continue
        for name in names:
            line, row = substitutes(organisation, name, away), organisation.by_public_id[name]
            for number, one in enumerate(line, 1):
                stands = StandIn(group, row.id, away[name].last_day, tuple(line[:number]))
                found.setdefault(one.id, []).append(stands)
    return {person: tuple(stands) for person, stands in found.items()}


def missed(
    organisation: accounts.Organisation, keys: Collection[str], excluded: Collection[str], gone: Collection[str]
) -> list[str]:
    """Who is away and could do what these are asked ("group:KEY", "person:ID"), where some are excluded and all the
    others are `gone`. What human resources are asked, or somebody by name, waits for them."""
    kept, waited = False, list[str]()
    for key in keys:
        kind, _, name = key.partition(":")
        if kind == "group":
            members = organisation.members(name)
        else:
            person = organisation.by_id[int(name)]
            members = [person.public_id] if person.active else []
        able = [one for one in members if one not in excluded]
        if any(one not in gone for one in able):
            return []
        kept = kept or len(able) < len(members)
        if kind == "group" and name != WAITS:
            waited += able
    return list(dict.fromkeys(waited)) if kept else []


def substitutes(organisation: accounts.Organisation, person: str, away: Mapping[str, Any]) -> list[Substitute]:
    """Who stands in for one who is away, the nearest first: the deputy whom their leave names, if one of the
    department who is here, then every superior who is here."""
    deputy, row = away[person].deputy, organisation.by_public_id
    inside = deputy is not None and any(organisation.belongs(deputy, one) for one in DEPARTMENT)
    deputies = [deputy] if deputy and inside and _is_here(organisation, deputy, away) else []
    above = [one for one in _line(organisation, person, deputies) if one not in away]
    return [Substitute(row[one].id, one, person if one in deputies else one) for one in [*deputies, *above]]


def _line(organisation: accounts.Organisation, person: str, out: Collection[str]) -> list[str]:
    """Superiors of the person who may decide, nearest first."""
    return [above for above in organisation.line(person) if above not in out]


def _below(organisation: accounts.Organisation, people: Collection[str], of: Collection[str]) -> set[str]:
    """Those of the people who work for one of these, however far below."""
    return {person for person in people if not set(of).isdisjoint(_line(organisation, person, ()))}


def _is_here(organisation: accounts.Organisation, person: str, away: Mapping[str, Any]) -> bool:
    row = organisation.by_public_id.get(person)
    return row is not None and row.active and person not in away
