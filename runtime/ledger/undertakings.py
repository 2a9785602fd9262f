"""Undertakings of confidentiality: a text in versions, asked of everybody who is here, signed or refused.

A version is in force from its day until a later one is; whoever has not been asked to sign it is asked, so also
whoever is new. Not here: the task itself (processes/undertaking_signing), what leaves the house (exports.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Id, Instant, Transaction, metadata
from runtime.store.prepared import Prepared

undertaking_texts = sa.Table(
    "undertaking_texts",
    metadata,
    *documents.columns(),
    sa.Column("version", sa.Integer, nullable=False, unique=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("effective_from", sa.Date, nullable=False),
    sa.Column("drafted_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32), nullable=False),
)

undertakings = sa.Table(
    "undertakings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("text_id", sa.ForeignKey("undertaking_texts.id"), nullable=False),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # asked | signed | refused
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("answered_at", Instant),
    sa.Column("reason", sa.Text),  # of a refusal
    sa.UniqueConstraint("text_id", "person"),
)

NEXT = {"asked": {"signed", "refused"}, "refused": {"signed", "refused"}}


class OwnUndertaking(Conflict):
    """The text of an undertaking is approved by somebody who did not draft it."""

    code = "undertaking.own"


class Published(TypedDict):
    undertaking_version: int


class Asked(TypedDict):
    asked: int


@operation("undertakings.publish", errors=("same_person",))
def publish(
    call: Call, title: str, text: str, effective_on: dt.date, drafted_by: Person, approved_by: Person
) -> Published:
    """Enter an approved text as the next version, to be signed by everybody from a day on.

    BPMN error: same_person, if whoever approved drafted it."""
    if drafted_by == approved_by:
        raise refuse("same_person", OwnUndertaking())
    version = 1 + (call.tx.scalar(sa.select(sa.func.max(undertaking_texts.c.version))) or 0)
    documents.add(
        call.tx,
        undertaking_texts,
        public_id=public_id(),
        case=call.case,
        at=call.now,
        version=version,
        title=title[:200],
        text=text,
        effective_from=effective_on,
        drafted_by=drafted_by,
        approved_by=approved_by,
    )
    return {"undertaking_version": version}


@operation("undertakings.ask_missing")
def ask_missing(call: Call) -> Asked:
    """Ask everybody who is here and was not asked yet to sign the version in force, by the message undertaking_due;
    how many that were."""
    text = in_force(call.tx, call.today)
    if text is None:
        return {"asked": 0}
    organisation = accounts.organisation(call.tx)
    known = {
        row.person
        for row in call.tx.all(sa.select(undertakings.c.person).where(undertakings.c.text_id == text.id))
    }
    here = [row for row in organisation.by_public_id.values() if row.active and row.public_id not in known]
    missing = [row.public_id for row in sorted(here, key=lambda row: row.id)]
    if missing:
        call.tx.insert(
            undertakings,
            [
                {"text_id": text.id, "person": person, "state": "asked", "asked_at": call.now}
                for person in missing
            ],
        )
    for person in missing:
        asked = {
            "employee": person,
            "undertaking": text.public_id,
            "undertaking_version": text.version,
            "undertaking_title": text.title,
            "undertaking_text": text.text,
        }
        call.send("undertaking_due", f"{text.version}/{person}", asked)
    return {"asked": len(missing)}


@operation("undertakings.answer")
def answer(call: Call, undertaking: str, person: Person, signed: bool, reason: str | None = None) -> None:
    """What somebody who was asked says: they sign this version, or refuse it and why."""
    text = documents.get(call.tx, undertaking_texts, undertaking)
    row = call.tx.first(
        sa.select(undertakings)
        .where(undertakings.c.text_id == text.id, undertakings.c.person == person)
        .with_for_update()
    )
    if row is None:
        raise documents.NoSuchDocument(kind="undertakings", document=f"{undertaking}/{person}")
    state = "signed" if signed else "refused"
    if state not in NEXT.get(row.state, set()):
        raise documents.NotPossibleNow(document=text.title, state=row.state)
    call.tx.execute(
        sa.update(undertakings)
        .where(undertakings.c.id == row.id)
        .values(state=state, answered_at=call.now, reason=None if signed else reason)
    )


_IN_FORCE = Prepared(
    sa.select(undertaking_texts)
    .where(undertaking_texts.c.effective_from <= sa.bindparam("b_day"))
    .order_by(undertaking_texts.c.version.desc())
    .limit(sa.literal_column("1"))
)


def in_force(tx: Transaction, day: dt.date) -> Any:
    """The version whose day has come and that no later one has replaced, or None."""
    return _IN_FORCE.first(tx, b_day=day)


def has_signed(tx: Transaction, person: str, day: dt.date) -> bool:
    """Whether the person has signed the version in force; True while there is none."""
    text = in_force(tx, day)
    return text is None or bool(
        tx.scalar(
            sa.select(undertakings.c.id).where(
                undertakings.c.text_id == text.id,
                undertakings.c.person == person,
                undertakings.c.state == "signed",
            )
        )
    )
