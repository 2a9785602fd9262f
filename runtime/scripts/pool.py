"""The processes that run scripts: started when first needed, replaced when anything is wrong.

Not here: how a process is kept apart (runtime/children.py), what it does (child.py), what is
believed of it (wire.py)."""

from __future__ import annotations

import threading
from typing import IO

from runtime import children
from runtime.children import Gone
from runtime.scripts.errors import ScriptsBusy, ScriptsUnavailable, ScriptTooBig, ScriptTooSlow
from runtime.scripts.wire import LARGEST_ANSWER, LARGEST_REQUEST, Request, read_frame, write_frame

SIZE = 2  # processes; a script lasts a few milliseconds
START_SECONDS = 15.0  # of a process, on a slow machine
GRACE_SECONDS = 0.5  # after which a process that has not stopped its script itself is ended
QUEUE_SECONDS = 20.0  # for a turn
RUNS = 500  # of one process; then a new one, should anything have leaked


class Child(children.Child):
    """One process that runs scripts."""

    def __init__(self) -> None:
        try:
            super().__init__("runtime.scripts.child")
        except OSError as error:
            raise ScriptsUnavailable() from error
        self.runs = 0
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
        def exchange(source: IO[bytes], target: IO[bytes]) -> bytes | None:
            if frame is not None:
                write_frame(source, frame)
            return read_frame(target, LARGEST_ANSWER)

        return self.timed(exchange, seconds)

    @property
    def usable(self) -> bool:
        return self.runs < RUNS and super().usable


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
            child.end()
        self._reset()
