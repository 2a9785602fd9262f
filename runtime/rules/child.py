"""Rule files are proven and tried in a child process: the engine's C code can crash or hang on what it is given.

`check_in_child` is for whoever takes files. One child serves one file after another, so that a folder costs
one start; what does not answer in time is refused, and the next file has a new child. `python -m
runtime.rules.child` is its other end. Not here: the check itself (evaluate.publishable)."""

from __future__ import annotations

import atexit
import json
import logging
import sys
import traceback
from dataclasses import asdict

from runtime.children import Answers, Gone, OutOfTime, serve
from runtime.errors import Problem
from runtime.rules.evaluate import publishable
from runtime.rules.problems import problem

_log = logging.getLogger(__name__)

SECONDS = 20.0  # of a processor, for one file; the longest of ours takes one
MEMORY = 4 * 2**30  # bytes of address space, most of it reserved by z3 and never touched

_answers = Answers("runtime.rules.child")


def check_in_child(text: str, file: str = "", *, seconds: float = SECONDS) -> list[Problem]:
    """As evaluate.publishable; a file whose check takes more than `seconds` of a processor is refused."""
    question = json.dumps([file, text]).encode()
    try:
        found = json.loads(_answers.ask(question, seconds))
    except OutOfTime:
        return [problem("rule_file.check_timed_out", file=file, line=1, column=1, seconds=f"{seconds:g}")]
    except Gone as error:
        found = str(error)
    if isinstance(found, str):
        _log.error("checking %s: %s", file, found)
        return [problem("rule_file.check_crashed", file=file, line=1, column=1)]
    return [Problem(**each) for each in found]


close = _answers.close
atexit.register(close)

# ---- the child's end


def _said(question: bytes) -> bytes:
    file, text = json.loads(question)
    try:
        said: list[dict[str, object]] | str = [asdict(each) for each in publishable(text, file)]
    except Exception:
        said = traceback.format_exc()[-2000:]
    return json.dumps(said, default=str).encode()


def confine() -> None:
    """Limits of memory, for all that follows."""
    try:
        import resource
    except ImportError:  # not on Windows; the parent's clock still ends it
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    confine()
    serve(_said, sys.stdin.buffer, sys.stdout.buffer)
