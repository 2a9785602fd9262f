"""A department to test with: people, a clock that moves, and work done by name.

`office.as_("wangfang").do("review_plan", decision="approve")` finds the one open task of
that element in the person's inbox, claims and completes it as the pages do."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime import clock, demo
from runtime.bootstrap import Runtime
from runtime.commands import cases, messages, user_tasks
from runtime.commands.world import BoundWorld
from runtime.identity import SYSTEM, Actor
from runtime.queries import cases as case_queries
from runtime.queries import history, inbox, people, tasks
from runtime.settings import Settings
from runtime.store import event_log, jobs, workers
from runtime.store.cases import cases as case_table
from runtime.store.db import Transaction
from runtime.store.jobs import incidents
from runtime.worker import Worker

# Completing a task: besides BEGIN, COMMIT and the operations' own.
MOST_STATEMENTS = 10


def found(home: Path, *, seeded: bool = True) -> Runtime:
    """A runtime over a new database in `home`, with the shipped processes and rules."""
    runtime = Runtime(Settings(home=home, demo=True))
    runtime.upgrade()
    runtime.sync(*runtime.folders())
    if seeded:
        demo.seed(runtime)
    return runtime


def tells(shown: object, *secrets: str) -> bool:
    """Whether what is shown holds one of the secrets; not as a part of an id, which is drawn by lot."""
    return any(re.search(rf"(?<![0-9a-f]){re.escape(secret)}(?![0-9a-f])", str(shown)) for secret in secrets)


class Office:
    """The department at work. Due work is done after each step, as the worker would."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.worker = Worker(runtime)
        self.settle()

    def deploy(self, *files: str, folder: Path | None = None) -> list[Any]:
        """Deploy the texts of diagrams, forms and rule files; warnings come back."""
        folder = folder or Path(tempfile.mkdtemp())
        paths = []
        for number, text in enumerate(files):
            suffix = (
                ".bpmn"
                if text.lstrip().startswith("<")
                else ".form"
                if text.lstrip().startswith("{")
                else ".yaml"
            )
            paths.append(folder / f"file{number}{suffix}")
            paths[-1].write_text(text, encoding="utf-8")
        return self.runtime.deploy(SYSTEM, paths, "cli")

    def as_(self, username: str) -> Desk:
        actor = self.runtime.read(people.by_username, SYSTEM, username)
        assert actor is not None, f"no person {username}"
        return Desk(self, actor)

    def settle(self) -> None:
        """Do what is due; nothing may end in an incident unless the test looks for one."""
        self.worker.drain()

    def claim(self) -> list[Any]:
        """What is due, held by a worker of its own that does nothing with it."""
        return self.runtime.do(lambda tx, actor: jobs.claim_due(tx, workers.enter(tx, "idle")), SYSTEM)

    def take_away(self, held: Sequence[Any]) -> None:
        """Whoever holds these jobs has died."""
        for worker in {job.worker_id for job in held}:
            self.runtime.do(lambda tx, actor, worker=worker: jobs.take_from(tx, worker), SYSTEM)

    def later(self, **by: float) -> None:
        """Let time pass, then do what has come due."""
        clock.shift(dt.timedelta(**by))
        self.settle()

    def message(self, name: str, key: str, **payload: Any) -> None:
        self.runtime.do(messages.send, SYSTEM, name, key, payload)
        self.settle()

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The statements of the block, without what opens and closes the transaction and without
        those of the books' own operations."""
        said: list[str] = []
        inside = [0]

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            opening = statement.startswith(
                # PostgreSQL asks for its locks where SQLite had them with BEGIN IMMEDIATE, and calls workers itself.
                (
                    "BEGIN",
                    "PRAGMA",
                    "SAVEPOINT",
                    "RELEASE",
                    "ROLLBACK",
                    "SELECT pg_advisory_xact_lock",
                    "NOTIFY",
                )
            )
            # What is deployed is looked up and compiled once a revision and process, not once a step.
            compiling = "FROM resources" in statement
            if not inside[0] and not opening and not compiling:
                said.append(statement)

        operate = BoundWorld.operate

        def uncounted(world: BoundWorld, *arguments: Any) -> Any:
            inside[0] += 1
            try:
                return operate(world, *arguments)
            finally:
                inside[0] -= 1

        sa.event.listen(self.runtime.engine, "before_cursor_execute", note)
        BoundWorld.operate = uncounted  # type: ignore[method-assign]
        try:
            yield said
        finally:
            BoundWorld.operate = operate  # type: ignore[method-assign]
            sa.event.remove(self.runtime.engine, "before_cursor_execute", note)

    def case(self, public_id: str) -> Case:
        return Case(self, public_id)

    def cases(self) -> list[Case]:
        """Every case there is, oldest first."""
        return [Case(self, row.public_id) for row in self.runtime.read(_cases, SYSTEM)]

    def cases_of(self, process: str) -> list[Case]:
        """Cases of a process, oldest first."""
        rows = self.runtime.read(_cases_of, SYSTEM, process)
        return [Case(self, row.public_id) for row in rows]

    def incidents(self) -> list[str]:
        return self.runtime.read(_incidents, SYSTEM)


@dataclass
class Desk:
    """One person's view."""

    office: Office
    actor: Actor

    def inbox(self) -> list[inbox.TaskRow]:
        actor = self.office.as_(self.actor.username).actor
        return self.office.runtime.read(inbox.todo, actor, limit=200).rows

    def find(self, element: str, case: str | None = None) -> inbox.TaskRow:
        rows = [row for row in self.inbox() if row.element == element and case in (None, row.case)]
        assert rows, f"{self.actor.username} has no task {element}; has {[r.element for r in self.inbox()]}"
        return rows[0]

    def page(self, element: str, case: str | None = None) -> tasks.TaskPage:
        return self.office.runtime.read(tasks.task_page, self.actor, self.find(element, case).id, "zh_Hans")

    def do(self, element: str, case: str | None = None, **answers: Any) -> user_tasks.Completed:
        row = self.find(element, case)
        if row.assignee is None:
            self.office.runtime.do(user_tasks.claim, self.actor, row.id)
        with self.office.counted() as statements:
            done = self.office.runtime.do(user_tasks.complete, self.actor, row.id, answers)
        assert len(statements) <= MOST_STATEMENTS, "\n".join(statements)
        self.office.settle()
        return done

    def start(self, process: str, **answers: Any) -> Case:
        started = self.office.runtime.do(cases.start, self.actor, process, answers)
        self.office.settle()
        return Case(self.office, started.case)

    def case_page(self, case: str, language: str = "zh_Hans") -> case_queries.CasePage:
        return self.office.runtime.read(case_queries.case_page, self.actor, case, language)


@dataclass
class Case:
    """A case as the tests look at it."""

    office: Office
    id: str

    @property
    def row(self) -> Any:
        return self.office.runtime.read(_case, SYSTEM, self.id)

    @property
    def status(self) -> str:
        return str(self.row.status)

    @property
    def end(self) -> str | None:
        return self.row.end_event

    @property
    def state(self) -> history.State:
        """Rebuilt from the log alone."""
        return self.office.runtime.read(_state, SYSTEM, self.row.id)

    @property
    def variables(self) -> Mapping[str, Any]:
        return self.state.variables.get("", {})

    @property
    def log(self) -> list[Any]:
        return self.office.runtime.read(_log, SYSTEM, self.row.id)


def _case(tx: Transaction, actor: Actor, public_id: str) -> Any:
    return tx.first(sa.select(case_table).where(case_table.c.public_id == public_id))


def _cases(tx: Transaction, actor: Actor) -> Any:
    return tx.all(sa.select(case_table.c.public_id).order_by(case_table.c.id))


def _cases_of(tx: Transaction, actor: Actor, process: str) -> Any:
    return tx.all(sa.select(case_table).where(case_table.c.process == process).order_by(case_table.c.id))


def _state(tx: Transaction, actor: Actor, case_id: int) -> history.State:
    return history.state_at(tx, case_id)


def _log(tx: Transaction, actor: Actor, case_id: int) -> list[Any]:
    return event_log.of_case(tx, case_id)


def _incidents(tx: Transaction, actor: Actor) -> list[str]:
    return [
        f"{row.element}: {row.reason}"
        for row in tx.all(
            sa.select(incidents).where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.id)
        )
    ]
