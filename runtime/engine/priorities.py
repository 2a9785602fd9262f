"""camunda:jobPriority, camunda:taskPriority and a user task's priority: what goes before what, the greater
number first.

An element's own word wins over its process's; without any it is 0. Not here: what is ordered by
them (store/jobs.py, store/external_tasks.py)."""

from __future__ import annotations

from runtime.bpmn.model import Process
from runtime.engine.errors import NotAPriority
from runtime.engine.texts import Evaluate, Template, template
from runtime.values import Value

MOST = 2**31 - 1  # what the tables hold


def priority(own: str, process: Process, name: str) -> Template | None:
    """Of an element that says `own`, in a process that may have `name` too. Raises Malformed."""
    text = own or process.attributes.get(name, "")
    return template(text) if text else None


def rank(given: Template | None, evaluate: Evaluate, field: str, element: str) -> int:
    """The number. Raises NotAPriority, CannotEvaluate."""
    return 0 if given is None else number(given.fill(evaluate), field, element)


def number(value: Value, field: str, element: str) -> int:
    """Raises NotAPriority for what is no whole number."""
    try:
        found = int(value)
    except (TypeError, ValueError, OverflowError):
        found = MOST + 1
    if isinstance(value, bool) or found != _exactly(value, found) or abs(found) > MOST:
        shown = "null" if value is None else str(value)[:80]
        raise NotAPriority(field=field, element=element, value=shown)
    return found


def _exactly(value: Value, found: int) -> Value:
    return found if isinstance(value, str) else value
