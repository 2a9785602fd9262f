"""The handbook as its page shows it: clauses, what carries each out, how that went in a period.

Figures are of the cases that the reader may see, and nothing else: three statements, whatever the number
of clauses. Not here: loading and acknowledging (commands/handbook.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from runtime import access, household, i18n, library
from runtime.bpmn.model import Process
from runtime.errors import NotFound
from runtime.handbook import Carrier, markdown
from runtime.i18n import say
from runtime.identity import GROUPS, Actor, Person, require
from runtime.queries import reports
from runtime.queries.people import shown
from runtime.store import accounts, handbooks
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.event_log import decisions
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks


class NoHandbook(NotFound):
    """There is no handbook yet."""

    code = "handbook.none"


@dataclass(frozen=True)
class Figure:
    """Of a period: `done`, of these `on_time`; and as it is now: `open`, of these `overdue`.

    A rule's are its decisions. What has no due date is on time."""

    done: int = 0
    on_time: int = 0
    open: int = 0
    overdue: int = 0

    def __add__(self, other: Figure) -> Figure:
        return Figure(
            self.done + other.done,
            self.on_time + other.on_time,
            self.open + other.open,
            self.overdue + other.overdue,
        )


@dataclass(frozen=True)
class CarrierView:
    """`name` in the reader's language; `of`: the process of a task. `figure` None: not counted.

    `by`: person (a task that people do), machine (another step), process, rule, report, page or right."""

    kind: str
    key: str
    element: str
    name: str
    of: str
    by: str
    figure: Figure | None


@dataclass(frozen=True)
class ClauseView:
    """A clause or section in the reader's language; `html` is safe. `figure`: its carriers' together."""

    id: str
    level: int
    section: bool
    title: str
    html: str
    carriers: list[CarrierView] = field(default_factory=list)
    figure: Figure | None = None


@dataclass(frozen=True)
class HandbookPage:
    """`acknowledged_at` None: not yet by the reader. `in_force` False: it holds from a day to come, and there
    is none before it. `missing`: how many clauses nothing carries out."""

    number: int
    title: str
    effective_from: dt.date
    in_force: bool
    acknowledged_at: dt.datetime | None
    since: dt.date
    until: dt.date
    entries: list[ClauseView]
    clauses: int
    missing: int
    foreign: bool  # it is not written in the reader's language
    others: bool  # the reader may know who else has acknowledged it


@dataclass(frozen=True)
class Version:
    number: int
    effective_from: dt.date
    origin: str
    loaded_at: dt.datetime
    loaded_by: Person | None
    in_force: bool
    acknowledged: int  # by people who are here now


@dataclass(frozen=True)
class Reader:
    """Somebody who is to acknowledge the version in force, and when they did."""

    person: Person
    groups: tuple[str, ...]
    at: dt.datetime | None


def page(tx: Transaction, actor: Actor, language: str, since: dt.date, until: dt.date) -> HandbookPage:
    """The version in force, with figures from the day `since` to `until`, both included. Raises NoHandbook."""
    require(actor, "read", "handbook")
    today = household.today(tx)
    known = handbooks.versions(tx)
    if not known:
        raise NoHandbook()
    row = next((each for each in known if each.effective_from <= today), None)
    in_force, row = row is not None, row or known[-1]
    handbook, carried = library.handbook(tx, row.id), library.carriers(tx, row.id)
    figures = _figures(tx, actor, since, until)
    models = {each.key: library.process(tx, each.id) for each in library.active(tx, "bpmn")}
    views = _Views(tx, language, models, figures)
    entries = []
    for entry in handbook.entries:
        carriers = [views.of(carrier) for carrier in carried.get(entry.id, ())]
        counted = [each.figure for each in carriers if each.figure and each.by == "person"]
        entries.append(
            ClauseView(
                entry.id,
                entry.level,
                entry.section,
                i18n.label(language, dict(entry.titles), entry.id),
                markdown.html(i18n.label(language, dict(entry.texts))),
                sorted(carriers, key=lambda each: ORDER.index(each.by)),
                sum(counted, Figure()) if counted else None,
            )
        )
    return HandbookPage(
        number=row.number,
        title=i18n.label(language, dict(handbook.titles)),
        effective_from=row.effective_from,
        in_force=in_force,
        acknowledged_at=handbooks.acknowledged(tx, row.id, actor.id) if in_force else None,
        since=since,
        until=until,
        entries=entries,
        clauses=len(handbook.clauses),
        missing=sum(not carried.get(each.id) for each in handbook.clauses),
        foreign=language not in handbook.titles,
        others=bool(_all_of_them(actor) or (actor.subordinates and actor.may("read", "acknowledgement"))),
    )


def chapters(tx: Transaction, language: str) -> dict[str, str]:
    """By the id of each entry of the handbook in force, in its order: what the section of the first or second
    level is called that it belongs to. Empty without a handbook."""
    row = handbooks.in_force(tx, household.today(tx))
    found: dict[str, str] = {}
    chapter = ""
    for entry in library.handbook(tx, row.id).entries if row is not None else ():
        if entry.section and entry.level <= 2:
            chapter = i18n.label(language, dict(entry.titles), entry.id)
        found[entry.id] = chapter
    return found


EARLIEST, LATEST = (
    dt.date(1970, 1, 2),
    dt.date(9000, 1, 1),
)  # beyond them a day has no moment in UTC, or none to store
# What the shipped grants name, as the catalogues say it.
VERBS = ("read", "complete", "comment", "start", "administer", "deploy", "edit", "operate", "publish")
KINDS = (
    "case", "confidential case", "hr case", "user task", "process", "rule", "stock", "handbook", "acknowledgement",
    "people", "people report",
)  # fmt: skip
ORDER = ("person", "process", "rule", "report", "page", "right", "machine")

# What the pages that a handbook may name are called.
SENTENCES = {
    "acknowledgements": "Acknowledgements",
    "handbook": "Handbook",
    "inbox": "Inbox",
    "mentions": "Mentions",
    "operations": "Operations",
    "processes": "Start a process",
    "rules": "Rules",
    "stock": "Stock",
}


@dataclass(frozen=True)
class _Views:
    tx: Transaction
    language: str
    models: Mapping[str, Process]
    figures: Mapping[tuple[str, str, str], Figure]

    def of(self, carrier: Carrier) -> CarrierView:
        """A carrier by its name; what is no longer deployed by its key."""
        view = CarrierView(
            carrier.kind, carrier.key, carrier.element, carrier.element or carrier.key, "", carrier.kind, None
        )
        model = self.models.get(carrier.key)
        if carrier.kind in ("process", "task") and model is not None:
            name = i18n.label(self.language, dict(model.names), model.id)
            if carrier.kind == "process":
                # One that is only called has no cases of its own.
                return replace(view, name=name, figure=self.figures.get(("process", model.id, "")))
            node = next((node for node in model.walk() if node.id == carrier.element), None)
            if node is None:
                return replace(view, of=name, by="machine")
            called = i18n.label(self.language, dict(node.names), node.id)
            people = node.kind == "userTask"
            figure = self._figure("task", model.id, node.id) if people else None
            return replace(view, name=called, of=name, by="person" if people else "machine", figure=figure)
        if carrier.kind == "rule":
            row = library.newest(self.tx, "rule", carrier.key)
            names = library.rule(self.tx, row.id).file.names if row is not None else {}
            name = i18n.label(self.language, dict(names), carrier.key)
            return replace(view, name=name, figure=self._figure("rule", carrier.key, ""))
        if carrier.kind == "report":
            name = reports.KINDS[carrier.key].name if carrier.key in reports.KINDS else carrier.key
            return replace(view, name=say(self.language, name))
        if carrier.kind == "page":
            return replace(view, name=say(self.language, SENTENCES.get(carrier.key, carrier.key)))
        return replace(view, name=self._right(carrier.key), by="right")

    def _right(self, key: str) -> str:
        group, verb, kind = ([*key.split("/"), "", ""])[:3]
        who = i18n.label(self.language, dict(GROUPS.get(group, {})), group)
        if group == "*":
            who = say(self.language, "Everybody")
        return say(
            self.language,
            "Right of {who}: {verb} {kind}",
            who=who,
            verb=say(self.language, verb) if verb in VERBS else verb,
            kind=say(self.language, kind.replace("_", " ")) if kind.replace("_", " ") in KINDS else kind,
        )

    def _figure(self, kind: str, key: str, element: str) -> Figure:
        return self.figures.get((kind, key, element), Figure())


def _figures(
    tx: Transaction, actor: Actor, since: dt.date, until: dt.date
) -> dict[tuple[str, str, str], Figure]:
    """(task | process | rule, key, element) → its figure, over the cases that the person may see."""
    zone = household.house(tx).zone
    since, until = max(since, EARLIEST), min(until, LATEST)
    first = dt.datetime.combine(since, dt.time.min, zone).astimezone(dt.UTC)
    last = dt.datetime.combine(until + dt.timedelta(days=1), dt.time.min, zone).astimezone(dt.UTC)
    seen = access.case_visible(actor)
    found: dict[tuple[str, str, str], Figure] = {}

    def count(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*conditions), 1), else_=0)), 0)

    done = sa.and_(tasks.c.state == "completed", tasks.c.completed_at >= first, tasks.c.completed_at < last)
    open_ = tasks.c.state.in_(OPEN)
    punctual = sa.or_(tasks.c.due_at.is_(None), tasks.c.completed_at <= tasks.c.due_at)
    of_tasks = (
        sa.select(
            tasks.c.process,
            tasks.c.element,
            count(done).label("done"),
            count(done, punctual).label("on_time"),
            count(open_).label("open"),
            count(open_, tasks.c.due_at < tx.now).label("overdue"),
        )
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(sa.or_(done, open_), seen)
        .group_by(tasks.c.process, tasks.c.element)
    )
    for row in tx.all(of_tasks):
        # One that is called in a fixed version bears its number: `sub:3`, `sub@tag`.
        key = ("task", row.process.partition(":")[0].partition("@")[0], row.element)
        found[key] = found.get(key, Figure()) + Figure(row.done, row.on_time, row.open, row.overdue)
    ended = sa.and_(cases.c.ended_at >= first, cases.c.ended_at < last)
    of_cases = (
        sa.select(
            cases.c.process, count(ended).label("done"), count(cases.c.ended_at.is_(None)).label("open")
        )
        .where(sa.or_(ended, cases.c.ended_at.is_(None)), seen)
        .group_by(cases.c.process)
    )
    for row in tx.all(of_cases):
        found["process", row.process, ""] = Figure(row.done, row.done, row.open, 0)
    of_rules = (
        sa.select(decisions.c.rule, sa.func.count().label("done"))
        .join(cases, cases.c.id == decisions.c.case_id)
        .where(decisions.c.at >= first, decisions.c.at < last, seen)
        .group_by(decisions.c.rule)
    )
    for row in tx.all(of_rules):
        found["rule", row.rule, ""] = Figure(row.done, row.done, 0, 0)
    return found


def pending(tx: Transaction, actor: Actor) -> int | None:
    """The number of the version in force if the person has not acknowledged it yet, else None."""
    if not actor.may("read", "handbook"):
        return None
    row = handbooks.in_force(tx, household.today(tx))
    if row is None or handbooks.acknowledged(tx, row.id, actor.id) is not None:
        return None
    return int(row.number)


def versions(tx: Transaction, actor: Actor) -> list[Version]:
    """All versions, the newest first. Needs the right to load one."""
    require(actor, "publish", "handbook")
    org, current = household.organisation(tx), handbooks.in_force(tx, household.today(tx))
    given = handbooks.acknowledgements
    counted = {
        row.handbook_id: int(row.readers)
        for row in tx.all(
            sa.select(given.c.handbook_id, sa.func.count().label("readers"))
            .join(accounts.people, accounts.people.c.id == given.c.person_id)
            .where(accounts.people.c.active)
            .group_by(given.c.handbook_id)
        )
    }
    return [
        Version(
            row.number,
            row.effective_from,
            row.origin,
            row.loaded_at,
            shown(org, row.loaded_by),
            current is not None and current.id == row.id,
            counted.get(row.id, 0),
        )
        for row in handbooks.versions(tx)
    ]


def readers(tx: Transaction, actor: Actor) -> tuple[int, list[Reader]]:
    """The number of the version in force, and everybody of whom the reader may know: who has not acknowledged
    it first. Raises NoHandbook."""
    require(actor, "read", "acknowledgement")
    row = handbooks.in_force(tx, household.today(tx))
    if row is None:
        raise NoHandbook()
    org = household.organisation(tx)
    given = handbooks.acknowledgements
    at = {each.person_id: each.at for each in tx.all(sa.select(given).where(given.c.handbook_id == row.id))}
    every, own = _all_of_them(actor), actor.subordinates | {actor.id}
    found = []
    for person in org.by_id.values():
        if person.active and (every or person.id in own):
            groups = tuple(sorted(group for group, members in org.groups.items() if person.id in members))
            who = shown(org, person.id)
            assert who
            found.append(Reader(who, groups, at.get(person.id)))
    return int(row.number), sorted(found, key=lambda each: (each.at is not None, each.groups))


def _all_of_them(actor: Actor) -> bool:
    """Whether the person may know of everybody's acknowledgement, not only of their own people's."""
    return bool({"any", "department"} & access.granted(actor, "read", "acknowledgement").keys())
