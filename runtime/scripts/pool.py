"""The processes that run scripts: started when first needed, replaced when anything is wrong.

The parent never waits without an end: a clock kills the process, and what was being read or
written then ends. Not here: what the process does (child.py), what is believed of it (wire.py)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from runtime.scripts.errors import ScriptsBusy, ScriptsUnavailable, ScriptTooBig, ScriptTooSlow
from runtime.scripts.wire import LARGEST_ANSWER, LARGEST_REQUEST, Request, read_frame, write_frame

SIZE = 2  # processes; a script lasts a few milliseconds
START_SECONDS = 15.0  # of a process, on a slow machine
GRACE_SECONDS = 0.5  # after which a process that has not stopped its script itself is ended
QUEUE_SECONDS = 20.0  # for a turn
RUNS = 500  # of one process; then a new one, should anything have leaked
ROOT = Path(__file__).resolve().parents[2]
# What it needs to find its libraries and its language, and none of its parent's secrets.
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "PYTHONHOME", "VIRTUAL_ENV")


class Gone(Exception):
    """The process ended, by itself or by the clock."""


class Child:
    """One process. Used by one thread at a time."""

    def __init__(self) -> None:
        kept = {key: os.environ[key] for key in KEPT if key in os.environ}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "runtime.scripts.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=os.path.abspath(os.sep),
                env={"PYTHONPATH": str(ROOT), "TZ": "UTC"} | kept,
                close_fds=True,
                bufsize=0,  # no buffer whose lock a fork could catch
            )
        except OSError as error:
            raise ScriptsUnavailable() from error
        self.runs = 0
        self.late = False
        try:
            self._exchange(None, START_SECONDS)
        except Gone:
            self.end()
            raise ScriptsUnavailable() from None

    def ask(self, frame: bytes, seconds: float) -> bytes:
        """The answer to one request. Raises Gone, ScriptTooBig; the process is then of no more use."""
        self.runs += 1
        return self._exchange(frame, seconds)

    def _exchange(self, frame: bytes | None, seconds: float) -> bytes:
        clock = threading.Timer(seconds, self._expire)
        clock.daemon = True
        clock.start()
        assert self.process.stdin and self.process.stdout
        try:
            if frame is not None:
                write_frame(self.process.stdin, frame)
            answer = read_frame(self.process.stdout, LARGEST_ANSWER)
        except OSError:
            raise Gone from None
        finally:
            clock.cancel()
        if answer is None:
            raise Gone
        return answer

    def _expire(self) -> None:
        self.late = True
        self.process.kill()

    @property
    def usable(self) -> bool:
        return self.runs < RUNS and not self.late and self.process.poll() is None

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.wait()

    def forget(self) -> None:
        """After a fork it is the parent's: only our ends of its pipes are closed, or it would outlive it."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        # Not ours to wait for when it is collected.
        self.process.returncode = 0


class Pool:
    """At most SIZE processes; safe between threads and over a fork."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(SIZE)
        self._all: set[Child] = set()
        self._idle: list[Child] = []

    def ask(self, request: Request) -> bytes:
        """The raw answer. Raises ScriptTooSlow, ScriptTooBig, ScriptsBusy, ScriptsUnavailable."""
        frame = request.frame()
        if len(frame) > LARGEST_REQUEST:
            raise ScriptTooBig()
        if not self._turns.acquire(timeout=QUEUE_SECONDS):
            raise ScriptsBusy()
        try:
            return self._ask(frame, request)
        finally:
            self._turns.release()

    def _ask(self, frame: bytes, request: Request) -> bytes:
        child = self._take()
        keep = False
        try:
            answer = child.ask(frame, request.seconds + GRACE_SECONDS)
            # It ends by itself after what it had to stop.
            keep = not answer.startswith((b'{"slow"', b'{"big"'))
            return answer
        except Gone:
            if child.late:
                raise ScriptTooSlow(seconds=f"{request.seconds:g}") from None
            # A process that the system ends while it runs a script has asked for too much memory.
            raise ScriptTooBig() from None
        finally:
            if keep and child.usable:
                with self._lock:
                    self._idle.append(child)
            else:
                self._drop(child)

    def _take(self) -> Child:
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                child = Child()
                with self._lock:
                    self._all.add(child)
                return child
            if child.usable:
                return child
            self._drop(child)

    def _drop(self, child: Child) -> None:
        with self._lock:
            self._all.discard(child)
        child.end()

    def close(self) -> None:
        """End all processes; the next script starts a new one."""
        with self._lock:
            children, self._all, self._idle = self._all, set(), []
        for child in children:
            child.end()

    def leave_to_parent(self) -> None:
        """In a forked child: what the parent has is the parent's."""
        for child in self._all:
            child.forget()
        self._reset()
