"""A department at work on a clock that is moved: whoever is asked does it, each in their own time.

It goes the ways of the pages: cases are started and tasks completed by the commands, as the person who may,
and what is due is done by the worker. Nothing here writes into tables. What people answer comes from manners
(trade, staff), what they begin by themselves from initiatives, what is left waiting from exceptions."""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from runtime import clock, i18n
from runtime.bootstrap import Runtime
from runtime.calendar import Calendar
from runtime.commands import cases, messages, user_tasks
from runtime.demo.memory import Memory
from runtime.errors import GuichengError
from runtime.identity import SYSTEM, Actor
from runtime.ledger import catalogue
from runtime.ledger.reading import StockLine
from runtime.ledger.stock import stock_balances
from runtime.library import NoSuchTask
from runtime.queries import people, stock, tasks
from runtime.store import accounts, calendar, jobs
from runtime.store import cases as case_store
from runtime.store import user_tasks as task_store
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared
from runtime.worker import Worker

OPENS, CLOSES = 9, 18  # o'clock, of a working day
PROMPT = 1.0  # working hours after which what a story says is done, so that its exception has come in time
# What people do within so many minutes is done in a row, and then what came due by it: as if the worker had
# been busy so long.
STRETCH = dt.timedelta(minutes=6)
_FIELDS = ("id", "public_id", "case_id", "process", "case_process", "element", "assignee_id", "excluded")
_TASKS = task_store.user_tasks.c
_NEW = Prepared(
    sa.select(
        *(_TASKS[name] for name in _FIELDS),
        _TASKS.due_at,
        _TASKS.follow_up_at,
        case_store.cases.c.public_id.label("case"),
        case_store.cases.c.business_key,
    )
    .join(case_store.cases, case_store.cases.c.id == _TASKS.case_id)
    .where(_TASKS.id > sa.bindparam("b_last"), sa.or_(_TASKS.state == "ready", _TASKS.state == "claimed"))
    .order_by(_TASKS.id)
)
_ASKED = Prepared(
    sa.select(task_store.candidates.c.who)
    .where(task_store.candidates.c.task_id == sa.bindparam("b_task"), task_store.candidates.c.principal_id.is_(None))
    .order_by(task_store.candidates.c.who)
)

_SHELVES = Prepared(
    sa.select(
        catalogue.components.c.sku,
        catalogue.warehouses.c.code,
        stock_balances.c.on_hand,
        stock_balances.c.reserved,
    )
    .join(catalogue.components, catalogue.components.c.id == stock_balances.c.component_id)
    .join(catalogue.warehouses, catalogue.warehouses.c.id == stock_balances.c.warehouse_id)
)


@dataclass(frozen=True)
class Manner:
    """How a kind of task is done: `answer` what the form is filled with (None: it is left alone), after so many
    working hours, or at the moment that `when` names."""

    answer: Callable[[Seen], Mapping[str, Any] | None]
    hours: tuple[float, float] = (0.3, 6.0)
    when: Callable[[Seen], dt.datetime | None] | None = None


@dataclass
class Script:
    """One case goes its own way: what is answered to each element, in order, or what gives it when it is time; of
    the rest what is left waiting (None: all of it). `story`: whose chance its tasks have, once it is begun."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    left: frozenset[str] | None = None
    story: str = ""

    def next(self, element: str) -> Mapping[str, Any] | None:
        waiting = self.answers.get(element)
        if not waiting:
            return None
        given = waiting.pop(0)
        found: Mapping[str, Any] = given() if callable(given) else given
        return found

    def leaves(self, element: str) -> bool:
        return self.left is None or element in self.left


@dataclass
class Seen:
    """A task before the eyes of the one who does it."""

    house: Department
    task: Any
    actor: Actor

    @property
    def today(self) -> dt.date:
        return self.house.today

    @property
    def chance(self) -> random.Random:
        return self.house.chance(self.house.named(self.task))

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """What the form shows. Raises TaskWithdrawn, NoSuchTask when it is over."""
        page = self.house.runtime.read(
            tasks.task_page, self.actor, self.task.public_id, "zh_Hans", exact=True
        )
        if not page.may_complete:
            raise user_tasks.TaskWithdrawn()  # a timer or another branch was first
        return page.data

    def day(self, name: str) -> dt.date:
        """A date that the form shows."""
        return dt.date.fromisoformat(str(self.data[name])[:10])


class Department:
    """`manners`: by element, or by "process.element" of the process that holds it; `told`: called after each
    stretch with the moment that it has come to."""

    def __init__(
        self,
        runtime: Runtime,
        manners: Mapping[str, Manner],
        seed: int = 1,
        told: Callable[[dt.datetime], None] = lambda moment: None,
    ) -> None:
        self.runtime, self.manners, self.told = runtime, manners, told
        self._seed, self._chances_of = seed, dt.date.min
        self._chances: dict[str, random.Random] = {}
        self.worker = Worker(runtime, breath=0.0)
        self.zone = runtime.house.zone
        self.calendar: Calendar = runtime.read(calendar.load, SYSTEM)
        self.memory = Memory()
        self.scripts: dict[str, Script] = {}  # by case
        self.left: set[str] = set()  # elements whose tasks nobody touches any more
        # What somebody answers to an element from now on; None: they leave it alone.
        self.whims: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self.away: dict[str, list[tuple[dt.date, dt.date]]] = {}  # username → days on leave
        self.unknown: dict[str, int] = {}  # tasks that no manner is known for
        self.done = 0
        self._story = ""  # whatever is begun belongs to it
        self._acts: list[tuple[dt.datetime, int, str, Callable[[], None]]] = []
        self._number, self._last = 0, 0
        self.refresh()

    # ---- who and when

    def refresh(self) -> None:
        """People, groups and offices as they are now."""
        self.organisation = self.runtime.read(lambda tx, actor: accounts.organisation(tx), SYSTEM)
        self.people: dict[str, Actor] = {}

    def actor(self, username: str) -> Actor:
        if username not in self.people:
            found = self.runtime.read(people.by_username, SYSTEM, username)
            assert found is not None, username
            self.people[username] = found
        return self.people[username]

    def id(self, username: str) -> str:
        return self.actor(username).public_id

    def called(self, username: str) -> str:
        """Their name as forms show it."""
        row = next(row for row in self.organisation.by_id.values() if row.username == username)
        return i18n.label(i18n.DEFAULT, dict(row.names))

    @property
    def today(self) -> dt.date:
        return clock.now().astimezone(self.zone).date()

    def moment(self, day: dt.date, hour: float) -> dt.datetime:
        at = dt.datetime.combine(day, dt.time(), self.zone) + dt.timedelta(hours=hour)
        return at.astimezone(dt.UTC)

    def working(self, hours: float, since: dt.datetime | None = None) -> dt.datetime:
        """After so many hours of work."""
        local = (since or clock.now()).astimezone(self.zone)
        day, hour = local.date(), local.hour + local.minute / 60 + local.second / 3600
        if not self.calendar.is_workday(day) or hour >= CLOSES:
            day, hour = self.calendar.workday_after(day, 1), float(OPENS)
        hour = max(hour, float(OPENS)) + hours
        while hour >= CLOSES:
            day, hour = self.calendar.workday_after(day, 1), hour - CLOSES + OPENS
        return self.moment(day, hour)

    def present(self, username: str, day: dt.date) -> bool:
        return all(not first <= day <= last for first, last in self.away.get(username, ()))

    def chance(self, name: str) -> random.Random:
        """Today's, of `name` alone: what else is begun, and what else waits for an answer, shifts nothing of it."""
        if self._chances_of != self.today:
            self._chances_of, self._chances = self.today, {}
        if name not in self._chances:
            self._chances[name] = random.Random(f"{self._seed}/{self.today}/{name}")
        return self._chances[name]

    def named(self, task: Any) -> str:
        """What the chance of a task is called: of the story that its case belongs to, else of its process."""
        script = self.scripts.get(task.case)
        return f"{script.story if script is not None else task.case_process}/{task.process}.{task.element}"

    # ---- acts

    def at(self, when: dt.datetime, act: Callable[[], None], story: str = "") -> None:
        """Somebody will do something at that moment, or now if it is over. `story`: what it belongs to, that of what
        is done now unless told."""
        self._number += 1
        heapq.heappush(self._acts, (when, self._number, story or self._story, act))

    def start(self, username: str, process: str, script: Script | None = None, **answers: Any) -> str:
        """A person starts a case; its id."""
        case = self.runtime.do(cases.start, self.actor(username), process, plain(answers)).case
        if script is not None:
            script.story = self._story or process
            self.scripts[case] = script
        return case

    def send(self, name: str, key: str, **payload: Any) -> None:
        self.runtime.do(messages.send, SYSTEM, name, key, payload)

    def live(self, until: dt.datetime) -> None:
        """Let time pass, with everything that is done and comes due in it."""
        due = self._settle()
        while (now := clock.now()) < until:
            stop = until if due is None else min(until, max(due, now))
            if self._acts and self._acts[0][0] < stop:
                stop = min(stop, max(self._acts[0][0], now) + STRETCH)
            while self._acts and self._acts[0][0] <= stop:
                when, _, self._story, act = heapq.heappop(self._acts)
                clock.shift(max(when - clock.now(), dt.timedelta()))
                act()
            self._story = ""
            clock.shift(max(stop - clock.now(), dt.timedelta()))
            due = self._settle()
            self.told(clock.now())

    def _settle(self) -> dt.datetime | None:
        """What is due is done and what was opened is taken up; when something is due next."""
        due, opened = self.runtime.read(_look, SYSTEM, self._last)
        if due is not None and due <= clock.now():
            self.worker.drain()
            due, opened = self.runtime.read(_look, SYSTEM, self._last)
        for task in opened:
            self._last = task.id
            self.take_up(task)
        return due

    # ---- tasks

    def take_up(self, task: Any) -> None:
        """Somebody will look at the task, when they come to it."""
        manner = self._manner(task)
        if manner is None and task.case in self.scripts:
            manner = Manner(lambda seen: None)  # but for what the script says
        if manner is None:
            key = f"{task.process}.{task.element}"
            self.unknown[key] = self.unknown.get(key, 0) + 1
            return
        who = self.who(task)
        if who is None:
            return
        when = self.working(self.chance(self.named(task)).triangular(*manner.hours, manner.hours[0] * 1.5))
        script = self.scripts.get(task.case)
        if (script is not None and script.answers.get(task.element)) or self.whims.get((task.element, who)):
            when = min(when, self.working(PROMPT))
        elif manner.when is not None:
            when = manner.when(Seen(self, task, self.actor(who))) or when
        if task.follow_up_at is not None:
            when = max(when, self.working(0.5, task.follow_up_at))
        self.at(when, lambda: self.attend(task, who, manner))

    def _manner(self, task: Any) -> Manner | None:
        return self.manners.get(f"{task.process}.{task.element}") or self.manners.get(task.element)

    def who(self, task: Any) -> str | None:
        """Whoever does it: the assignee, or one of those who may claim it; None if there is nobody."""
        by_id = self.organisation.by_id
        if task.assignee_id is not None:
            return str(by_id[task.assignee_id].username)
        found = []
        for key in task.asked:
            kind, _, name = key.partition(":")
            members = self.organisation.groups.get(name, ()) if kind == "group" else [int(name)]
            found += [by_id[one] for one in sorted(members) if by_id[one].public_id not in task.excluded]
        names = list(dict.fromkeys(str(row.username) for row in found))
        here = [name for name in names if self.present(name, self.today)] or names
        return self.chance(self.named(task)).choice(here) if here else None

    def attend(self, task: Any, who: str, manner: Manner) -> None:
        """Do it now, unless it is to be left, or whoever does it is away today."""
        if not self.present(who, self.today):
            if not self.present(who, dt.date.max):
                return  # they never come back
            self.at(
                self.moment(self.calendar.workday_after(self.today, 1), OPENS + 0.5),
                lambda: self.attend(task, who, manner),
            )
            return
        script = self.scripts.get(task.case)
        answers = script.next(task.element) if script is not None else None
        if answers is None and (task.element, who) in self.whims:
            answers = self.whims[task.element, who]
            if answers is None:
                return
        if answers is None:
            if task.element in self.left or (script is not None and script.leaves(task.element)):
                return
            try:
                answers = manner.answer(Seen(self, task, self.actor(who)))
            except user_tasks.TaskWithdrawn:
                return
            except NoSuchTask:
                self._given_back(task, manner)
                return
        if answers is not None:
            self.complete(task, who, answers)

    def complete(self, task: Any, who: str, answers: Mapping[str, Any]) -> None:
        try:
            self.runtime.do(user_tasks.complete, self.actor(who), task.public_id, plain(answers))
            self.done += 1
        except (user_tasks.TaskWithdrawn, user_tasks.TaskAlreadyCompleted):
            pass  # a timer or another branch was first
        except (NoSuchTask, user_tasks.TaskTaken):  # a superior still sees what they no longer have
            self._given_back(task, Manner(lambda seen: answers))
        except GuichengError as error:
            error.add_note(
                f"{who} did {task.process}.{task.element} with {answers}: {error.problems or error.params}"
            )
            raise

    def _given_back(self, task: Any, manner: Manner) -> None:
        """Who had it in somebody's place has it no more: they are back, and do it."""
        _, since = self.runtime.read(_look, SYSTEM, task.id - 1)
        now = next((each for each in since if each.id == task.id), None)
        if now is not None and now.assignee_id not in (None, task.assignee_id):
            who = str(self.organisation.by_id[now.assignee_id].username)
            self.at(self.working(PROMPT), lambda: self.attend(now, who, manner))

    # ---- what can be seen by looking into the books and by walking through the warehouse

    def stock(self, username: str) -> list[StockLine]:
        """The stock page, as the person sees it."""
        return self.runtime.read(stock.overview, self.actor(username))

    def shelves(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(component, warehouse) → pieces there, and those of them that no order has reserved."""
        return self.runtime.read(_shelves, SYSTEM)


def plain(value: Any) -> Any:
    """As a form in a browser sends it."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _look(tx: Transaction, actor: Actor, last: int) -> tuple[dt.datetime | None, list[Any]]:
    """When something is due next, and the open tasks after the last one, each with who is `asked`."""
    opened = [SimpleNamespace(**dict(zip(_NEW.names, row, strict=True))) for row in _NEW.all(tx, b_last=last)]
    for task in opened:
        task.asked = asked(tx, task.id)
    return jobs.next_due(tx), opened


def asked(tx: Transaction, task: int) -> list[str]:
    """Who may claim it for themselves: "group:NAME" or "person:ID"."""
    return [row[0] for row in _ASKED.all(tx, b_task=task)]


def _shelves(tx: Transaction, actor: Actor) -> dict[tuple[str, str], tuple[int, int]]:
    return {(sku, place): (there, there - reserved) for sku, place, there, reserved in _SHELVES.all(tx)}
