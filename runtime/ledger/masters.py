"""Changes of master data: proposed by one person, approved by another, in effect from a day on, and kept.

One frame for every kind of master data: a change says what was before and what is to be, waits for a second
person, and is written only while what was before still stands. `master_history` is never changed. Not here: what
a kind consists of and where it is written (parties.py, data_sheets.py, parameters.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import append_only, documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.cases import cases
from runtime.store.db import Id, Instant, Tagged, Transaction, metadata

master_changes = sa.Table(
    "master_changes",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # of KINDS
    sa.Column("action", sa.String(16), nullable=False),  # add | change | block | unblock
    sa.Column("subject", sa.String(32), nullable=False),  # its code or SKU
    sa.Column("before", Tagged, nullable=False),  # field → value, of what changes
    sa.Column("after", Tagged, nullable=False),
    # None while it is only wanted, and nobody has proposed anything
    sa.Column("effective_on", sa.Date),
    sa.Column("reason", sa.Text),
    sa.Column("proposed_by", sa.String(32)),
    sa.Column("decided_by", sa.String(32)),
    sa.Column("decided_at", Instant),
    sa.Column("comment", sa.Text),
    # _require_free: what else is open for the same
    sa.Index("ix_master_changes_subject", "kind", "subject"),
)

# What took effect, one row a change; who proposed it, who approved it, what stood before.
master_history = sa.Table(
    "master_history",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("change_id", sa.ForeignKey("master_changes.id"), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("subject", sa.String(32), nullable=False),
    sa.Column("before", Tagged, nullable=False),
    sa.Column("after", Tagged, nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("proposed_by", sa.String(32), nullable=False),
    sa.Column("approved_by", sa.String(32), nullable=False),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.CheckConstraint("proposed_by <> approved_by", name="two_persons"),
    sa.Index("ix_master_history_subject", "kind", "subject", "id"),
)
append_only.protect(master_history)

OPEN = ("wanted", "proposed", "returned", "approved")
MOST_WANTED = 20  # at once: nobody proposes more in a day
# What was approved and cannot take effect any more is proposed anew, or withdrawn.
NEXT = {
    "wanted": {"proposed", "withdrawn"},
    "proposed": {"proposed", "returned", "approved", "rejected", "withdrawn"},
    "returned": {"proposed", "withdrawn"},
    "approved": {"proposed", "in_effect", "withdrawn"},
}
Action = Literal["add", "change", "block", "unblock"]


class AlreadyThere(Conflict):
    """There is already {subject}. Change that one, or choose another code."""

    code = "master.already_there"


class BadCode(Invalid):
    """A code has at most 32 letters, digits and hyphens: {subject}."""

    code = "master.bad_code"


class FieldsMissing(Invalid):
    """Fill in what is needed: {missing}."""

    code = "master.fields_missing"


class DayPassed(Invalid):
    """A change holds from today on at the earliest, not from {day}."""

    code = "master.day_passed"


class OpenChange(Conflict):
    """Change {number} of {subject} is still open and touches the same. Decide on it first, or withdraw it."""

    code = "master.open_change"


class AlreadyWanted(Conflict):
    """{subject} is being changed already."""

    code = "master.already_wanted"


class Overtaken(Conflict):
    """{subject} has changed since this was proposed. Look at it again with what stands now."""

    code = "master.overtaken"


class Read(TypedDict):
    present: dict[str, Any]
    subject_name: str | None


class Unasked(TypedDict):
    unasked: list[str]


class Wanted(TypedDict):
    master_change: str
    change_number: str


class Proposed(TypedDict):
    master_change: str
    change_number: str
    subject: str
    subject_name: str | None
    comparison: list[dict[str, Any]]
    effective_on: dt.date


class Decided(TypedDict):
    waits: bool


class InEffect(TypedDict):
    since: dt.date


@dataclass(frozen=True)
class Kind:
    """A kind of master data.

    fields: what a change may touch, `active` besides · needed: of them, what must not be empty · look: the present
    values by field and the name, for (tx, subject, whether it is held until the transaction ends); None: there is
    none · write: what is to be after it, for (call, subject, field → value, whether it is new, who proposed it) ·
    ready: raises a GuichengError if
    it cannot be done as things stand."""

    fields: tuple[str, ...]
    needed: tuple[str, ...]
    look: Callable[[Transaction, str, bool], tuple[dict[str, Any], str] | None]
    unknown: Callable[[str], Exception]
    write: Callable[[Call, str, Mapping[str, Any], bool, str], None]
    ready: Callable[[Transaction, str, Mapping[str, Any]], None]


KINDS: dict[str, Kind] = {}


@operation("masters.read")
def read(call: Call, kind: str, subject: str | None = None) -> Read:
    """What stands now of a supplier, customer, warehouse, or a component's stock parameters: field → value.

    subject: its code or SKU; None: of a new one, so nothing."""
    empty = dict.fromkeys(KINDS[kind].fields)
    if subject is None:
        return {"present": empty, "subject_name": None}
    found = KINDS[kind].look(call.tx, subject, False)
    if found is None:
        raise KINDS[kind].unknown(subject)
    return {"present": empty | found[0], "subject_name": found[1]}


@operation("masters.unasked")
def unasked(call: Call, kind: str, subjects: list[str]) -> Unasked:
    """Of these codes or SKUs those that nobody is changing or was asked to change; at most twenty, in their order."""
    open_ = {row.subject for row in call.tx.all(_open(kind).where(master_changes.c.subject.in_(subjects)))}
    return {"unasked": [subject for subject in subjects if subject not in open_][:MOST_WANTED]}


@operation("masters.want", errors=("already_wanted",))
def want(call: Call, kind: str, subject: str) -> Wanted:
    """Note that somebody is to propose a change. BPMN error: already_wanted, if one is under way."""
    tx = call.tx
    if KINDS[kind].look(tx, subject, True) is None:
        raise KINDS[kind].unknown(subject)
    if tx.all(_open(kind).where(master_changes.c.subject == subject)):
        raise refuse("already_wanted", AlreadyWanted(subject=subject))
    change, number = public_id(), documents.next_number(tx, "MD", call.today.year)
    begun = {"public_id": change, "number": number, "case": call.case, "at": call.now}
    what = {"kind": kind, "action": "change", "subject": subject, "before": {}, "after": {}}
    documents.add(tx, master_changes, state="wanted", **begun, **what)
    return {"master_change": change, "change_number": number}


def propose(
    call: Call,
    kind: str,
    action: Action,
    subject: str,
    wanted: Mapping[str, Any],
    reason: str,
    by: str,
    effective_on: dt.date | None = None,
    master_change: str | None = None,
) -> Proposed:
    """Note a change that waits for its second person; `master_change`: the one that is proposed anew.

    wanted: every field as it is to be; what is empty will be empty. BPMN error: bad_change, if it is incomplete,
    changes nothing, cannot be done, or another open change touches the same."""
    tx, book, subject = call.tx, KINDS[kind], subject.strip()
    day = max(effective_on or call.today, call.today)
    if effective_on is not None and effective_on < call.today:
        raise refuse("bad_change", DayPassed(day=effective_on))
    found = book.look(tx, subject, True)
    if action == "add":
        if not subject.replace("-", "").isalnum() or not subject.isascii() or len(subject) > 32:
            raise refuse("bad_change", BadCode(subject=subject))
        if found is not None:
            raise refuse("bad_change", AlreadyThere(subject=subject))
        present: dict[str, Any] = {}
        name: str | None = wanted.get("name")
    else:
        if found is None:
            raise book.unknown(subject)
        present, name = found
    before, after = _difference(book, action, present, wanted)
    _require_ready(tx, book, subject, after)
    _require_free(tx, kind, subject, after, master_change)
    values: dict[str, Any] = {
        "kind": kind,
        "action": action,
        "subject": subject,
        "before": before,
        "after": after,
        "effective_on": day,
        "reason": reason,
        "proposed_by": by,
    }
    if master_change is None:
        master_change, number = public_id(), documents.next_number(tx, "MD", call.today.year)
        begun = {"public_id": master_change, "number": number, "case": call.case, "at": call.now}
        documents.add(tx, master_changes, state="proposed", **begun, **values)
    else:
        earlier = documents.get(tx, master_changes, master_change)
        number = earlier.number
        documents.change(tx, master_changes, earlier, "proposed", NEXT, **values)
    return {
        "master_change": master_change,
        "change_number": number,
        "subject": subject,
        "subject_name": name,
        "comparison": compare(before, after),
        "effective_on": day,
    }


@operation("masters.decide", errors=("same_person",))
def decide(
    call: Call,
    master_change: str,
    decision: Literal["approve", "return", "reject"],
    by: Person,
    comment: str | None = None,
) -> Decided:
    """Note what the second person decided. `waits`: it was approved for a later day. BPMN error: same_person."""
    row = documents.get(call.tx, master_changes, master_change)
    if row.proposed_by == by:
        raise refuse("same_person", documents.SamePerson())
    state = {"approve": "approved", "return": "returned", "reject": "rejected"}[decision]
    decided = {"decided_by": by, "decided_at": call.now, "comment": comment}
    documents.change(call.tx, master_changes, row, state, NEXT, **decided)
    return {"waits": decision == "approve" and row.effective_on > call.today}


@operation("masters.apply", errors=("bad_change",))
def apply(call: Call, master_change: str) -> InEffect:
    """Let an approved change take effect, and keep it in the history.

    BPMN error: bad_change, if what it was proposed for has changed meanwhile, or it cannot be done any more."""
    tx = call.tx
    row = documents.get(tx, master_changes, master_change)
    documents.require_state(row, "approved")
    if row.effective_on > call.today:
        raise documents.NotPossibleNow(document=row.number, state=row.state)
    book, before, after = KINDS[row.kind], dict(row.before), dict(row.after)
    new = row.action == "add"
    found = book.look(tx, row.subject, True)
    if new and found is not None:
        raise refuse("bad_change", AlreadyThere(subject=row.subject))
    present = found[0] if found else {}
    if any(present.get(field) != value for field, value in before.items()):
        raise refuse("bad_change", Overtaken(subject=row.subject))
    _require_ready(tx, book, row.subject, after)
    book.write(call, row.subject, after, new, row.proposed_by)
    kept = {
        name: getattr(row, name) for name in ("kind", "action", "subject", "before", "after", "proposed_by")
    }
    hands = {"approved_by": row.decided_by, "since": call.today, "case": call.case, "at": call.now}
    tx.insert(master_history, [{"change_id": row.id, **kept, **hands}])
    documents.change(tx, master_changes, row, "in_effect", NEXT)
    return {"since": call.today}


@operation("masters.withdraw")
def withdraw(call: Call, master_change: str | None = None) -> None:
    """Take back a change that is not in effect; None: it was never noted."""
    if master_change is not None:
        row = documents.get(call.tx, master_changes, master_change)
        documents.change(call.tx, master_changes, row, "withdrawn", NEXT)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was and what is to be, a row a field, as forms show it. Being blocked or not is the action itself."""
    return [
        {"what": field, "before": shown(before.get(field)), "after": shown(value)}
        for field, value in after.items()
        if value != before.get(field) and field != "active"
    ]


def shown(value: Any) -> str | None:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return None if value is None else str(value)


def _difference(
    book: Kind, action: str, present: Mapping[str, Any], wanted: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) of what changes. BPMN error: bad_change."""
    if action in ("block", "unblock"):
        after: dict[str, Any] = {"active": action == "unblock"}
    else:
        after = {field: wanted.get(field) for field in book.fields}
        missing = [field for field in book.needed if after[field] is None]
        if missing:
            raise refuse("bad_change", FieldsMissing(missing=", ".join(missing)))
    after = {field: value for field, value in after.items() if value != present.get(field)}
    if not after:
        raise refuse("bad_change", documents.NothingChanges())
    return {field: present.get(field) for field in after} if action != "add" else {}, after


def _require_ready(tx: Transaction, book: Kind, subject: str, after: Mapping[str, Any]) -> None:
    try:
        book.ready(tx, subject, after)
    except (Conflict, Invalid) as error:
        raise refuse("bad_change", error) from error


def _require_free(tx: Transaction, kind: str, subject: str, after: Collection[str], own: str | None) -> None:
    """No other change that is still under way touches the same fields. BPMN error: bad_change."""
    change = master_changes.c
    for other in tx.all(_open(kind).where(change.subject == subject, change.public_id != (own or ""))):
        if set(other.after) & set(after):
            raise refuse("bad_change", OpenChange(number=other.number, subject=subject))


def _open(kind: str) -> sa.Select[Any]:
    """Changes that are under way: not over, and their case was not given up."""
    change = master_changes.c
    given_up = sa.exists().where(cases.c.public_id == change.case, cases.c.status != "running")
    return (
        sa.select(change.number, change.subject, change.after)
        .where(change.kind == kind, change.state.in_(OPEN), ~given_up)
        .order_by(change.id)
    )
