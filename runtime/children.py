"""A process of our own that works apart: it finds its libraries and none of our secrets, and a clock ends it.

The parent never waits without an end: the clock kills the process, and what was being read or
written then ends. Not here: what it is asked (bpmn/child.py, scripts/, rules/evaluate.py)."""

from __future__ import annotations

import os
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
T = TypeVar("T")


def surroundings() -> dict[str, str]:
    """The environment of a child."""
    return {"PYTHONPATH": str(ROOT), "TZ": "UTC"} | {
        key: os.environ[key] for key in KEPT if key in os.environ
    }


class Gone(Exception):
    """The process ended, by itself or by the clock."""


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
