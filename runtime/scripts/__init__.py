"""Scripts in JavaScript: each in a fresh isolate, in a process of its own kind, with limits.

A script has values in and values out, and reaches nothing else (docs/decisions/0017). Here
are the doors: `run`, `check`, `use`; `pool.py` keeps the processes, `child.py` is their
inside with `prelude.js` around the script, `wire.py` what goes between and is believed.

Not here: FEEL, which is no script (v8.py), and what a script's writes do in a case (engine)."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping

from runtime.scripts.errors import (
    ScriptFailed,
    ScriptMalformed,
    ScriptNotAValue,
    ScriptsBusy,
    ScriptsUnavailable,
    ScriptTooBig,
    ScriptTooSlow,
    Thrown,
)
from runtime.scripts.pool import Pool
from runtime.scripts.wire import Request, Scripted, outcome, request
from runtime.values import Value

__all__ = [
    "LANGUAGES",
    "ScriptFailed",
    "ScriptMalformed",
    "ScriptNotAValue",
    "ScriptTooBig",
    "ScriptTooSlow",
    "Scripted",
    "ScriptsBusy",
    "ScriptsUnavailable",
    "Thrown",
    "check",
    "close",
    "run",
    "use",
]

LANGUAGES = frozenset({"javascript", "ecmascript", "js"})  # as scriptFormat names it, in small letters
MAX_LENGTH = 100_000  # characters of a script
MEMORY = 64_000_000  # bytes of the heap

_seconds = 1.0
_pool = Pool()
atexit.register(_pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.leave_to_parent)


def use(seconds: float) -> None:
    """How long a script may take, from now on."""
    global _seconds
    _seconds = seconds


def run(source: str, names: Mapping[str, Value], facts: Mapping[str, Value]) -> Scripted:
    """Run a script that sees the variables `names` and, by `execution`, the `facts`.

    Raises Thrown for its BpmnError; ScriptMalformed, ScriptFailed, ScriptNotAValue, ScriptTooSlow,
    ScriptTooBig; ScriptsBusy, ScriptsUnavailable."""
    asked = request(_short_enough(source), names, facts, _seconds, MEMORY)
    scripted = outcome(_pool.ask(asked), asked)
    assert scripted is not None
    return scripted


def check(source: str) -> None:
    """Raise ScriptMalformed if the script cannot be read. Nothing of it is run."""
    asked = Request(_short_enough(source), {"$map": {}}, {}, _seconds, MEMORY, check=True)
    outcome(_pool.ask(asked), asked)


def close() -> None:
    """End the processes; the next script starts a new one."""
    _pool.close()


def _short_enough(source: str) -> str:
    if len(source) > MAX_LENGTH:
        raise ScriptTooBig()
    return source
