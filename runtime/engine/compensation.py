"""What undoes completed work: remembered when an activity completes, run in reverse when it is thrown.

A record is plain JSON: the activity, when it completed, its own variables then, and the
records of what completed inside it. Records are kept only in processes that throw compensation,
as long as their level lives, and used once. Handlers run one at a time, on the snapshot and
the current variables around it. Unfinished activities and called processes are not undone.
BPMN 2.0.2 §10.7, §13.5.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.engine.elements.activity import Activity
from runtime.engine.elements.call_activity import CallActivity
from runtime.engine.elements.event_sub_process import EventSubProcess
from runtime.engine.joins import owner_of
from runtime.engine.tree import STARTED, InnerLevel, Level, Token
from runtime.values import from_json, to_json

if TYPE_CHECKING:
    from runtime.engine.moves import Case


def register(case: Case, token: Token) -> None:
    """An activity has completed: if something could undo it, note it on its level."""
    spec, level = token.task_spec, token.workflow
    if not level.spec.compensates or not isinstance(spec, Activity) or "handler_of" in token.memory:
        return
    # What a called process has done is its own affair.
    inner = [] if isinstance(spec, CallActivity) else token.memory.get("completed_work", [])
    own = compensating(level, token.element)
    if token.element not in level.spec.undone and not inner and own is None:
        return
    case.number += 1
    held = case.scopes.visible(token.id, local=True) if token.id in case.scopes else {}
    level.completed_work.append(
        {
            "element": token.element,
            "number": case.number,
            "local": {name: to_json(value) for name, value in held.items()},
            "inner": list(inner),
        }
    )


def compensating(level: Level, element: str) -> EventSubProcess | None:
    """The compensation event subprocess inside a subprocess of this level."""
    inside = level.spec.inner.get(element)
    if inside is None or isinstance(level.spec.element(element), CallActivity):
        return None
    return next((each for each in inside.by_event if each.trigger.kind == "compensate"), None)


def plan(token: Token, only: str) -> list[dict[str, Any]]:
    """Take the records that a throw at `token` means, the last to be undone first in line.

    `only`: an activity's id, or "" for all of the scope. In an event subprocess the scope
    around it is meant as well."""
    levels = [token.workflow]
    while isinstance(levels[-1], InnerLevel) and isinstance(levels[-1].owner.task_spec, EventSubProcess):
        levels.append(levels[-1].owner.workflow)
    taken = []
    for level in levels:
        chosen = [record for record in level.completed_work if not only or record["element"] == only]
        level.completed_work = [
            record for record in level.completed_work if only and record["element"] != only
        ]
        taken += [{"level": owner_of(level), "record": record} for record in chosen]
    return sorted(taken, key=lambda step: step["record"]["number"])


def undo_next(case: Case, token: Token, *, later: bool = False) -> bool:
    """Begin the next handler that `token` waits for (`later`: by a job). False: there is none left."""
    steps = token.memory.get("plan", [])
    if not steps:
        return False
    step = steps.pop()
    level = case.subprocesses[step["level"]] if step["level"] else case
    _undo(case, level, step["record"], token, later)
    return True


def handled(case: Case, waiting: str, *, later: bool = False) -> None:
    """A handler is done; who waits for it goes on with the next, or leaves. `later`: a job does that."""
    token = case.index.get(waiting)
    if token is not None:
        token.memory.pop("handling", None)
        if not undo_next(case, token, later=later):
            _all_undone(case, token, later)


def _undo(case: Case, level: Level, record: dict[str, Any], waiting: Token, later: bool) -> None:
    handler = level.spec.undone.get(record["element"])
    spec = handler or level.spec.element(f"{record['element']}#compensation")
    token = case.spawn(level, spec, level.scope)
    token.memory["handler_of"] = waiting.id
    waiting.memory["handling"] = token.id
    case.writes_as(token)
    if record["local"]:
        case.scopes.open(token.id, level.scope)
        for name, value in record["local"].items():
            case.scopes.put(token.id, name, from_json(value))
    if handler is not None:
        case.enter(token, later=later)
        return
    # A subprocess that nothing undoes as a whole: its inside is there again, to undo what it did.
    case.reached(token)
    token._set_state(STARTED)
    inside = case.open_level(token, level.spec.inner[record["element"]], token.local, level.key)
    inside.completed_work = list(record["inner"])
    own = compensating(level, record["element"])
    if own is not None:
        inside.interrupted = True
        own.trigger_on(inside, {})
        return
    token.memory["plan"] = [{"level": token.id, "record": each} for each in record["inner"]]
    inside.completed_work = []
    if not undo_next(case, token):
        _all_undone(case, token, False)


def _all_undone(case: Case, token: Token, later: bool) -> None:
    inside = case.subprocesses.get(token.id)
    if inside is not None:
        case.forget(inside)
    case.go_on(token, later=later)
