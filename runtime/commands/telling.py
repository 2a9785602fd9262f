"""How a move is told: the lines of the log, what the case is called, whom it is about.

Not here: moving it and writing the rows (advance.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runtime import functions
from runtime.bpmn.model import Node, Process
from runtime.commands.world import BoundWorld
from runtime.engine import ports
from runtime.errors import GuichengError
from runtime.store.event_log import Event
from runtime.values import Value, over

_TITLES = {"zh_Hans": "title", "en": "title_en", "zh_Hant": "title_zh_hant"}
KINDS: dict[type[ports.Happening], str] = {
    ports.Entered: "entered",
    ports.Left: "left",
    ports.Cancelled: "cancelled",
    ports.TaskOpened: "task_opened",
    ports.TaskAltered: "task_changed",
    ports.ListenerFailed: "listener_failed",
    ports.ExternalOpened: "external_opened",
    ports.TimerSet: "timer_set",
    ports.Subscribed: "subscribed",
    ports.PutOff: "put_off",
    ports.WaitEnded: "wait_ended",
    ports.MessageThrown: "message_sent",
    ports.SignalThrown: "signal_sent",
    ports.Escalated: "escalated",
    ports.VariableWritten: "variables",
    ports.Parked: "parked",
    ports.AskedAgain: "retried",
    ports.Interrupted: "interrupted",
    ports.Ended: "ended",
}
H = TypeVar("H", bound=ports.Happening)


@dataclass
class Told:
    """A move: its lines in the log, what happened by its kind, and the variables that it wrote, as they are
    now; all in order."""

    lines: list[Event]
    happened: dict[type[ports.Happening], list[Any]] = field(default_factory=dict)
    changed: dict[str, Value] = field(default_factory=dict)

    def of(self, kind: type[H]) -> list[H]:
        return self.happened.get(kind, [])


def told(happenings: Iterable[ports.Happening], world: BoundWorld, first: Iterable[Event]) -> Told:
    """Tell what happened, behind the lines that are `first`."""
    move = Told([*first])
    lines, happened, before_leaving = move.lines, move.happened, made(world)
    for happening in happenings:
        kind = type(happening)
        happened.setdefault(kind, []).append(happening)
        if before_leaving and kind in _LEAVING:
            lines += before_leaving.pop(happening.activity, ())
        if isinstance(happening, ports.VariableWritten):
            move.changed[happening.name] = happening.new
            # It stands in the line of whatever wrote it.
            if not lines or lines[-1].activity != happening.activity:
                lines.append(entry(happening))
            lines[-1].changes.append(
                [happening.scope, happening.name, happening.old, happening.new, happening.removed]
            )
        else:
            lines.append(entry(happening))
    lines += (event for events in before_leaving.values() for event in events)
    return move


_LEAVING = frozenset((ports.Left, ports.Cancelled, ports.Parked))
_SKIPPED = frozenset(("element", "activity", "process", "error", "local"))


def entry(happening: ports.Happening) -> Event:
    """A happening as a line of the log."""
    detail: dict[str, Value] = {}
    if not isinstance(happening, ports.VariableWritten):
        told = vars(happening).items()
        detail = {name: value for name, value in told if value is not None and name not in _SKIPPED}
    if not detail.get("priority", 1):
        del detail["priority"]  # of most nothing is said
    kind = KINDS[type(happening)]
    return Event(kind, getattr(happening, "process", ""), happening.element, happening.activity, detail)


def made(world: BoundWorld) -> dict[str, list[Event]]:
    """What steps decided and wrote, by activity: it stands in the log before the step is left."""
    events: dict[str, list[Event]] = {}
    for decided in world.decided:
        detail = {"rule": decided.decision.rule, "version": decided.decision.version}
        step = decided.step
        events.setdefault(step.activity, []).append(
            Event("decided", step.process, step.element, step.activity, detail)
        )
    for step, topic in world.operated:
        events.setdefault(step.activity, []).append(
            Event("operated", step.process, step.element, step.activity, {"topic": topic})
        )
    return events


def title(
    model: Process, variables: Mapping[str, Value], world: BoundWorld, began: dt.datetime
) -> dict[str, str]:
    """The case's title in each language: its own if the diagram gives one, else the process's name.

    `began`: when it began, in the business zone. A title may name the day as `started_on` and the minute as
    `started_at`, since of many cases nothing else tells them apart, or not yet."""
    variables = over(variables, {"started_on": began.date(), "started_at": f"{began:%Y-%m-%d %H:%M}"})
    return _called(model.names, model.properties, variables, world)


def task_names(
    node: Node, task: ports.TaskOpened, variables: Callable[[], Mapping[str, Value]], world: BoundWorld
) -> dict[str, str]:
    """What an open task is called in each language: as its diagram's title for it says, which tells several alike of
    one case apart, else by its name, or by what a listener has named it. `variables`: what it sees."""
    if not any(name in node.properties for name in _TITLES.values()) or task.names != node.names:
        return dict(task.names)
    return _called(task.names, node.properties, variables(), world)


def _called(
    names: Mapping[str, str], properties: Mapping[str, str], variables: Mapping[str, Value], world: BoundWorld
) -> dict[str, str]:
    titles = dict(names)
    for language, name in _TITLES.items():
        text = properties.get(name)
        if not text:
            continue
        try:
            told = functions.evaluate(world.tx, world.actor, text, variables, language)
        except GuichengError:
            continue  # it names something that the case does not know yet
        if told:
            titles[language] = str(told)[:200]
    return titles


def subject(model: Process, variables: Mapping[str, Value], world: BoundWorld) -> int | None:
    """The person whom the case is about, once it is known."""
    try:
        person = functions.evaluate(world.tx, world.actor, model.properties["subject"], variables)
    except GuichengError:
        return None
    row = world.organisation.by_public_id.get(person)
    return row.id if row else None
