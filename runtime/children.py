"""A process of our own that works apart: it finds its libraries and none of our secrets, and a clock ends it.

The parent never waits without an end: the clock kills the process, and what was being read or
written then ends. What a question may take is counted in a processor's time: the clock of the wall goes on
while others have their turn. Not here: what it is asked (bpmn/child.py, scripts/, rules/child.py)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeVar

ROOT = Path(__file__).resolve().parents[1]
# What it needs to find its libraries and its language.
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "PYTHONHOME", "VIRTUAL_ENV")
# How long we wait for what has so much of a processor's time to its own: the machine may be a busy one.
PATIENCE = 8.0 if hasattr(signal, "SIGXCPU") else 1.0
IDLE = 30  # seconds after which a process that nobody asks ends
TIME_IS_UP = -getattr(signal, "SIGXCPU", 0) or None
T = TypeVar("T")


def surroundings() -> dict[str, str]:
    """The environment of a child."""
    return {"PYTHONPATH": str(ROOT), "TZ": "UTC"} | {
        key: os.environ[key] for key in KEPT if key in os.environ
    }


class Gone(Exception):
    """The process ended, by itself or by the clock."""


class OutOfTime(Gone):
    """It was ended because it took too long."""


class Child:
    """One process that runs `module`; used by one thread at a time. Raises OSError if it cannot start.

    `bufsize` 0: no buffer whose lock a fork could catch, but what is read must be read in pieces."""

    def __init__(self, module: str, *, bufsize: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=os.path.abspath(os.sep),
            env=surroundings(),
            close_fds=True,
            bufsize=bufsize,
        )
        self.owner = os.getpid()
        self.late = False

    def timed(self, act: Callable[[IO[bytes], IO[bytes]], T | None], seconds: float) -> T:
        """What `act` makes of the two ends. Raises Gone if that is None, the process ended or it is late;
        the process is of no more use then."""
        assert self.process.stdin and self.process.stdout
        clock = threading.Timer(seconds, self._expire)
        clock.daemon = True
        clock.start()
        try:
            answer = act(self.process.stdin, self.process.stdout)
        except OSError:
            raise Gone from None
        finally:
            clock.cancel()
        if answer is None:
            # It was too late as well if its own limit ended it (`allow`).
            self.late = self.late or _ended(self.process) == TIME_IS_UP
        if answer is None or self.late:
            raise Gone
        return answer

    def _expire(self) -> None:
        self.late = True
        self.process.kill()

    @property
    def usable(self) -> bool:
        return self.owner == os.getpid() and not self.late and self.process.poll() is None

    def end(self) -> None:
        """After a fork it is the parent's: only our ends of its pipes are closed then, or it would outlive it."""
        ours = self.owner == os.getpid()
        if ours:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        if ours:
            self.process.wait()
        else:
            # Not ours to wait for when it is collected.
            self.process.returncode = 0


class Answers:
    """One process that answers questions, `python -m MODULE`, whose end `serve` is: started by the first one,
    and anew after one that ended it. Threads take turns."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.child: Child | None = None
        self._asked = False  # the child of now has answered something
        self._turn = threading.Lock()

    def ask(self, question: bytes, seconds: float) -> bytes:
        """The answer, a line without its end. Raises OutOfTime, if it takes more than so many seconds of a
        processor, and Gone with how the process ended."""
        data = b"%d %d\n" % (len(question), int(seconds) + 1) + question

        def exchange(source: IO[bytes], target: IO[bytes]) -> bytes | None:
            source.write(data)
            source.flush()
            answer = target.readline()
            return answer if answer.endswith(b"\n") else None

        with self._turn:
            while True:
                child = self._ready()
                # One that waited too long may end just when it is asked: not the question's fault.
                again, self._asked = self._asked, True
                try:
                    return child.timed(exchange, seconds * PATIENCE)[:-1]
                except Gone:
                    status = _ended(child.process)
                    self.close()
                    if child.late:
                        raise OutOfTime from None
                    if not again:
                        raise Gone(f"ended with {status}") from None

    def _ready(self) -> Child:
        if self.child is None or not self.child.usable:
            self.close()
            self.child, self._asked = Child(self.module, bufsize=-1), False
        return self.child

    def close(self) -> None:
        """End the process, if there is one; the next question starts another."""
        if self.child is not None:
            self.child.end()
        self.child = None


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """The status of a process that has closed its pipe."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    return process.returncode


# ---- the other end


def serve(answer: Callable[[bytes], bytes], source: IO[bytes], target: IO[bytes]) -> None:
    """Answer questions, each by one line, until none comes any more."""
    while True:
        _wait(IDLE)
        head = source.readline()
        _wait(0)
        if not head:
            return
        length, seconds = map(int, head.split())
        allow(seconds)
        target.write(answer(source.read(length)) + b"\n")
        target.flush()


def _wait(seconds: int) -> None:
    if hasattr(signal, "alarm"):  # not on Windows; there it ends with its parent
        signal.alarm(seconds)


def allow(seconds: int) -> None:
    """So much more of a processor's time; whoever needs more is ended."""
    try:
        import resource
    except ImportError:  # not on Windows; the parent's clock still ends it
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
