"""Which records on people are kept long enough, which of those are held back all the same, and why.

Looked up as of a day and by what the rule says of each kind; nothing is changed. Not here: what the rule says
(rules/retention.yaml), what is done about it (retention.py)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from runtime.ledger import appraisals, bonuses, employed, kept
from runtime.ledger.kept import KINDS, RECORDS, Record
from runtime.store.cases import cases
from runtime.store.db import Id, Instant, Transaction, metadata

# Until when nothing of a person's is erased, and why: a dispute, an audit, an order of a court.
retention_holds = sa.Table(
    "retention_holds",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", sa.String(32), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),  # of record
    sa.Column("until", sa.Date, nullable=False),  # the last day
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("set_by", sa.String(32), nullable=False),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
)

MOST_ROWS = 5_000  # in one run; what is due beyond them the next one has
SOME = 500  # values in one statement
EMPLOYMENT = "end_of_employment"


@dataclass(frozen=True)
class Figures:
    """What the rule says of a kind: the months by the house and by the law, and what they are counted from."""

    event: str
    months: int
    statutory_months: int

    @property
    def kept(self) -> int:
        """The longer one holds, whatever the rule makes of it."""
        return max(self.months, self.statutory_months)


@dataclass
class Group:
    """The records of one kind on one person. held: "" (they may go), or why not: statutory, open_case, appeal, hold,
    needed, no_last_day · since: when the first of them was or will be due · rows: table → ids, of what may go."""

    kind: str
    person: str
    since: dt.date
    held: str = ""
    count: int = 0
    rows: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    cases: set[str] = field(default_factory=set)  # public ids


@dataclass(frozen=True)
class Found:
    """`complete`: nothing was left out for its number."""

    groups: list[Group]
    complete: bool

    def due(self) -> list[Group]:
        return [group for group in self.groups if not group.held]

    def held(self) -> list[Group]:
        return [group for group in self.groups if group.held]


@dataclass(frozen=True)
class _Row:
    record: Record
    id: int
    person: str
    due: dt.date
    case: str | None


def look(
    tx: Transaction,
    figures: Mapping[str, Figures],
    today: dt.date,
    zone: ZoneInfo,
    written: dt.datetime | None = None,
) -> Found:
    """What is over its time as of a day, and what would be if nothing held it back; of what was `written` by then."""
    gone = employed.gone(tx)
    rows: list[_Row] = []
    statutory: list[Group] = []
    complete = True
    for record in RECORDS:
        said = figures[record.kind]
        some = list(_due(tx, record, said, gone, today, zone, written))
        complete = complete and len(some) <= MOST_ROWS
        rows += some[:MOST_ROWS]
        if said.months < said.kept:
            statutory += _under_the_law(tx, record, said, gone, today, zone)
    rows.sort(key=lambda row: (row.due, KINDS.index(row.record.kind)))
    complete, rows = complete and len(rows) <= MOST_ROWS, rows[:MOST_ROWS]
    why = _held_back(tx, rows, today)
    why |= _needed(tx, rows, why, {person for person, day in gone.items() if day is not None})
    groups: dict[tuple[str, str, str], Group] = {}
    for row in rows:
        held = why.get((row.record.table.name, row.id), "")
        key = (row.record.kind, row.person, held)
        group = groups.setdefault(key, Group(row.record.kind, row.person, row.due, held))
        group.count += 1
        group.rows[row.record.table.name].append(row.id)
        if row.case:
            group.cases.add(row.case)
    for each in statutory:
        key = (each.kind, each.person, each.held)
        group = groups.setdefault(key, Group(*key[:2], each.since, each.held))
        group.count, group.since = group.count + each.count, min(group.since, each.since)
    unsaid = [
        Group("employment", person, today, "no_last_day", 1) for person, day in gone.items() if day is None
    ]
    order = {kind: at for at, kind in enumerate(KINDS)}
    found = sorted([*groups.values(), *unsaid], key=lambda each: (each.since, order[each.kind], each.person))
    return Found(found, complete)


def _due(
    tx: Transaction,
    record: Record,
    said: Figures,
    gone: Mapping[str, dt.date | None],
    today: dt.date,
    zone: ZoneInfo,
    written: dt.datetime | None,
) -> Iterator[_Row]:
    """The records of a table that may go, the oldest first; one more than MOST_ROWS if there are more."""
    case = sa.null() if record.case is None else record.case
    query = sa.select(record.table.c.id, record.person, record.day, case).select_from(record.source)
    query = query.where(*record.theirs()).order_by(record.day, record.table.c.id).limit(MOST_ROWS + 1)
    if written is not None and record.written is not None:
        query = query.where(record.written <= written)
    months = said.kept
    last = kept.last_due(said.event, months, today)
    if said.event != EMPLOYMENT:
        for number, person, day, behind in map(tuple, tx.all(query.where(kept.up_to(record, last, zone)))):
            counted = kept.event_day(said.event, kept.day_of(day, zone))
            yield _Row(record, number, person, kept.back(counted, -months), behind)
        return
    left = {person: day for person, day in gone.items() if day is not None and day <= last}
    for some in _in_parts(sorted(left)):
        for number, person, _, behind in map(tuple, tx.all(query.where(record.person.in_(some)))):
            yield _Row(record, number, person, kept.back(left[person], -months), behind)


def _under_the_law(
    tx: Transaction,
    record: Record,
    said: Figures,
    gone: Mapping[str, dt.date | None],
    today: dt.date,
    zone: ZoneInfo,
) -> list[Group]:
    """What only the statutory minimum keeps; `since`: when the first may go."""
    count, first = sa.func.count().label("records"), sa.func.min(record.day).label("first")
    query = sa.select(record.person.label("whose"), count, first).select_from(record.source)
    query = query.where(*record.theirs()).group_by(record.person)
    house, law = (kept.last_due(said.event, months, today) for months in (said.months, said.kept))
    if said.event == EMPLOYMENT:
        left = {person: day for person, day in gone.items() if day is not None and law < day <= house}
        return [
            Group(record.kind, row.whose, kept.back(left[row.whose], -said.kept), "statutory", row.records)
            for some in _in_parts(sorted(left))
            for row in tx.all(query.where(record.person.in_(some)))
        ]
    within = kept.up_to(record, house, zone), sa.not_(kept.up_to(record, law, zone))
    return [
        Group(
            record.kind,
            row.whose,
            kept.back(kept.event_day(said.event, kept.day_of(row.first, zone)), -said.kept),
            "statutory",
            row.records,
        )
        for row in tx.all(query.where(*within))
    ]


def _held_back(tx: Transaction, rows: Sequence[_Row], today: dt.date) -> dict[tuple[str, int], str]:
    """(table, id) → why it stays: an appeal or a case is open, or somebody had it held."""
    ours = {row.case for row in rows if row.case}
    running = _among(
        tx, sa.select(cases.c.public_id).where(cases.c.status == "running"), cases.c.public_id, ours
    )
    assessed = {row.id for row in rows if row.record.table is appraisals.appraisals}
    paid = [row.id for row in rows if row.record.table is bonuses.bonuses]
    bonus, appeal = bonuses.bonuses.c, appraisals.appraisal_appeals.c
    of_bonus = {
        row.id: row.appraisal_id
        for some in _in_parts(paid)
        for row in tx.all(sa.select(bonus.id, bonus.appraisal_id).where(bonus.id.in_(some)))
    }
    judged = assessed | set(of_bonus.values())
    appealed = _among(
        tx, sa.select(appeal.appraisal_id).where(appeal.outcome.is_(None)), appeal.appraisal_id, judged
    )
    paying = _among(
        tx,
        sa.select(bonus.appraisal_id)
        .join(cases, cases.c.public_id == bonus.case)
        .where(cases.c.status == "running"),
        bonus.appraisal_id,
        assessed,
    )
    hold = retention_holds.c
    holds = {
        (row.kind, row.person) for row in tx.all(sa.select(hold.kind, hold.person).where(hold.until >= today))
    }
    why: dict[tuple[str, int], str] = {}
    for row in rows:
        table, number = row.record.table, row.id
        appraisal = number if table is appraisals.appraisals else None
        if table is bonuses.bonuses:
            appraisal = of_bonus[number]
        if (row.record.kind, row.person) in holds:
            why[table.name, number] = "hold"
        elif appraisal in appealed:
            why[table.name, number] = "appeal"
        elif row.case in running or (table is appraisals.appraisals and number in paying):
            why[table.name, number] = "open_case"
    return why


def _needed(
    tx: Transaction, rows: Sequence[_Row], why: Mapping[tuple[str, int], str], gone: set[str]
) -> dict[tuple[str, int], str]:
    """Days of employment and accounts that other records on the person still count on."""
    mine = [row for row in rows if row.record.kind == "employment"]
    people = {row.person for row in mine if row.person in gone}
    if not people:
        return {}
    left: Counter[str] = Counter()
    for record in RECORDS:
        if record.kind != "employment":
            count = sa.select(record.person.label("whose"), sa.func.count().label("records"))
            count = count.select_from(record.source).where(*record.theirs()).group_by(record.person)
            for some in _in_parts(sorted(people)):
                for each in tx.all(count.where(record.person.in_(some))):
                    left[each.whose] += each.records
    for row in rows:
        if row.record.kind != "employment" and (row.record.table.name, row.id) not in why:
            left[row.person] -= 1
    # All of it or nothing: who an account was is known by its days of employment.
    stays = {row.person for row in mine if (row.record.table.name, row.id) in why}
    stays |= {person for person in people if left[person] > 0}
    return {
        (row.record.table.name, row.id): why.get((row.record.table.name, row.id), "needed")
        for row in mine
        if row.person in stays
    }


def _among(tx: Transaction, query: sa.Select[Any], column: Any, values: Iterable[Any]) -> set[Any]:
    return {
        found
        for some in _in_parts(sorted(values))
        for found in tx.connection.execute(query.where(column.in_(some))).scalars()
    }


def _in_parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(values), SOME):
        yield values[first : first + SOME]
