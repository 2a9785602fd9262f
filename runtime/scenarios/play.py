"""Playing one scenario on a fresh installation: given, when, then.

The first step that cannot be done ends it, since what follows stands on it; what must have come of it
is compared whole. Every failure is a Problem at its line. Not here: what the file may say (read, judge)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from runtime import clock, demo, expressions, functions, values
from runtime.bootstrap import Runtime
from runtime.commands import accounts, drafts, files, messages, user_tasks
from runtime.commands import cases as case_commands
from runtime.errors import GuichengError, Problem
from runtime.identity import SYSTEM, Actor
from runtime.queries import inbox, people, stock
from runtime.queries.path import paths
from runtime.scenarios import asking
from runtime.scenarios.coverage import Coverage, seen
from runtime.scenarios.model import (
    Begin,
    Do,
    Draft,
    Fields,
    Place,
    Publish,
    Report,
    Scenario,
    Send,
    Step,
    Until,
    Wait,
    Written,
)
from runtime.scenarios.problems import problem
from runtime.store.db import Transaction
from runtime.values import File
from runtime.workbooks import write
from runtime.worker import Worker


class Undone(Exception):
    """A step that could not be done, or did not bring what was wanted."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


@dataclass(frozen=True)
class Result:
    """How a scenario went. `seconds` that it took on the wall's clock."""

    scenario: Scenario
    problems: list[Problem]
    covered: Coverage
    seconds: float


def play(runtime: Runtime, scenario: Scenario) -> Result:
    """Play it on a fresh installation, whose clock stands still."""
    began = clock.seconds()
    player = Player(runtime, scenario)
    problems = player.play()
    return Result(scenario, problems, runtime.read(seen, SYSTEM), clock.seconds() - began)


@dataclass
class Player:
    """A scenario on its way; `case` is the row of the one that is looked at."""

    runtime: Runtime
    scenario: Scenario
    case: Any = None
    _stopped: dict[int, tuple[Place, Any]] = field(default_factory=dict)  # incident → after which step

    def __post_init__(self) -> None:
        self.worker = Worker(self.runtime)

    def settle(self) -> None:
        """Do what is due, as a worker would."""
        self.worker.drain()

    def complete(self, actor: Actor, task: str, answers: Mapping[str, Any]) -> None:
        self.runtime.do(user_tasks.complete, actor, task, answers)

    def play(self) -> list[Problem]:
        """What went otherwise than the scenario says; empty if nothing did."""
        scenario = self.scenario
        try:
            self.settle()
            for person in scenario.people:
                self._hire(person)
            for step in scenario.before:
                self._step(step, anywhere=True)
            stocked = self._stock()
            self.case = self._begin(scenario.start)
            if self.case is None:
                raise Undone(self._problem("not_started", scenario.start.at))
            self._note(scenario.start.at)
            for step in scenario.steps:
                # Until the case that the file names is there, steps are about whatever leads to it.
                there = scenario.case is None or self._look(must=False)
                self._step(step, anywhere=not there)
            if scenario.case:
                self._look(must=True)
        except Undone as failed:
            return [*failed.problems, *self._open_incidents()]
        return [*self._ends(), *self._expected(), *self._moved(stocked), *self._open_incidents()]

    # ---- telling

    def _problem(self, code: str, at: Place, **params: Any) -> Problem:
        return problem(code, file=self.scenario.file, line=at.line, column=at.column, **params)

    @contextmanager
    def _at(self, at: Place, fields: Fields | None = None) -> Iterator[None]:
        """What the house refuses in the block is said at this place, or at the field that it is about."""
        try:
            yield
        except GuichengError as error:
            said = error.problems or [Problem(error.code, error.message, "", error.params)]
            placed = [self._placed(each, at, fields or {}) for each in said]
            raise Undone(*sorted(placed, key=lambda each: each.line)) from error

    def _placed(self, said: Problem, at: Place, fields: Fields) -> Problem:
        name = said.where.partition(".")[0].partition("[")[0]
        place = fields[name].at if name in fields else at
        return replace(said, file=self.scenario.file, line=place.line, column=place.column)

    def _open_incidents(self) -> list[Problem]:
        self._note(self.scenario.at)
        left = self.runtime.read(asking.unresolved, SYSTEM)
        return [
            self._problem(
                "stopped",
                self._stopped[row.id][0],
                element=row.element,
                process=row.process,
                reason=row.reason,
            )
            for row in left
        ]

    def _note(self, at: Place) -> None:
        """Of each incident, after which step it came."""
        for row in self.runtime.read(asking.unresolved, SYSTEM):
            self._stopped.setdefault(row.id, (at, row))

    # ---- what texts mean

    def _value(self, value: Any, variables: Mapping[str, Any] | None = None) -> Any:
        """A value of the file: `${…}` evaluated, lists and maps all through."""
        if isinstance(value, str) and ("${" in value or "#{" in value):
            known = variables if variables is not None else self._variables(self.case)

            def ask(tx: Transaction, actor: Actor) -> Any:
                calls = functions.beside(tx, SYSTEM, known)
                return expressions.compile(value).evaluate(known, {**calls, **self._calls()})

            return self.runtime.read(ask, SYSTEM)
        if isinstance(value, Mapping):
            return {name: self._value(item, variables) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, variables) for item in value]
        return value

    def _read(self, fields: Fields, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The fields' values. Fails at the first that has none."""
        found = {}
        for name, written in fields.items():
            with self._at(written.at):
                found[name] = self._value(written.value, variables)
        return found

    def _one(self, written: Written) -> Any:
        with self._at(written.at):
            return self._value(written.value)

    def _calls(self) -> dict[str, Callable[..., Any]]:
        return {"person": self._person, "dataset": self._dataset, "workbook": self._workbook}

    def _dataset(self) -> File:
        """The demo's opening balances, uploaded by its administrator."""
        data = values.dumps(self.runtime.read(lambda tx, actor: demo.opening(tx), SYSTEM)).encode()
        admin = self._actor(self._username("admin"))
        return self.runtime.do(files.store, admin, "opening.json", "text/plain", data)

    def _workbook(self, who: str, *rows: str) -> File:
        """An Excel file, uploaded by `who`: `#name` begins a sheet, any other text is a row of it, with
        commas between its cells."""
        sheets: list[tuple[str, list[list[str]]]] = []
        for row in rows:
            if row.startswith("#") or not sheets:
                sheets.append((row.lstrip("#").strip() or "1", []))
            if not row.startswith("#"):
                sheets[-1][1].append([cell.strip() for cell in row.split(",")])
        content = write.workbook([write.Written(name, cells) for name, cells in sheets])
        uploader = self._actor(self._username(who))
        return self.runtime.do(files.store, uploader, "workbook.xlsx", write.MEDIA_TYPE, content)

    def _variables(self, case: Any) -> dict[str, Any]:
        """Every variable of the case, those of called processes too."""
        found: dict[str, Any] = {}
        if case is not None:
            for names in self.runtime.read(asking.state, SYSTEM, case.id).variables.values():
                found |= names
        return found

    # ---- who

    def _actor(self, username: str) -> Actor:
        found = self.runtime.read(people.by_username, SYSTEM, username)
        if found is None:
            raise Undone(self._problem("unknown_person", self.scenario.at, who=username))
        return found

    def _person(self, username: str) -> str:
        """The id of somebody who is named, whether they are still here or have left."""
        row = self.runtime.read(asking.person, SYSTEM, username)
        if row is None:
            raise Undone(self._problem("unknown_person", self.scenario.at, who=username))
        return str(row.public_id)

    def _username(self, who: str, task: Any = None) -> str:
        """The person whom a step means: a member of the group who may do the task, else the name itself."""
        return self.runtime.read(asking.who_is_meant, SYSTEM, who, task) or who

    def _hire(self, person: Any) -> None:
        with self._at(person.at):
            self.runtime.do(
                accounts.add_person,
                SYSTEM,
                person.username,
                {"zh_Hans": person.name},
                groups=person.groups,
                superior=person.superior or None,
            )

    # ---- steps

    def _step(self, step: Step, *, anywhere: bool) -> None:
        if isinstance(step, Do):
            self._do(step, anywhere or step.every)
        elif isinstance(step, Wait):
            clock.shift(step.by)
        elif isinstance(step, Until):
            self._until(step)
        elif isinstance(step, Send):
            self._send(step)
        elif isinstance(step, Publish):
            self._publish(step)
        elif isinstance(step, Draft):
            self._draft(step)
        elif isinstance(step, Report):
            of, to = (self._username(name) if name else None for name in (step.of, step.to))
            with self._at(step.at):
                self.runtime.do(accounts.set_superior, SYSTEM, of or "", to)
        else:
            self._begin(step)
        self.settle()
        self._note(step.at)

    def _do(self, step: Do, anywhere: bool) -> None:
        case = None if anywhere else self.case.id
        rows = self.runtime.read(asking.open_tasks, SYSTEM, case, step.task)
        if not rows:
            raise Undone(self._not_open(step, case))
        if anywhere and not step.every:
            # The one that this person has in front of them.
            mine = {row.id for row in self._inbox(self._actor(self._username(step.who, rows[0])))}
            rows = [row for row in rows if row.public_id in mine] or rows
        for row in rows if step.every else rows[:1]:
            self._do_one(step, row)

    def _do_one(self, step: Do, row: Any) -> None:
        who = self._username(step.who, row)
        actor = self._actor(who)
        answers = _as_sent(self._read(step.answers, self._variables(row)))
        found = next((mine for mine in self._inbox(actor) if mine.id == row.public_id), None)
        if found is None:
            asked = self.runtime.read(asking.asked, SYSTEM, row.task_id)
            raise Undone(
                self._problem("not_theirs", step.at, task=step.task, who=who, asked=", ".join(asked))
            )
        with self._at(step.at, step.answers):
            if found.assignee is None:
                self.runtime.do(user_tasks.claim, actor, found.id)
            self.complete(actor, found.id, answers)
        self.settle()

    def _not_open(self, step: Do, case: int | None) -> Problem:
        others = self.runtime.read(asking.open_tasks, SYSTEM, case, None)
        if others:
            told = ", ".join(dict.fromkeys(row.element for row in others))
            return self._problem("task_not_open", step.at, task=step.task, open=told)
        ended = self.runtime.read(asking.case, SYSTEM, case).end_event if case else None
        if ended:
            return self._problem("case_over", step.at, task=step.task, end=ended)
        return self._problem("nothing_open", step.at, task=step.task)

    def _inbox(self, actor: Actor) -> Sequence[inbox.TaskRow]:
        return self.runtime.read(inbox.todo, actor, limit=inbox.LARGEST_PAGE).rows

    def _until(self, step: Until) -> None:
        when = self._one(step.when)
        if isinstance(when, str):
            try:
                when = dt.datetime.fromisoformat(when) if "T" in when else dt.date.fromisoformat(when)
            except ValueError:
                raise Undone(self._problem("bad_date", step.when.at, text=when)) from None
        if not isinstance(when, dt.date):
            raise Undone(self._problem("bad_date", step.when.at, text=_told(when)))
        if not isinstance(when, dt.datetime):
            when = dt.datetime.combine(when, dt.time(9), self.runtime.house.zone)
        if when.tzinfo is None:
            when = when.replace(tzinfo=self.runtime.house.zone)
        self._go_to(when, step.at)

    def _go_to(self, when: dt.datetime, at: Place) -> None:
        if when < clock.now():
            zone = self.runtime.house.zone
            told = {"when": when, "now": clock.now()}
            shown = {name: f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for name, moment in told.items()}
            raise Undone(self._problem("time_has_passed", at, **shown))
        clock.shift(when - clock.now())

    def _send(self, send: Send) -> None:
        payload, key = self._read(send.payload), self._one(send.key)
        with self._at(send.at):
            self.runtime.do(messages.send, SYSTEM, send.message, key, payload)
        self.settle()

    def _publish(self, step: Publish) -> None:
        text, version = self._altered(step.rule, step.replace)
        with self._at(step.at):
            draft = self.runtime.do(drafts.save_rule, SYSTEM, step.rule, text, version)
            self.runtime.publish_rule(SYSTEM, step.rule, draft)

    def _draft(self, step: Draft) -> None:
        text, version = self._altered(step.rule, step.replace)
        actor = self._actor(self._username(step.who))
        with self._at(step.at):
            self.runtime.save_rule(actor, step.rule, text, version)

    def _altered(self, rule: str, replace: Fields) -> tuple[str, int]:
        """A rule file with texts replaced, and the version that it stands on."""
        newest = self.runtime.read(asking.newest_rule, SYSTEM, rule)
        text = newest.content
        for old, new in replace.items():
            if old not in text:
                raise Undone(self._problem("rule_says_not", new.at, rule=rule, text=old))
            text = text.replace(old, str(new.value))
        return text, newest.version

    def _begin(self, start: Begin) -> Any:
        """Start a case; its row, None if none came about."""
        before = {row.id for row in self.runtime.read(asking.cases_of, SYSTEM, start.process)}
        if start.message:
            self._send(start.message)
        elif start.timer:
            due = self.runtime.read(asking.timer, SYSTEM, start.process, start.timer)
            if due is None:
                raise Undone(
                    self._problem("timer_not_set", start.at, process=start.process, element=start.timer)
                )
            self._go_to(max(due, clock.now()), start.at)
        elif start.variables is not None:
            variables = self._read(start.variables)
            with self._at(start.at):
                self.runtime.do(asking.begin, SYSTEM, start.process, variables)
        else:
            answers = _as_sent(self._read(start.answers))
            actor = self._actor(self._username(start.who))
            with self._at(start.at, start.answers):
                self.runtime.do(case_commands.start, actor, start.process, answers)
        self.settle()
        new = [
            row for row in self.runtime.read(asking.cases_of, SYSTEM, start.process) if row.id not in before
        ]
        return new[-1] if new else None

    def _look(self, *, must: bool) -> bool:
        """Turn to the case that the file names, as soon as there is one; whether there is."""
        wanted = self.scenario.case
        assert wanted
        where = self._read(wanted.where, {})
        fitting = [
            row
            for row in self.runtime.read(asking.cases_of, SYSTEM, wanted.process)
            if _holds(self.runtime.read(asking.state, SYSTEM, row.id).variables.get("", {}), where)
        ]
        if must and not fitting:
            told = _told(where)
            raise Undone(self._problem("no_such_case", wanted.at, process=wanted.process, where=told))
        self.case = fitting[-1] if fitting else self.case
        return bool(fitting)

    # ---- then

    def _ends(self) -> Iterator[Problem]:
        scenario, log = self.scenario, self.runtime.read(asking.log, SYSTEM, self.case.id)
        taken = paths(log, self.case.process)
        node = {name.partition(":")[0].partition("@")[0]: path for name, path in taken.items()}.get(
            scenario.process
        )
        reached = node.left if node else {}
        standing = list(dict.fromkeys(element for path in taken.values() for element in path.standing))
        ends = [
            each for each in reached if each in self.runtime.read(asking.ends_of, SYSTEM, scenario.process)
        ]
        for end, written in scenario.ends.items():
            if end in reached:
                continue
            if standing or not ends:
                told = ", ".join(standing) or "–"
                yield self._problem("end_not_reached", written.at, end=end, standing=told)
            else:
                yield self._problem("other_end", written.at, end=end, reached=", ".join(ends))

    def _expected(self) -> Iterator[Problem]:
        known = self._variables(self.case)
        for name, written in self.scenario.expect.items():
            try:
                wanted = self._one(written)
            except Undone as failed:
                yield from failed.problems
                continue
            if name not in known:
                yield self._problem("value_missing", written.at, name=name)
            elif not _same(known[name], wanted):
                told = {"found": _told(known[name]), "wanted": _told(wanted)}
                yield self._problem("value_differs", written.at, name=name, **told)

    def _moved(self, before: Mapping[str, int]) -> Iterator[Problem]:
        after = self._stock()
        for sku, written in self.scenario.stock.items():
            if sku not in after:
                yield self._problem("no_component", written.at, component=sku)
                continue
            change = after[sku] - before.get(sku, 0)
            if change != written.value:
                told = {"found": change, "wanted": written.value}
                yield self._problem("stock_differs", written.at, component=sku, **told)

    def _stock(self) -> dict[str, int]:
        lines = self.runtime.read(stock.overview, SYSTEM)
        return {line.sku: line.on_hand for line in lines if line.on_hand is not None}


def _same(found: Any, wanted: Any) -> bool:
    """Amounts are compared as numbers."""
    if isinstance(found, Decimal) or isinstance(wanted, Decimal):
        try:
            return Decimal(found) == Decimal(wanted)
        except (InvalidOperation, TypeError, ValueError):
            return False
    return bool(found == wanted)


def _holds(variables: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    return all(name in variables and _same(variables[name], value) for name, value in where.items())


def _told(value: Any) -> str:
    """A value in a sentence, as a file would write it."""
    if isinstance(value, str):
        return f"“{value}”" if value else "“”"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    text = orjson.dumps(values.to_json(value)).decode()
    return text if len(text) <= 200 else text[:199] + "…"


def _as_sent(value: Any) -> Any:
    """As a form in a browser sends it: dates as ISO text."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _as_sent(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_sent(item) for item in value]
    return value
