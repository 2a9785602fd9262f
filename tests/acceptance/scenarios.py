"""Scenario files (`processes/*/NAME.scenarios.yaml`), run against the demo department.

docs/processes.md says what they may contain; an unknown word fails the scenario."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import isodate
import sqlalchemy as sa
from ruamel.yaml import YAML

from runtime import clock, demo, expressions, values
from runtime.bootstrap import ROOT
from runtime.commands import accounts, advance, drafts, files
from runtime.commands.world import BoundWorld
from runtime.identity import SYSTEM, Actor
from runtime.store import accounts as account_store
from runtime.store import deployments
from runtime.store import user_tasks as task_store
from runtime.store.db import Transaction
from runtime.values import File
from tests.office import Case, Office


@dataclass(frozen=True)
class Scenario:
    """One worked example of a process."""

    file: Path
    process: str
    spec: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.process}: {self.spec['name']}"


def all_scenarios() -> list[Scenario]:
    found = []
    for path in sorted((ROOT / "processes").glob("*/*.scenarios.yaml")):
        for spec in YAML(typ="safe").load(path.read_text(encoding="utf-8")):
            found.append(Scenario(path, path.name.removesuffix(".scenarios.yaml"), spec))
    return found


@dataclass
class Run:
    """A scenario on its way."""

    office: Office
    process: str
    case: Case | None = None
    reached: set[str] = field(default_factory=set)

    # ---- what texts mean

    def read(self, value: Any, variables: Mapping[str, Any] | None = None) -> Any:
        """A value of the file: `${…}` evaluated, lists and maps all through."""
        if isinstance(value, str) and "${" in value:
            known = variables if variables is not None else (seen(self.case) if self.case else {})
            return expressions.compile(value).evaluate(known, self.functions())
        if isinstance(value, Mapping):
            return {name: self.read(item, variables) for name, item in value.items()}
        if isinstance(value, list):
            return [self.read(item, variables) for item in value]
        return Decimal(repr(value)) if isinstance(value, float) else value

    def functions(self) -> dict[str, Any]:
        today = self.office.runtime.house.today(clock.now())

        def workday_after(day: dt.date, days: int) -> dt.date:
            def ask(tx: Transaction, actor: Actor) -> dt.date:
                return BoundWorld(tx, "", SYSTEM).functions(None)["workday_after"](day, days)

            return self.office.runtime.read(ask, SYSTEM)

        return {
            "today": lambda: today,
            "now": clock.now,
            "after_days": lambda day, days: day + dt.timedelta(days=int(days)),
            "workday_after": workday_after,
            "person": lambda username: self.office.as_(username).actor.public_id,
            "dataset": self.dataset,
        }

    def dataset(self) -> File:
        """The demo's opening balances, uploaded by its administrator."""
        data = values.dumps(self.office.runtime.read(lambda tx, actor: demo.opening(tx), SYSTEM)).encode()
        admin = self.office.as_(self.username("admin", None)).actor
        return self.office.runtime.do(files.store, admin, "opening.json", "text/plain", data)

    def browser(self, value: Any) -> Any:
        """As a form sends it: dates as ISO text."""
        if isinstance(value, dt.datetime):
            return value.astimezone(dt.UTC).isoformat()
        if isinstance(value, dt.date):
            return value.isoformat()
        if isinstance(value, Mapping):
            return {name: self.browser(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.browser(item) for item in value]
        return value

    # ---- who

    def username(self, who: str, task: Any) -> str:
        def ask(tx: Transaction, actor: Actor) -> str | None:
            org = account_store.organisation(tx)
            if who == "assignee":
                return org.by_id[task.assignee_id].username
            if who not in org.groups:
                return None
            for member in org.groups[who]:
                row = org.by_id[member]
                if (
                    task is None
                    or task.assignee_id == member
                    or (task.assignee_id is None and row.public_id not in task.excluded)
                ):
                    return row.username
            raise AssertionError(f"nobody of {who} may do {task.element}")

        return self.office.runtime.read(ask, SYSTEM) or who

    def open_tasks(self, element: str, anywhere: bool) -> list[Any]:
        def ask(tx: Transaction, actor: Actor) -> list[Any]:
            tasks = task_store.user_tasks
            query = (
                sa.select(tasks, advance.cases.cases.c.public_id.label("case"))
                .join(advance.cases.cases)
                .where(tasks.c.element == element, tasks.c.state.in_(task_store.OPEN))
            )
            if not anywhere:
                assert self.case is not None
                query = query.where(advance.cases.cases.c.public_id == self.case.id)
            return list(tx.all(query.order_by(tasks.c.id)))

        return self.office.runtime.read(ask, SYSTEM)

    # ---- steps

    def step(self, step: Mapping[str, Any], *, anywhere: bool = False) -> None:
        step = dict(step)
        if "task" in step:
            self.do_task(step, anywhere)
        elif "time" in step:
            clock.shift(isodate.parse_duration(step["time"]))
        elif "until" in step:
            self.until(self.read(step["until"]))
        elif "message" in step:
            self.office.message(step["message"], self.read(step["key"]), **self.read(step.get("payload", {})))
        elif "publish" in step:
            self.publish(step["publish"], step["replace"])
        elif "superior" in step:
            self.superior(step["superior"])
        elif "start" in step:
            self.start({"process": self.process, **step["start"]})
        else:
            raise AssertionError(f"not a step: {step}")
        self.office.settle()

    def do_task(self, step: dict[str, Any], anywhere: bool) -> None:
        element, every = step["task"], step.get("all", False)
        rows = self.open_tasks(element, anywhere or every)
        assert rows, f"no open task {element}; incidents: {self.office.incidents()}"
        if anywhere and not every:
            # The one that this person has in front of them.
            mine = {row.id for row in self.office.as_(self.username(step["as"], rows[0])).inbox()}
            rows = [row for row in rows if row.public_id in mine] or rows
        for row in rows if every else rows[:1]:
            known = seen(Case(self.office, row.case))
            who = self.username(step["as"], row)
            answers = self.browser(self.read(step.get("answers", {}), known))
            desk = self.office.as_(who)
            assert any(mine.id == row.public_id for mine in desk.inbox()), (
                f"{element} is not in the inbox of {who}"
            )
            desk.do(element, row.case, **answers)

    def until(self, when: Any) -> None:
        if isinstance(when, str):
            when = dt.datetime.fromisoformat(when) if "T" in when else dt.date.fromisoformat(when)
        if not isinstance(when, dt.datetime):
            when = dt.datetime.combine(when, dt.time(9), self.office.runtime.house.zone)
        if when.tzinfo is None:
            when = when.replace(tzinfo=self.office.runtime.house.zone)
        assert when >= clock.now(), f"{when} has passed"
        clock.shift(when - clock.now())

    def publish(self, rule: str, replacements: Mapping[str, str]) -> None:
        def ask(tx: Transaction, actor: Actor) -> Any:
            return deployments.get(tx, deployments.latest(tx, "rule", rule).id)

        newest = self.office.runtime.read(ask, SYSTEM)
        text = newest.content
        for old, new in replacements.items():
            assert old in text, f"{rule} does not say {old}"
            text = text.replace(old, new)
        draft = self.office.runtime.do(drafts.save_rule, SYSTEM, rule, text, newest.version)
        self.office.runtime.publish_rule(SYSTEM, rule, draft)

    def superior(self, change: Mapping[str, Any]) -> None:
        names = [self.username(name, None) if name else None for name in (change["of"], change["is"])]
        self.office.runtime.do(accounts.set_superior, SYSTEM, names[0], names[1])

    def start(self, spec: Mapping[str, Any]) -> Case | None:
        process = spec["process"]
        before = {case.id for case in self.office.cases_of(process)}
        if "message" in spec:
            self.office.message(spec["message"], self.read(spec["key"]), **self.read(spec.get("payload", {})))
        elif "timer" in spec:
            self.until_start(process, spec["timer"])
        elif "variables" in spec:
            values = self.read(spec["variables"])
            self.office.runtime.do(
                lambda tx, actor: advance.begin(tx, actor, process, variables=values), SYSTEM
            )
        else:
            desk = self.office.as_(self.username(spec["as"], None))
            desk.start(process, **self.browser(self.read(spec.get("answers", {}))))
        self.office.settle()
        new = [case for case in self.office.cases_of(process) if case.id not in before]
        return new[-1] if new else None

    def until_start(self, process: str, element: str) -> None:
        from runtime.store.jobs import jobs

        def ask(tx: Transaction, actor: Actor) -> Any:
            return tx.scalar(
                sa.select(jobs.c.due_at).where(
                    jobs.c.kind == "start",
                    jobs.c.state == "waiting",
                    jobs.c.activity == process,
                    jobs.c.element == element,
                )
            )

        due = self.office.runtime.read(ask, SYSTEM)
        assert due is not None, f"{process} has no start timer {element}"
        clock.shift(due - clock.now())

    def look_at(self, spec: Mapping[str, Any], *, must: bool) -> bool:
        """Turn to the case that the file names, as soon as there is one; whether there is."""
        wanted = self.read(spec.get("where", {}), {})
        fitting = [
            case
            for case in self.office.cases_of(spec["process"])
            if all(case.variables.get(name) == value for name, value in wanted.items())
        ]
        assert fitting or not must, f"no case of {spec['process']} with {wanted}"
        self.case = fitting[-1] if fitting else self.case
        return bool(fitting)


def seen(case: Case) -> dict[str, Any]:
    """Every variable of the case, those of called processes too."""
    found: dict[str, Any] = {}
    for names in case.state.variables.values():
        found |= names
    return found


def stock(office: Office) -> dict[str, int]:
    from runtime.ledger import reading

    return {
        line.sku: line.on_hand for line in office.runtime.read(lambda tx, actor: reading.overview(tx), SYSTEM)
    }


def run(office: Office, scenario: Scenario) -> Run:
    """Play the scenario and compare what it expects. Raises AssertionError."""
    spec = scenario.spec
    unknown = set(spec) - {"name", "before", "start", "case", "steps", "ends", "expect", "stock", "world"}
    assert not unknown, f"unknown words {unknown}"
    play = Run(office, scenario.process)
    for step in spec.get("before", ()):
        play.step(step, anywhere=True)
    stocked = stock(office)
    play.case = play.start({"process": scenario.process, **spec["start"]})
    assert play.case is not None, "nothing was started"
    for step in spec.get("steps", ()):
        # Until the case that the file names is there, steps are about whatever leads to it.
        there = "case" not in spec or play.look_at(spec["case"], must=False)
        play.step(step, anywhere=not there)
    if "case" in spec:
        play.look_at(spec["case"], must=True)
    wanted = spec["ends"] if isinstance(spec["ends"], list) else [spec["ends"]]
    ended = {entry.element for entry in play.case.log if entry.kind == "left"}
    missing = set(wanted) - ended
    assert not missing, f"did not reach {missing}; stands at {play.case.state.standing}; {office.incidents()}"
    for name, value in spec.get("expect", {}).items():
        found, expected = seen(play.case).get(name), play.read(value)
        if isinstance(found, Decimal) or isinstance(expected, Decimal):
            found, expected = Decimal(found), Decimal(expected)
        assert found == expected, f"{name} is {found!r}, not {expected!r}"
    after = stock(office)
    for sku, change in spec.get("stock", {}).items():
        assert after[sku] - stocked.get(sku, 0) == change, (
            f"{sku} changed by {after[sku] - stocked.get(sku, 0)}"
        )
    return play
