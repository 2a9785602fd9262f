"""Contacts with suppliers and customers: who was spoken with, what was said, and what was promised until when.

Not here: the issues that come of it (issues.py, escalations.py)."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Id, Instant, metadata

contacts = sa.Table(
    "contacts",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("supplier_id", sa.ForeignKey("suppliers.id"), index=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), index=True),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("next_on", sa.Date),  # when to speak again
    sa.Column("by", sa.String(32), nullable=False),
    sa.CheckConstraint("(supplier_id IS NULL) <> (customer_id IS NULL)", name="party"),
)

contact_promises = sa.Table(
    "contact_promises",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("contact_id", sa.ForeignKey("contacts.id"), nullable=False, index=True),
    sa.Column("promised_by", sa.String(8), nullable=False),  # us | them
    sa.Column("promise", sa.Text, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("closed_at", Instant),
)

PROMISE_NEXT = {"open": {"open", "kept", "broken"}}


class InTheFuture(Invalid):
    """A contact of {day} has not been held yet."""

    code = "contact.in_the_future"


class DueBeforeHeld(Invalid):
    """A promise is due on {day}, before the contact was held."""

    code = "contact.due_before_held"


class NoNewDay(Conflict):
    """A promise that is put off needs a later day."""

    code = "contact.no_new_day"


class PromiseLine(TypedDict):
    promised_by: Literal["us", "them"]
    promise: str
    due_on: dt.date


class Logged(TypedDict):
    contact: str
    number: str
    promises: list[dict[str, object]]


@operation("contacts.log", errors=("bad_contact",))
def log(
    call: Call,
    party: Literal["supplier", "customer"],
    code: str,
    held_on: dt.date,
    subject: str,
    said: str,
    by: Person,
    promises: list[PromiseLine] | None = None,
    next_on: dt.date | None = None,
) -> Logged:
    """Keep a contact with a supplier or customer. promises: with `public_id`, promise, promised_by and due_on
    of each. BPMN error: bad_contact, if a day does not fit."""
    tx = call.tx
    if held_on > call.today:
        raise refuse("bad_contact", InTheFuture(day=held_on))
    for line in promises or ():
        if line["due_on"] < held_on:
            raise refuse("bad_contact", DueBeforeHeld(day=line["due_on"]))
    table = catalogue.suppliers if party == "supplier" else catalogue.customers
    contact, number = public_id(), documents.next_number(tx, "CO", call.today.year)
    contact_id = documents.add(
        tx,
        contacts,
        public_id=contact,
        number=number,
        case=call.case,
        at=call.now,
        held_on=held_on,
        topic=subject,
        said=said,
        next_on=next_on,
        by=by,
        **{f"{party}_id": catalogue.by_code(tx, table, code).id},
    )
    rows = [{"public_id": public_id(), **line} for line in promises or ()]
    tx.insert(contact_promises, [{"contact_id": contact_id, "state": "open", **row} for row in rows])
    return {"contact": contact, "number": number, "promises": [dict(row) for row in rows]}


@operation("contacts.settle_promise", errors=("bad_contact",))
def settle_promise(
    call: Call,
    promise: str,
    outcome: Literal["kept", "broken", "put_off"],
    note: str,
    due_on: dt.date | None = None,
) -> None:
    """A promise was kept, was broken, or is put off to a later day. BPMN error: bad_contact, without one."""
    row = documents.get(call.tx, contact_promises, promise)
    if outcome == "put_off":
        if due_on is None or due_on <= row.due_on:
            raise refuse("bad_contact", NoNewDay())
        documents.change(call.tx, contact_promises, row, "open", PROMISE_NEXT, due_on=due_on, outcome=note)
        return
    documents.change(call.tx, contact_promises, row, outcome, PROMISE_NEXT, outcome=note, closed_at=call.now)
