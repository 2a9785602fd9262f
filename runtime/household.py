"""What a transaction finds in the house: its settings, the business day, everybody as they stand, who is away.

What hangs on people, calendar and deployments alone is kept by their revision and shared by all threads. Not here:
what is deployed (library.py), who may what (access.py), who stands in for whom (ledger/approvers.py)."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from zoneinfo import ZoneInfo

from runtime import access, forms
from runtime.bpmn.model import Node, Process
from runtime.calendar import Calendar
from runtime.engine import execution
from runtime.identity import Actor, StandIn
from runtime.ledger import approvers, leave
from runtime.rules import evaluate
from runtime.store import accounts, user_tasks
from runtime.store import calendar as calendars
from runtime.store.db import Transaction
from runtime.store.waking import InProcess, Waking

T = TypeVar("T")


class Kept(Generic[T]):
    """The most recently used results, by key; safe between threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._held: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        self.put(key, made)
        return made

    def put(self, key: Hashable, made: T) -> None:
        with self._lock:
            self._held[key] = made
            while len(self._held) > self._most:
                self._held.popitem(last=False)


@dataclass
class House:
    """What bootstrap wires and every transaction finds at `tx.house`."""

    zone: ZoneInfo
    most_steps: int = 100_000  # automatic, of a case that waits for nothing meanwhile
    messages_kept: dt.timedelta = dt.timedelta(days=30)  # those that nobody takes
    history_kept: dt.timedelta = dt.timedelta(0)  # details of ended cases; 0: for ever
    waking: Waking = field(default_factory=InProcess)  # of workers, who run jobs
    opened: Waking = field(default_factory=InProcess)  # of external workers and the outbox
    demo: bool = False
    mails: bool = False  # whether there is a server to hand mail in at
    processes: Kept[Process] = field(default_factory=lambda: Kept(200))
    external: Kept[frozenset[str]] = field(default_factory=lambda: Kept(500))  # topics, by diagram
    nodes: Kept[Mapping[str, Node]] = field(default_factory=lambda: Kept(200))
    definitions: Kept[execution.Definition] = field(default_factory=lambda: Kept(200))
    forms: Kept[forms.Form] = field(default_factory=lambda: Kept(500))
    rules: Kept[evaluate.Ruleset] = field(default_factory=lambda: Kept(200))
    rights: Kept[access.Rights] = field(default_factory=lambda: Kept(5000))  # by revision and person
    kept: Kept[Any] = field(default_factory=lambda: Kept(500))  # by revision and name

    def today(self, now: dt.datetime) -> dt.date:
        """The business date of a moment."""
        return now.astimezone(self.zone).date()


def house(tx: Transaction) -> House:
    return cast(House, tx.house)


def today(tx: Transaction) -> dt.date:
    """The business date of the transaction."""
    return house(tx).today(tx.now)


def revision(tx: Transaction) -> int | None:
    """The state of people, calendar and deployments that the transaction sees, as a number; None
    when it has changed them itself."""
    if tx.memo.get("changed"):
        return None
    if "revision" not in tx.memo:
        found = accounts.READ_REVISION.one(tx)
        tx.memo["revision"] = (found and found[0]) or 0
    return int(tx.memo["revision"])


def begun(tx: Transaction) -> int:
    """The revision that a case begins in, with what this very transaction has deployed."""
    number = revision(tx)
    if number is None:
        found = accounts.READ_REVISION.one(tx)
        number = (found and found[0]) or 0
    return int(number)


def seen(tx: Transaction, number: int | None) -> None:
    """The revision was read along with something else."""
    tx.memo.setdefault("revision", number or 0)


def as_of_revision(tx: Transaction, key: Hashable, make: Callable[[], Any]) -> Any:
    """What `make` makes of what is as it is at this revision; made anew where the transaction has changed it."""
    number = revision(tx)
    return make() if number is None else house(tx).kept.get((number, key), make)


def calendar(tx: Transaction) -> Calendar:
    """The business calendar as it stands."""
    return cast(Calendar, as_of_revision(tx, "calendar", lambda: calendars.load(tx)))


def organisation(tx: Transaction) -> accounts.Organisation:
    """Everybody, as it stands."""
    found = as_of_revision(tx, "organisation", lambda: accounts.organisation(tx))
    return cast(accounts.Organisation, found)


def acting(tx: Transaction, person: str, barred: Collection[str]) -> str | None:
    """Who does today what is asked of the person by name (public ids; ledger/approvers.py)."""
    return approvers.acting(tx, organisation(tx), person, barred, today(tx))


def actor(tx: Transaction, person: Any) -> Actor:
    """The person (a row of people) with their rights as they stand."""

    def make() -> access.Rights:
        return access.rights_of(tx, person.id)

    number = revision(tx)
    rights = make() if number is None else house(tx).rights.get((number, person.id), make)
    return access.actor_of(person, rights, stand_ins(tx).get(person.id, ()))


def stand_ins(tx: Transaction) -> dict[int, tuple[StandIn, ...]]:
    """Who stands in today for groups whose people are all away (ledger/approvers.py), by row of people."""
    gone = away(tx)
    return approvers.stand_ins(organisation(tx), gone, today(tx)) if gone else {}


def away(tx: Transaction) -> dict[str, Any]:
    """Public id → the leave of everybody who is away today, or half of it."""
    return leave.away(tx, today(tx))


def gone(tx: Transaction, away: Mapping[str, Any]) -> frozenset[int]:
    """Of those who are away: who is so all of today (rows of people)."""
    day, known = today(tx), organisation(tx).by_public_id
    return frozenset(known[one].id for one, row in away.items() if one in known and leave.all_day(row, day))


def substitutes(
    tx: Transaction, away: Mapping[str, Any], asked: Mapping[int, tuple[Collection[str], Collection[str]]]
) -> dict[tuple[int, int], list[int]]:
    """Task and who is away while all the others whom it is asked of are kept from it → who may do it in their place,
    the nearest first (rows of people; ledger/approvers.py). asked: task → candidate keys, whom it excludes."""
    day, org, found = today(tx), organisation(tx), {}
    gone = {person for person, row in away.items() if leave.all_day(row, day)}
    for task, (keys, excluded) in asked.items():
        for person in approvers.missed(org, keys, excluded, gone):
            line = approvers.substitutes(org, person, away)
            able = [each.id for each in line if each.public_id not in excluded]
            found[task, int(org.by_public_id[person].id)] = able
    return found


@dataclass(frozen=True)
class Absences:
    """Leaves, by public id: which began, and of whom; during which others stand in; which are over, or end at noon."""

    begun: Mapping[str, str]
    lasting: frozenset[str]
    over: frozenset[str]


def absences(tx: Transaction) -> Absences:
    """As they have changed since a worker last acted on it."""
    now, noted = leave.watched(tx, today(tx))
    begun = {which: person for which, person in now.items() if which not in noted}
    return Absences(begun, noted & now.keys(), noted - now.keys())


def kept_for_who_is_back(tx: Transaction) -> list[Any]:
    """Open tasks that somebody has in the place of who is here again and may do them (store.user_tasks.kept_for)."""
    kept = user_tasks.kept_for(tx)
    if not kept:
        return []
    gone, people = away(tx), organisation(tx).by_id
    return [
        row
        for row in kept
        if (person := people[row.meant_for_id]).active
        and person.public_id not in gone
        and person.public_id not in row.excluded
    ]
