"""The other end: a process that runs scripts, one after another, each in an isolate of its own.

Started by pool.py as `python -m runtime.scripts.child`; frames go in and out by stdin and
stdout (wire.py). What goes wrong beyond the script's own errors ends the process: an isolate
that was stopped in the middle may hang when it is closed, and a new process costs less than a
doubt. V8's own door for FEEL, in the processes that serve people, is v8.py."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from py_mini_racer import (
    JSEvalException,
    JSOOMException,
    JSParseException,
    JSTimeoutException,
    MiniRacer,
)

from runtime.scripts.wire import LARGEST_REQUEST, Request, read_frame, write_frame

PRELUDE = Path(__file__).with_name("prelude.js")
FIRST_SECONDS = 5.0  # of reading the prelude, on a slow machine
BESIDE_THE_HEAP = 192 * 1024**2  # bytes for what lies outside V8's limit: strings being joined, numbers, code
HANDLES = 32  # files that may be open: a few pipes, the loop of each isolate

SLOW, BIG = '{"slow":true}', '{"big":true}'


class Stopped(Exception):
    """The process is no longer to be trusted; `answer` is its last."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


def answer(request: Request, prelude: str) -> str:
    """What came of one script, as JSON text (wire.py). Raises Stopped."""
    isolate = MiniRacer()
    run: Any = isolate.eval(prelude, timeout_sec=FIRST_SECONDS)
    isolate.set_hard_memory_limit(request.memory)
    try:
        if request.check:
            told = "{}"
        else:
            given = json.dumps({"names": request.names, "facts": request.facts})
            told = run(request.source, given, timeout_sec=request.seconds)
        if request.check or told.startswith('{"failed":"SyntaxError'):
            told = _malformed(isolate, request) or told
    except JSTimeoutException:
        raise Stopped(SLOW) from None
    except JSOOMException:
        raise Stopped(BIG) from None
    isolate.close()
    return told


def _malformed(isolate: MiniRacer, request: Request) -> str | None:
    """Where the script itself cannot be read; None if it can. Nothing of it is run."""
    try:
        # The whole text is read before its first statement, which ends it.
        isolate.eval("throw 0;" + request.source, timeout_sec=request.seconds)
    except JSParseException as error:
        where, _, reason = str(error).partition(": ")
        line = where.removeprefix("<anonymous>:")
        first = (reason.splitlines() or [""])[0].removeprefix("SyntaxError: ")
        return json.dumps({"malformed": first, "line": int(line) if line.isdecimal() else 0})
    except JSEvalException as error:
        if isinstance(error, (JSTimeoutException, JSOOMException)):
            raise
    return None


def confine() -> None:
    """Limits for all that follows; an isolate must have been made, for what V8 sets aside is not counted."""
    try:
        import resource
    except ImportError:  # not on Windows; the heap's limit and the parent's clock remain
        return
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, HANDLES),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    with suppress(OSError, ValueError):
        # The address space cannot be limited: V8 sets a terabyte of it aside. What may be written to can.
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        most = pages * resource.getpagesize() + BESIDE_THE_HEAP
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def allow(seconds: float) -> None:
    """Processor time until the next script; should the parent die, this ends an endless loop."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        # Two threads may work at once: the script's and the collector's.
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + 2 * seconds) + 2, hard))


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Run what comes until the parent closes the pipe."""
    prelude = PRELUDE.read_text(encoding="utf-8")
    first = MiniRacer()
    first.eval(prelude, timeout_sec=FIRST_SECONDS)
    confine()
    first.close()
    write_frame(target, b"")
    while (frame := read_frame(source, LARGEST_REQUEST)) is not None:
        request = Request.read(frame)
        allow(request.seconds)
        write_frame(target, answer(request, prelude).encode("utf-8", "surrogatepass"))


def main() -> None:
    source, target = sys.stdin.buffer, sys.stdout.buffer
    try:
        serve(source, target)
    except Stopped as stopped:
        write_frame(target, stopped.answer.encode())
    except BrokenPipeError:
        pass
    # Not by way of the interpreter's end, which would wait for V8's threads.
    os._exit(0)


if __name__ == "__main__":
    main()
