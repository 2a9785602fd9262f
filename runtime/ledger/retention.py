"""What is kept on people long enough is proposed, confirmed by a second person, and erased; a tombstone stays.

A run finds what is due by the rule in force; human resources lets go of it or has it held back until a day; it is
a change that a second person decides on as on master data (masters.py). What is erased is what was proposed, as far
as it still may go on that day. Not here: which records there are (kept.py), what is due (overdue.py), when a run
begins (rules/cadence.yaml)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import documents, kept, masters, overdue
from runtime.ledger.inputs import Person
from runtime.ledger.kept import KINDS
from runtime.ledger.masters import Proposed
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.overdue import Figures, Group, retention_holds
from runtime.store import accounts, deployments, erasures
from runtime.store.cases import cases
from runtime.store.db import Id, Instant, Tagged, Transaction, metadata

RULE = "retention"
CONFIRMING = ("division_lead", "hr", "admin")  # groups of which somebody confirms
AFTER = ("wages", "employment")  # kept for as long as somebody is employed, whatever a rule says
MOST_GROUPS = 400  # kinds of one person, in one run and on one form
MOST_YEARS = 10  # that something is held back at once

retention_runs = sa.Table(
    "retention_runs",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(12), nullable=False),  # gathered | erased | dropped | nothing
    sa.Column("due_by", sa.Date, nullable=False),  # the day as of which it was looked at
    sa.Column("figures", Tagged, nullable=False),  # kind → what the rule said
    sa.Column("complete", sa.Boolean, nullable=False),  # False: there was more than one run has
    sa.Column("ended_at", Instant),
    sa.Index(
        "uq_retention_runs_gathered",
        "state",
        unique=True,
        sqlite_where=sa.text("state = 'gathered'"),
        postgresql_where=sa.text("state = 'gathered'"),
    ),
)

# What a run found, a row a kind and person. Once it was erased nobody's name stands there any more.
retention_items = sa.Table(
    "retention_items",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("run_id", sa.ForeignKey("retention_runs.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("person", sa.String(32)),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("held", sa.String(16), nullable=False),  # overdue.Group.held
)

NEXT = {"gathered": {"gathered", "erased", "dropped", "nothing"}}


class AlreadyUnderWay(Conflict):
    """What is over its time is being looked at already: {number}."""

    code = "retention.under_way"


class HoldIncomplete(Invalid):
    """What is held back needs a reason and a last day, from today on and within {most} years."""

    code = "retention.hold_incomplete"


class MoreThanProposed(Conflict):
    """By now more would be erased than was looked at. Look at it again."""

    code = "retention.more_than_proposed"


class OnlyAfterEmployment(Invalid):
    """{kind} is needed for as long as somebody is employed: its time is counted from the end of employment."""

    code = "retention.only_after_employment"


class UnknownRun(Invalid):
    """There is no run {number} of the retention of records."""

    code = "retention.unknown_run"


class NobodyConfirms(Conflict):
    """Nobody may confirm this: every division lead, and everybody else of human resources, has records of their own
    in it. Hold back those of one of them and propose the rest, or have an administrator add another division lead."""

    code = "retention.nobody_confirms"


class OwnRecords(Conflict):
    """Whoever confirmed has records of their own in it. Somebody else must, or theirs are held back."""

    code = "retention.own_records"


class LiftIncomplete(Invalid):
    """Tick what is to be released, and say why for each."""

    code = "retention.lift_incomplete"


class OwnHold(Conflict):
    """What is held back of oneself somebody else releases."""

    code = "retention.own_hold"


class HoldGone(Conflict):
    """What was ticked is held back no longer, or anew. Start once more."""

    code = "retention.hold_gone"


class HeldRow(TypedDict):
    """`lift`: it is released before its last day `until`, because of `lift_reason`."""

    kind: str
    person: Person
    until: dt.date
    reason: NotRequired[str | None]
    lift: NotRequired[bool | None]
    lift_reason: NotRequired[str | None]


class Holds(TypedDict):
    holds: list[dict[str, Any]]


class Lifted(TypedDict):
    lifted: int


class DueRow(TypedDict):
    """`keep`: it is held back until the day `keep_until`, because of `keep_reason`."""

    kind: str
    person: Person
    records: int
    due_since: dt.date
    counted_from: str
    months: int
    keep: NotRequired[bool | None]
    keep_until: NotRequired[dt.date | None]
    keep_reason: NotRequired[str | None]


class Gathered(TypedDict):
    """`due_beyond`: there is more than one run has; the next one finds it."""

    run: str
    run_number: str
    due_rows: list[dict[str, Any]]
    held_rows: list[dict[str, Any]]
    due_records: int
    due_beyond: bool


class ToConfirm(Proposed):
    """`deciders`, `late_deciders`: the groups who confirm · `concerned`: who may not, whatever their group."""

    deciders: str
    late_deciders: str
    concerned: list[str]


@operation("retention.gather", errors=("rule_refused", "under_way"))
def gather(call: Call, run: str | None = None) -> Gathered:
    """Find what is over its time by the rule in force, and what is held back and why: again, if `run` is given, or
    in a run of its own, if that one is over. `due_records`: 0, and the run is over.

    BPMN errors: under_way, if another run is not over; rule_refused, if the rule leaves a period open, or counts from
    another event what is kept for as long as somebody is employed."""
    tx = call.tx
    figures = _figures(call)
    other = tx.first(sa.select(retention_runs).where(retention_runs.c.state == "gathered").with_for_update())
    if other is not None and other.public_id != run:
        raise refuse("under_way", AlreadyUnderWay(number=other.number))
    if other is not None:
        return _gather(call, other.public_id, figures)
    begun, number = public_id(), documents.next_number(tx, "DR", call.today.year)
    documents.add(
        tx, retention_runs,
        public_id=begun, case=call.case, at=call.now, number=number, state="gathered",
        due_by=call.today, figures={}, complete=False,
    )  # fmt: skip
    return _gather(call, begun, figures)


@operation("retention.hold", errors=("bad_hold",))
def hold(call: Call, run: str, rows: list[DueRow], by: Person) -> Gathered:
    """Have what is ticked held back until its day; what is left. `due_records`: 0, and the run is over.

    BPMN error: bad_hold, if a reason or a day is missing."""
    row = documents.get(call.tx, retention_runs, run)
    documents.require_state(row, "gathered")
    call.tx.insert(retention_holds, [_hold(call, each, by) for each in rows if each.get("keep")])
    return _gather(call, run, {kind: Figures(*said) for kind, said in row.figures.items()})


@operation("retention.holds")
def holds(call: Call) -> Holds:
    """What is held back by somebody's word as of today, the first to end first; at most as many as a form has."""
    hold = retention_holds.c
    query = sa.select(retention_holds).where(hold.until >= call.today)
    rows = call.tx.all(query.order_by(hold.until, hold.id).limit(MOST_GROUPS))
    told = [{"kind": row.kind, "person": row.person, "until": row.until, "reason": row.reason} for row in rows]
    return {"holds": [{**row, "lift": False, "lift_reason": None} for row in told]}


@operation("retention.lift", errors=("bad_lift",))
def lift(call: Call, rows: list[HeldRow], by: Person) -> Lifted:
    """Release what is ticked before its last day; how many. What is over its time then, the next run finds.

    Who did it, of whom, what was to be until when and by whose word stand in the log of administration; why, in the
    case. BPMN error: bad_lift, if nothing is ticked, a reason is missing, it is one's own, or no longer held back."""
    tx, hold = call.tx, retention_holds.c
    chosen = [row for row in rows if row.get("lift")]
    if not chosen or any(not (row.get("lift_reason") or "").strip() for row in chosen):
        raise refuse("bad_lift", LiftIncomplete())
    if any(row["person"] == by for row in chosen):
        raise refuse("bad_lift", OwnHold())
    actor = accounts.find(tx, public_id=by)
    for row in chosen:
        which = (hold.person == row["person"], hold.kind == row["kind"], hold.until == row["until"])
        found = tx.first(sa.select(retention_holds).where(*which).order_by(hold.id).limit(1).with_for_update())
        if found is None:
            raise refuse("bad_lift", HoldGone())
        tx.execute(sa.delete(retention_holds).where(hold.id == found.id))
        told = {"kind": found.kind, "until": found.until, "set_by": found.set_by, "case": call.case}
        accounts.log(tx, actor.id, "retention.hold_lifted", found.person, **told)
    return {"lifted": len(chosen)}


@operation("retention.propose", errors=("nobody_confirms",))
def propose(call: Call, run: str, reason: str, by: Person, master_change: str | None = None) -> ToConfirm:
    """Propose that what the run found is erased, as a change that waits for its second person.

    Nobody confirms what is erased of themselves. `deciders`: division leads, if one of them has nothing in it, else
    human resources; `late_deciders`: likewise administrators before those. BPMN error: nobody_confirms, if nobody is
    left."""
    row = documents.get(call.tx, retention_runs, run)
    documents.require_state(row, "gathered")
    found = _look(call.tx, row.number, False)
    wanted = dict.fromkeys(found[0] if found else {}, 0)
    concerned = {by, *_people(call.tx, row.id)}
    organisation = accounts.organisation(call.tx)
    free = [group for group in CONFIRMING if set(organisation.members(group)) - concerned]
    if not free or free == ["admin"]:
        raise refuse("nobody_confirms", NobodyConfirms())
    # That of a run before is over with it.
    earlier = None if master_change is None else documents.get(call.tx, masters.master_changes, master_change)
    again = master_change if earlier is not None and earlier.subject == row.number else None
    change = masters.propose(call, "retention", "change", row.number, wanted, reason, by, master_change=again)
    deciders = next(group for group in ("division_lead", "hr") if group in free)
    late = next(group for group in ("admin", "division_lead", "hr") if group in free)
    return {**change, "deciders": deciders, "late_deciders": late, "concerned": sorted(concerned)}


@operation("retention.drop")
def drop(call: Call, run: str) -> None:
    """Nothing is erased this time."""
    row = documents.get(call.tx, retention_runs, run)
    documents.change(call.tx, retention_runs, row, "dropped", NEXT, ended_at=call.now)


def figures_of(kind: str, outputs: Mapping[str, Any]) -> Figures:
    """What a decision of the rule says of a kind. Raises OnlyAfterEmployment."""
    said = Figures(str(outputs["event"]), int(outputs["months"]), int(outputs["statutory_months"]))
    if kind in AFTER and said.event != overdue.EMPLOYMENT:
        raise OnlyAfterEmployment(kind=kind)
    return said


def _figures(call: Call) -> dict[str, Figures]:
    """BPMN error: rule_refused."""
    decided = call.decide_many(RULE, [{"kind": kind} for kind in KINDS])
    try:
        return {kind: figures_of(kind, outputs) for kind, outputs in zip(KINDS, decided, strict=True)}
    except OnlyAfterEmployment as error:
        raise refuse("rule_refused", error) from error


def _gather(call: Call, run: str, figures: Mapping[str, Figures]) -> Gathered:
    tx = call.tx
    row = documents.get(tx, retention_runs, run)
    found = overdue.look(tx, figures, call.today, call.zone)
    due, held = found.due()[:MOST_GROUPS], found.held()
    documents.change(
        tx, retention_runs, row, "gathered" if due else "nothing", NEXT,
        due_by=call.today,
        figures={kind: [said.event, said.months, said.statutory_months] for kind, said in figures.items()},
        complete=found.complete and len(due) == len(found.due()),
        ended_at=None if due else call.now,
    )  # fmt: skip
    tx.execute(sa.delete(retention_items).where(retention_items.c.run_id == row.id))
    items = [
        {
            "kind": each.kind,
            "person": each.person,
            "records": each.count,
            "since": each.since,
            "held": each.held,
        }
        for each in (*due, *held)
    ]
    tx.insert(retention_items, [{"run_id": row.id, **item} for item in items])
    return {
        "run": run,
        "run_number": row.number,
        "due_rows": [_due_row(each, figures) for each in due],
        "held_rows": [_held_row(each) for each in held[:MOST_GROUPS]],
        "due_records": sum(each.count for each in due),
        "due_beyond": found.complete is False or len(due) < len(found.due()),
    }


def _due_row(group: Group, figures: Mapping[str, Figures]) -> dict[str, Any]:
    said = figures[group.kind]
    told = {"kind": group.kind, "person": group.person, "records": group.count, "due_since": group.since}
    counted = {"counted_from": said.event, "months": said.kept}
    return {**told, **counted, "keep": False, "keep_until": None, "keep_reason": None}


def _held_row(group: Group) -> dict[str, Any]:
    told = {"kind": group.kind, "person": group.person, "records": group.count, "why": group.held}
    return {**told, "until": group.since if group.held == "statutory" else None}


def _hold(call: Call, row: DueRow, by: str) -> dict[str, Any]:
    """BPMN error: bad_hold."""
    until, reason = row.get("keep_until"), row.get("keep_reason")
    latest = kept.back(call.today, -12 * MOST_YEARS)
    if until is None or not call.today <= until <= latest or not (reason or "").strip():
        raise refuse("bad_hold", HoldIncomplete(most=MOST_YEARS))
    whose = {"person": row["person"], "kind": row["kind"], "until": until, "reason": reason}
    return {**whose, "set_by": by, "case": call.case, "at": call.now}


def _people(tx: Transaction, run: int) -> set[str]:
    """Whose records the run would erase."""
    item = retention_items.c
    query = sa.select(item.person).where(item.run_id == run, item.held == "", item.person.is_not(None))
    return set(tx.connection.execute(query).scalars())


def _look(tx: Transaction, number: str, held: bool) -> tuple[dict[str, Any], str] | None:
    """Kind → how many records of it the run would still erase."""
    query = sa.select(retention_runs).where(retention_runs.c.number == number)
    run = tx.first(query.with_for_update() if held else query)
    if run is None:
        return None
    item = retention_items.c
    left: Counter[str] = Counter()
    for row in tx.all(sa.select(item.kind, item.records).where(item.run_id == run.id, item.held == "")):
        left[row.kind] += 0 if run.state == "erased" else row.records
    return dict(left), number


def _ready(tx: Transaction, number: str, after: Mapping[str, Any]) -> None:
    """Raises NotPossibleNow, if the run is over."""
    row = tx.first(sa.select(retention_runs).where(retention_runs.c.number == number))
    documents.require_state(row, "gathered")


def _write(call: Call, number: str, after: Mapping[str, Any], new: bool, by: str) -> None:
    """Erase what the run proposed, as far as it still may go. BPMN error: bad_change, if it would be more."""
    tx = call.tx
    run = tx.first(sa.select(retention_runs).where(retention_runs.c.number == number))
    assert run is not None  # _ready has asked
    item = retention_items.c
    proposed = {
        (row.kind, row.person): row.records
        for row in tx.all(sa.select(retention_items).where(item.run_id == run.id, item.held == ""))
    }
    try:
        figures = _figures(call)
    except BpmnError as error:
        raise BpmnError("bad_change", error.message) from error
    found = overdue.look(tx, figures, run.due_by, call.zone)
    going = [group for group in found.due() if (group.kind, group.person) in proposed]
    if any(group.count > proposed[group.kind, group.person] for group in going):
        raise refuse("bad_change", MoreThanProposed())
    approved = tx.scalar(
        sa.select(masters.master_changes.c.decided_by)
        .where(masters.master_changes.c.kind == "retention", masters.master_changes.c.subject == number)
        .order_by(masters.master_changes.c.id.desc())
        .limit(1)
    )
    if approved in {group.person for group in going}:
        raise refuse("bad_change", OwnRecords())
    rule = deployments.in_force(tx, RULE, call.today)
    told = {
        "run": number, "due_by": run.due_by, "rule_version": rule.version, "proposed_by": by,
        "approved_by": approved, "at": call.now,
    }  # fmt: skip
    for kind in KINDS:
        rows = _rows(tx, [group for group in going if group.kind == kind])
        if rows:
            count = sum(group.count for group in going if group.kind == kind)
            erasures.bury(tx, {**told, "kind": kind, "records": count}, rows)
            kept.erase(tx, rows)
    erasures.close(tx)
    # Who still has something here is named; of the others, and of earlier runs, only how much it was.
    over = sa.or_(item.run_id < run.id, sa.and_(item.run_id == run.id, item.held == ""))
    tx.execute(sa.update(retention_items).where(over).values(person=None))
    tx.execute(sa.delete(retention_holds).where(retention_holds.c.until < run.due_by))
    documents.change(tx, retention_runs, run, "erased", NEXT, ended_at=call.now)
    total = sum(group.count for group in going)
    actor = accounts.find(tx, public_id=approved)
    accounts.log(tx, actor.id, "records.erased", f"runs/{number}", count=total, link=erasures.newest(tx))


def _rows(tx: Transaction, groups: list[Group]) -> dict[str, list[int]]:
    """Table → ids of what goes, and the ended cases that were about nothing but that person's record."""
    rows: dict[str, list[int]] = {}
    about: dict[str, str] = {}
    for group in groups:
        for table, ids in group.rows.items():
            rows.setdefault(table, []).extend(ids)
        about |= dict.fromkeys(group.cases, group.person)
    case, people = cases.c, accounts.people
    query = (
        sa.select(case.id, case.public_id, people.c.public_id.label("subject"))
        .join(people, people.c.id == case.subject_id)
        .where(case.public_id.in_(about), case.status != "running", case.status != "purged")
    )
    if about:
        own = {row.id for row in tx.all(query) if about[row.public_id] == row.subject}
        listed = own | set(rows.get(erasures.CASES, ()))
        if listed:
            rows[erasures.CASES] = sorted(listed)
    return rows


masters.KINDS["retention"] = masters.Kind(
    KINDS, (), _look, lambda number: UnknownRun(number=number), _write, _ready
)
