"""Checking a file from a stranger in a child process, with limits of time and memory.

`check_in_child` is for those who take uploads; `python -m runtime.bpmn.child` is its other
end. Tagged JSON goes both ways. Not here: the check itself (check.py)."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runtime import v8, values
from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.check import check, refused
from runtime.bpmn.model import Diagram
from runtime.errors import Problem
from runtime.xml import MAX_BYTES

_log = logging.getLogger(__name__)

MEMORY = 1024**3 + 600 * 1024**2  # bytes that may be written to; V8 sets 550 MB of them aside
TOO_SLOW = "Checking this file took more than {seconds} seconds, so it is refused. Make it smaller."
FAILED = "Checking this file used too much memory or failed, so it is refused. Make it smaller."
# A child needs to find its libraries and its language, and none of its parent's secrets.
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "PYTHONHOME", "VIRTUAL_ENV")


def check_in_child(
    data: bytes, file: str, catalogue: Catalogue, seconds: float = 10
) -> tuple[Diagram | None, list[Problem]]:
    """As check.check; a file whose check takes more than `seconds` or a GB of memory is refused.

    The diagram is read in this process, after the child has found no error: no diagram otherwise."""
    if len(data) > MAX_BYTES:
        # Refused for its size alone, before parsing; no need to copy it through a pipe.
        return read.diagram(data, file)
    request = {"file": file, "catalogue": catalogue.to_value(), "seconds": int(seconds) + 1}
    if v8.source() is not None:
        request["feel"] = str(v8.source())
    root = str(Path(__file__).resolve().parents[2])
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "runtime.bpmn.child"],
            input=values.dumps(request).encode() + b"\n" + data,
            capture_output=True,
            timeout=seconds,
            env={"PYTHONPATH": root} | {key: os.environ[key] for key in _KEPT if key in os.environ},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, [Problem("check_too_slow", TOO_SLOW, params={"seconds": f"{seconds:g}"}, file=file)]
    if done.returncode != 0:
        _log.error("checking %s ended with %s: %s", file, done.returncode, done.stderr[-2000:])
        return None, [Problem("check_failed", FAILED, file=file)]
    problems = [Problem(**item) for item in values.loads(done.stdout)]
    if refused(problems):
        return None, problems
    diagram, _ = read.diagram(data, file)
    return diagram, problems


def answer(request: Mapping[str, Any], data: bytes) -> str:
    """What the child writes: the problems of one file, as text."""
    _, problems = check(data, request["file"], Catalogue.from_value(request["catalogue"]))
    return values.dumps([asdict(problem) for problem in problems])


def _limit(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the parent's clock still ends it
        return
    # The address space cannot be limited: where FEEL or scripts are read, V8 sets a terabyte of it aside.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    request = values.loads(head)
    _limit(request["seconds"])
    if "feel" in request:
        v8.use(Path(request["feel"]))
    sys.stdout.write(answer(request, data))


if __name__ == "__main__":
    main()
