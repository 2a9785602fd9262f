"""The demo department as real life has it: late, wrong, twice, absent, otherwise than expected, people who leave, and
people who begin what nobody planned.

What happens is drawn by one chance, so that a seed repeats it; how much of what is given by `Unruliness`,
which a test shrinks. Nothing that the house refuses is an error here – that is what it is for – as long as it
is refused kindly; what may never be is asked at the end (tests/conservation.py)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime import clock, demo, doctor
from runtime.bootstrap import Runtime
from runtime.commands import accounts, user_tasks
from runtime.demo import building, exceptions, initiatives
from runtime.demo.department import CLOSES, OPENS, Department, Manner, Seen, asked, plain
from runtime.demo.staff import STAFF
from runtime.demo.trade import TRADE
from runtime.errors import GuichengError
from runtime.identity import SYSTEM, Actor
from runtime.queries import people, processes, tasks
from runtime.settings import Settings
from runtime.store.db import Transaction
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as _TASKS
from tests import conservation

BEGIN = dt.datetime(
    2026, 1, 4, 23, 0, tzinfo=dt.UTC
)  # seven in the morning of the year's first working Monday
WEEK = 5 * (CLOSES - OPENS)  # working hours
TAKES_BACK = ("leave_withdrawal", "notice_withdrawal", "order_change")


@dataclass(frozen=True)
class Unruliness:
    """Shares of the tasks, 0 to 1: done days late; first done wrongly; decided by lot; done twice. Of the weeks:
    in which somebody is absent without having asked; in which somebody leaves for good. Of the working hours: in
    which somebody begins something that is offered to them, and half of the time what takes something back."""

    late: float = 0.1
    wrong: float = 0.1
    lot: float = 0.2
    twice: float = 0.05
    absent: float = 0.2
    leaves: float = 0.05
    begins: float = 0.1


class Unruly(Department):
    """Counts what was refused, by the error's code."""

    def __init__(self, runtime: Runtime, seed: int, how: Unruliness) -> None:
        super().__init__(runtime, {**TRADE, **STAFF}, seed)
        self.how, self.lots = how, random.Random(f"lots {seed}")
        self.refused: dict[str, int] = {}
        self.gone: dict[str, list[str]] = {}  # whoever left, and their groups
        self.begun: dict[str, int] = {}  # by lot, by process
        self.idle: dict[str, int] = {}  # what came to nothing, by the error of whoever would have begun it
        self.wrong: list[str] = []  # what should not be, at the end

    def at(self, when: dt.datetime, act: Callable[[], None], story: str = "") -> None:
        """Whatever somebody begins may be refused, or no longer make sense as things have come."""

        def tried() -> None:
            try:
                act()
            except GuichengError as error:
                self.note(error)
            except (LookupError, StopIteration, ValueError) as error:
                self.idle[type(error).__name__] = self.idle.get(type(error).__name__, 0) + 1

        super().at(when, tried, story)

    def refresh(self) -> None:
        """As it is now. For whoever is here no more, by whatever process, a successor comes two weeks later, in the
        same groups and under the same superior."""
        before = getattr(self, "organisation", None)
        super().refresh()
        for row in before.by_id.values() if before is not None else ():
            if not row.active or self.organisation.by_id[row.id].active:
                continue
            groups = [name for name, members in before.groups.items() if row.id in members]
            above = before.by_id.get(row.superior_id)
            self.gone[str(row.username)] = groups
            name = f"{groups[0].replace('_', '') if groups else 'new'}{len(self.gone)}"
            hire = partial(self.hire, name, groups, above and above.username)
            self.at(clock.now() + dt.timedelta(days=14), hire)

    def actor(self, username: str) -> Actor:
        """Of somebody who is gone, whoever does their work now: one of their groups, an administrator, anybody."""
        if username not in self.people and self.runtime.read(people.by_username, SYSTEM, username) is None:
            self.refresh()  # a process has just let them go
        if username in self.gone:
            groups = (*self.gone[username], "admin")
            heirs = [each for group in groups for each in self.organisation.groups.get(group, ())]
            username = str(self.organisation.by_id[heirs[0]].username) if heirs else self.everybody()[0]
        return super().actor(username)

    def take_up(self, task: Any) -> None:
        if self._manner(task) is None:
            who = self.who(task)
            if who is not None:
                self.at(self.working(self.lots.uniform(1, 9)), lambda: self.attend(task, who, Manner(by_lot)))
        super().take_up(task)

    def attend(self, task: Any, who: str, manner: Manner) -> None:
        """By whoever it is now: since it was opened it may have been passed on."""
        row = self.runtime.read(_now, SYSTEM, task.id)
        if row is None:
            return
        task.assignee_id, task.excluded, task.asked = row
        doer = self.who(task)
        if doer is None:
            return
        if self.lots.random() < self.how.late:
            later = self.moment(self.calendar.workday_after(self.today, self.lots.randint(1, 9)), 10)
            self.at(later, lambda: self.attend(task, doer, manner))
            return
        try:
            try:
                super().attend(task, doer, self._lot(manner))
            except (KeyError, IndexError, StopIteration, TypeError):
                # The form shows something else than a department that keeps to its manners would see.
                super().attend(task, doer, Manner(by_lot))
        except GuichengError as error:
            self.note(error)

    def _lot(self, manner: Manner) -> Manner:
        return Manner(by_lot) if self.lots.random() < self.how.lot else manner

    def complete(self, task: Any, who: str, answers: Mapping[str, Any]) -> None:
        if self.lots.random() < self.how.wrong:
            self._try(
                task, who, {name: self.lots.choice(("", -1, "?", None, "2020-02-30")) for name in answers}
            )
        self._try(task, who, answers)
        if self.lots.random() < self.how.twice:
            self._try(task, self.lots.choice(sorted(self.everybody())), answers)

    def everybody(self) -> list[str]:
        return [str(row.username) for row in self.organisation.by_id.values() if row.active]

    def _try(self, task: Any, who: str, answers: Mapping[str, Any]) -> None:
        try:
            self.runtime.do(user_tasks.complete, self.actor(who), task.public_id, plain(answers))
            self.done += 1
        except GuichengError as error:
            self.note(error)

    def note(self, error: GuichengError) -> None:
        self.refused[error.code] = self.refused.get(error.code, 0) + 1

    def start(self, username: str, process: str, script: Any = None, **answers: Any) -> str:
        try:
            return super().start(username, process, script, **answers)
        except GuichengError as error:
            self.note(error)
            return ""

    def week(self, until: dt.datetime) -> None:
        """Something happens to somebody, or not; and the next week too."""
        following = clock.now() + dt.timedelta(days=7)
        if following < until:
            self.at(following, lambda: self.week(until))
        if self.lots.random() < self.how.absent:
            ill = self.lots.choice(sorted(self.everybody()))
            last = self.today + dt.timedelta(days=self.lots.randint(1, 12))
            self.away.setdefault(ill, []).append((self.today, last))
        if self.lots.random() < self.how.leaves:
            self.leave(self.lots.choice(sorted(set(self.everybody()) - {"linxi"})))
        for hour in range(WEEK):
            if self.lots.random() < self.how.begins:
                self.at(self.working(hour), self.begin)

    def begin(self) -> None:
        """Somebody begins something by lot. Whom it moved, promoted or let go is known the next time."""
        self.refresh()
        username = self.lots.choice(self.present_people())
        read, actor = self.runtime.read, self.actor(username)
        offered = [row.key for row in read(processes.startable, actor, "zh_Hans")]
        back = [key for key in offered if key in TAKES_BACK]
        key = self.lots.choice(back if back and self.lots.random() < 0.5 else offered)
        page = read(processes.start_page, actor, key, "zh_Hans")
        components = (page.schema or {}).get("components", ())
        if self.start(username, key, **filled(components, page.data, self.lots, self.today)):
            self.begun[key] = self.begun.get(key, 0) + 1

    def present_people(self) -> list[str]:
        return sorted(name for name in self.everybody() if self.present(name, self.today))

    def leave(self, username: str) -> None:
        """For good; entered at the machine, as the only administrator may be who has left."""
        self.runtime.do(accounts.deactivate, SYSTEM, username)
        self.refresh()

    def hire(self, name: str, groups: list[str], superior: str | None) -> None:
        self.runtime.do(accounts.add_person, SYSTEM, name, {"zh_Hans": name}, groups=groups, superior=superior)
        self.refresh()


def by_lot(seen: Seen) -> Mapping[str, Any]:
    """Every field that may be filled, by chance."""
    page = seen.house.runtime.read(tasks.task_page, seen.actor, seen.task.public_id, "zh_Hans", exact=True)
    if not page.may_complete:
        raise user_tasks.TaskWithdrawn()
    assert isinstance(seen.house, Unruly)
    return filled((page.schema or {}).get("components", ()), page.data, seen.house.lots, seen.today)


def filled(components: Any, data: Mapping[str, Any], lots: random.Random, today: dt.date) -> dict[str, Any]:
    """Answers to form-js components, over what they show already."""
    found: dict[str, Any] = {}
    for each in components:
        name = each.get("key") or each.get("path")
        if not name or each.get("disabled") or each.get("readonly"):
            continue
        if each["type"] == "dynamiclist":
            rows = data.get(name) or ([{}] if each.get("allowAddRemove") else [])
            found[name] = [filled(each["components"], row, lots, today) for row in rows]
        elif (value := _drawn(each, data.get(name), lots, today)) is not None:
            found[name] = value
    return found


def _drawn(each: Mapping[str, Any], shown: Any, lots: random.Random, today: dt.date) -> Any:
    kind, check = each["type"], each.get("validate", {})
    values = [option["value"] for option in each.get("values", ())]
    if kind in ("radio", "select"):
        return lots.choice(values) if values and (kind == "radio" or shown in (None, "")) else shown
    if kind == "checklist":
        return lots.sample(values, min(2, len(values)))
    if kind == "checkbox":
        return True if check.get("required") else lots.random() < 0.5
    if shown not in (None, ""):
        return None
    if kind == "number":
        low = Decimal(str(check.get("min", 1)))
        return str(low + lots.randint(0, 3))
    if kind == "datetime":
        return today + dt.timedelta(days=lots.randint(0, 20))
    if kind in ("textfield", "textarea"):
        return "如前所述" if check.get("required") or lots.random() < 0.3 else None
    return None


def _now(tx: Transaction, actor: Actor, task: int) -> tuple[Any, Any, list[str]] | None:
    row = tx.first(sa.select(_TASKS).where(_TASKS.c.id == task, _TASKS.c.state.in_(OPEN)))
    return None if row is None else (row.assignee_id, row.excluded, asked(tx, task))


def live(home: Path, seed: int, days: int, how: Unruliness) -> Unruly:
    """So many days of it, in a new installation."""
    end = BEGIN + dt.timedelta(days=days)
    with clock.frozen(BEGIN), building.cheaply(Settings(home=home, demo=True)) as runtime:
        runtime.upgrade()
        runtime.sync(*runtime.folders())
        demo.seed(runtime, passwords=False, ample=True)
        house = Unruly(runtime, seed, how)
        initiatives.prepare(house)
        first, last = house.today, house.today + dt.timedelta(days=days)
        initiatives.plan(house, first, last)
        exceptions.plan(house, first, last)
        house.week(end)
        house.live(end)
        found = doctor.examine(runtime.engine, runtime.house)
        house.wrong = [str(each) for each in found]
    house.wrong += conservation.findings(home / "guicheng.db")
    return house
