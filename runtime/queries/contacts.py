"""What was spoken of with a supplier or customer: contacts, what was promised by whom, and when to speak again.

Not here: noting a contact (processes/external_contact), the party itself (queries/masters.py)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import access, household, i18n
from runtime.errors import NotFound
from runtime.identity import Actor, Person, require
from runtime.ledger import catalogue
from runtime.ledger.contacts import contact_promises, contacts
from runtime.store.cases import cases
from runtime.store.db import Transaction

PARTIES = {"supplier": catalogue.suppliers, "customer": catalogue.customers}
MOST = 200  # contacts of one party, the newest


class NoSuchParty(NotFound):
    """There is no such supplier or customer."""

    code = "contact.no_such_party"


@dataclass(frozen=True)
class Promise:
    """by: us | them · state: open | kept | broken · overdue: open past its day."""

    by: str
    promise: str
    due_on: dt.date
    state: str
    outcome: str
    overdue: bool


@dataclass(frozen=True)
class Contact:
    """`case` is "" where the reader may not see it; next_on: when to speak again, `next_due` once that has come and
    nobody has since."""

    number: str
    case: str
    held_on: dt.date
    topic: str
    said: str
    next_on: dt.date | None
    next_due: bool
    by: Person | None
    promises: list[Promise]


@dataclass(frozen=True)
class Party:
    kind: str
    code: str
    names: Mapping[str, str]
    contact: str | None
    phone: str | None
    contacts: list[Contact]

    @property
    def open_promises(self) -> int:
        return sum(promise.state == "open" for contact in self.contacts for promise in contact.promises)


def of_party(tx: Transaction, actor: Actor, kind: str, code: str) -> Party:
    """The newest contact first. Needs the right to read suppliers, or customers. Raises NoSuchParty."""
    if kind not in PARTIES:
        raise NoSuchParty()
    require(actor, "read", kind)
    table = PARTIES[kind]
    party = tx.first(sa.select(table).where(table.c.code == code))
    if party is None:
        raise NoSuchParty()
    org, today = household.organisation(tx), household.today(tx)
    seen = sa.case((access.case_visible(actor), cases.c.public_id), else_="").label("seen")
    rows = tx.all(
        sa.select(contacts, seen)
        .outerjoin(cases, cases.c.public_id == contacts.c.case)
        .where(contacts.c[f"{kind}_id"] == party.id)
        .order_by(contacts.c.held_on.desc(), contacts.c.id.desc())
        .limit(MOST)
    )
    promises: dict[int, list[Promise]] = defaultdict(list)
    kept = contact_promises.c
    mine = [row.id for row in rows]
    for row in tx.all(sa.select(contact_promises).where(kept.contact_id.in_(mine)).order_by(kept.id)) if mine else ():
        overdue = row.state == "open" and row.due_on < today
        promises[row.contact_id].append(
            Promise(row.promised_by, row.promise, row.due_on, row.state, row.outcome or "", overdue)
        )
    newest = rows[0].held_on if rows else None
    found = []
    for row in rows:
        who = org.by_public_id.get(row.by)
        due = row.next_on is not None and row.next_on <= today and newest < row.next_on
        found.append(
            Contact(
                row.number, row.seen or "", row.held_on, row.topic, row.said, row.next_on, due,
                Person(who.public_id, who.names) if who else None, promises[row.id],
            )
        )  # fmt: skip
    names = dict(party.names) or {i18n.DEFAULT: party.code}
    return Party(kind, party.code, names, party.contact, party.phone, found)
