"""The worker: claims due work, runs it, tries again, raises incidents.

It sleeps until the next job is due or somebody wakes it; idle cases cost nothing.
Not here: what a job does (commands/triggers.py)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import structlog

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.commands import triggers
from runtime.identity import SYSTEM, Actor
from runtime.store import jobs
from runtime.store.db import Transaction

log = structlog.get_logger()
LONGEST_SLEEP = 5.0  # seconds: another process may have written a job without waking this one


class Worker:
    """Runs the jobs of one runtime; `start` in a thread of its own, or `drain` by hand."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Work in the background; whoever writes a job wakes it."""
        self._stop_listening = self.runtime.house.waking.listen(self._woken)
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Finish the job at hand and end."""
        self._stopping.set()
        self._woken.set()
        self._stop_listening()
        if self._thread:
            self._thread.join(timeout=30)

    def run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                worked = self.drain()
                pause = 0.0 if worked else self._until_next()
            except Exception:
                # The database may be away for a while; a worker that ends helps nobody.
                log.exception("worker_failed")
                pause = 1.0
            self._woken.wait(pause)

    def drain(self) -> int:
        """Run everything that is due now; how many jobs that were."""
        count = 0
        while not self._stopping.is_set():
            claimed = self.runtime.do(_claim, SYSTEM)
            if not claimed:
                return count
            for job in claimed:
                self._run(job)
                count += 1
        return count

    def _run(self, job: Any) -> None:
        try:
            self.runtime.do(_run, SYSTEM, job)
        except Exception as error:
            log.warning("job_failed", job=job.key, attempt=job.attempts, exc_info=error)
            try:
                self.runtime.do(_failed, SYSTEM, job, error)
            except Exception:
                # Its lease runs out and it is tried again; the others do not wait for that.
                log.exception("job_failure_not_noted", job=job.key)

    def _until_next(self) -> float:
        due = self.runtime.read(_next_due, SYSTEM)
        if due is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.01, (due - clock.now()).total_seconds()))


def _claim(tx: Transaction, actor: Actor) -> list[Any]:
    jobs.expire(tx)
    return jobs.claim_due(tx)


def _run(tx: Transaction, actor: Actor, job: Any) -> None:
    triggers.run(tx, job)


def _failed(tx: Transaction, actor: Actor, job: Any, error: BaseException) -> None:
    triggers.failed(tx, job, error)


def _next_due(tx: Transaction, actor: Actor) -> Any:
    return jobs.next_due(tx)
