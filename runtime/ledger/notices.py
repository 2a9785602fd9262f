"""Notices: published once approved, read by everybody with a receipt, withdrawn by who is answerable for them.

Not here: drafting and approving, which leave nothing behind until a notice is published."""

from __future__ import annotations

from typing import TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Id, Instant, metadata

notices = sa.Table(
    "notices",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("drafted_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("withdrawn_at", Instant),
    sa.Column("withdrawn_because", sa.Text),
)

notice_readings = sa.Table(
    "notice_readings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("notice_id", sa.ForeignKey("notices.id"), nullable=False),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("read_at", Instant, nullable=False),
    sa.UniqueConstraint("notice_id", "person"),
)

NEXT = {"published": {"withdrawn"}}


class OwnNotice(Conflict):
    """A notice is approved by somebody who did not draft it."""

    code = "notice.own"


class NoSuchNotice(Invalid):
    """There is no published notice {number} that you drafted or approved."""

    code = "notice.unknown"


class Published(TypedDict):
    notice: str
    notice_number: str
    readers: list[str]


@operation("notices.publish", errors=("same_person",))
def publish(call: Call, title: str, text: str, drafted_by: Person, approved_by: Person) -> Published:
    """Enter an approved notice; `readers`: everybody who is here, but who drafted it.

    BPMN error: same_person, if whoever approved drafted it."""
    if drafted_by == approved_by:
        raise refuse("same_person", OwnNotice())
    notice, number = public_id(), documents.next_number(call.tx, "NT", call.today.year)
    documents.add(
        call.tx,
        notices,
        public_id=notice,
        case=call.case,
        at=call.now,
        number=number,
        title=title[:200],
        text=text,
        drafted_by=drafted_by,
        approved_by=approved_by,
        state="published",
    )
    organisation = accounts.organisation(call.tx)
    members = dict.fromkeys(
        person for group in sorted(organisation.groups) for person in organisation.members(group)
    )
    return {"notice": notice, "notice_number": number, "readers": [p for p in members if p != drafted_by]}


@operation("notices.read")
def read(call: Call, notice: str, person: Person) -> None:
    """Somebody has read it, and when."""
    row = documents.get(call.tx, notices, notice)
    call.tx.insert(notice_readings, [{"notice_id": row.id, "person": person, "read_at": call.now}])


@operation("notices.withdraw", errors=("no_such_notice",))
def withdraw(call: Call, number: str, reason: str, by: Person | None = None) -> None:
    """Take back a notice that one drafted or approved; nobody is asked to read it any more.

    Its case hears the message notice_withdrawn. BPMN error: no_such_notice."""
    row = call.tx.first(
        sa.select(notices)
        .where(notices.c.number == number.strip(), notices.c.state == "published")
        .with_for_update()
    )
    if row is None or by not in (row.drafted_by, row.approved_by):
        raise refuse("no_such_notice", NoSuchNotice(number=number.strip()))
    documents.change(
        call.tx, notices, row, "withdrawn", NEXT, withdrawn_at=call.now, withdrawn_because=reason
    )
    call.send("notice_withdrawn", row.number, {})
