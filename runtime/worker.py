"""The worker: claims due work, runs it, tries again, raises incidents.

It sleeps until the next job is due or somebody wakes it; idle cases cost nothing. Of what it claims it
runs several jobs in one transaction and lets others write in between; if one of them fails, they are run
again, each in a savepoint of its own.
While it holds jobs its heart beats; what a worker without heartbeat held is given back by the others.
Not here: what a job does (commands/triggers.py)."""

from __future__ import annotations

import hashlib
import os
import platform
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from runtime import clock, household, measures
from runtime.bootstrap import Runtime
from runtime.commands import absences, stand_ins, triggers
from runtime.errors import GuichengError
from runtime.identity import SYSTEM, Actor
from runtime.store import jobs, waking, workers
from runtime.store.cases import CaseMoved
from runtime.store.db import Transaction

log = structlog.get_logger()
LONGEST_SILENCE = 60.0  # seconds: far above a sleep, the slowest script and a database that is busy
LONGEST_SLEEP = waking.ANYWAY
COMPARED = 30.0  # seconds between two times that who stands in is compared with who should
BEAT = 1.0  # seconds between two beats, while jobs are held
QUIET = 10  # half beats without jobs, after which the heart's thread ends
SILENT = 4.0  # seconds without a beat, after which a worker counts as dead
HOLD = 0.03  # seconds after which a transaction begins no further job: on SQLite others wait for it
BREATH = 0.002  # seconds between two of them, in which others take their turn
MOST = 200  # jobs claimed at once
QUICK = 0.5  # seconds in which what is claimed at once should be done, so that idle workers get their share


class Worker:
    """Runs the jobs of one runtime; `start` in a thread of its own, or `drain` by hand. `breath`: seconds between
    two transactions, in which others take their turn; 0 where there are no others."""

    def __init__(self, runtime: Runtime, breath: float = BREATH) -> None:
        self.runtime = runtime
        self._breath = breath
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = clock.seconds()
        self._stop_listening: Callable[[], None] = lambda: None
        self._id = 0  # given with the first claim
        self._size = 1
        self._watch = Watch()
        self._looked = self._compared = float("-inf")
        self._heart = Heart(self._beat)
        self._buried: str | None = None  # where the chain of tombstones ended that was last kept

    def start(self) -> None:
        """Work in the background; whoever writes a job wakes it."""
        self._stop_listening = self.runtime.house.waking.listen(self._woken.set)
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def alive(self) -> bool:
        """Whether it works in its thread and did something lately: looked for jobs, or finished one."""
        at_work = self._thread is not None and self._thread.is_alive()
        return at_work and clock.seconds() - self._seen < LONGEST_SILENCE

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Finish the job at hand, give back what is not begun, and end."""
        self._stopping.set()
        self._woken.set()
        self._stop_listening()
        if self._thread:
            self._thread.join(timeout=30)

    def run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            self._seen = clock.seconds()
            try:
                worked = self.drain()
                pause = 0.0 if worked else self._look()
            except Exception:
                # The database may be away for a while; a worker that ends helps nobody.
                log.exception("worker_failed")
                pause = 1.0
            self._woken.wait(pause)

    def drain(self) -> int:
        """Run everything that is due now; how many jobs that were."""
        count = 0
        if self._look() > 0:
            return count
        with self._heart.beating():
            while not self._stopping.is_set():
                if clock.seconds() - self._looked > BEAT:
                    self._look(between=True)
                self._id, claimed = self.runtime.do(_claim, SYSTEM, self._id, self._size)
                if not claimed:
                    break
                count += self._work_off(claimed)
                self._seen = clock.seconds()
        self._keep_tombstones()
        return count

    def _keep_tombstones(self) -> None:
        """What these jobs erased, beside the backups. If that fails, the next round tries again; so does `purge`."""
        if self.runtime.settings.tombstones:
            try:
                self._buried = self.runtime.keep_tombstones(self._buried)
            except (GuichengError, OSError):
                log.exception("tombstones_not_kept", file=self.runtime.settings.tombstones)

    def _work_off(self, claimed: Sequence[Any]) -> int:
        """Run what was claimed; how many jobs were begun. The rest is given back, whatever happens."""
        began, left = clock.seconds(), list(claimed)
        try:
            while left and not self._stopping.is_set():
                try:
                    chunk = self._run_chunk(left)
                except Exception:
                    # Not one of them but their transaction failed: the next one shows whether it is to blame.
                    chunk = Chunk(1, alone=left[:1])
                for job in left[: chunk.begun]:
                    if all(job is not other for other in (*(one for one, _ in chunk.failed), *chunk.alone)):
                        measures.JOBS.labels(job.kind, "done").inc()
                del left[: chunk.begun]
                for job, error in chunk.failed:
                    measures.JOBS.labels(job.kind, "failed").inc()
                    log.warning("job_failed", job=job.key, attempt=job.attempts, exc_info=error)
                for job in chunk.alone:
                    self._run(job)
                self._stopping.wait(self._breath)
                if clock.seconds() - began > 2 * QUICK:
                    break
        finally:
            if left:
                self.runtime.do(_put_back, SYSTEM, left)
        quick = clock.seconds() - began < QUICK
        self._size = min(MOST, self._size * 2) if quick else max(1, self._size // 2)
        return len(claimed) - len(left)

    def _run_chunk(self, left: Sequence[Any]) -> Chunk:
        """What fits into one transaction."""
        if len(left) > 1:
            with suppress(Spoiled):
                return self.runtime.do(_run_together, SYSTEM, left)
        return self.runtime.do(_run_apart, SYSTEM, left)

    def _run(self, job: Any) -> None:
        try:
            self.runtime.do(_run, SYSTEM, job)
            measures.JOBS.labels(job.kind, "done").inc()
        except Exception as error:
            measures.JOBS.labels(job.kind, "failed").inc()
            log.warning("job_failed", attempt=job.attempts, exc_info=error)
            try:
                self.runtime.do(_failed, SYSTEM, job, error)
            except Exception:
                # It stays with this worker until that looks around; the others go on meanwhile.
                log.exception("job_failure_not_noted", job=job.key)
                self._stopping.wait(BEAT)

    def _look(self, *, between: bool = False) -> float:
        """Seconds until there is something to do, 0 if there is now; what the dead held is given back.

        `between` two claims this worker keeps what it could not even count as failed."""
        now = clock.now()
        # Task by task, and so not as often as a busy worker looks.
        compare = clock.seconds() - self._compared >= COMPARED
        due, holders, away, back = self.runtime.read(_glance, SYSTEM, compare)
        self._looked = clock.seconds()
        self._compared = self._looked if compare else self._compared
        others = [each for each in holders if each.id != self._id]
        mine = len(others) < len(holders) and not between
        if mine:
            # As when the database was away.
            self.runtime.do(_let_go, SYSTEM, self._id)
        dead = self._watch.dead(others, self._looked)
        for worker in dead:
            log.warning("worker_dead", worker=worker, given_back=self.runtime.do(_bury, SYSTEM, worker))
        if away:
            self.runtime.do(absences.free, SYSTEM)
        if back:
            self.runtime.do(absences.give_again, SYSTEM)
        if mine or dead or (due is not None and due <= now):
            return 0.0
        pause = LONGEST_SLEEP if due is None else min(LONGEST_SLEEP, max(0.01, (due - now).total_seconds()))
        return min(pause, BEAT) if others else pause

    def _beat(self) -> None:
        try:
            if self._id:
                self.runtime.do(_beat, SYSTEM, self._id)
        except Exception:
            log.exception("heartbeat_failed")


class Heart:
    """Beats while jobs are held, however long one takes: in one thread, which ends after a while without any."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._lock = threading.Lock()
        self._held: float | None = None  # since when, in seconds
        self._thread: threading.Thread | None = None

    @contextmanager
    def beating(self) -> Iterator[None]:
        with self._lock:
            self._held = clock.seconds()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._held = None

    def _work(self) -> None:
        idle, pause = 0, threading.Event()
        while True:
            pause.wait(BEAT / 2)
            with self._lock:
                held = self._held
                idle = 0 if held is not None else idle + 1
                if idle > QUIET:
                    self._thread = None
                    return
            # What has only just been claimed beat with that.
            if held is not None and clock.seconds() - held >= BEAT / 2:
                self._beat()
                pause.wait(BEAT / 2)


@dataclass
class Watch:
    """What one worker has seen of the others: worker → its beats, and when that was new to us."""

    seen: dict[int, tuple[int, float]] = field(default_factory=dict)

    def dead(self, others: Sequence[Any], at: float) -> list[int]:
        """Those that have not beaten for too long, or whose process this machine knows to have ended.
        `at` in seconds, of a clock that nothing moves."""
        before = self.seen
        self.seen = {
            each.id: before[each.id] if before.get(each.id, (-1, 0.0))[0] == each.beats else (each.beats, at)
            for each in others
        }
        return [
            each.id for each in others if at - self.seen[each.id][1] >= SILENT or _process_ended(each.name)
        ]


@cache
def _machine() -> str:
    """This machine since it was started, and what it counts its processes by: a container counts its own."""
    about = [platform.node()]
    with suppress(OSError):
        about.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        about.append(os.readlink("/proc/self/ns/pid"))
    whole = hashlib.sha256("\n".join(about).encode()).hexdigest()[:12]
    # What does not tell the machines apart says nothing about their processes.
    return f"{platform.node()}/{whole if len(about) == 3 else uuid.uuid4().hex}"


def _process_ended(name: str) -> bool:
    machine, _, process = name.rpartition(":")
    if machine != _machine() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


@dataclass
class Chunk:
    """What one transaction did: how many jobs were begun, what failed, what must run in one of its own."""

    begun: int = 0
    failed: list[tuple[Any, Exception]] = field(default_factory=list)
    alone: list[Any] = field(default_factory=list)


def _glance(tx: Transaction, actor: Actor, compare: bool) -> Any:
    """`compare`: also whether others should stand in than do, though nobody went or came."""
    leaves = household.absences(tx)
    back = bool(leaves.over or household.kept_for_who_is_back(tx))
    back = back or (compare and bool(leaves.lasting) and stand_ins.changed(tx))
    return jobs.next_due(tx), workers.pulses(tx), bool(leaves.begun), back


def _claim(tx: Transaction, actor: Actor, worker: int, limit: int) -> tuple[int, list[Any]]:
    """The worker's id, a new one if it has none or was taken for dead; and its jobs."""
    jobs.expire(tx)
    if not worker or not workers.beat(tx, worker):
        worker = workers.enter(tx, f"{_machine()}:{os.getpid()}")
    return worker, jobs.claim_due(tx, worker, limit)


class Spoiled(Exception):
    """One of several jobs has failed; nothing of any of them stays, and they are done again, each apart."""


def _run_together(tx: Transaction, actor: Actor, claimed: Sequence[Any]) -> Chunk:
    """As most end well, without a savepoint for each. Raises Spoiled."""
    chunk, until = Chunk(), clock.seconds() + HOLD
    for job in claimed:
        if chunk.begun and clock.seconds() > until:
            break
        chunk.begun += 1
        try:
            with structlog.contextvars.bound_contextvars(job=job.key), tx.inner(clock.now(), apart=False) as own:
                triggers.run(own, job)
        except Exception as error:
            raise Spoiled from error
    return chunk


def _run_apart(tx: Transaction, actor: Actor, claimed: Sequence[Any]) -> Chunk:
    chunk, until = Chunk(), clock.seconds() + HOLD
    for job in claimed:
        if chunk.begun and clock.seconds() > until:
            break
        chunk.begun += 1
        try:
            with structlog.contextvars.bound_contextvars(job=job.key), tx.inner(clock.now()) as own:
                triggers.run(own, job)
        except (CaseMoved, sa.exc.DBAPIError):
            chunk.alone.append(job)
        except Exception as error:
            chunk.failed.append((job, error))
            try:
                with tx.inner(clock.now()) as own:
                    triggers.failed(own, job, error)
            except Exception:
                chunk.alone.append(job)
    return chunk


def _run(tx: Transaction, actor: Actor, job: Any) -> None:
    triggers.run(tx, job)


def _failed(tx: Transaction, actor: Actor, job: Any, error: BaseException) -> None:
    triggers.failed(tx, job, error)


def _put_back(tx: Transaction, actor: Actor, untouched: Sequence[Any]) -> None:
    jobs.put_back(tx, untouched)


def _beat(tx: Transaction, actor: Actor, worker: int) -> None:
    workers.beat(tx, worker)


def _let_go(tx: Transaction, actor: Actor, worker: int) -> None:
    jobs.take_from(tx, worker)


def _bury(tx: Transaction, actor: Actor, worker: int) -> int:
    given = jobs.take_from(tx, worker)
    if not jobs.holds(tx, worker):
        workers.forget(tx, worker)
    return given
