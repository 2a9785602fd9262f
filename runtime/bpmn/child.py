"""Diagrams from strangers are read and checked in a child process, with limits of time and memory.

`check_in_child` and `outlines_in_child` are for whoever takes files: a deployment, `guicheng
check`. One child serves one file after another, so that a folder costs one start, and ends by
itself when nothing comes; what it does not answer in time is refused and the next file has a new
one. `python -m runtime.bpmn.child` is its other end; tagged JSON goes both ways. Not here: the
check itself (check.py)."""

from __future__ import annotations

import atexit
import logging
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime import v8, values
from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.check import check, refused
from runtime.bpmn.lint import given
from runtime.bpmn.lint.unknown_process import may_be_called
from runtime.bpmn.model import Diagram, Process
from runtime.children import Answers, Gone, OutOfTime, serve
from runtime.errors import Problem
from runtime.xml import MAX_BYTES

_log = logging.getLogger(__name__)

SECONDS = 10.0  # of a processor, for one file; a diagram of a wall's size takes half a second
MEMORY = 1024**3 + 600 * 1024**2  # bytes that may be written to; V8 sets 550 MB of them aside
TOO_SLOW = "Checking this file took more than {seconds} seconds, so it is refused. Make it smaller."
FAILED = "Checking this file used too much memory or failed, so it is refused. Make it smaller."


def check_in_child(
    data: bytes, file: str, catalogue: Catalogue, seconds: float = SECONDS
) -> tuple[Diagram | None, list[Problem]]:
    """As check.check; a file whose check takes more than `seconds` of a processor or a GB of memory is refused.

    The diagram is read in this process, after the child has found no error: no diagram otherwise."""
    if len(data) > MAX_BYTES:
        # Refused for its size alone, before parsing; no need to copy it through a pipe.
        return read.diagram(data, file)
    request = {"file": file, "catalogue": catalogue.to_value()}
    if v8.source() is not None:
        request["feel"] = str(v8.source())
    answer = _ask(request, data, seconds)
    if isinstance(answer, Problem):
        return None, [answer]
    problems = [Problem(**item) for item in answer]
    if refused(problems):
        return None, problems
    diagram, _ = read.diagram(data, file)
    return diagram, problems


@dataclass(frozen=True)
class Outline:
    """A process as others see it: whether it may be called, what it calls in the newest version, with the
    variables that it hands over there (None: all of them), and the forms that it names."""

    id: str
    callable: bool
    calls: tuple[tuple[str, frozenset[str] | None], ...] = ()
    forms: tuple[str, ...] = ()


def outlines_in_child(
    data: bytes, file: str, seconds: float = SECONDS
) -> tuple[list[Outline], list[Problem]]:
    """The executable processes of a file; none where it cannot be read, of which the check tells. A problem
    only if the child did not answer: then it is not worth asking again."""
    if len(data) > MAX_BYTES:
        return [], []
    answer = _ask({"file": file}, data, seconds)
    if isinstance(answer, Problem):
        return [], [answer]
    return [Outline(id, may, _calls_in(calls), tuple(forms)) for id, may, calls, forms in answer], []


def _calls_in(rows: list[Any]) -> tuple[tuple[str, frozenset[str] | None], ...]:
    return tuple((called, None if names is None else frozenset(names)) for called, names in rows)


_answers = Answers("runtime.bpmn.child")


def _ask(request: Mapping[str, Any], data: bytes, seconds: float) -> Any:
    """The child's answer, or the Problem that it gave none."""
    file = request["file"]
    try:
        answer = values.loads(_answers.ask(values.dumps(request).encode() + b"\n" + data, seconds))
    except OutOfTime:
        return Problem("check_too_slow", TOO_SLOW, params={"seconds": f"{seconds:g}"}, file=file)
    except Gone as error:
        _log.error("checking %s: the process %s", file, error)
        return Problem("check_failed", FAILED, file=file)
    if isinstance(answer, str):
        _log.error("checking %s failed: %s", file, answer)
        return Problem("check_failed", FAILED, file=file)
    return answer


close = _answers.close
atexit.register(close)

# ---- the child's end


def answer(request: Mapping[str, Any], data: bytes) -> list[Any]:
    """The problems of one file; without a catalogue the outlines of its executable processes."""
    if "catalogue" not in request:
        diagram, _ = read.diagram(data, request["file"])
        found = diagram.processes.values() if diagram else ()
        return [[each.id, may_be_called(each), _calls(each), _forms(each)] for each in found]
    if "feel" in request and v8.source() is None:
        v8.use(Path(request["feel"]))
    _, problems = check(data, request["file"], Catalogue.from_value(request["catalogue"]))
    return [asdict(problem) for problem in problems]


def _calls(process: Process) -> list[Any]:
    """What it calls in the newest version; a fixed one stays what it is."""
    calls = {
        (node.called, given.handed_over(node))
        for node in process.walk()
        if node.called and node.attributes.get("calledElementBinding") not in ("version", "versionTag")
    }
    return [[called, None if names is None else sorted(names)] for called, names in calls]


def _forms(process: Process) -> list[str]:
    return sorted({form for node in process.walk() if (form := given.form(node))})


def _said(question: bytes) -> bytes:
    head, _, data = question.partition(b"\n")
    try:
        said: Any = answer(values.loads(head), data)
    except Exception:
        said = traceback.format_exc()[-2000:]
    return values.dumps(said).encode()


def confine() -> None:
    """Limits of memory and files, for all that follows."""
    try:
        import resource
    except ImportError:  # not on Windows; the parent's clock still ends it
        return
    # The address space cannot be limited: where FEEL or scripts are read, V8 sets a terabyte of it aside.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    confine()
    serve(_said, sys.stdin.buffer, sys.stdout.buffer)
