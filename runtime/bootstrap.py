"""The composition root: settings, database, books and engine become one Runtime."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

# Operations register themselves where they are defined, and so do tables that nothing else here names.
import runtime.commands.amendments
import runtime.commands.deliveries
import runtime.commands.entering
import runtime.commands.leaving
import runtime.commands.reminders
import runtime.ledger.books
import runtime.store.comments
import runtime.store.workers  # noqa: F401
from runtime import clock, logs, measures, scripts, v8
from runtime.backup import tombstones
from runtime.bell import Bell
from runtime.commands import accounts, drafts, external_tasks, handbook, purge
from runtime.commands import calendar as calendar_commands
from runtime.commands import deploy as deploying
from runtime.errors import Failed, Invalid, Problem
from runtime.folders import ROOT, handbook_in, named_sources, read_sources, shipped
from runtime.household import House
from runtime.identity import SYSTEM, Actor
from runtime.queries import external_tasks as external_queries
from runtime.queries import operations, people
from runtime.rules import child as rule_child
from runtime.settings import Settings
from runtime.store import calendar, db, migrate, outages, waking
from runtime.store.cases import CaseMoved
from runtime.store.db import Transaction
from runtime.store.deployments import digest

# FEEL is interpreted by the package that the forms use in the browser; its bundle lies there.
v8.use(ROOT / "web" / "static" / "dist" / "feelin.js")
log = structlog.get_logger()
TRIES = 5
PATIENCE = 5.0  # seconds that somebody waits for a busy database to be told so
P = ParamSpec("P")
T = TypeVar("T")


LONGEST_WAIT = 30.0  # seconds that an external worker may wait for work
# Locks run out and pauses end without the bell, and other processes of an embedded database commit without it.
LOOK_AGAIN = 1.0


class DatabaseBehind(Failed):
    """The database is of an older version. Run: guicheng db upgrade"""

    code = "database.behind"


class SecretNeeded(Invalid):
    """Set GUICHENG_SECRET, the same for all that serve this PostgreSQL: 32 random characters or more."""

    code = "settings.secret_needed"


class Runtime:
    """Commands and queries over one database, shared by all threads of a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        logs.configure(settings.log)
        scripts.use(settings.script_seconds)
        self.ways = settings.ways()
        self.engine = db.connect(settings.url())
        self._waiting = threading.BoundedSemaphore(max(settings.waiting_workers, 1))
        self.bell = Bell()  # rung when external workers, and the outbox, may find something to do
        self._hearing = threading.Lock()
        self._stop_hearing: Callable[[], None] | None = None
        self.house = House(
            zone=ZoneInfo(settings.zone),
            waking=waking.of(self.engine),
            opened=waking.of(self.engine, waking.TASKS),
            demo=settings.demo,
            mails=bool(self.ways.mail.host),
            most_steps=settings.most_steps,
            messages_kept=dt.timedelta(days=settings.message_days),
            history_kept=dt.timedelta(days=settings.history_days),
        )

    @property
    def demo(self) -> bool:
        return self.house.demo

    def upgrade(self) -> None:
        """Bring the tables to this version and what every installation starts with."""
        migrate.upgrade(self.engine)
        self.do(accounts.grant_defaults, SYSTEM)
        self.do(calendar_commands.fill, SYSTEM)
        self.load()

    def load(self) -> None:
        """Make sure that the database fits. Raises DatabaseBehind."""
        if not _insisting(lambda: migrate.current(self.engine)):
            raise DatabaseBehind()

    def do(
        self,
        command: Callable[Concatenate[Transaction, Actor, P], T],
        actor: Actor,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One command in one transaction; a lost race or a cut connection is run again, from the start.

        Raises, when that did not help, what kept it (store/outages.py)."""

        def once() -> T:
            with db.writing(self.engine, clock.now, self.house) as tx:
                return command(tx, actor, *args, **kwargs)

        # The case of the command before is none of this one's (advance.py binds it).
        structlog.contextvars.unbind_contextvars("case")
        with measures.timed_command(_called(command)):
            return _insisting(once)

    def read(
        self,
        query: Callable[Concatenate[Transaction, Actor, P], T],
        actor: Actor,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One query, over a consistent view. Raises as `do` does."""

        def once() -> T:
            with db.reading(self.engine, clock.now(), self.house) as tx:
                return query(tx, actor, *args, **kwargs)

        return _insisting(once)

    def folders(self) -> tuple[Path, ...]:
        """The folders of diagrams, forms and rules that this installation takes its processes from."""
        return shipped()

    def sync(self, *folders: Path) -> list[Problem]:
        """Deploy what changed in the folders since they were last taken, the handbook too. Returns warnings."""
        for folder in folders:
            if files := handbook_in(folder):
                self.do(handbook.take, SYSTEM, files)
        sources, unreadable = read_sources(folders)
        before = self.read(deploying.known, SYSTEM)
        fresh = [source for source in sources if before.taken.get(source.path) != source.sha256]
        if not fresh and not unreadable:
            return []
        return self.take(SYSTEM, self._judge(fresh, unreadable, before), "folder", from_folder=True)

    def deploy(self, actor: Actor, paths: Iterable[Path], origin: str) -> list[Problem]:
        """Check and deploy files and folders: all or nothing. Returns warnings; raises DeploymentRefused."""
        return self.take(actor, self.judge(paths), origin)

    def judge(self, paths: Iterable[Path]) -> deploying.Judged:
        """Every problem of files and folders, beside what is deployed. Raises NothingThere."""
        return self._judge(*named_sources(paths), self.read(deploying.known, SYSTEM))

    def _judge(
        self, sources: list[deploying.Source], unreadable: list[Problem], before: deploying.Known
    ) -> deploying.Judged:
        # Checked before a transaction opens: a proof of a rule takes a second, a writer must not.
        checked, problems = deploying.check_sources(sources, before)
        return deploying.Judged(sources, checked, unreadable + problems)

    def take(
        self, actor: Actor, judged: deploying.Judged, origin: str, *, from_folder: bool = False
    ) -> list[Problem]:
        """Deploy what was judged: all or nothing. Returns warnings; raises DeploymentRefused."""
        if judged.errors:
            raise deploying.DeploymentRefused(judged.problems, count=judged.errors)
        notes = self.do(deploying.take, actor, judged.checked, origin, from_folder=from_folder)
        return [*judged.problems, *notes]

    def save_rule(
        self, actor: Actor, key: str, text: str, base_version: int
    ) -> tuple[str, list[Problem]]:
        """Keep an edited rule file as a draft, and prove it: its public id, and what speaks against deciding by
        it. Raises as drafts.save_rule."""
        draft = self.do(drafts.save_rule, actor, key, text, base_version)
        return draft, self.prove_rule(actor, key, draft)

    def prove_rule(self, actor: Actor, key: str, draft: str) -> list[Problem]:
        """Prove a draft in a child process, before any transaction; what does not hold, or is worth a warning."""
        text = self.read(drafts.draft_text, actor, key, draft)
        problems = rule_child.check_in_child(text, f"{key}.yaml")
        if not any(problem.severity == "error" for problem in problems):
            self.do(drafts.note_proven, actor, key, draft, digest(text))
        return problems

    def publish_rule(self, actor: Actor, key: str, draft: str) -> int:
        """Prove a draft, then make it the active version past its process; its number."""
        problems = self.prove_rule(actor, key, draft)
        errors = [problem for problem in problems if problem.severity == "error"]
        if errors:
            raise deploying.DeploymentRefused(problems, count=len(errors))
        return self.do(drafts.publish_rule, actor, key, draft)

    def fetch(
        self,
        actor: Actor,
        worker: str,
        wanted: Sequence[external_tasks.Wanted],
        most: int = 1,
        *,
        by_priority: bool = False,
        wait: float = 0.0,
    ) -> list[external_tasks.Locked]:
        """Lock tasks for an external worker. While there are none it waits, `wait` seconds at most; if too
        many wait already, it is answered at once.

        Looking changes nothing, so that many workers without work keep nobody from writing. Raises as
        external_tasks.fetch_and_lock."""
        external_tasks.check_wanted(actor, worker, wanted, most)
        topics = [each.topic for each in wanted]
        until = clock.seconds() + min(wait, LONGEST_WAIT)
        waiting = False
        if wait > 0:
            self.hear()  # before it looks, so that nothing is missed between the two
        try:
            while True:
                if waiting and actor is not SYSTEM:
                    # Whoever has lost the right meanwhile, or left, is not given what has come.
                    again = self.read(people.by_username, SYSTEM, actor.username)
                    if again is None:
                        return []
                    actor = again
                rung = self.bell.rung
                if self.read(external_queries.worth_fetching, actor, topics):
                    found = self.do(
                        external_tasks.fetch_and_lock, actor, worker, wanted, most, by_priority=by_priority
                    )
                    if found:
                        return found
                left = until - clock.seconds()
                waiting = waiting or (left > 0 and self._waiting.acquire(blocking=False))
                if left <= 0 or not waiting:
                    return []
                self.bell.wait(rung, min(left, LOOK_AGAIN))
        finally:
            if waiting:
                self._waiting.release()

    def hear(self) -> None:
        """From now on the bell rings when work for external workers was committed: by any process on
        PostgreSQL, by this one on an embedded database. Begun by the first who waits: it holds a connection."""
        with self._hearing:
            if self._stop_hearing is None:
                self._stop_hearing = self.house.opened.listen(self.bell.ring)

    def missing_years(self) -> list[int]:
        """This year and the next, where the business calendar does not hold them."""
        year = self.house.today(clock.now()).year
        known = self.read(calendar.load, SYSTEM)
        return [y for y in (year, year + 1) if not known.covered(y)]

    def secret(self) -> bytes:
        """The key that signs cookies: the setting, else one made on first use and kept in the home."""
        if self.settings.secret:
            return self.settings.secret.encode()
        if self.settings.database_url and not self.settings.demo:
            # Each machine would make its own, and sign out whoever meets another one.
            raise SecretNeeded()
        path = self.settings.home / "secret"
        if not path.exists():
            # Written beside and linked into place: of two processes that start at once, one wins whole.
            own = path.with_name(f"secret.{os.getpid()}")
            descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as target:
                target.write(os.urandom(32).hex().encode())
            with suppress(FileExistsError):
                os.link(own, path)
            own.unlink()
        return path.read_bytes()

    def ready(self) -> str:
        """What is missing before commands can be taken: "database", "tables" (of another version) or ""."""
        try:
            return "" if migrate.current(self.engine) else "tables"
        except sa.exc.SQLAlchemyError as error:
            log.warning("not_ready", exc_info=error)
            return "database"

    def keep_tombstones(self, known: str | None = None) -> str:
        """Write what was erased of records on people beside the backups, if that is set and not `known` already; where
        the chain of tombstones ends. Raises TombstonesOther, TombstonesUnusable, OSError."""
        end = self.read(purge.newest_erasure, SYSTEM)
        if self.settings.tombstones and end != known:
            erased = self.read(purge.erased_records, SYSTEM)
            tombstones.write(Path(self.settings.tombstones), erased, clock.now())
            end = erased.links[-1] if erased.links else ""
        return end

    def figures(self) -> list[operations.Figure]:
        """How the house does now (queries/operations.py), and the connections of this process."""
        found = self.read(operations.figures, SYSTEM)
        pool = self.engine.pool
        if isinstance(pool, sa.QueuePool):
            found.append(("connections_used", "Connections to the database in use here", pool.checkedout()))
            found.append(
                ("connections_most", "Connections to the database that may be in use here", _most(pool))
            )
        return found

    def close(self) -> None:
        with self._hearing:
            if self._stop_hearing is not None:
                self._stop_hearing()
                self._stop_hearing = None
        self.engine.dispose()


def judge(paths: Iterable[Path], settings: Settings) -> deploying.Judged:
    """Every problem of files and folders, beside what is deployed where there is an installation. Raises NothingThere.

    Without one what a file refers to is looked for among the files alone."""
    if settings.database_url or (settings.home / "guicheng.db").exists():
        runtime = build(settings)
        runtime.load()
        judged = runtime.judge(paths)
        # Deploying looks for fixed versions after it has stored its own.
        judged.problems.extend(runtime.read(deploying.unbound, SYSTEM, judged.checked))
        return judged
    sources, unreadable = named_sources(paths)
    checked, problems = deploying.check_sources(sources, deploying.Known())
    return deploying.Judged(sources, checked, unreadable + problems)


def _called(command: Callable[..., object]) -> str:
    """ "user_tasks.complete": what a command is called in figures."""
    return f"{command.__module__.rpartition('.')[2]}.{getattr(command, '__name__', 'call')}"


def _insisting(act: Callable[[], T]) -> T:
    """What `act` gives, tried again while that can help and nobody has waited too long."""
    began = clock.seconds()
    for attempt in itertools.count(1):
        try:
            return act()
        except (CaseMoved, db.Again, sa.exc.SQLAlchemyError) as error:
            cause = error.why if isinstance(error, db.Again) else error
            means = outages.Busy if isinstance(cause, CaseMoved) else outages.meaning(cause)
            if means is None and attempt == 1 and outages.overtaken(cause):
                continue
            if means is None:
                raise cause from None
            tired = attempt == TRIES or clock.seconds() - began > PATIENCE
            if tired or means not in outages.PASSING:
                raise means() from cause
        time.sleep(random.uniform(0.005, 0.02) * 2**attempt)
    raise AssertionError("unreachable")


def _most(pool: sa.QueuePool) -> float:
    return pool.size() + pool._max_overflow


def build(settings: Settings | None = None) -> Runtime:
    """A Runtime over an existing database; it does not upgrade it."""
    return Runtime(settings or Settings())
